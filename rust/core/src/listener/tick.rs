//! TICK events: the wall clock goes over a multiple of 5, 60 or 3600 seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{Event, TickPeriod};
use crate::input::Now;

/// The ticks that somebody wants. What nobody wants wakes nobody.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ticks {
    /// The periods that are wanted, the shortest first.
    wanted: Vec<TickPeriod>,
    /// The multiple at or before now, for each period that is wanted.
    current: BTreeMap<TickPeriod, u64>,
    /// When the next one comes, in monotonic time.
    due: Option<Duration>,
}

impl Ticks {
    /// When [`Self::proceed`] has something to say by time alone.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.due
    }

    /// Says which ticks are wanted from now on.
    pub(crate) fn want(&mut self, wanted: impl Fn(TickPeriod) -> bool) {
        self.wanted = TickPeriod::ALL.into_iter().filter(|period| wanted(*period)).collect();
        let wanted = &self.wanted;
        self.current.retain(|period, _| wanted.contains(period));
    }

    /// The ticks since the last call. A clock that jumped makes one tick of each period, with the new time.
    pub(crate) fn proceed(&mut self, now: Now) -> Vec<Event> {
        let seconds = now.wall.as_secs();
        let mut events = Vec::new();
        self.due = None;
        for &period in &self.wanted {
            let when = seconds - seconds % period.seconds();
            // The first one comes with the next multiple.
            if self.current.insert(period, when).is_some_and(|before| before != when) {
                events.push(Event::Tick { period, when });
            }
            let next = Duration::from_secs(when + period.seconds());
            let due = now.monotonic + next.saturating_sub(now.wall);
            self.due = Some(self.due.map_or(due, |before| before.min(due)));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(monotonic: u64, wall: u64) -> Now {
        Now {
            monotonic: Duration::from_secs(monotonic),
            wall: Duration::from_millis(wall * 1000 + 250),
            utc_offset: 0,
        }
    }

    fn wanted(wanted: impl Fn(TickPeriod) -> bool) -> Ticks {
        let mut ticks = Ticks::default();
        ticks.want(wanted);
        ticks
    }

    fn names(events: &[Event]) -> Vec<(&str, String)> {
        events.iter().map(|event| (event.name(), event.payload())).collect()
    }

    #[test]
    fn ticks_come_at_the_multiples_of_their_periods_by_the_wall_clock() {
        let mut ticks = wanted(|_| true);
        assert_eq!(ticks.proceed(at(10, 3598)), []);
        assert_eq!(ticks.next_deadline(), Some(Duration::from_millis(11_750)));
        let all = [
            ("TICK_5", "when:3600".to_owned()),
            ("TICK_60", "when:3600".to_owned()),
            ("TICK_3600", "when:3600".to_owned()),
        ];
        assert_eq!(names(&ticks.proceed(at(12, 3600))), all);
        assert_eq!(ticks.proceed(at(13, 3604)), []);
        assert_eq!(names(&ticks.proceed(at(14, 3605))), [("TICK_5", "when:3605".to_owned())]);
    }

    #[test]
    fn what_nobody_wants_wakes_nobody() {
        let mut ticks = wanted(|_| false);
        assert_eq!(ticks.proceed(at(10, 3598)), []);
        assert_eq!(ticks.next_deadline(), None);
        ticks.want(|period| period == TickPeriod::Hour);
        assert_eq!(ticks.proceed(at(10, 3598)), []);
        assert_eq!(ticks.next_deadline(), Some(Duration::from_millis(11_750)));
        ticks.want(|_| false);
        assert_eq!(ticks.proceed(at(14, 3602)), []);
        assert_eq!(ticks.next_deadline(), None);
    }

    #[test]
    fn a_clock_that_jumps_makes_one_tick() {
        let mut ticks = wanted(|period| period == TickPeriod::Five);
        ticks.proceed(at(10, 100));
        let forward = ticks.proceed(at(11, 100_000));
        assert_eq!(names(&forward), [("TICK_5", "when:100000".to_owned())]);
        let back = ticks.proceed(at(12, 51));
        assert_eq!(names(&back), [("TICK_5", "when:50".to_owned())]);
        assert_eq!(ticks.next_deadline(), Some(Duration::from_millis(15_750)));
    }
}
