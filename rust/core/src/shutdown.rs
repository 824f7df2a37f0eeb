//! Stopping everything, group by group (parity 9, traps 2.30).
//!
//! Groups stop from the highest priority number downwards. Groups of equal priority stop side by side; a lower one
//! begins when nothing of the higher ones is left. (The original takes them one by one, see
//! `docs/differences.md`.)
//!
//! A listener that is at work when its turn comes is left to it for a while: what it has not been told yet is how
//! the others ended.

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

/// How long a listener may go on with the events that are left, unless its `stopwaitsecs` are fewer.
const LAST_EVENTS: Duration = Duration::from_secs(2);

/// How far the shutdown is.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shutdown {
    has_begun: bool,
    has_ended: bool,
    next_report: Option<Duration>,
    /// Of the groups that were told to stop, processes that had not stopped when this was last looked at. While one
    /// of them still runs there is nothing else to do, so that the end of one of a thousand costs no look at all.
    awaited: Vec<ProcessId>,
    /// The priority of the groups that stop now, and since when.
    band: Option<(i64, Duration)>,
    /// When the first of the listeners that were left to their work is to be told all the same.
    next_listener: Option<Duration>,
}

impl Shutdown {
    /// When it is to go on, whatever happens until then.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        [self.next_report, self.next_listener].into_iter().flatten().min().filter(|_| !self.has_ended)
    }

    /// Goes on as far as it can: tells the next groups to stop, or ends the daemon.
    pub(crate) fn proceed(&mut self, core: &mut Core, now: Now, outbox: &mut Outbox) {
        if !self.has_begun {
            self.has_begun = true;
            outbox.effects.push(Effect::Emit(Event::SupervisorStopping));
        }
        while self.awaited.last().is_some_and(|id| !is_unstopped(core, *id)) {
            self.awaited.pop();
        }
        let is_report_due = self.next_report.is_none_or(|due| now.monotonic >= due);
        if !self.awaited.is_empty() && !is_report_due && self.next_listener.is_none() {
            return;
        }
        // A band may stop at once (nothing but FATAL and BACKOFF in it): then the next one begins.
        while let Some(band) = highest_unstopped_band(core) {
            let since =
                self.band.filter(|(current, _)| *current == band).map_or(now.monotonic, |(_, since)| since);
            self.band = Some((band, since));
            // Listeners are to know of all that has happened.
            core.hand_out_events(outbox);
            self.next_listener = stop_band(core, (band, since), now, outbox);
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
        } else if is_report_due {
            let waited_for: Vec<&Process> = unstopped.iter().filter_map(|id| core.process(*id)).collect();
            let names: Vec<&str> = waited_for.iter().map(|process| process.config.name.as_str()).collect();
            outbox.info(format!("waiting for {} to die", names.join(", ")));
            for process in waited_for {
                let line = format!("{} state: {}", process.config.name, process.state.name());
                outbox.log(LogLevel::Blather, line);
            }
            self.next_report = Some(now.monotonic + REPORT_INTERVAL);
        }
        self.awaited = match highest_unstopped_band(core) {
            Some(band) => {
                let in_band = |id: &ProcessId| {
                    let group = core.process(*id).and_then(|process| core.group(&process.group));
                    group.is_some_and(|group| group.priority == band)
                };
                unstopped.into_iter().filter(in_band).collect()
            }
            None => Vec::new(),
        };
    }
}

fn unstopped(core: &Core) -> Vec<ProcessId> {
    let ids = core.groups().flat_map(|group| group.processes.iter().copied());
    ids.filter(|id| is_unstopped(core, *id)).collect()
}

fn is_unstopped(core: &Core, id: ProcessId) -> bool {
    core.process(id).is_some_and(|process| !process.state.is_stopped())
}

fn highest_unstopped_band(core: &Core) -> Option<i64> {
    let unstopped = core.groups().filter(|group| group.processes.iter().any(|id| is_unstopped(core, *id)));
    unstopped.map(|group| group.priority).max()
}

/// Tells all processes of the groups of one priority to stop: the last group first, of each the highest process
/// priority first. Listeners that are at work are left out; returns when the first of them is to be told all the same.
fn stop_band(
    core: &mut Core,
    (band, since): (i64, Duration),
    now: Now,
    outbox: &mut Outbox,
) -> Option<Duration> {
    let mut ids: Vec<ProcessId> = Vec::new();
    for group in core.groups().filter(|group| group.priority == band) {
        let mut members: Vec<&Process> = core.members(&group.name).collect();
        members.sort_by_key(|process| process.config.priority);
        ids.extend(members.into_iter().map(|process| process.id));
    }
    let mut next_listener = None;
    // Ascending and then turned round, so that equal priorities stop last to first as in the original.
    for id in ids.into_iter().rev() {
        match core.listener_at_work(id).map(|process| since + process.stop_interval().min(LAST_EVENTS)) {
            Some(end) if now.monotonic < end => {
                next_listener = Some(next_listener.map_or(end, |next: Duration| next.min(end)));
            }
            _ => core.with(id, |process| process.stop_with_daemon(now, outbox)),
        }
    }
    next_listener
}
