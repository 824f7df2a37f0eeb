//! What the HTTP servers ask of the daemon.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use supervisor_core::config::LogLevel;
use supervisor_core::config::diff::GroupDiff;
use supervisor_core::effect::Channel;
use supervisor_core::rpc::Fault;
use supervisor_core::xml::{MethodCall, Value};
use tokio::sync::{mpsc, oneshot};

use crate::web::view::{AboutPage, ProcessPage, StatusPage};

/// The outcome of a method call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The method's result.
    Value(Value),
    /// The method's fault; still status 200 in HTTP.
    Fault(Fault),
    /// Something went wrong that no fault describes: status 500. The text, a plug-in's traceback, goes to the main
    /// log.
    InternalError(String),
}

impl From<Result<Value, Fault>> for Answer {
    fn from(answer: Result<Value, Fault>) -> Self {
        match answer {
            Ok(value) => Self::Value(value),
            Err(fault) => Self::Fault(fault),
        }
    }
}

/// Why a log cannot be followed; both are status 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLookupError {
    /// No process of that name.
    NoSuchProcess,
    /// The stream is not logged to a file.
    NoLog,
}

/// The daemon, seen from the HTTP servers. All methods are called on the control thread and must not block.
pub trait Backend: 'static {
    /// Answers a call that only looks, at once.
    ///
    /// # Errors
    /// The call, where its method may do more: that is for [`Self::call`].
    fn look(&self, call: MethodCall) -> Result<Answer, MethodCall>;

    /// Calls a method. The answer may come at once or much later; a sender that is dropped means that the daemon
    /// has ended. When the client is gone, the receiver is dropped.
    fn call(&self, call: MethodCall) -> oneshot::Receiver<Answer>;

    /// Calls a method of the standard interface by its name alone, on behalf of a page: it works whatever the
    /// configuration calls that interface. Answers as [`Self::call`] does.
    fn command(&self, method: &'static str, params: Vec<Value>) -> oneshot::Receiver<Answer>;

    /// Where the log of a process' stream is; `name` is `group:name`, or `name` alone.
    ///
    /// # Errors
    /// See [`LogLookupError`].
    fn log_path(&self, name: &str, channel: Channel) -> Result<PathBuf, LogLookupError>;

    /// Where the main log is, if it is a file.
    fn main_log(&self) -> Option<PathBuf>;

    /// Follows a log: its last `head` bytes, then what is appended, through rotation and truncation (parity 8).
    /// The channel is bounded: a slow reader delays the one who fills it. Following ends when the receiver is
    /// dropped; when the sender is dropped, the answer ends.
    fn follow(&self, path: &Path, head: u64) -> mpsc::Receiver<Bytes>;

    /// What the status page shows.
    fn status(&self) -> StatusPage;

    /// What the page of a process shows; `name` as in [`Self::log_path`].
    fn process(&self, name: &str) -> Option<ProcessPage>;

    /// What the page about the daemon shows.
    fn about(&self) -> AboutPage;

    /// How the groups that were read last differ from those in use.
    fn staged(&self) -> GroupDiff;

    /// Reads the configuration, without keeping it, and tells how its groups differ from those in use; or what is
    /// wrong with it.
    fn pending(&self) -> oneshot::Receiver<Result<GroupDiff, String>>;

    /// Writes a line to the main log, if `level` is wanted there; `message` is only formatted then.
    fn log(&self, level: LogLevel, message: fmt::Arguments<'_>);
}
