//! What plug-ins assign to a process, and what follows for its deadlines.

use std::time::Duration;

use super::{Moment, Process};
use crate::config::{LogTarget, ProgramSettings};
use crate::effect::Channel;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::plugin::Assigned;
use crate::state::ProcessState;

impl Process {
    /// An attribute was assigned: no event, but those who wait for a state learn of it.
    pub(crate) fn assign(&mut self, value: Assigned, now: Now, outbox: &mut Outbox) {
        match value {
            Assigned::State(state) => {
                self.state = state;
                self.deadline = None;
                self.await_startsecs(now);
                self.answer_waiting(outbox);
            }
            Assigned::Started(seconds) => {
                self.started = moment(seconds, now);
                self.await_startsecs(now);
            }
            Assigned::Stopped(seconds) => self.stopped = moment(seconds, now),
            Assigned::Backoff(failures) => self.backoff = failures,
            Assigned::ExitStatus(code) => self.exitstatus = code,
            Assigned::SpawnError(text) => self.spawnerr = text,
        }
    }

    /// The configuration was changed. Its name and its FastCGI socket stay, and so do automatic logs that were made.
    pub(crate) fn configure(&mut self, mut config: ProgramSettings, now: Now) {
        for channel in [Channel::Stdout, Channel::Stderr] {
            if config.output(channel).logfile == LogTarget::Automatic {
                let made = self.config.output(channel).logfile.clone();
                config.output_mut(channel).logfile = made;
            }
        }
        let name = std::mem::take(&mut self.config.name);
        let fcgi_socket = self.config.fcgi_socket.take();
        self.config = ProgramSettings { name, fcgi_socket, ..config };
        self.await_startsecs(now);
    }

    /// Goes to a state with its event, and waits there for what comes next.
    pub(crate) fn enter(&mut self, state: ProcessState, expected: bool, now: Now, outbox: &mut Outbox) {
        if state == self.state {
            return;
        }
        self.deadline = None;
        if state == ProcessState::Backoff {
            self.back_off(now, outbox);
        } else {
            self.change_state(state, expected, outbox);
            self.await_startsecs(now);
        }
    }

    /// Where it is STARTING with a pid, notes when it will have stayed up for `startsecs`.
    pub(super) fn await_startsecs(&mut self, now: Now) {
        if self.state == ProcessState::Starting && !self.spawning {
            let started = self.started.map_or(now.monotonic, |started| started.monotonic);
            // One nanosecond, because it has to stay up for more than `startsecs`.
            self.deadline = Some(started + self.startsecs() + Duration::from_nanos(1));
        }
    }
}

/// A moment on the wall clock, where it lies in the time that is counted; `None` for 0.
fn moment(seconds: f64, now: Now) -> Option<Moment> {
    let wall = Duration::try_from_secs_f64(seconds).ok().filter(|wall| !wall.is_zero())?;
    let monotonic = if wall > now.wall {
        now.monotonic + (wall - now.wall)
    } else {
        now.monotonic.saturating_sub(now.wall - wall)
    };
    Some(Moment { monotonic, wall, utc_offset: now.utc_offset })
}
