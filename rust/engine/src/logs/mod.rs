//! Logs: the main log and those of children, written by threads of their own (design 3, parity 10).
//!
//! The control thread hands over lines, pipes and requests and never touches a log file itself. The main log has one
//! thread ([`main_thread`]), the logs of children one for each file system ([`lane`]), opening and reading a single
//! file is done elsewhere ([`folders`]). So a disk that is full or does not answer holds up those who want something
//! of it, and no restart, stop or answer to a client.
//!
//! Memory is bounded: lines queue up to a number and are counted beyond it; one buffer serves all pipes of a thread; a
//! stream that is not read keeps its own pipe waiting; what is read elsewhere waits there for room. Other commands than lines are not counted, since each belongs
//! to a start, an exit or a request, which are bounded where they come from.

mod automatic;
mod file;
mod folders;
mod follow;
mod handing;
mod intake;
mod lane;
mod lanes;
mod main_log;
mod main_thread;
mod outlet;
mod output;
mod pace;
mod read;
mod record;
mod redirect;
mod shared;
mod stall;
mod strip;
mod syslog;
mod watch;
mod writable;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use supervisor_core::config::{LogLevel, LogTarget, OutputSettings};
use supervisor_core::effect::{
    Channel, LogClearError, LogRange, LogReadError, LogText, LogsToClear, ProcessId,
};
use tokio::sync::{mpsc, oneshot};

use file::LogFile;
use folders::Folders;
use follow::Followed;
use lane::Lane;
use lanes::Lanes;
use main_thread::MainLines;

pub use automatic::clear_automatic;
pub(crate) use automatic::create as create_automatic;
pub(crate) use handing::Handing;
pub(crate) use main_log::reason;
pub use main_log::{MainLog, MainLogWriter};
pub(crate) use output::{DRAIN, REMAINDER};
pub(crate) use read::read as read_now;
pub use redirect::{RedirectedLine, TakeLine};
pub(crate) use strip::Stripper;

/// Pieces of a followed log that may wait for their reader.
const FOLLOWED_PIECES: usize = 4;

/// How long the end of a process may wait for its output to be logged; longer than a drain takes. Only a stuck disk
/// takes it longer, and that must not hold up a restart.
const DRAINED: Duration = Duration::from_secs(1);

/// How long a client may wait for a log on a disk that does not answer.
const ANSWERED: Duration = Duration::from_secs(10);

/// How long the end of the daemon waits for the log threads.
const STOP: Duration = Duration::from_secs(2);

/// Of that, what is left for the main log at least.
const STOP_MAIN: Duration = Duration::from_millis(500);

/// Stack of the main log's thread. Only what is used counts as memory.
const STACK: usize = 1024 * 1024;

/// The log threads, seen from others. Cheap to clone.
///
/// Futures of its methods need a runtime with timers, and where a single file is opened or read, its blocking threads.
#[derive(Debug, Clone)]
pub struct Logs {
    lines: MainLines,
    /// Where the main log is, if it is a file.
    main_path: Option<Arc<Path>>,
    lanes: Arc<Lanes>,
    /// Turns of those who open or make files, and of those who read them.
    opening: Arc<Folders>,
    reading: Arc<Folders>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A log that was opened for a process that is about to start; closed when dropped.
#[derive(Debug)]
pub struct OpenLog {
    /// `None` for output that goes to no file.
    file: Option<LogFile>,
    syslog: bool,
    /// Who writes it.
    lane: Lane,
}

impl OpenLog {
    /// Whether there is anywhere to write to.
    pub(crate) fn is_written(&self) -> bool {
        self.file.is_some() || self.syslog
    }

    /// The same without the system log.
    pub(crate) fn without_syslog(self) -> Self {
        Self { syslog: false, ..self }
    }
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
    /// Where it comes from.
    pub source: Source,
    /// Where it is logged, from [`Logs::open`].
    pub log: OpenLog,
}

/// Where the output of a stream comes from.
#[derive(Debug)]
pub enum Source {
    /// A pipe.
    Pipe {
        /// Its reading end, non-blocking.
        pipe: OwnedFd,
        /// Take out terminal escape sequences.
        strip_ansi: bool,
    },
    /// Somebody else, who has read it and seen to all but the log.
    Handed(mpsc::Receiver<Vec<u8>>),
}

impl Logs {
    /// Starts the thread of the main log, which owns it from now on. The daemon must already be in the background, if
    /// it is to go there.
    ///
    /// # Errors
    /// The system's, when there can be no thread.
    pub fn start(main: MainLogWriter) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (lines, inbox) = MainLines::new(main.level());
        let main_path = main.path().map(Arc::from);
        let thread = std::thread::Builder::new()
            .name("main-log".to_owned())
            .stack_size(STACK)
            .spawn(move || main_thread::run(&runtime, main, inbox))?;
        let lanes = Arc::new(Lanes::new(lines.clone()));
        let thread = Arc::new(Mutex::new(Some(thread)));
        Ok(Self { lines, main_path, lanes, opening: Arc::default(), reading: Arc::default(), thread })
    }

    /// Least severe level that is written.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        self.lines.level()
    }

    /// Writes a line of the main log, if its level is severe enough. Never waits: a line that finds no room is
    /// counted, and the count is written when there is room again.
    pub fn line(&self, level: LogLevel, message: &str) {
        self.lines.line(level, message);
    }

    /// Writes a line to the main log itself, whoever else gets its lines. See [`Self::line`].
    pub fn write(&self, level: LogLevel, message: &str) {
        self.lines.write(level, message);
    }

    /// Has somebody else get the lines of the main log from now on; the main log again, for `None`.
    pub fn redirect(&self, to: Option<TakeLine>) {
        self.lines.redirect(to);
    }

    /// Opens the log of an output stream for appending.
    ///
    /// # Errors
    /// The system's error number.
    pub fn open(
        &self,
        settings: &OutputSettings,
    ) -> impl Future<Output = Result<OpenLog, i32>> + Send + use<> {
        let OutputSettings { maxbytes, backups, syslog, .. } = *settings;
        let syslog = syslog || settings.logfile == LogTarget::Syslog;
        let opening = match &settings.logfile {
            LogTarget::File(path) => {
                let own = path.clone();
                Some(self.opening.run(path, move || LogFile::open(&own, maxbytes, backups)))
            }
            LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => None,
        };
        let lanes = Arc::clone(&self.lanes);
        async move {
            let open = async {
                let file = match opening {
                    Some(opening) => Some(opening.await.ok_or(io::ErrorKind::Other)??),
                    None => None,
                };
                let lane = match &file {
                    Some(log) => lanes.of(log.device(), log.path())?,
                    None => lanes.of(None, Path::new(""))?,
                };
                Ok(OpenLog { file, syslog, lane })
            };
            open.await.map_err(|error: io::Error| error.raw_os_error().unwrap_or(libc::EIO))
        }
    }

    /// Copies child output to the main log at level debug.
    pub(crate) fn echo(&self, name: &str, channel: Channel, data: &[u8]) {
        self.lines.echo(name, channel.name(), data);
    }

    /// Waits, for a while, until the main log has room for more child output, where it has any.
    pub(crate) async fn wait_for_echo(&self) {
        self.lines.wait_for_echo().await;
    }

    /// Reads and logs an output stream to its end.
    pub fn attach(&self, output: Output) {
        self.lanes.attach(output);
    }

    /// Logs an output stream that somebody else reads and hands over.
    pub(crate) fn hand_over(
        &self,
        process: ProcessId,
        name: &str,
        channel: Channel,
        log: OpenLog,
    ) -> Handing {
        let (handing, taken) = Handing::new(Arc::clone(&log.lane.health));
        let (name, source) = (name.to_owned(), Source::Handed(taken));
        self.attach(Output { process, name, channel, source, log });
        handing
    }

    /// Waits, after the end of a process, until all its output is logged: until its pipes are at their end, or,
    /// when a descendant keeps one open, for 200 milliseconds and what can be read then. The pipes are closed
    /// afterwards, as the original does it. `heard` ends when those are that are read elsewhere.
    ///
    /// Ends after a second even if a disk does not answer, and at once where that is known; the output is then logged
    /// later.
    pub fn drained<Heard: Future>(
        &self,
        process: ProcessId,
        heard: Heard,
    ) -> impl Future<Output = ()> + use<Heard> {
        let waited_for: Vec<_> = self
            .lanes
            .leave(process)
            .into_iter()
            .map(|lane| (lane.ask(|answer| lane::Command::Drain(process, answer)), lane.health))
            .collect();
        async move {
            let all = async {
                heard.await;
                for (answer, health) in waited_for {
                    if !health.is_stuck() {
                        // Without its thread there is no output either.
                        let _ = answer.await;
                    }
                }
            };
            // Else it is logged later.
            let _ = tokio::time::timeout(DRAINED, all).await;
        }
    }

    /// Reads a part of a log; lines said before are in it.
    ///
    /// # Errors
    /// See [`LogReadError`]; `Failed` as well after ten seconds without an answer of the disk.
    pub fn read(
        &self,
        range: LogRange,
    ) -> impl Future<Output = Result<LogText, LogReadError>> + Send + use<> {
        let path = match &range.log {
            LogTarget::File(path) => path.clone(),
            LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => PathBuf::new(),
        };
        let (mut by_main, mut by_other) = (None, None);
        if self.main_path.as_deref() == Some(&*path) {
            by_main = Some(self.ask_main(|answer| main_thread::Command::Read(range, answer)));
        } else {
            by_other = Some(self.reading.run(&path, move || read::read(&range)));
        }
        async {
            let answer = async {
                match (by_main, by_other) {
                    (Some(answer), _) => answer.await.ok(),
                    (_, Some(answer)) => answer.await,
                    (None, None) => None,
                }
            };
            tokio::time::timeout(ANSWERED, answer).await.ok().flatten().unwrap_or(Err(LogReadError::Failed))
        }
    }

    /// Follows a log: its last `head` bytes, then what is added. Ends when the receiver is dropped, or at once where
    /// there is no such file. When the log becomes shorter, `==> File truncated <==` comes and then the log from its
    /// beginning; a replaced file is followed on. To be called within the runtime.
    #[must_use]
    pub fn follow(&self, path: &Path, head: u64) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(FOLLOWED_PIECES);
        let lanes = Arc::clone(&self.lanes);
        let own = path.to_owned();
        let opening = self.reading.run(path, move || Followed::open(&own, head).map(|log| (log, own)));
        tokio::spawn(async move {
            if let Some(Ok((log, path))) = opening.await
                && let Ok(lane) = lanes.of(Some(log.device), &path)
            {
                lane.tell(lane::Command::Follow(log, sender));
            }
        });
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
        let created = self.opening.run(&folder.join(&prefix), move || automatic::create(&prefix, &folder));
        async { created.await.unwrap_or_else(|| Err(io::ErrorKind::Other.into())) }
    }

    /// Closes and opens again the main log and all child logs (SIGUSR2). A log that cannot be opened goes on in
    /// its old file, and the main log says so. Lines said before go to the old file, later ones to the new.
    pub fn reopen(&self) {
        self.lines.tell(main_thread::Command::Reopen);
        self.lanes.reopen();
    }

    /// Removes logs and begins them anew, empty. Logs of processes that do not run are left alone. Answers one
    /// outcome for the main log, or one for each process.
    ///
    /// # Errors
    /// See [`LogClearError`]; `Failed` as well after ten seconds without an answer of the disk.
    pub fn clear(
        &self,
        logs: LogsToClear,
    ) -> impl Future<Output = Vec<Result<(), LogClearError>>> + Send + use<> {
        // For each outcome, those who have their part in it.
        let answers: Vec<Vec<_>> = match logs {
            LogsToClear::Main => vec![vec![self.ask_main(main_thread::Command::Clear)]],
            LogsToClear::Processes(processes) => processes
                .into_iter()
                .map(|process| {
                    let lanes = self.lanes.having(process).into_iter();
                    lanes.map(|lane| lane.ask(|answer| lane::Command::Clear(process, answer))).collect()
                })
                .collect(),
        };
        async move {
            let deadline = tokio::time::Instant::now() + ANSWERED;
            let mut outcomes = Vec::with_capacity(answers.len());
            for parts in answers {
                let mut outcome = Ok(());
                for part in parts {
                    let cleared = tokio::time::timeout_at(deadline, part).await;
                    outcome = outcome.and(
                        cleared
                            .unwrap_or(Ok(Err(LogClearError::Failed)))
                            .unwrap_or(Err(LogClearError::Failed)),
                    );
                }
                outcomes.push(outcome);
            }
            outcomes
        }
    }

    /// Ends the log threads: pipes are read to their end for a moment, everything said is written. Waits for that
    /// for about two seconds at most; afterwards everything else here does nothing.
    pub fn stop(&self) {
        let deadline = Instant::now() + STOP;
        self.lanes.stop(deadline - STOP_MAIN);
        let (done, finished) = std::sync::mpsc::channel();
        self.lines.tell(main_thread::Command::Stop(done));
        let left = deadline.saturating_duration_since(Instant::now());
        let ended = finished.recv_timeout(left).is_ok();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (true, Some(thread)) = (ended, thread) {
            // It has nothing left to do but return; if it panicked, it has ended as well.
            let _ = thread.join();
        }
    }

    fn ask_main<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> main_thread::Command,
    ) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.lines.tell(command(sender));
        receiver
    }
}
