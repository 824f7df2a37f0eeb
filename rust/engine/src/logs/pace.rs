//! How soon a pipe is read again, so that one wake-up serves many short lines.

use std::time::{Duration, Instant};

use super::intake::BUFFER;

/// A turn that read less is small: somebody writes lines. Large writes come in whole pages.
const SMALL: usize = 4096;

/// Turns so soon after one another make a stream chatty, if they are small.
const SOON: Duration = Duration::from_millis(8);

/// How many of them.
const STREAK: u32 = 4;

/// Shortest and longest pause: what a line of a chatty stream may come later for it. The system's timers know
/// nothing shorter.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(4);

/// Remembers how one stream comes in.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<Instant>,
    /// Small turns soon after one another.
    streak: u32,
    pause: Duration,
}

impl Pace {
    /// Whether it is a stream of lines that are waited for.
    pub(crate) fn is_chatty(&self) -> bool {
        self.streak >= STREAK
    }

    /// After a turn that read `count` bytes: how long to wait before the next look, if at all.
    ///
    /// A stream that is quiet, or writes in large pieces, is never waited for. One that fills its pipe during a pause
    /// is looked at at once, and has shorter pauses.
    pub(crate) fn pause(&mut self, count: usize, now: Instant) -> Option<Duration> {
        let is_soon = self.last.is_some_and(|last| now.duration_since(last) < SOON);
        self.last = Some(now);
        if !is_soon {
            self.streak = 0;
        } else if count < SMALL {
            self.streak = self.streak.saturating_add(1);
        }
        if !self.is_chatty() {
            self.pause = SHORTEST;
            return None;
        }
        if count >= BUFFER / 2 {
            self.pause = (self.pause / 2).max(SHORTEST);
            // Unless it goes on in small pieces, it has become one that writes large ones.
            self.streak = STREAK - 1;
            return None;
        }
        let pause = self.pause;
        if count < BUFFER / 8 {
            self.pause = (self.pause * 2).min(LONGEST);
        }
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses after turns that read so many bytes, each so many milliseconds after the one before.
    fn pauses(turns: &[(usize, u64)]) -> Vec<Option<u64>> {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        turns
            .iter()
            .map(|&(count, after)| {
                now += Duration::from_millis(after);
                pace.pause(count, now).map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
            })
            .collect()
    }

    #[test]
    fn a_quiet_stream_is_never_waited_for() {
        assert!(pauses(&[(60, 20); 20]).iter().all(Option::is_none));
    }

    #[test]
    fn a_stream_of_large_writes_is_never_waited_for() {
        assert!(pauses(&[(4096, 0); 20]).iter().all(Option::is_none));
        assert!(pauses(&[(BUFFER, 0), (8192, 0), (BUFFER, 0), (BUFFER, 0)]).iter().all(Option::is_none));
    }

    #[test]
    fn lines_that_come_soon_after_one_another_are_waited_for_and_longer_while_they_are_few() {
        let turns: Vec<_> = pauses(&[(60, 1); 9]);
        assert_eq!(turns, [None, None, None, None, Some(1), Some(2), Some(4), Some(4), Some(4)]);
    }

    #[test]
    fn a_stream_that_fills_its_pipe_is_looked_at_at_once_and_lines_go_on_being_waited_for() {
        let mut turns = vec![(60, 1); 7];
        turns.extend([(BUFFER, 4), (60, 0), (BUFFER, 2), (BUFFER, 0), (BUFFER, 0)]);
        assert_eq!(pauses(&turns)[6..], [Some(4), None, Some(2), None, None, None]);
    }

    #[test]
    fn silence_ends_it() {
        let mut turns = vec![(60, 1); 7];
        turns.extend([(60, 100), (60, 1)]);
        assert_eq!(pauses(&turns)[6..], [Some(4), None, None]);
    }
}
