//! When each process wants to be looked at again: all deadlines in one place and in order, so that a step costs
//! the same for ten processes and for ten thousand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::effect::ProcessId;

/// The deadlines of all processes, in monotonic time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Schedule {
    in_order: BTreeSet<(Duration, ProcessId)>,
    of_process: BTreeMap<ProcessId, Duration>,
}

impl Schedule {
    /// Notes the deadline of a process, in place of the one before.
    pub(crate) fn set(&mut self, process: ProcessId, deadline: Option<Duration>) {
        let before = match deadline {
            Some(deadline) => self.of_process.insert(process, deadline),
            None => self.of_process.remove(&process),
        };
        if before == deadline {
            return;
        }
        if let Some(before) = before {
            self.in_order.remove(&(before, process));
        }
        if let Some(deadline) = deadline {
            self.in_order.insert((deadline, process));
        }
    }

    /// The next deadline of all.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.in_order.first().map(|(deadline, _)| *deadline)
    }

    /// The processes whose deadline has come, the earliest first.
    pub(crate) fn due(&self, now: Duration) -> impl Iterator<Item = ProcessId> {
        self.in_order.iter().take_while(move |(deadline, _)| *deadline <= now).map(|(_, process)| *process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_comes_first_and_a_new_one_replaces_the_old() {
        let second = Duration::from_secs;
        let mut schedule = Schedule::default();
        schedule.set(ProcessId(1), Some(second(5)));
        schedule.set(ProcessId(2), Some(second(3)));
        assert_eq!(schedule.next(), Some(second(3)));
        schedule.set(ProcessId(2), Some(second(7)));
        assert_eq!(schedule.next(), Some(second(5)));
        assert_eq!(schedule.due(second(7)).collect::<Vec<_>>(), [ProcessId(1), ProcessId(2)]);
        assert_eq!(schedule.due(second(4)).count(), 0);
        schedule.set(ProcessId(1), None);
        schedule.set(ProcessId(2), None);
        assert_eq!(schedule.next(), None);
        assert!(schedule.of_process.is_empty());
    }
}
