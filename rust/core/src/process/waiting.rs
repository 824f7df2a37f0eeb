//! What clients wait for at one process, and how they learn what came of it.

use super::Process;
use crate::effect::RequestId;
use crate::operation::{Completed, Operation, OperationKind};
use crate::outbox::Outbox;
use crate::rpc::{Fault, FaultCode};

impl Process {
    /// A client's wish, kept until a transition answers it.
    pub(crate) fn wait_for(&mut self, operation: Operation) {
        self.waiting.push(operation);
    }

    /// A client wants it started; its command is looked at first.
    pub(crate) fn wait_for_check(&mut self, operation: Operation) {
        self.in_check.push(operation);
    }

    /// The start whose command has been looked at.
    pub(crate) fn take_checked(&mut self, request: RequestId) -> Option<Operation> {
        let position = self.in_check.iter().position(|operation| operation.request == request)?;
        Some(self.in_check.remove(position))
    }

    /// Answers the part of one request that concerns this process.
    pub(crate) fn complete_request(
        &mut self,
        request: RequestId,
        outcome: &Result<(), Fault>,
        outbox: &mut Outbox,
    ) {
        if let Some(position) = self.waiting.iter().position(|waiting| waiting.request == request) {
            let operation = self.waiting.remove(position);
            self.push_completed(operation, outcome.clone(), outbox);
        }
    }

    pub(super) fn complete(
        &mut self,
        outbox: &mut Outbox,
        mut outcome: impl FnMut(OperationKind) -> Option<Result<(), Fault>>,
    ) {
        self.complete_with_target(outbox, |kind, _| outcome(kind));
    }

    pub(super) fn complete_with_target(
        &mut self,
        outbox: &mut Outbox,
        mut outcome: impl FnMut(OperationKind, &str) -> Option<Result<(), Fault>>,
    ) {
        for operation in std::mem::take(&mut self.waiting) {
            match outcome(operation.kind, &operation.target) {
                Some(outcome) => self.push_completed(operation, outcome, outbox),
                None => self.waiting.push(operation),
            }
        }
    }

    fn push_completed(&self, operation: Operation, outcome: Result<(), Fault>, outbox: &mut Outbox) {
        outbox.completed.push(Completed {
            operation,
            outcome,
            name: self.config.name.clone(),
            group: self.group.clone(),
        });
    }

    /// It is removed: everybody who waits for it is told that it is not there.
    pub(crate) fn dismiss(&mut self, outbox: &mut Outbox) {
        self.waiting.append(&mut self.in_check);
        self.complete_with_target(outbox, |_, target| Some(Err(Fault::with(FaultCode::BadName, target))));
    }
}
