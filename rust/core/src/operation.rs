//! What a client asked to be done to one process, kept on the process until a transition answers it.

use serde::{Deserialize, Serialize};

use crate::effect::RequestId;
use crate::rpc::Fault;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationKind {
    /// Start; answered when the process runs, or as soon as it is spawned without `wait`.
    Start {
        /// Wait for RUNNING.
        wait: bool,
    },
    /// Stop; answered when the process is gone, or as soon as the signal is sent without `wait`.
    Stop {
        /// Wait for the end.
        wait: bool,
    },
    /// Send a signal.
    Signal,
}

/// One process' part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The request it belongs to.
    pub request: RequestId,
    /// The process as the client named it, for fault texts.
    pub target: String,
    /// What is to be done.
    pub kind: OperationKind,
    /// Its place among the operations of the request: those that end in one step are answered in this order.
    pub order: usize,
}

/// An operation with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// Which operation.
    pub operation: Operation,
    /// How it went.
    pub outcome: Result<(), Fault>,
    /// Name of the process.
    pub name: String,
    /// Name of its group.
    pub group: String,
}
