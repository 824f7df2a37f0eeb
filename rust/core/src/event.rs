//! What happened, for event listeners and subscribers (parity 5).

use serde::{Deserialize, Serialize};

use crate::effect::ProcessId;
use crate::state::ProcessState;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A process went from one state to another.
    ProcessState(ProcessStateEvent),
    /// A group was added.
    GroupAdded(String),
    /// A group was removed.
    GroupRemoved(String),
    /// The daemon is up.
    SupervisorRunning,
    /// The daemon begins to stop everything.
    SupervisorStopping,
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStateEvent {
    /// Which process.
    pub process: ProcessId,
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: String,
    /// State before.
    pub from: ProcessState,
    /// State now.
    pub to: ProcessState,
    /// Pid at that time, 0 for none.
    pub pid: i32,
    /// Failed starts so far.
    pub tries: i64,
    /// Whether an exit was expected.
    pub expected: bool,
}

impl Event {
    /// The type's name as listeners subscribe to it, such as `PROCESS_STATE_RUNNING`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ProcessState(change) => match change.to {
                ProcessState::Stopped => "PROCESS_STATE_STOPPED",
                ProcessState::Starting => "PROCESS_STATE_STARTING",
                ProcessState::Running => "PROCESS_STATE_RUNNING",
                ProcessState::Backoff => "PROCESS_STATE_BACKOFF",
                ProcessState::Stopping => "PROCESS_STATE_STOPPING",
                ProcessState::Exited => "PROCESS_STATE_EXITED",
                ProcessState::Fatal => "PROCESS_STATE_FATAL",
                ProcessState::Unknown => "PROCESS_STATE_UNKNOWN",
            },
            Self::GroupAdded(_) => "PROCESS_GROUP_ADDED",
            Self::GroupRemoved(_) => "PROCESS_GROUP_REMOVED",
            Self::SupervisorRunning => "SUPERVISOR_STATE_CHANGE_RUNNING",
            Self::SupervisorStopping => "SUPERVISOR_STATE_CHANGE_STOPPING",
        }
    }
}
