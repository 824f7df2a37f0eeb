//! Calls about single files, on threads that nobody else needs: opening, reading, making.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

/// Lets those in different folders pass each other, and those in one folder take turns: a folder that does not answer
/// holds up one thread and its own callers.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    turns: Mutex<HashMap<PathBuf, Weak<Semaphore>>>,
}

impl Folders {
    /// Does `work`, which is about the file at `path`. `None` if that was impossible. Needs the control thread's
    /// runtime from the first poll on.
    pub(crate) fn run<T, F>(&self, path: &Path, work: F) -> impl Future<Output = Option<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let turn = self.turn_of(path.parent().unwrap_or(path));
        async move {
            let turn = turn.acquire_owned().await.ok()?;
            // The turn comes back with the result, so that the next one cannot be done before this one is told; where
            // nobody waits any more it is over when the work is.
            let (result, _turn) = tokio::task::spawn_blocking(move || (work(), turn)).await.ok()?;
            Some(result)
        }
    }

    fn turn_of(&self, folder: &Path) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(folder).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Semaphore::new(1));
        turns.insert(folder.to_owned(), Arc::downgrade(&turn));
        turn
    }
}
