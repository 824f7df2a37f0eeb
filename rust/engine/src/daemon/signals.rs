//! Signals that would end the daemon where it can cope with the error instead.

use nix::sys::signal::{SigHandler, Signal, signal};

/// Ignores SIGPIPE and SIGXFSZ: a reader that went away, or a file at its size limit, is then an error number of
/// the write. The Rust runtime does the first for programs, Python both; doing it again harms nobody.
pub fn ignore_write_signals() {
    for number in [Signal::SIGPIPE, Signal::SIGXFSZ] {
        // SAFETY: no handler function is installed or replaced by one.
        // An error is impossible: both signals exist and can be ignored.
        let _ = unsafe { signal(number, SigHandler::SigIgn) };
    }
}
