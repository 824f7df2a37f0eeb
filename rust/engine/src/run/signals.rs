//! The signals the daemon listens to (parity 7).

use std::io;

use supervisor_core::signal::Signal;
use tokio::signal::unix::{self, SignalKind};

/// One stream for each signal.
pub(crate) struct Signals {
    term: unix::Signal,
    int: unix::Signal,
    quit: unix::Signal,
    hup: unix::Signal,
    usr2: unix::Signal,
    chld: unix::Signal,
}

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            term: unix::signal(SignalKind::terminate())?,
            int: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            hup: unix::signal(SignalKind::hangup())?,
            usr2: unix::signal(SignalKind::user_defined2())?,
            chld: unix::signal(SignalKind::child())?,
        })
    }

    /// The next signal; several of one kind count as one.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.chld.recv() => Signal(libc::SIGCHLD),
            _ = self.term.recv() => Signal::TERM,
            _ = self.int.recv() => Signal::INT,
            _ = self.quit.recv() => Signal::QUIT,
            _ = self.hup.recv() => Signal::HUP,
            _ = self.usr2.recv() => Signal::USR2,
        }
    }
}
