//! The program `pidproxy`.

use std::env::args_os;
use std::io::stdout;
use std::process::exit;

fn main() {
    let arguments: Vec<_> = args_os().collect();
    exit(supervisor_cli::pidproxy::run(&arguments, &mut stdout()));
}
