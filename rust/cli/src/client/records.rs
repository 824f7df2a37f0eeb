//! The structures of answers, typed; only the members that a client here uses.
//!
//! Members that are not named are ignored, so that other servers of the protocol, which leave out or
//! add some, can be talked to as well.

use dxr::{Error, TryFromValue, Value};
use supervisor_core::state::ProcessState;

/// A number, which servers write as `<int>` or, beyond 32 bits, as `<i8>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub i64);

impl TryFromValue for Number {
    fn try_from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Integer(number) => Ok(Self((*number).into())),
            other => i64::try_from_value(other).map(Self),
        }
    }
}

/// One process in the answer of `getProcessInfo` and `getAllProcessInfo`.
#[derive(Debug, Clone, TryFromValue)]
pub struct ProcessInfo {
    /// Name of the process.
    pub name: String,
    /// Name of its group.
    pub group: String,
    /// Code of its state.
    pub state: Number,
    /// Name of its state.
    pub statename: String,
    /// What `status` shows behind the state.
    pub description: String,
    /// Its pid, 0 when it does not run.
    pub pid: Number,
}

impl ProcessInfo {
    /// Whether it is in the given state.
    #[must_use]
    pub fn is(&self, state: ProcessState) -> bool {
        self.state.0 == i64::from(state.code())
    }

    /// Whether its state is in the stopped set of parity 9.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        [ProcessState::Stopped, ProcessState::Exited, ProcessState::Fatal, ProcessState::Unknown]
            .into_iter()
            .any(|state| state.is_stopped() && self.is(state))
    }
}

/// One process in the answer of a method that acts on several.
#[derive(Debug, Clone, TryFromValue)]
pub struct ProcessResult {
    /// Name of the process.
    pub name: String,
    /// Name of its group.
    pub group: String,
    /// [`super::fault::SUCCESS`] or a fault code.
    pub status: Number,
    /// `OK` or the fault's text.
    pub description: String,
}

/// One process in the answer of `getAllConfigInfo`.
#[derive(Debug, Clone, TryFromValue)]
pub struct ConfigInfo {
    /// Name of the process.
    pub name: String,
    /// Name of its group.
    pub group: String,
    /// Whether the group is active.
    pub inuse: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
    /// Priority of the group.
    pub group_prio: Number,
    /// Priority of the process.
    pub process_prio: Number,
}

/// The answer of `reloadConfig`: what would change if it were applied.
#[derive(Debug, Clone, Default)]
pub struct GroupChanges {
    /// Groups that are new.
    pub added: Vec<String>,
    /// Groups that are there and differ.
    pub changed: Vec<String>,
    /// Groups that are gone.
    pub removed: Vec<String>,
}

impl TryFromValue for GroupChanges {
    /// The triple comes in a list of one.
    fn try_from_value(value: &Value) -> Result<Self, Error> {
        let ((added, changed, removed),) =
            <((Vec<String>, Vec<String>, Vec<String>),)>::try_from_value(value)?;
        Ok(Self { added, changed, removed })
    }
}
