//! One process: its states, its deadlines, and who may cause which transition.
//!
//! # States
//!
//! | from | to | because |
//! |---|---|---|
//! | STOPPED, EXITED, FATAL, BACKOFF | STARTING | a start: with the daemon, by a client, by `autorestart`, by the next try |
//! | STARTING | RUNNING | it stayed up longer than `startsecs` |
//! | STARTING | BACKOFF | it could not be spawned, or ended before `startsecs` had passed |
//! | BACKOFF | FATAL | more failed starts than `startretries`, or the daemon stops |
//! | BACKOFF | STOPPED | a client stops it |
//! | STARTING, RUNNING | STOPPING | a client or the daemon stops it: the stop signal is sent |
//! | STOPPING | STOPPED | it ended |
//! | RUNNING | EXITED | it ended by itself |
//! | STARTING, RUNNING, STOPPING | UNKNOWN | a signal could not be delivered |
//!
//! # Timing
//!
//! A process has one deadline at most, and what it means follows from the state: the moment it counts as
//! RUNNING (STARTING), the next try (BACKOFF: one second more after each failure), SIGKILL (STOPPING, repeated
//! every `stopwaitsecs`), or the restart that its [budget](crate::restart_budget) did not yet allow (EXITED).
//! All of it is monotonic time; the wall clock is only shown to people.
//!
//! # The moment between the decision to spawn and the pid
//!
//! The engine opens logs before it spawns, so `Spawned` comes later than `Spawn`. In between the process is
//! STARTING without a pid; a stop that falls into this gap makes it STOPPING and its signal is sent when the pid
//! is known. (The original loses it.)
//!
//! Behaviour: parity 6, 7 and 9, and the log lines of traps 2.31.

mod assigning;
mod stopping;
mod waiting;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{Autorestart, LogTarget, ProgramSettings};
use crate::effect::{Effect, ProcessId};
use crate::event::{Event, ProcessStateEvent};
use crate::history::{End, History};
use crate::input::{ExitStatus, Now, SpawnError};
use crate::operation::{Operation, OperationKind};
use crate::outbox::Outbox;
use crate::restart_budget::RestartBudget;
use crate::rpc::{Fault, FaultCode};
use crate::signal::Signal;
use crate::state::{Mood, ProcessState};

/// A replaced spawn that started nothing is asked again after this time, as the original's loop would.
const SPAWN_OVERRIDE_INTERVAL: Duration = Duration::from_secs(1);

/// A moment on both clocks.
pub type Moment = Now;

/// One process of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Its identity.
    pub id: ProcessId,
    /// Name of its group.
    pub group: String,
    /// What the configuration says of it.
    pub config: ProgramSettings,
    /// Where it stands.
    pub state: ProcessState,
    /// Its pid, 0 when there is none.
    pub pid: i32,
    /// The last start, if there was one.
    pub started: Option<Moment>,
    /// The last end, if there was one.
    pub stopped: Option<Moment>,
    /// Failed starts in a row.
    pub backoff: i64,
    /// Exit code of the last end, −1 for a signal; none while it runs or when it ended too quickly.
    pub exitstatus: Option<i32>,
    /// What went wrong with the last start or end.
    pub spawnerr: Option<String>,
    /// When the state's time is up, see the module's page.
    deadline: Option<Duration>,
    /// When "waiting for x to stop" is said again.
    stop_report: Option<Duration>,
    /// `Spawn` is under way: no pid yet.
    spawning: bool,
    /// Signal to send as soon as there is a pid.
    stop_when_spawned: Option<Signal>,
    /// What happened to it before.
    pub history: History,
    restarts: RestartBudget,
    waiting: Vec<Operation>,
    /// Starts whose command the engine is looking at.
    in_check: Vec<Operation>,
}

/// What a process needs to know of the daemon to decide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) now: Now,
    pub(crate) mood: Mood,
    /// A plug-in replaced the way processes are spawned.
    pub(crate) spawn_is_overridden: bool,
}

impl Process {
    /// A process that was never started.
    #[must_use]
    pub fn new(id: ProcessId, group: &str, config: ProgramSettings) -> Self {
        Self {
            id,
            group: group.to_owned(),
            config,
            state: ProcessState::Stopped,
            pid: 0,
            started: None,
            stopped: None,
            backoff: 0,
            exitstatus: None,
            spawnerr: None,
            deadline: None,
            stop_report: None,
            spawning: false,
            stop_when_spawned: None,
            history: History::default(),
            restarts: RestartBudget::full(),
            waiting: Vec::new(),
            in_check: Vec::new(),
        }
    }

    /// When [`Self::settle`] has something to do by time alone. While everything stops, no start is due.
    pub(crate) fn next_deadline(&self, mood: Mood) -> Option<Duration> {
        let is_start = self.state.is_stopped() || self.state == ProcessState::Backoff;
        let deadline = self.deadline.filter(|_| mood.allows_starts() || !is_start);
        [deadline, self.stop_report].into_iter().flatten().min()
    }

    /// Whether it is being spawned: STARTING or STOPPING without a pid.
    #[must_use]
    pub fn is_spawning(&self) -> bool {
        self.spawning
    }

    /// Whether it is RUNNING.
    pub(crate) fn is_running(&self) -> bool {
        self.state == ProcessState::Running
    }

    fn name(&self) -> &str {
        &self.config.name
    }

    fn startsecs(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.config.startsecs).unwrap_or(0))
    }

    /// Whether the last start is longer ago than `startsecs`; also true for the impossible case of no start.
    fn stayed_up(&self, now: Now) -> bool {
        self.started.is_none_or(|started| {
            self.config.startsecs <= 0 || now.monotonic > started.monotonic + self.startsecs()
        })
    }

    /// Does what is due: by the time, by the state, by the configuration. Called after every input.
    pub(crate) fn settle(&mut self, around: Circumstances, outbox: &mut Outbox) {
        let now = around.now;
        if self.stop_report.is_some_and(|due| now.monotonic >= due) {
            self.report_stop(now, outbox);
        }
        if self.state.is_stopped() && self.is_due(now) {
            // It held back a restart; what may start now, starts below, and nothing else is due.
            self.deadline = None;
        }
        match self.state {
            ProcessState::Starting if !self.spawning && self.stayed_up(now) => self.succeed(outbox),
            ProcessState::Backoff => {
                if self.backoff > self.config.startretries {
                    self.give_up(outbox);
                } else if around.mood.allows_starts() && self.is_due(now) {
                    self.spawn(around, outbox);
                }
            }
            ProcessState::Exited
                if around.mood.allows_starts() && self.wants_restart() && !self.is_early(now) =>
            {
                match self.restarts.take(now.monotonic) {
                    Ok(()) => self.spawn(around, outbox),
                    Err(available) => self.deadline = Some(available),
                }
            }
            ProcessState::Stopped
                if around.mood.allows_starts()
                    && self.started.is_none()
                    && self.config.autostart
                    && self.has_its_logs()
                    && !self.is_early(now) =>
            {
                self.spawn(around, outbox);
            }
            ProcessState::Stopping if self.pid != 0 && self.is_due(now) => {
                outbox.warn(format!("killing '{}' ({}) with SIGKILL", self.name(), self.pid));
                self.kill(Signal::KILL, now, outbox);
            }
            _ => {}
        }
    }

    fn is_due(&self, now: Now) -> bool {
        self.deadline.is_some_and(|deadline| now.monotonic >= deadline)
    }

    /// Whether there is a deadline and it lies ahead.
    fn is_early(&self, now: Now) -> bool {
        self.deadline.is_some_and(|deadline| now.monotonic < deadline)
    }

    /// Whether the automatic logs of a group just added have been made.
    fn has_its_logs(&self) -> bool {
        [&self.config.stdout, &self.config.stderr].iter().all(|output| output.logfile != LogTarget::Automatic)
    }

    fn wants_restart(&self) -> bool {
        match self.config.autorestart {
            Autorestart::Never => false,
            Autorestart::Always => true,
            Autorestart::Unexpected => !self.exit_is_expected(),
        }
    }

    fn exit_is_expected(&self) -> bool {
        self.exitstatus.is_some_and(|code| self.config.exitcodes.contains(&code))
    }

    /// Starts it, through the plug-in that replaced spawning if there is one.
    pub(crate) fn spawn(&mut self, around: Circumstances, outbox: &mut Outbox) {
        if around.spawn_is_overridden {
            self.deadline = Some(around.now.monotonic + SPAWN_OVERRIDE_INTERVAL);
            outbox.effects.push(Effect::CallSpawnOverride { process: self.id });
        } else {
            self.spawn_now(around.now, outbox);
        }
    }

    /// Starts it. The caller fills in the plan for [`Effect::Spawn`] where this returns true.
    pub(crate) fn spawn_now(&mut self, now: Now, outbox: &mut Outbox) {
        if self.pid != 0 || self.spawning {
            outbox.warn(format!("process '{}' already running", self.name()));
            return;
        }
        if !(self.state.is_stopped() && self.state != ProcessState::Unknown
            || self.state == ProcessState::Backoff)
        {
            return;
        }
        self.spawnerr = None;
        self.exitstatus = None;
        self.started = Some(now);
        self.deadline = None;
        self.stop_when_spawned = None;
        self.spawning = true;
        self.change_state(ProcessState::Starting, true, outbox);
        outbox.spawn_wanted.push_back(self.id);
    }

    /// The plug-in that replaced spawning was called. Where it started nothing, clients that wait are told so in
    /// the original's way: those who did not want to wait for RUNNING have what they asked for.
    pub(crate) fn on_spawn_override_returned(&mut self, outbox: &mut Outbox) {
        if self.spawning || self.pid != 0 {
            return;
        }
        self.complete_with_target(outbox, |kind, target| match kind {
            OperationKind::Start { wait: false } => Some(Ok(())),
            OperationKind::Start { wait: true } => {
                Some(Err(Fault::with(FaultCode::AbnormalTermination, target)))
            }
            OperationKind::Stop { .. } | OperationKind::Signal => None,
        });
    }

    /// The engine spawned it.
    pub(crate) fn on_spawned(&mut self, pid: i32, now: Now, outbox: &mut Outbox) {
        self.spawning = false;
        self.pid = pid;
        outbox.info(format!("spawned: '{}' with pid {pid}", self.name()));
        if let Some(signal) = self.stop_when_spawned.take() {
            self.kill(signal, now, outbox);
            return;
        }
        self.await_startsecs(now);
        self.complete(outbox, |kind| matches!(kind, OperationKind::Start { wait: false }).then_some(Ok(())));
    }

    /// The engine could not spawn it.
    pub(crate) fn on_spawn_failed(&mut self, error: &SpawnError, now: Now, outbox: &mut Outbox) {
        self.fail_to_spawn(error.message(self.name()), now, outbox);
    }

    /// It could not be spawned, and `message` says why.
    pub(crate) fn fail_to_spawn(&mut self, message: String, now: Now, outbox: &mut Outbox) {
        self.spawning = false;
        outbox.info(format!("spawnerr: {message}"));
        self.spawnerr = Some(message);
        if self.state == ProcessState::Stopping {
            self.stop_when_spawned = None;
            self.deadline = None;
            self.change_state(ProcessState::Stopped, true, outbox);
        } else {
            self.back_off(now, outbox);
        }
    }

    fn back_off(&mut self, now: Now, outbox: &mut Outbox) {
        self.backoff += 1;
        let pause = Duration::from_secs(u64::try_from(self.backoff).unwrap_or(0));
        self.deadline = Some(now.monotonic + pause);
        self.change_state(ProcessState::Backoff, true, outbox);
    }

    fn succeed(&mut self, outbox: &mut Outbox) {
        self.deadline = None;
        self.backoff = 0;
        self.change_state(ProcessState::Running, true, outbox);
        outbox.info(format!(
            "success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)",
            self.name(),
            self.config.startsecs
        ));
    }

    /// Gives up starting it: BACKOFF to FATAL, after too many tries.
    fn give_up(&mut self, outbox: &mut Outbox) {
        self.abandon(outbox);
        outbox.info(format!(
            "gave up: {} entered FATAL state, too many start retries too quickly",
            self.name()
        ));
    }

    /// BACKOFF to FATAL, at shutdown without a word.
    pub(crate) fn abandon(&mut self, outbox: &mut Outbox) {
        self.deadline = None;
        self.backoff = 0;
        self.change_state(ProcessState::Fatal, true, outbox);
    }

    /// It ended and its output has been read.
    pub(crate) fn on_exited(&mut self, status: ExitStatus, now: Now, outbox: &mut Outbox) {
        self.stopped = Some(now);
        self.stop_report = None;
        self.deadline = None;
        let after =
            self.started.map_or(Duration::ZERO, |start| now.monotonic.saturating_sub(start.monotonic));
        self.history.ended(End { at: now, pid: self.pid, status, after });
        let code = status.code();
        let how = status.to_string();
        match self.state {
            ProcessState::Stopping => {
                self.exitstatus = Some(code);
                self.change_state(ProcessState::Stopped, true, outbox);
                self.log_end(format!("stopped: {} ({how})", self.name()), self.exit_is_expected(), outbox);
            }
            ProcessState::Starting if !self.stayed_up(now) => {
                self.exitstatus = None;
                self.spawnerr = Some("Exited too quickly (process log may have details)".to_owned());
                let message = format!("exited: {} ({how}; not expected)", self.name());
                self.back_off(now, outbox);
                outbox.warn(message);
            }
            ProcessState::Starting | ProcessState::Running => {
                if self.state == ProcessState::Starting {
                    self.succeed(outbox);
                }
                self.backoff = 0;
                self.exitstatus = Some(code);
                let expected = self.exit_is_expected();
                if !expected {
                    self.spawnerr = Some(format!("Bad exit code {code}"));
                }
                let verdict = if expected { "expected" } else { "not expected" };
                let message = format!("exited: {} ({how}; {verdict})", self.name());
                self.change_state(ProcessState::Exited, expected, outbox);
                self.log_end(message, expected, outbox);
            }
            _ => {
                self.exitstatus = Some(code);
                self.log_end(format!("exited: {} ({how}; not expected)", self.name()), false, outbox);
            }
        }
        self.pid = 0;
    }

    fn log_end(&self, message: String, expected: bool, outbox: &mut Outbox) {
        if expected {
            outbox.info(message);
        } else {
            outbox.warn(message);
        }
    }

    fn change_state(&mut self, to: ProcessState, expected: bool, outbox: &mut Outbox) {
        if self.state == to {
            return;
        }
        let from = std::mem::replace(&mut self.state, to);
        outbox.effects.push(Effect::Emit(Event::ProcessState(ProcessStateEvent {
            process: self.id,
            name: self.config.name.clone(),
            group: self.group.clone(),
            from,
            to,
            pid: self.pid,
            tries: self.backoff,
            expected,
        })));
        self.answer_waiting(outbox);
    }

    /// Tells those who wait for a state what has become of it.
    fn answer_waiting(&mut self, outbox: &mut Outbox) {
        let to = self.state;
        let spawnerr = self.spawnerr.is_some();
        self.complete_with_target(outbox, |kind, target| match kind {
            OperationKind::Start { .. } => match to {
                ProcessState::Starting => None,
                ProcessState::Running => Some(Ok(())),
                _ if spawnerr => Some(Err(Fault::with(FaultCode::SpawnError, target))),
                _ => Some(Err(Fault::with(FaultCode::AbnormalTermination, target))),
            },
            // A lost process has not stopped: who asked gets the fault instead.
            OperationKind::Stop { .. } => (to.is_stopped() && to != ProcessState::Unknown).then_some(Ok(())),
            OperationKind::Signal => None,
        });
    }
}
