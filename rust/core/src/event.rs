//! What happened, for event listeners and subscribers (parity 5).
//!
//! [`EVENT_TYPES`] is the one list of types that a listener can subscribe to.

use serde::{Deserialize, Serialize};

use crate::effect::ProcessId;
use crate::state::ProcessState;

/// A type of events, as listeners subscribe to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// Its name, in capitals.
    pub name: &'static str,
    /// The type that includes it; who subscribes to that one gets this one too. `None` for `EVENT`, the root.
    pub parent: Option<&'static str>,
}

/// The root of all types.
const EVENT: &str = "EVENT";

const fn within(parent: &'static str, name: &'static str) -> EventType {
    EventType { name, parent: Some(parent) }
}

/// Every type of events (parity 5). Those that are the parent of others never happen themselves.
pub static EVENT_TYPES: [EventType; 27] = [
    EventType { name: EVENT, parent: None },
    within(EVENT, "PROCESS_STATE"),
    within("PROCESS_STATE", "PROCESS_STATE_STOPPED"),
    within("PROCESS_STATE", "PROCESS_STATE_EXITED"),
    within("PROCESS_STATE", "PROCESS_STATE_STARTING"),
    within("PROCESS_STATE", "PROCESS_STATE_STOPPING"),
    within("PROCESS_STATE", "PROCESS_STATE_BACKOFF"),
    within("PROCESS_STATE", "PROCESS_STATE_FATAL"),
    within("PROCESS_STATE", "PROCESS_STATE_RUNNING"),
    within("PROCESS_STATE", "PROCESS_STATE_UNKNOWN"),
    within(EVENT, "PROCESS_COMMUNICATION"),
    within("PROCESS_COMMUNICATION", "PROCESS_COMMUNICATION_STDOUT"),
    within("PROCESS_COMMUNICATION", "PROCESS_COMMUNICATION_STDERR"),
    within(EVENT, "PROCESS_LOG"),
    within("PROCESS_LOG", "PROCESS_LOG_STDOUT"),
    within("PROCESS_LOG", "PROCESS_LOG_STDERR"),
    within(EVENT, "REMOTE_COMMUNICATION"),
    within(EVENT, "SUPERVISOR_STATE_CHANGE"),
    within("SUPERVISOR_STATE_CHANGE", "SUPERVISOR_STATE_CHANGE_RUNNING"),
    within("SUPERVISOR_STATE_CHANGE", "SUPERVISOR_STATE_CHANGE_STOPPING"),
    within(EVENT, "TICK"),
    within("TICK", "TICK_5"),
    within("TICK", "TICK_60"),
    within("TICK", "TICK_3600"),
    within(EVENT, "PROCESS_GROUP"),
    within("PROCESS_GROUP", "PROCESS_GROUP_ADDED"),
    within("PROCESS_GROUP", "PROCESS_GROUP_REMOVED"),
];

impl EventType {
    /// The type of a name, in capitals.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        EVENT_TYPES.iter().find(|known| known.name == name)
    }
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::{EVENT_TYPES, Event, EventType};

    #[test]
    fn every_type_is_known_once_and_leads_to_the_root() {
        for (place, found) in EVENT_TYPES.iter().enumerate() {
            assert_eq!(EVENT_TYPES.iter().position(|other| other.name == found.name), Some(place));
            let mut root = found;
            while let Some(parent) = root.parent {
                root = EventType::of(parent).expect("a type of the list");
            }
            assert_eq!(root.name, "EVENT");
        }
    }

    #[test]
    fn what_happens_has_a_type_of_the_list() {
        for event in [Event::GroupAdded(String::new()), Event::SupervisorRunning, Event::SupervisorStopping] {
            assert!(EventType::of(event.name()).is_some());
        }
    }
}
