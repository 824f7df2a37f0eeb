//! The system call that collects one ended child.

use std::io;

use supervisor_core::input::ExitStatus;
use supervisor_core::signal::Signal;

/// One child that has ended: its pid and how. `None` when no child has ended.
///
/// The raw call, because the typed one of nix refuses real-time signals after the child is already collected.
pub(crate) fn wait_for_any() -> Option<(i32, ExitStatus)> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live local; waitpid writes nothing else.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid > 0 {
            return Some((pid, decode(status)));
        }
        if pid < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
            continue;
        }
        return None;
    }
}

/// What a status of `waitpid` without `WUNTRACED` says.
fn decode(status: i32) -> ExitStatus {
    if libc::WIFSIGNALED(status) {
        ExitStatus::Signal(Signal(libc::WTERMSIG(status)), libc::WCOREDUMP(status))
    } else {
        ExitStatus::Code(libc::WEXITSTATUS(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_code_or_a_signal_with_or_without_core() {
        assert_eq!(decode(0), ExitStatus::Code(0));
        assert_eq!(decode(7 << 8), ExitStatus::Code(7));
        assert_eq!(decode(255 << 8), ExitStatus::Code(255));
        assert_eq!(decode(9), ExitStatus::Signal(Signal::KILL, false));
        assert_eq!(decode(libc::SIGSEGV | 0x80), ExitStatus::Signal(Signal(libc::SIGSEGV), true));
        assert_eq!(decode(35), ExitStatus::Signal(Signal(35), false));
    }
}
