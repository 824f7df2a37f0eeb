//! Stopping everything, group by group (parity 9, traps 2.30).
//!
//! Groups stop from the highest priority number downwards. Groups of equal priority stop side by side; a lower one
//! begins when nothing of the higher ones is left. (The original takes them one by one, see
//! `docs/differences.md`.)

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::LogLevel;
use crate::core::Core;
use crate::effect::{Effect, ProcessId};
use crate::event::Event;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::process::Process;

/// How often "waiting for … to die" is said.
const REPORT_INTERVAL: Duration = Duration::from_secs(3);

/// How far the shutdown is.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shutdown {
    has_begun: bool,
    has_ended: bool,
    next_report: Option<Duration>,
}

impl Shutdown {
    /// When the next report is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        if self.has_ended { None } else { self.next_report }
    }

    /// Goes on as far as it can: tells the next groups to stop, or ends the daemon.
    pub(crate) fn proceed(&mut self, core: &mut Core, now: Now, outbox: &mut Outbox) {
        if !self.has_begun {
            self.has_begun = true;
            outbox.effects.push(Effect::Emit(Event::SupervisorStopping));
        }
        // A band may stop at once (nothing but FATAL and BACKOFF in it): then the next one begins.
        while let Some(band) = highest_unstopped_band(core) {
            stop_band(core, band, now, outbox);
            if highest_unstopped_band(core) == Some(band) {
                break;
            }
        }
        let unstopped: Vec<ProcessId> = unstopped(core);
        if unstopped.is_empty() {
            self.next_report = None;
            if !self.has_ended {
                self.has_ended = true;
                outbox.effects.push(Effect::End(core.mood()));
            }
        } else if self.next_report.is_none_or(|due| now.monotonic >= due) {
            let waited_for: Vec<&Process> = unstopped.iter().filter_map(|id| core.process(*id)).collect();
            let names: Vec<&str> = waited_for.iter().map(|process| process.config.name.as_str()).collect();
            outbox.info(format!("waiting for {} to die", names.join(", ")));
            for process in waited_for {
                let line = format!("{} state: {}", process.config.name, process.state.name());
                outbox.log(LogLevel::Blather, line);
            }
            self.next_report = Some(now.monotonic + REPORT_INTERVAL);
        }
    }
}

fn unstopped(core: &Core) -> Vec<ProcessId> {
    let ids = core.groups().flat_map(|group| group.processes.iter().copied());
    ids.filter(|id| core.process(*id).is_some_and(|process| !process.state.is_stopped())).collect()
}

fn highest_unstopped_band(core: &Core) -> Option<i64> {
    let is_unstopped = |id: &ProcessId| core.process(*id).is_some_and(|process| !process.state.is_stopped());
    let unstopped = core.groups().filter(|group| group.processes.iter().any(is_unstopped));
    unstopped.map(|group| group.priority).max()
}

/// Tells all processes of the groups of one priority to stop: the last group first, of each the highest process
/// priority first.
fn stop_band(core: &mut Core, band: i64, now: Now, outbox: &mut Outbox) {
    let mut ids: Vec<ProcessId> = Vec::new();
    for group in core.groups().filter(|group| group.priority == band) {
        let mut members: Vec<&Process> = core.members(&group.name).collect();
        members.sort_by_key(|process| process.config.priority);
        ids.extend(members.into_iter().map(|process| process.id));
    }
    // Ascending and then turned round, so that equal priorities stop last to first as in the original.
    for id in ids.into_iter().rev() {
        core.with(id, |process| process.stop_with_daemon(now, outbox));
    }
}
