//! Children that ended.

use supervisor_core::input::ExitStatus;

use crate::spawn::wait_for_any;

/// Collects all children that have ended so far, also adopted ones, without waiting for any.
///
/// Call it after SIGCHLD: signals of the same number merge, so one SIGCHLD may stand for many children.
#[must_use]
pub fn reap() -> Vec<(i32, ExitStatus)> {
    std::iter::from_fn(wait_for_any).collect()
}
