//! The signals the daemon listens to (parity 7).

use std::io;

use nix::sys::signal::{SigSet, Signal as Number};
use supervisor_core::signal::Signal;
use tokio::signal::unix::{self, SignalKind};

/// The signals a daemon that is not listening yet keeps for later.
const LISTENED_TO: [Number; 6] =
    [Number::SIGTERM, Number::SIGINT, Number::SIGQUIT, Number::SIGHUP, Number::SIGUSR2, Number::SIGCHLD];

/// Keeps the daemon's signals for [`Signals::listen`]: from here on there are things to clean up, and whoever reads
/// the pid file may send one.
///
/// # Errors
/// The system's.
pub(crate) fn hold() -> io::Result<()> {
    Ok(LISTENED_TO.into_iter().collect::<SigSet>().thread_block()?)
}

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
    /// Begins to listen, to signals that were [held](hold) too. Needs the runtime's context.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn listen() -> io::Result<Self> {
        let signals = Self {
            term: unix::signal(SignalKind::terminate())?,
            int: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            hup: unix::signal(SignalKind::hangup())?,
            usr2: unix::signal(SignalKind::user_defined2())?,
            chld: unix::signal(SignalKind::child())?,
        };
        LISTENED_TO.into_iter().collect::<SigSet>().thread_unblock()?;
        Ok(signals)
    }

    /// Passes signals on until `ended` is done; a task of its own, so that nobody else looks at six streams whenever
    /// something happens.
    pub(crate) async fn pass_on(mut self, tell: impl Fn(Signal), ended: impl Future<Output = ()>) -> Self {
        let mut ended = std::pin::pin!(ended);
        loop {
            tokio::select! {
                () = &mut ended => return self,
                signal = self.next() => tell(signal),
            }
        }
    }

    /// The next signal; several of one kind count as one.
    async fn next(&mut self) -> Signal {
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
