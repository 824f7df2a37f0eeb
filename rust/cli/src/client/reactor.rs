//! The runtime a client waits on.

use std::future::Future;
use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ClientError;

/// A tokio runtime of one thread, and the wish to be woken by SIGINT.
pub(super) struct Reactor {
    runtime: Runtime,
    interrupts: Option<Interrupts>,
}

/// Who tells of SIGINT.
enum Interrupts {
    /// A handler of our own.
    Handler(Signal),
    /// The program around us, which sends the number of each of its signals.
    Told(UnixStream),
    /// Nobody: the program around us handles it on another thread.
    Nobody,
}

impl Interrupts {
    /// Waits for SIGINT. Dropping the future loses none.
    async fn next(&mut self) {
        match self {
            Self::Handler(signal) => {
                signal.recv().await;
            }
            Self::Told(signals) => loop {
                match signals.read_u8().await {
                    Ok(number) if i32::from(number) == SignalKind::interrupt().as_raw_value() => return,
                    Ok(_) => {}
                    Err(_) => std::future::pending().await,
                }
            },
            Self::Nobody => std::future::pending().await,
        }
    }
}

impl Reactor {
    /// A runtime for sockets, signals and time limits.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { runtime: Builder::new_current_thread().enable_all().build()?, interrupts: None })
    }

    /// A runtime that is told of signals, if at all, by the program around it, whose handlers stay.
    pub(super) fn told_of_signals(signals: Option<std::os::unix::net::UnixStream>) -> io::Result<Self> {
        let mut reactor = Self::new()?;
        let interrupts = match signals {
            None => Interrupts::Nobody,
            Some(signals) => {
                signals.set_nonblocking(true)?;
                let _context = reactor.runtime.enter();
                Interrupts::Told(UnixStream::from_std(signals)?)
            }
        };
        reactor.interrupts = Some(interrupts);
        Ok(reactor)
    }

    /// Installs the handler for SIGINT, once.
    pub(super) fn watch_interrupts(&mut self) -> io::Result<()> {
        if self.interrupts.is_none() {
            let _context = self.runtime.enter();
            self.interrupts = Some(Interrupts::Handler(signal(SignalKind::interrupt())?));
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
                () = interrupts.next() => Err(ClientError::Interrupted),
                outcome = work => Ok(outcome),
            }
        })
    }
}
