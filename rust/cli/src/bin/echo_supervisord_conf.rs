//! The program `echo_supervisord_conf`: prints a sample configuration.

use std::io::Write as _;
use std::process::ExitCode;

use supervisor_core::config::options::sample::sample_configuration;

fn main() -> ExitCode {
    // A reader that has gone (`echo_supervisord_conf | head`) is no reason for a panic.
    match std::io::stdout().write_all(sample_configuration().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
