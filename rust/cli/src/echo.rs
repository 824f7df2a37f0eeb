//! The program `echo_supervisord_conf`: prints the sample configuration (parity 3).

use std::io::{Write, stdout};

use supervisor_core::config::options::sample::sample_configuration;

/// Prints the sample configuration; arguments do not matter. Returns the exit code.
pub fn run() -> i32 {
    // A reader that has gone (`echo_supervisord_conf | head`) is no reason for a panic.
    let mut output = stdout();
    let printed = output.write_all(sample_configuration().as_bytes()).and_then(|()| output.flush());
    i32::from(printed.is_err())
}
