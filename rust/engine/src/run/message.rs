//! What reaches the loop from elsewhere.

use std::sync::Arc;

use supervisor_core::config::LogLevel;
use supervisor_core::effect::{RequestId, SpawnPlan};
use supervisor_core::input::{Input, SpawnError};
use supervisor_core::signal::Signal;
use supervisor_core::xml::{MethodCall, Value};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::children::OpenLogs;
use super::tap::PluginOutput;
use crate::http::{Answer, Asked};
use crate::logs::RedirectedLine;

/// The room that what is on its way to the core takes there; it is free when this is dropped.
pub(crate) type Room = Arc<OwnedSemaphorePermit>;

/// What reaches the loop from elsewhere. The queue has no bound of its own: a call belongs to a connection, the
/// rest to a process, and those are bounded.
#[derive(Debug)]
pub(crate) enum Message {
    /// For the core.
    Input(Input),
    /// A signal has come.
    Signal(Signal),
    /// Output of a process, for the core. Room for more is free when it is taken in.
    Output(Input, Option<Room>),
    /// Output of a process whose stream a plug-in looks after. Room for more is free when it is logged.
    PluginOutput(PluginOutput, Option<Room>),
    /// A line of the main log, which a plug-in gets.
    Line(RedirectedLine),
    /// For the main log, from a plug-in.
    Log(LogLevel, String),
    /// A client calls a method.
    Call {
        /// The method and its arguments.
        call: MethodCall,
        /// Who waits.
        reply: oneshot::Sender<Answer>,
    },
    /// A page calls a method of the standard interface by its name alone.
    Command {
        /// The method.
        method: &'static str,
        /// Its arguments.
        params: Vec<Value>,
        /// Who waits.
        reply: oneshot::Sender<Answer>,
    },
    /// The logs of a process are open (or not): it can be spawned.
    LogsOpened(Box<SpawnPlan>, Result<OpenLogs, SpawnError>),
    /// A deferred answer of a plug-in is due to be asked for again.
    Poll(RequestId, u64),
    /// A plug-in wants something done: see [`Handle::next_effect`](crate::plugins::Handle::next_effect).
    Wake,
    /// A plug-in can read from its descriptor, or write to it.
    Ready(i32, bool),
    /// A client's request is for a plug-in.
    Asked(Asked),
    /// A plug-in has answered the request of a number that it had kept.
    Answered(u64),
}
