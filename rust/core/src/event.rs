//! What happened, for event listeners and subscribers (parity 5).
//!
//! [`EVENT_TYPES`] is the one list of types that a listener can subscribe to.

use serde::{Deserialize, Serialize};

use crate::effect::{Channel, ProcessId};
use crate::state::ProcessState;
use crate::text::decoded;

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

    /// Whether who subscribes to the type of this name gets events of this one: its own name, or one above it.
    #[must_use]
    pub fn is_within(&self, name: &str) -> bool {
        let mut place = Some(self);
        while let Some(known) = place {
            if known.name == name {
                return true;
            }
            place = known.parent.and_then(Self::of);
        }
        false
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
    /// A process wrote something between the tokens of [`crate::capture`].
    Communication(OutputEvent),
    /// A process wrote something.
    Log(OutputEvent),
    /// A client says something to listeners.
    Remote {
        /// What kind of message, in the client's words.
        kind: String,
        /// The message.
        data: String,
    },
    /// The wall clock went over a multiple of a period.
    Tick {
        /// The period.
        period: TickPeriod,
        /// That multiple, in seconds since 1970.
        when: u64,
    },
    /// A plug-in tells of something, which its own subscribers know already.
    Custom {
        /// Names of the types it belongs to: its own first, then those that include it.
        types: Vec<String>,
        /// What listeners are told.
        payload: String,
    },
}

/// Output of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputEvent {
    /// Which process.
    pub process: ProcessId,
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: String,
    /// Its pid.
    pub pid: i32,
    /// Which stream.
    pub channel: Channel,
    /// What it wrote.
    pub data: Vec<u8>,
}

/// How often a tick comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TickPeriod {
    /// Every five seconds.
    Five,
    /// Every minute.
    Minute,
    /// Every hour.
    Hour,
}

impl TickPeriod {
    /// All, the shortest first: the order in which they come when they come together.
    pub const ALL: [Self; 3] = [Self::Five, Self::Minute, Self::Hour];

    /// The period in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::Five => 5,
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }

    /// The type of its events.
    #[must_use]
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Five => "TICK_5",
            Self::Minute => "TICK_60",
            Self::Hour => "TICK_3600",
        }
    }
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
    pub fn name(&self) -> &str {
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
            Self::Communication(output) => match output.channel {
                Channel::Stdout => "PROCESS_COMMUNICATION_STDOUT",
                Channel::Stderr => "PROCESS_COMMUNICATION_STDERR",
            },
            Self::Log(output) => match output.channel {
                Channel::Stdout => "PROCESS_LOG_STDOUT",
                Channel::Stderr => "PROCESS_LOG_STDERR",
            },
            Self::Remote { .. } => "REMOTE_COMMUNICATION",
            Self::Tick { period, .. } => period.event_name(),
            Self::Custom { types, .. } => types.first().map_or("None", String::as_str),
        }
    }

    /// Whether who subscribes to the type of this name gets it.
    #[must_use]
    pub fn is_within(&self, name: &str) -> bool {
        match self {
            Self::Custom { types, .. } => types.iter().any(|known| known == name),
            _ => EventType::of(self.name()).is_some_and(|found| found.is_within(name)),
        }
    }

    /// What a listener is told after the header (parity 5).
    #[must_use]
    pub fn payload(&self) -> String {
        match self {
            Self::ProcessState(change) => change.payload(),
            Self::GroupAdded(group) | Self::GroupRemoved(group) => format!("groupname:{group}\n"),
            Self::SupervisorRunning | Self::SupervisorStopping => String::new(),
            Self::Communication(output) => format!("{}\n{}", output.head(), decoded(&output.data)),
            Self::Log(output) => {
                format!("{} channel:{}\n{}", output.head(), output.channel.name(), decoded(&output.data))
            }
            Self::Remote { kind, data } => format!("type:{kind}\n{data}"),
            Self::Tick { when, .. } => format!("when:{when}"),
            Self::Custom { payload, .. } => payload.clone(),
        }
    }
}

impl OutputEvent {
    fn head(&self) -> String {
        format!("processname:{} groupname:{} pid:{}", self.name, self.group, self.pid)
    }
}

impl ProcessStateEvent {
    fn payload(&self) -> String {
        let Self { name, group, from, pid, tries, .. } = self;
        let head = format!("processname:{name} groupname:{group} from_state:{}", from.name());
        match self.to {
            ProcessState::Starting | ProcessState::Backoff => format!("{head} tries:{tries}"),
            ProcessState::Running | ProcessState::Stopping | ProcessState::Stopped => {
                format!("{head} pid:{pid}")
            }
            ProcessState::Exited => format!("{head} expected:{} pid:{pid}", i32::from(self.expected)),
            ProcessState::Fatal | ProcessState::Unknown => head,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::panic)]

    use super::{EVENT_TYPES, Event, EventType, OutputEvent, ProcessStateEvent, TickPeriod};
    use crate::effect::{Channel, ProcessId};
    use crate::state::ProcessState;

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

    fn change(to: ProcessState) -> Event {
        Event::ProcessState(ProcessStateEvent {
            process: ProcessId(1),
            name: "one".to_owned(),
            group: "web".to_owned(),
            from: ProcessState::Starting,
            to,
            pid: 7,
            tries: 2,
            expected: false,
        })
    }

    #[test]
    fn a_change_of_state_tells_what_its_type_tells() {
        let head = "processname:one groupname:web from_state:STARTING";
        for (to, name, rest) in [
            (ProcessState::Stopped, "STOPPED", " pid:7"),
            (ProcessState::Starting, "STARTING", " tries:2"),
            (ProcessState::Running, "RUNNING", " pid:7"),
            (ProcessState::Backoff, "BACKOFF", " tries:2"),
            (ProcessState::Stopping, "STOPPING", " pid:7"),
            (ProcessState::Exited, "EXITED", " expected:0 pid:7"),
            (ProcessState::Fatal, "FATAL", ""),
            (ProcessState::Unknown, "UNKNOWN", ""),
        ] {
            assert_eq!(change(to).payload(), format!("{head}{rest}"));
            assert_eq!(change(to).name(), format!("PROCESS_STATE_{name}"));
        }
    }

    #[test]
    fn output_that_is_no_text_is_shown_as_python_shows_it() {
        let mut output = OutputEvent {
            process: ProcessId(1),
            name: "one".to_owned(),
            group: "web".to_owned(),
            pid: 7,
            channel: Channel::Stderr,
            data: "dä\n".into(),
        };
        let log = Event::Log(output.clone());
        assert_eq!(log.payload(), "processname:one groupname:web pid:7 channel:stderr\ndä\n");
        assert_eq!(log.name(), "PROCESS_LOG_STDERR");
        output.data = b"a\xff".to_vec();
        let communication = Event::Communication(output);
        assert_eq!(communication.payload(), "processname:one groupname:web pid:7\nUndecodable: b'a\\xff'");
        assert_eq!(communication.name(), "PROCESS_COMMUNICATION_STDERR");
    }

    #[test]
    fn who_subscribes_to_a_type_gets_all_below_it() {
        let tick = Event::Tick { period: TickPeriod::Minute, when: 120 };
        let kind = EventType::of(tick.name()).unwrap_or_else(|| panic!("a type"));
        assert_eq!(tick.payload(), "when:120");
        assert!(kind.is_within("TICK_60") && kind.is_within("TICK") && kind.is_within("EVENT"));
        assert!(!kind.is_within("TICK_5") && !kind.is_within("PROCESS_LOG"));
    }
}
