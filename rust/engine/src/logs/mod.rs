//! Logs: the main log and those of children, written by a thread of their own (design 3, parity 10).
//!
//! The control thread hands over lines, pipes and requests and never touches a log file itself: a full or
//! stuck disk delays log lines, never a restart, a stop or an answer to a client.
//!
//! Memory is bounded: lines queue up to a number and are counted beyond it; one buffer serves all pipes; a
//! stream that is not read keeps its own pipe waiting. Other commands than lines are not counted, since each
//! belongs to a start, an exit or a request, which are bounded where they come from.

mod automatic;
mod file;
mod follow;
mod main_log;
mod outlet;
mod output;
mod read;
mod record;
mod shared;
mod strip;
mod syslog;
mod tap;
mod thread;
mod watch;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use supervisor_core::config::{LogLevel, OutputSettings};
use supervisor_core::effect::{
    Channel, LogClearError, LogRange, LogReadError, LogText, LogsToClear, ProcessId,
};
use tokio::sync::{mpsc, oneshot};

use file::LogFile;
use thread::{Command, Inbox, Line, Queue};

pub use automatic::clear_automatic;
pub use main_log::{MainLog, MainLogWriter};
pub use tap::{Room, Tap, ToCore};

/// Lines of the main log that may wait for the log thread.
const LINES: usize = 16 * 1024;

/// Pieces of a followed log that may wait for their reader.
const FOLLOWED_PIECES: usize = 4;

/// How long the end of a process may wait for the log thread; longer than a drain takes. Only a stuck disk
/// takes it longer, and that must not hold up a restart.
const DRAINED: Duration = Duration::from_secs(1);

/// How long the end of the daemon waits for the log thread.
const STOP: Duration = Duration::from_secs(2);

/// Stack of the log thread. Only what is used counts as memory; builds without optimisation need more than half.
const STACK: usize = 1024 * 1024;

/// The log thread, seen from other threads. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Logs {
    commands: mpsc::UnboundedSender<Command>,
    queue: Arc<Queue>,
    level: LogLevel,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A log that was opened for a process that is about to start; closed when dropped.
#[derive(Debug)]
pub struct OpenLog {
    /// `None` for output that goes to no file.
    file: Option<LogFile>,
    syslog: bool,
}

/// An output stream of a new process, to be read and logged.
#[derive(Debug)]
pub struct Output {
    /// Whose output it is.
    pub process: ProcessId,
    /// Name of the process, as it stands in the system log and in the main log at level debug.
    pub name: String,
    /// Which stream.
    pub channel: Channel,
    /// The reading end of its pipe, non-blocking.
    pub pipe: OwnedFd,
    /// Where it is logged, from [`Logs::open`].
    pub log: OpenLog,
    /// Take out terminal escape sequences.
    pub strip_ansi: bool,
    /// What of it the core wants, if anything.
    pub tap: Option<Tap>,
}

impl Logs {
    /// Starts the log thread, which owns the main log from now on. The daemon must already be in the
    /// background, if it is to go there.
    ///
    /// # Errors
    /// The system's, when there can be no thread.
    pub fn start(main: MainLogWriter) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let level = main.level();
        let (sender, commands) = mpsc::unbounded_channel();
        let queue = Arc::new(Queue::default());
        let inbox = Inbox { commands, queue: Arc::clone(&queue) };
        let thread = std::thread::Builder::new()
            .name("logs".to_owned())
            .stack_size(STACK)
            .spawn(move || thread::run(&runtime, main, inbox))?;
        Ok(Self { commands: sender, queue, level, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Least severe level that is written.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        self.level
    }

    /// Writes a line of the main log, if its level is severe enough. Never waits: a line that finds no room is
    /// counted, and the count is written when there is room again.
    pub fn line(&self, level: LogLevel, message: &str) {
        if level > self.level {
            return;
        }
        if self.queue.waiting.fetch_add(1, Ordering::Relaxed) >= LINES {
            self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
            self.queue.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let message = message.to_owned();
        self.tell(Command::Line(Line { time: SystemTime::now(), level, message }));
    }

    /// Opens the log of an output stream for appending.
    ///
    /// # Errors
    /// The system's error number.
    pub fn open(
        &self,
        settings: &OutputSettings,
    ) -> impl Future<Output = Result<OpenLog, i32>> + Send + use<> {
        let answer = self.ask(|answer| Command::Open(settings.clone(), answer));
        async { answer.await.unwrap_or(Err(libc::EIO)) }
    }

    /// Reads and logs an output stream to its end.
    pub fn attach(&self, output: Output) {
        self.tell(Command::Attach(output));
    }

    /// Waits, after the end of a process, until all its output is logged: until its pipes are at their end, or,
    /// when a descendant keeps one open, for 200 milliseconds and what can be read then. The pipes are closed
    /// afterwards, as the original does it.
    ///
    /// Ends after a second even if the log thread is held up by a stuck disk; the output is then logged later.
    /// The future needs a runtime with timers.
    pub fn drained(&self, process: ProcessId) -> impl Future<Output = ()> + Send + use<> {
        let answer = self.ask(|answer| Command::Drain(process, answer));
        async {
            // Without a log thread there is no output either.
            let _ = tokio::time::timeout(DRAINED, answer).await;
        }
    }

    /// Reads a part of a log; lines said before are in it.
    ///
    /// # Errors
    /// See [`LogReadError`].
    pub fn read(
        &self,
        range: LogRange,
    ) -> impl Future<Output = Result<LogText, LogReadError>> + Send + use<> {
        let answer = self.ask(|answer| Command::Read(range, answer));
        async { answer.await.unwrap_or(Err(LogReadError::Failed)) }
    }

    /// Follows a log: its last `head` bytes, then what the log thread adds. Ends when the receiver is dropped, or
    /// at once where there is no such file. When the log becomes shorter, `==> File truncated <==` comes and
    /// then the log from its beginning; a replaced file is followed on.
    #[must_use]
    pub fn follow(&self, path: &Path, head: u64) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(FOLLOWED_PIECES);
        self.tell(Command::Follow(path.to_owned(), head, sender));
        receiver
    }

    /// Makes a new file for an automatic log: `<prefix><8 random characters>.log` in `folder`, for its owner only.
    ///
    /// # Errors
    /// The system's.
    pub fn create_automatic(
        &self,
        prefix: String,
        folder: PathBuf,
    ) -> impl Future<Output = io::Result<PathBuf>> + Send + use<> {
        let answer = self.ask(|answer| Command::CreateAutomatic(prefix, folder, answer));
        async { answer.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())) }
    }

    /// Removes log files; what cannot be removed is said in the main log.
    pub fn remove(&self, paths: Vec<PathBuf>) {
        self.tell(Command::Remove(paths));
    }

    /// Closes and opens again the main log and all child logs (SIGUSR2). A log that cannot be opened goes on in
    /// its old file, and the main log says so. Lines said before go to the old file, later ones to the new.
    pub fn reopen(&self) {
        self.tell(Command::Reopen);
    }

    /// Removes logs and begins them anew, empty. Logs of processes that do not run are left alone. Answers one
    /// outcome for the main log, or one for each process.
    ///
    /// # Errors
    /// See [`LogClearError`].
    pub fn clear(
        &self,
        logs: LogsToClear,
    ) -> impl Future<Output = Vec<Result<(), LogClearError>>> + Send + use<> {
        let count = match &logs {
            LogsToClear::Main => 1,
            LogsToClear::Processes(processes) => processes.len(),
        };
        let answer = self.ask(|answer| Command::Clear(logs, answer));
        async move { answer.await.unwrap_or_else(|_| vec![Err(LogClearError::Failed); count]) }
    }

    /// Ends the log thread: pipes are read to their end for a moment, everything said is written. Waits for that
    /// for at most two seconds; afterwards everything else here does nothing.
    pub fn stop(&self) {
        let (done, finished) = std::sync::mpsc::channel();
        self.tell(Command::Stop(done));
        let ended = finished.recv_timeout(STOP).is_ok();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (true, Some(thread)) = (ended, thread) {
            // It has nothing left to do but return; if it panicked, it has ended as well.
            let _ = thread.join();
        }
    }

    /// Sends a command with a way to answer it. The command is on its way when this returns.
    fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.tell(command(sender));
        receiver
    }

    fn tell(&self, command: Command) {
        // Fails only after the thread's end: what is in the command is dropped, which answers whoever waits.
        let _ = self.commands.send(command);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_thread_that_is_stuck_holds_up_nobody() {
        let (sender, _never_served) = mpsc::unbounded_channel();
        let thread = Arc::new(Mutex::new(None));
        let logs = Logs { commands: sender, queue: Arc::default(), level: LogLevel::Info, thread };
        for _ in 0..LINES + 7 {
            logs.line(LogLevel::Info, "line");
        }
        assert_eq!(logs.queue.waiting.load(Ordering::Relaxed), LINES);
        assert_eq!(logs.queue.lost.load(Ordering::Relaxed), 7);
        logs.drained(ProcessId(1)).await;
    }
}
