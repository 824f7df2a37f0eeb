//! What happened to a process since the daemon started, for people who look at it later: its last changes of
//! state, its last ends, and how often it was started. Bounded, so that a process that keeps dying costs no more
//! than one that stays up.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::input::ExitStatus;
use crate::process::Moment;
use crate::state::ProcessState;

/// Most changes of state that are kept of one process.
pub const CHANGES: usize = 50;

/// Most ends that are kept of one process.
pub const ENDS: usize = 10;

/// The past of one process, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    starts: u64,
    changes: VecDeque<Change>,
    ends: VecDeque<End>,
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Moment,
    /// The state before.
    pub from: ProcessState,
    /// The state since.
    pub to: ProcessState,
    /// Its pid then, 0 when there was none.
    pub pid: i32,
}

/// An end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Moment,
    /// The pid that it had.
    pub pid: i32,
    /// How it ended.
    pub status: ExitStatus,
    /// How long it had been up.
    pub after: Duration,
}

impl History {
    /// The last changes of state, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes.iter()
    }

    /// The last ends, oldest first.
    pub fn ends(&self) -> impl DoubleEndedIterator<Item = &End> {
        self.ends.iter()
    }

    /// How often it was started again after its first start, whoever wanted it.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.starts.saturating_sub(1)
    }

    pub(crate) fn changed(&mut self, change: Change) {
        if change.to == ProcessState::Starting {
            self.starts += 1;
        }
        push(&mut self.changes, change, CHANGES);
    }

    pub(crate) fn ended(&mut self, end: End) {
        push(&mut self.ends, end, ENDS);
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;

    fn moment(second: u64) -> Moment {
        Moment { monotonic: Duration::from_secs(second), wall: Duration::from_secs(second), utc_offset: 0 }
    }

    #[test]
    fn the_newest_is_kept_and_starts_are_counted_beyond_it() {
        let mut history = History::default();
        assert_eq!(history.restarts(), 0);
        for second in 0..200 {
            let (from, to) = (ProcessState::Exited, ProcessState::Starting);
            history.changed(Change { at: moment(second), from, to, pid: 0 });
            let status = ExitStatus::Signal(Signal::KILL, false);
            history.ended(End { at: moment(second), pid: 7, status, after: Duration::ZERO });
        }
        assert_eq!(history.restarts(), 199);
        assert_eq!((history.changes().count(), history.ends().count()), (CHANGES, ENDS));
        assert_eq!(history.changes().next_back().map(|change| change.at), Some(moment(199)));
        assert_eq!(history.ends().next().map(|end| end.at), Some(moment(200 - ENDS as u64)));
    }
}
