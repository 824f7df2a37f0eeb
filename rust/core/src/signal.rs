//! Signals by name and number.

use serde::{Deserialize, Serialize};

/// A signal number of this system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signal(pub i32);

impl Signal {
    /// SIGTERM
    pub const TERM: Self = Self(libc::SIGTERM);
    /// SIGKILL
    pub const KILL: Self = Self(libc::SIGKILL);
    /// SIGINT
    pub const INT: Self = Self(libc::SIGINT);
    /// SIGQUIT
    pub const QUIT: Self = Self(libc::SIGQUIT);
    /// SIGHUP
    pub const HUP: Self = Self(libc::SIGHUP);
    /// SIGUSR2
    pub const USR2: Self = Self(libc::SIGUSR2);

    /// The signal of a name such as `TERM`, `sigterm` or `SIGTERM`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let short = upper.strip_prefix("SIG").unwrap_or(&upper);
        NAMES.iter().find(|(known, _)| *known == short).map(|&(_, number)| Self(number))
    }

    /// Its name with `SIG` in front, or `signal N` for a number without one (as in log lines).
    #[must_use]
    pub fn name(self) -> String {
        match NAMES.iter().find(|&&(_, number)| number == self.0) {
            Some((name, _)) => format!("SIG{name}"),
            None => format!("signal {}", self.0),
        }
    }

    /// The names of all signals without `SIG`, the first of each number.
    pub fn all() -> impl Iterator<Item = &'static str> {
        let is_first =
            |index: usize, number: i32| NAMES.iter().position(|&(_, known)| known == number) == Some(index);
        let names = NAMES.iter().enumerate();
        names.filter(move |&(index, &(_, number))| is_first(index, number)).map(|(_, &(name, _))| name)
    }

    /// Whether Python's `signal` module knows the number, which is what the original asks.
    #[must_use]
    pub fn is_known(self) -> bool {
        NAMES.iter().any(|&(_, number)| number == self.0)
    }
}

/// Names without `SIG`; of several names of one number the one shown comes first.
const NAMES: &[(&str, i32)] = &[
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("SYS", libc::SIGSYS),
    #[cfg(target_os = "linux")]
    ("STKFLT", libc::SIGSTKFLT),
    #[cfg(target_os = "linux")]
    ("PWR", libc::SIGPWR),
    ("IOT", libc::SIGABRT),
    #[cfg(target_os = "linux")]
    ("CLD", libc::SIGCHLD),
    #[cfg(target_os = "linux")]
    ("POLL", libc::SIGIO),
];
