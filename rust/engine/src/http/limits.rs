//! What one client may cost.

use std::time::Duration;

/// Most bytes of a request's line and headers; more is answered with 431.
pub const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Most bytes of a request's body; more is answered with 413.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of an unwanted body that are read and forgotten, so that the client gets to read why.
pub const MAX_DISCARDED_BYTES: usize = 1024 * 1024;

/// Longest time that an unwanted body is read for.
pub const DISCARD_TIME: Duration = Duration::from_secs(2);

/// Longest time from the first byte of a request to the end of its headers.
pub const HEADER_TIME: Duration = Duration::from_secs(30);

/// Longest time between two pieces of a request's body.
pub const BODY_STALL_TIME: Duration = Duration::from_secs(60);

/// Longest time for a request's whole body.
pub const BODY_TIME: Duration = Duration::from_secs(5 * 60);

/// How long a connection may stay open without a request: the original's half hour.
pub const IDLE_TIME: Duration = Duration::from_secs(30 * 60);

/// Bytes that a connection buffers in each direction.
pub const BUFFER_BYTES: usize = 64 * 1024;

/// How long accepting pauses when the system has no descriptor left for another connection.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Connections that wait to be accepted, as in the original.
pub const BACKLOG: i32 = 1024;

/// Most connections at once: half of the descriptors that the process may open, so that clients never use up
/// those of the programs. When one more comes, the one that has been idle for longest is closed, or that has
/// kept the server waiting in the middle of a request or of a followed log.
#[must_use]
pub fn max_connections() -> usize {
    const LEAST: u64 = 16;
    const MOST: u64 = 10_000;
    let soft = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)
        .map_or(LEAST, |(soft, _hard)| soft);
    usize::try_from((soft / 2).clamp(LEAST, MOST)).unwrap_or(usize::MAX)
}
