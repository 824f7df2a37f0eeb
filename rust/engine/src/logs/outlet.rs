//! One place where main log lines go: a file, or a stream with a bounded backlog.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use supervisor_core::config::LogLevel;

use super::file::LogFile;
use super::record;

/// Most bytes that wait for a reader of a stream; lines beyond that are lost and counted.
const BACKLOG: usize = 256 * 1024;

/// Takes lines without ever waiting. What it cannot take is counted, and told by a line of its own as soon as
/// there is room again.
#[derive(Debug)]
pub(crate) struct Outlet {
    log: LogFile,
    backlog: VecDeque<u8>,
    lost: u64,
    /// The reader of the stream went away for good.
    closed: bool,
}

/// Why a line was not taken.
enum Refusal {
    Lost,
    Closed,
}

impl Outlet {
    pub(crate) fn new(log: LogFile) -> Self {
        Self { log, backlog: VecDeque::new(), lost: 0, closed: false }
    }

    pub(crate) fn log(&self) -> &LogFile {
        &self.log
    }

    /// Takes one line, newline included, whose time is `stamp`.
    ///
    /// # Errors
    /// The failure of a rotation; the line itself is taken, or counted as lost.
    pub(crate) fn push(&mut self, stamp: &str, line: &str) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        if !self.backlog.is_empty() {
            if self.backlog.len() + line.len() > BACKLOG {
                self.lost += 1;
            } else {
                self.backlog.extend(line.as_bytes());
            }
            return Ok(());
        }
        if self.tell_losses(stamp).is_err() {
            self.lost += 1;
            return Ok(());
        }
        match self.write(line.as_bytes()) {
            Ok(()) => self.log.rotate_if_full(),
            Err(Refusal::Lost) => {
                self.lost += 1;
                Ok(())
            }
            Err(Refusal::Closed) => Ok(()),
        }
    }

    /// Writes what waited, now that there is room.
    pub(crate) fn flush(&mut self, stamp: &str) {
        let waiting: Vec<u8> = self.backlog.drain(..).collect();
        match self.write(&waiting) {
            Ok(()) if self.backlog.is_empty() => {
                // If it fails, the next line tries again.
                let _ = self.tell_losses(stamp);
            }
            Ok(()) | Err(Refusal::Closed) => {}
            Err(Refusal::Lost) => {
                self.lost += waiting.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
            }
        }
    }

    /// Flushes, waiting for readers for at most `bound`.
    pub(crate) fn flush_within(&mut self, stamp: &str, bound: Duration) {
        let deadline = Instant::now() + bound;
        while !self.backlog.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
            let mut descriptors = [PollFd::new(self.log.as_fd(), PollFlags::POLLOUT)];
            if left.is_zero() || !matches!(poll(&mut descriptors, timeout), Ok(ready) if ready > 0) {
                return;
            }
            self.flush(stamp);
        }
    }

    /// A descriptor to wait on until there is room, when lines wait.
    pub(crate) fn blocked(&self) -> Option<OwnedFd> {
        if self.backlog.is_empty() { None } else { self.log.as_fd().try_clone_to_owned().ok() }
    }

    /// Opens the log again by its name.
    ///
    /// # Errors
    /// The system's; the log then goes on where it was.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        self.log.reopen()
    }

    fn tell_losses(&mut self, stamp: &str) -> Result<(), Refusal> {
        if self.lost == 0 {
            return Ok(());
        }
        let notice = record::format(stamp, LogLevel::Warn, &losses(self.lost));
        self.write(notice.as_bytes())?;
        self.lost = 0;
        Ok(())
    }

    /// Writes, or keeps for later what a stream does not take now.
    fn write(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let (written, result) = self.log.write(data);
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.backlog.extend(data.get(written..).unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Err(Refusal::Closed)
            }
            Err(_) => Err(Refusal::Lost),
        }
    }
}

/// What is said about lines that were lost.
pub(crate) fn losses(count: u64) -> String {
    format!("{count} lines of this log were lost because they could not be written")
}
