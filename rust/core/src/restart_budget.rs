//! How often a process may be restarted at once.
//!
//! A process that exits is restarted without delay out of a budget of five restarts, which refills by one a
//! second. One that keeps dying settles at one start per second, the rate that the original's once-a-second loop
//! allowed; without it `startsecs=0` would be a fork storm. (A deliberate difference, see `docs/differences.md`.)

use std::time::Duration;

use serde::{Deserialize, Serialize};

const CAPACITY: u32 = 5;
const REFILL: Duration = Duration::from_secs(1);

/// The budget of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartBudget {
    left: u32,
    /// When the restart that is being refilled began to refill.
    refilling_since: Duration,
}

impl RestartBudget {
    /// A full budget.
    #[must_use]
    pub fn full() -> Self {
        Self { left: CAPACITY, refilling_since: Duration::ZERO }
    }

    /// Takes one restart at the monotonic time `now`.
    ///
    /// # Errors
    /// The time at which the next restart becomes available, when none is left.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        while self.left < CAPACITY && now >= self.refilling_since + REFILL {
            self.left += 1;
            self.refilling_since += REFILL;
        }
        if self.left == 0 {
            return Err(self.refilling_since + REFILL);
        }
        if self.left == CAPACITY {
            self.refilling_since = now;
        }
        self.left -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn five_restarts_are_free_and_the_sixth_waits_for_a_second_to_pass() {
        let mut budget = RestartBudget::full();
        let now = Duration::from_secs(100);
        for _ in 0..5 {
            budget.take(now).unwrap();
        }
        assert_eq!(budget.take(now), Err(Duration::from_secs(101)));
        assert_eq!(budget.take(Duration::from_secs(101)), Ok(()));
        assert_eq!(budget.take(Duration::from_millis(101_500)), Err(Duration::from_secs(102)));
    }

    #[test]
    fn a_long_quiet_time_refills_no_more_than_five() {
        let mut budget = RestartBudget::full();
        for _ in 0..5 {
            budget.take(Duration::from_secs(1)).unwrap();
        }
        let later = Duration::from_secs(10_000);
        let taken = (0..10).take_while(|_| budget.take(later).is_ok()).count();
        assert_eq!(taken, 5);
    }
}
