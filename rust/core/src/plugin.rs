//! What plug-ins do to the daemon, its groups and its processes (design 4).
//!
//! Plug-ins see Python objects whose attributes are looked up here; what they assign, insert and call arrives as a
//! [`PluginInput`], and is in force when the step ends. Where a plug-in replaced a method ([`Hooks`]), the core has
//! the replacement called in place of what it does itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{GroupSettings, ProgramSettings};
use crate::core::Core;
use crate::effect::{Effect, ProcessId, RequestId, StdinPurpose};
use crate::event::{Event, TickPeriod};
use crate::input::{ExitStatus, Now};
use crate::outbox::Outbox;
use crate::rpc::{Call, STANDARD};
use crate::signal::Signal;
use crate::state::ProcessState;
use crate::xml::Value;

/// One thing that a plug-in did. What names a process or a group that is gone does nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum PluginInput {
    /// It replaced methods, or subscribed to ticks.
    Hooks(Hooks),
    /// It calls a method of the standard namespace, the engine's own.
    Call {
        /// To answer it by.
        request: RequestId,
        /// The method, without the namespace.
        method: String,
        /// Its arguments.
        params: Vec<Value>,
    },
    /// It tells of an event of its own.
    Emit(Event),
    /// It assigned an attribute of a process.
    Assign(ProcessId, Assigned),
    /// It changed what the configuration says of a process in use; its FastCGI socket stays.
    Configure(ProcessId, Box<ProgramSettings>),
    /// It wants a process to go to a state, with the event that belongs to it.
    ChangeState {
        /// Which process.
        process: ProcessId,
        /// The new state.
        state: ProcessState,
        /// For EXITED, whether that was expected.
        expected: bool,
    },
    /// It gives up starting a process: BACKOFF to FATAL.
    GiveUp(ProcessId),
    /// Its replaced transition leaves a process to the engine.
    Settle(ProcessId),
    /// Its replaced `finish` leaves the end of a process to the engine.
    Finish(ProcessId, ExitStatus),
    /// It sends a signal that is to end a process.
    Kill(ProcessId, Signal),
    /// It sends a signal.
    Signal(ProcessId, Signal),
    /// It writes to the standard input of a process.
    Write(ProcessId, Vec<u8>),
    /// It adds a process to a group in use.
    AddProcess(String, Box<ProgramSettings>),
    /// It takes a process out of its group.
    RemoveProcess(ProcessId),
    /// It takes a group into use.
    AddGroup(Box<GroupSettings>),
    /// It lets go of a group; nothing happens while one of its processes runs.
    RemoveGroup(String),
    /// It changed the groups that the configuration is said to have.
    Stage(Vec<GroupSettings>),
}

/// Which methods plug-ins replaced, and what they want to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooks {
    /// `Subprocess.spawn`.
    pub spawn: bool,
    /// `Subprocess.transition`.
    pub transition: bool,
    /// `Subprocess.finish`.
    pub finish: bool,
    /// Methods of the standard namespace, with their help texts.
    pub methods: BTreeMap<String, String>,
    /// Ticks that somebody subscribed to, the shortest period first.
    pub ticks: Vec<TickPeriod>,
}

/// An attribute of a process, and what a plug-in assigned to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Assigned {
    /// Its state, without an event.
    State(ProcessState),
    /// When it was started last, in seconds since 1970; 0 for never.
    Started(f64),
    /// When it ended last, in seconds since 1970; 0 for never.
    Stopped(f64),
    /// Failed starts in a row.
    Backoff(i64),
    /// Exit code of the last end.
    ExitStatus(Option<i32>),
    /// What went wrong with the last start or end.
    SpawnError(Option<String>),
}

impl Core {
    pub(crate) fn on_plugin(&mut self, now: Now, input: PluginInput, outbox: &mut Outbox) {
        match input {
            PluginInput::Hooks(hooks) => {
                if self.hooks.transition && !hooks.transition {
                    self.touch_all();
                }
                self.hooks = hooks;
                self.note_wanted_ticks();
            }
            PluginInput::Call { request, method, params } => {
                let call = Call { now, request, is_native: true };
                self.answer(call, &format!("{STANDARD}.{method}"), params, outbox);
            }
            PluginInput::Emit(event) => outbox.effects.push(Effect::Emit(event)),
            PluginInput::Assign(process, value) => {
                self.with(process, |process| process.assign(value, now, outbox));
            }
            PluginInput::Configure(process, config) => {
                self.with(process, |process| process.configure(*config, now));
            }
            PluginInput::ChangeState { process, state, expected } => {
                self.with(process, |process| process.enter(state, expected, now, outbox));
            }
            PluginInput::GiveUp(process) => {
                self.with(process, |process| {
                    if process.state == ProcessState::Backoff {
                        process.abandon(outbox);
                    }
                });
            }
            PluginInput::Settle(process) => {
                let around = self.circumstances(now);
                if self.is_started() {
                    self.with(process, |process| process.settle(around, outbox));
                }
            }
            PluginInput::Finish(process, status) => self.finish(now, process, status, outbox),
            PluginInput::Kill(process, signal) => {
                self.with(process, |process| process.kill(signal, now, outbox));
            }
            PluginInput::Signal(process, signal) => {
                self.with(process, |process| {
                    if process.pid != 0 {
                        process.send(signal, RequestId::NOBODY, outbox);
                    }
                });
            }
            PluginInput::Write(process, bytes) => {
                let purpose = StdinPurpose::Request(RequestId::NOBODY);
                outbox.effects.push(Effect::WriteStdin { process, bytes, purpose });
            }
            PluginInput::AddProcess(group, config) => self.add_member(&group, *config, outbox),
            PluginInput::RemoveProcess(process) => self.remove_member(process, outbox),
            PluginInput::AddGroup(group) => drop(self.add_group(*group, outbox)),
            // A refusal shows: the group is still there.
            PluginInput::RemoveGroup(name) => drop(self.remove_group(&name, outbox)),
            PluginInput::Stage(groups) => self.stage_groups(groups),
        }
    }
}
