//! The states of processes and of the daemon (parity 4 and 9).

use serde::{Deserialize, Serialize};

/// State of a process; the numbers are those of XML-RPC answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProcessState {
    /// Not started, or stopped on request.
    Stopped = 0,
    /// Started, not yet up for `startsecs`.
    Starting = 10,
    /// Up.
    Running = 20,
    /// The last start failed; waits for the next try.
    Backoff = 30,
    /// Asked to stop, not yet gone.
    Stopping = 40,
    /// Gone by itself after it was up.
    Exited = 100,
    /// Given up after too many failed starts.
    Fatal = 200,
    /// A signal could not be delivered; nothing is known any more.
    Unknown = 1000,
}

impl ProcessState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Stopped,
        Self::Starting,
        Self::Running,
        Self::Backoff,
        Self::Stopping,
        Self::Exited,
        Self::Fatal,
        Self::Unknown,
    ];

    /// The state of a number.
    #[must_use]
    pub fn of(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The number clients see.
    #[must_use]
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The upper-case name clients see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Backoff => "BACKOFF",
            Self::Stopping => "STOPPING",
            Self::Exited => "EXITED",
            Self::Fatal => "FATAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The running set of parity 9: a start is refused with `ALREADY_STARTED`.
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Backoff)
    }

    /// The stopped set of parity 9: nothing to wait for at shutdown.
    #[must_use]
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Stopped | Self::Exited | Self::Fatal | Self::Unknown)
    }

    /// Whether a signal can be sent by RPC.
    #[must_use]
    pub fn can_be_signalled(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

/// State of the daemon; the numbers are those of `getState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mood {
    /// Stopping everything, then the process ends.
    Shutdown = -1,
    /// Stopping everything, then a fresh start with the configuration read again.
    Restarting = 0,
    /// At work.
    Running = 1,
    /// Known to clients, never reached.
    Fatal = 2,
}

impl Mood {
    /// Whether processes may be started; if not, everything stops.
    #[must_use]
    pub fn allows_starts(self) -> bool {
        self >= Self::Running
    }

    /// The number clients see.
    #[must_use]
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The upper-case name clients see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shutdown => "SHUTDOWN",
            Self::Restarting => "RESTARTING",
            Self::Running => "RUNNING",
            Self::Fatal => "FATAL",
        }
    }
}
