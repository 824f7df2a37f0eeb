//! The runtime a client waits on.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ClientError;

/// A tokio runtime of one thread, and the wish to be woken by SIGINT.
pub(super) struct Reactor {
    runtime: Runtime,
    interrupts: Option<Signal>,
}

impl Reactor {
    /// A runtime for sockets, signals and time limits.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { runtime: Builder::new_current_thread().enable_all().build()?, interrupts: None })
    }

    /// Installs the handler for SIGINT, once.
    pub(super) fn watch_interrupts(&mut self) -> io::Result<()> {
        if self.interrupts.is_none() {
            let _context = self.runtime.enter();
            self.interrupts = Some(signal(SignalKind::interrupt())?);
        }
        Ok(())
    }

    /// Runs `work` to its end, or until SIGINT.
    pub(super) fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T, ClientError> {
        let interrupts = &mut self.interrupts;
        self.runtime.block_on(async move {
            let Some(interrupts) = interrupts else { return Ok(work.await) };
            tokio::select! {
                biased;
                _ = interrupts.recv() => Err(ClientError::Interrupted),
                outcome = work => Ok(outcome),
            }
        })
    }
}
