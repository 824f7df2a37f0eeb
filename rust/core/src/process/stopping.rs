//! Stopping and signalling a process, and what comes of it.

use std::time::Duration;

use super::Process;
use crate::config::LogLevel;
use crate::effect::{Effect, KillPurpose, RequestId};
use crate::input::Now;
use crate::operation::{Operation, OperationKind};
use crate::outbox::Outbox;
use crate::rpc::{Fault, FaultCode};
use crate::signal::Signal;
use crate::state::ProcessState;

/// How often "waiting for x to stop" is said while a client waits.
const STOP_REPORT_INTERVAL: Duration = Duration::from_secs(2);
/// Least time between two SIGKILLs, whatever `stopwaitsecs` says.
const LEAST_KILL_INTERVAL: Duration = Duration::from_secs(1);

impl Process {
    /// How long after the stop signal SIGKILL comes.
    pub(crate) fn stop_interval(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.config.stopwaitsecs).unwrap_or(0))
    }

    /// Stops it because the daemon stops or starts anew.
    pub(crate) fn stop_with_daemon(&mut self, now: Now, outbox: &mut Outbox) {
        match self.state {
            ProcessState::Running | ProcessState::Starting => self.stop(now, outbox),
            ProcessState::Backoff => self.abandon(outbox),
            _ => {}
        }
    }

    /// Stops it: the stop signal now, SIGKILL after `stopwaitsecs`.
    pub(crate) fn stop(&mut self, now: Now, outbox: &mut Outbox) {
        self.kill(self.config.stopsignal, now, outbox);
    }

    pub(crate) fn kill(&mut self, signal: Signal, now: Now, outbox: &mut Outbox) {
        if self.state == ProcessState::Backoff {
            outbox.debug(format_args!("Attempted to kill {}, which is in BACKOFF state.", self.name()));
            self.deadline = None;
            self.change_state(ProcessState::Stopped, true, outbox);
            return;
        }
        if self.spawning {
            self.stop_when_spawned = Some(signal);
            self.change_state(ProcessState::Stopping, true, outbox);
            return;
        }
        if self.pid == 0 {
            return;
        }
        // A stop of one that is already stopping is the SIGKILL after `stopwaitsecs`.
        let is_repeated = self.state == ProcessState::Stopping && self.deadline.is_some();
        let whole_group = if is_repeated { self.config.killasgroup } else { self.config.stopasgroup };
        outbox.debug(format_args!(
            "killing {} (pid {}) {}with signal {}",
            self.name(),
            self.pid,
            if whole_group { "process group " } else { "" },
            signal.name()
        ));
        let interval =
            if is_repeated { self.stop_interval().max(LEAST_KILL_INTERVAL) } else { self.stop_interval() };
        self.deadline = Some(now.monotonic + interval);
        self.change_state(ProcessState::Stopping, true, outbox);
        outbox.effects.push(Effect::Kill {
            process: self.id,
            pid: self.pid,
            whole_group,
            signal,
            purpose: KillPurpose::Stop,
        });
    }

    /// Sends a signal that is not meant to end it; `request` learns the outcome.
    pub(crate) fn signal(&mut self, signal: Signal, operation: Operation, outbox: &mut Outbox) {
        self.send(signal, operation.request, outbox);
        self.wait_for(operation);
    }

    /// Sends a signal for a request.
    pub(crate) fn send(&mut self, signal: Signal, request: RequestId, outbox: &mut Outbox) {
        outbox.debug(format_args!("sending {} (pid {}) sig {}", self.name(), self.pid, signal.name()));
        outbox.effects.push(Effect::Kill {
            process: self.id,
            pid: self.pid,
            whole_group: false,
            signal,
            purpose: KillPurpose::Request(request),
        });
    }

    /// The engine sent a signal, or could not.
    pub(crate) fn on_killed(
        &mut self,
        signal: Signal,
        purpose: KillPurpose,
        error: Option<i32>,
        now: Now,
        outbox: &mut Outbox,
    ) {
        let outcome = match error {
            None => Ok(()),
            // It just ended: what follows, follows when it is reaped.
            Some(libc::ESRCH) => {
                let just = if purpose == KillPurpose::Stop { "just" } else { "just now" };
                outbox.debug(format_args!(
                    "unable to signal {} (pid {}), it probably {just} exited on its own: [Errno {}] No such process",
                    self.name(),
                    self.pid,
                    libc::ESRCH
                ));
                Ok(())
            }
            Some(errno) => Err(self.lose(signal, purpose, errno, outbox)),
        };
        match purpose {
            KillPurpose::Request(request) => {
                self.complete_request(request, &outcome, outbox);
                if outcome.is_err() {
                    // UNKNOWN is as good as stopped to whoever waits for a stop.
                    self.complete(outbox, |kind| {
                        matches!(kind, OperationKind::Stop { .. }).then_some(Ok(()))
                    });
                }
            }
            KillPurpose::Stop => {
                self.complete(outbox, |kind| match (kind, &outcome) {
                    (OperationKind::Stop { .. }, Err(fault)) => Some(Err(fault.clone())),
                    (OperationKind::Stop { wait: false }, Ok(())) => Some(Ok(())),
                    _ => None,
                });
                let is_awaited =
                    self.waiting.iter().any(|waiting| matches!(waiting.kind, OperationKind::Stop { .. }));
                if is_awaited && self.stop_report.is_none() && self.state == ProcessState::Stopping {
                    self.report_stop(now, outbox);
                }
            }
        }
    }

    /// A signal could not be delivered: UNKNOWN. The fault for who asked.
    fn lose(&mut self, signal: Signal, purpose: KillPurpose, errno: i32, outbox: &mut Outbox) -> Fault {
        let reason = crate::errno::name(errno);
        let message = match purpose {
            KillPurpose::Stop => format!("unknown problem killing {} ({}):{reason}", self.name(), self.pid),
            KillPurpose::Request(_) => {
                let signal = signal.name();
                format!("unknown problem sending sig {} ({}):{signal}: {reason}", self.name(), self.pid)
            }
        };
        outbox.log(LogLevel::Critical, message.clone());
        self.deadline = None;
        self.change_state(ProcessState::Unknown, true, outbox);
        Fault::with(FaultCode::Failed, &message)
    }

    pub(super) fn report_stop(&mut self, now: Now, outbox: &mut Outbox) {
        if self.state == ProcessState::Stopping {
            outbox.info(format!("waiting for {} to stop", self.name()));
            self.stop_report = Some(now.monotonic + STOP_REPORT_INTERVAL);
        } else {
            self.stop_report = None;
        }
    }
}
