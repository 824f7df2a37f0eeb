//! The only place where the engine looks at a clock for the core.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use supervisor_core::input::Now;

/// Reads both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The time of a step.
    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let utc_offset = jiff::Timestamp::try_from(SystemTime::now())
            .map_or(0, |timestamp| jiff::tz::TimeZone::system().to_offset(timestamp).seconds());
        Now { monotonic: self.origin.elapsed(), wall, utc_offset }
    }

    /// A monotonic time of the core as the runtime counts it.
    pub(crate) fn instant(&self, monotonic: std::time::Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.origin + monotonic)
    }
}
