//! The program `supervisord`.

use supervisor_cli::arguments::words;

fn main() {
    std::process::exit(supervisor_cli::supervisord::run(&words(std::env::args_os()), None));
}
