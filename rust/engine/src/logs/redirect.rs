//! Lines of the main log that a plug-in gets in place of the main log.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use supervisor_core::config::LogLevel;

use super::main_thread::Place;

/// A line on its way to a plug-in.
#[derive(Debug)]
pub struct RedirectedLine {
    /// Its severity.
    pub level: LogLevel,
    /// The text after the level.
    pub message: String,
    /// In the queue of lines; free when this is dropped.
    pub(super) _place: Place,
}

/// Takes a line; called on any thread, and must not wait.
pub type TakeLine = Arc<dyn Fn(RedirectedLine) + Send + Sync>;

/// Who gets the lines, if not the main log.
#[derive(Default)]
pub(crate) struct Redirection(Mutex<Option<TakeLine>>);

impl Redirection {
    /// Has somebody else get the lines from now on, or the main log.
    pub(crate) fn set(&self, to: Option<TakeLine>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// Who gets them.
    pub(crate) fn get(&self) -> Option<TakeLine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Redirection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Redirection").finish_non_exhaustive()
    }
}
