//! Where a step collects what it wants done.

use std::collections::VecDeque;
use std::fmt;

use crate::config::LogLevel;
use crate::effect::{Effect, ProcessId, RequestId};
use crate::operation::Completed;

/// Effects for the engine, and operations whose requests are to be looked after before the step ends.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) effects: Vec<Effect>,
    /// Whether the main log shows lines of the level debug.
    pub(crate) shows_debug: bool,
    /// How many of the effects the pools of listeners have seen.
    pub(crate) handed_out: usize,
    pub(crate) completed: Vec<Completed>,
    /// Requests of several calls whose next call can be made.
    pub(crate) continued: Vec<RequestId>,
    /// Processes that became STARTING: the core makes their plans.
    pub(crate) spawn_wanted: VecDeque<ProcessId>,
}

impl Outbox {
    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        self.effects.push(Effect::Log { level, message });
    }

    pub(crate) fn info(&mut self, message: String) {
        self.log(LogLevel::Info, message);
    }

    pub(crate) fn warn(&mut self, message: String) {
        self.log(LogLevel::Warn, message);
    }

    /// Made only where the main log shows it, for there may be several lines for one event.
    pub(crate) fn debug(&mut self, message: fmt::Arguments<'_>) {
        if self.shows_debug {
            self.log(LogLevel::Debug, message.to_string());
        }
    }
}
