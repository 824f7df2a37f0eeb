//! The only place where the engine looks at a clock for the core.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use supervisor_core::input::Now;

/// A second since 1970 and the offset from UTC in it. To look it up may mean to look at the disk, which is too much
/// for every one of many steps in a second.
static LOOKED_UP: Mutex<Option<(u64, i32)>> = Mutex::new(None);

fn utc_offset(second: u64) -> i32 {
    let mut looked_up = LOOKED_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, offset)) = looked_up.filter(|(known, _)| *known == second) {
        return offset;
    }
    let timestamp = i64::try_from(second).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    let offset = timestamp.map_or(0, |moment| jiff::tz::TimeZone::system().to_offset(moment).seconds());
    *looked_up = Some((second, offset));
    offset
}

/// Reads both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    /// Monotonic time at the origin: what the wall clock showed then, so that there is time before the start, too.
    begun: Duration,
}

impl Clock {
    /// A clock whose monotonic time goes on from what the wall clock shows now.
    pub(crate) fn start() -> Self {
        let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { origin: Instant::now(), begun }
    }

    /// The time of a step.
    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let monotonic = self.begun + self.origin.elapsed();
        Now { monotonic, wall, utc_offset: utc_offset(wall.as_secs()) }
    }

    /// A monotonic time of the core as the runtime counts it.
    pub(crate) fn instant(&self, monotonic: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.origin + monotonic.saturating_sub(self.begun))
    }
}
