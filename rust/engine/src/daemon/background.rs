//! The daemon's way into the background.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use nix::sys::stat::{Mode, umask};
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};
use supervisor_core::config::LogLevel;
use supervisor_core::expand::repr;

/// Leaves the caller's process behind: a copy goes on in a session of its own, without a terminal, with standard
/// input, output and error at `/dev/null`, in `directory` and with the mask `mask`. The calling process exits
/// with code 0.
///
/// Only while the process has a single thread: call it before any runtime or log thread starts. Open
/// descriptors, such as listening sockets, go on in the copy.
///
/// Returns the lines for the main log; a folder that cannot be entered is only logged.
///
/// # Errors
/// The system's, when there can be no copy or `/dev/null` is missing.
pub fn daemonise(directory: Option<&Path>, mask: u32) -> io::Result<Vec<(LogLevel, String)>> {
    // SAFETY: the process has one thread, so the copy is complete and may do whatever this one might.
    if let ForkResult::Parent { .. } = unsafe { fork() }? {
        // Without destructors: what they would clean up belongs to the copy now.
        // SAFETY: `_exit` only ends this process.
        unsafe { libc::_exit(0) }
    }
    let mut lines = vec![(LogLevel::Info, "daemonizing the supervisord process".to_owned())];
    lines.extend(directory.map(enter));
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    setsid()?;
    set_mask(mask);
    Ok(lines)
}

/// Changes to the folder and tells how that went.
fn enter(directory: &Path) -> (LogLevel, String) {
    let shown = repr(&directory.to_string_lossy());
    match std::env::set_current_dir(directory) {
        Ok(()) => (LogLevel::Info, format!("set current directory: {shown}")),
        Err(error) => (LogLevel::Critical, format!("can't chdir into {shown}: {}", describe(&error, &shown))),
    }
}

/// A system error with its file as Python writes it: `[Errno 2] No such file or directory: '/x'`.
fn describe(error: &io::Error, shown_path: &str) -> String {
    match error.raw_os_error() {
        Some(number) => {
            let text = nix::errno::Errno::from_raw(number).desc();
            format!("[Errno {number}] {text}: {shown_path}")
        }
        None => format!("{error}: {shown_path}"),
    }
}

/// Sets the mask of the daemon itself.
fn set_mask(mask: u32) {
    #[allow(clippy::cast_possible_truncation, reason = "mode_t is 16 bits wide on some systems")]
    umask(Mode::from_bits_truncate(mask as libc::mode_t));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_entered_is_a_critical_line_in_pythons_words() {
        let (level, line) = enter(Path::new("/nowhere/at/all"));
        assert_eq!(level, LogLevel::Critical);
        assert_eq!(
            line,
            "can't chdir into '/nowhere/at/all': [Errno 2] No such file or directory: '/nowhere/at/all'"
        );
    }
}
