//! The program `supervisorctl`.

fn main() {
    let argv: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    std::process::exit(supervisor_cli::supervisorctl::main(&argv));
}
