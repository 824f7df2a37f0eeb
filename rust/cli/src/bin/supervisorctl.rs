//! The program `supervisorctl`.

use supervisor_cli::arguments::words;

fn main() {
    std::process::exit(supervisor_cli::supervisorctl::main(&words(std::env::args_os())));
}
