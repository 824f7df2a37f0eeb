//! The only place where the engine looks at a clock for the core.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use supervisor_core::input::Now;

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
        let utc_offset = jiff::Timestamp::try_from(SystemTime::now())
            .map_or(0, |timestamp| jiff::tz::TimeZone::system().to_offset(timestamp).seconds());
        Now { monotonic: self.begun + self.origin.elapsed(), wall, utc_offset }
    }

    /// A monotonic time of the core as the runtime counts it.
    pub(crate) fn instant(&self, monotonic: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.origin + monotonic.saturating_sub(self.begun))
    }
}
