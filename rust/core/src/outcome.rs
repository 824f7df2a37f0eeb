//! How starts fail and processes end, in the words of log lines and `spawnerr` (parity 9, traps 2.31).

use std::fmt;

use crate::errno;
use crate::expand::repr;
use crate::input::{ExitStatus, SpawnError};

impl SpawnError {
    /// The text of `spawnerr` and of the log line, for the process `name`.
    #[must_use]
    pub fn message(&self, name: &str) -> String {
        match self {
            Self::NotFound { filename } => format!("can't find command {}", repr(filename)),
            Self::IsDirectory { filename } => format!("command at {} is a directory", repr(filename)),
            Self::NotExecutable { filename } => {
                format!("command at {} is not executable", repr(filename))
            }
            Self::NoPermission { filename } => {
                format!("no permission to run command {}", repr(filename))
            }
            Self::Socket { url, reason } => format!("Could not create FastCGI socket {url}: {reason}"),
            Self::Pipes { errno: libc::EMFILE } => format!("too many open files to spawn '{name}'"),
            Self::Pipes { errno } => {
                format!("unknown error making dispatchers for '{name}': {}", errno::name(*errno))
            }
            Self::Log { path, errno } => {
                format!("can't open log {} for '{name}': {}", path.display(), errno::name(*errno))
            }
            Self::Fork { errno: libc::EAGAIN } => {
                format!("Too many processes in process table to spawn '{name}'")
            }
            Self::Fork { errno } => {
                format!("unknown error during fork for '{name}': {}", errno::name(*errno))
            }
        }
    }

    /// Whether the file is missing, as opposed to there and not executable: `NO_FILE` or `NOT_EXECUTABLE`.
    #[must_use]
    pub fn is_missing_file(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl ExitStatus {
    /// The exit code, −1 for a signal.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(..) => -1,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit status {code}"),
            Self::Signal(signal, core_dumped) => {
                let core = if *core_dumped { " (core dumped)" } else { "" };
                write!(formatter, "terminated by {}{core}", signal.name())
            }
        }
    }
}
