//! The log thread: carries out commands and writes main log lines as they come.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use supervisor_core::config::{LogLevel, LogTarget, OutputSettings};
use supervisor_core::effect::{LogRange, LogReadError, LogText, ProcessId};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{LocalSet, spawn_local};

use super::file::LogFile;
use super::follow::follow;
use super::main_log::{MainLogWriter, describe};
use super::outlet::losses;
use super::output::{Source, attach, drain, writable};
use super::shared::Shared;
use super::{OpenLog, Output, automatic, read};

/// How long the end of the thread waits for readers of a stream.
const FLUSH: Duration = Duration::from_millis(500);

/// One line of the main log on its way.
pub(crate) struct Line {
    pub(crate) time: SystemTime,
    pub(crate) level: LogLevel,
    pub(crate) message: String,
}

/// Something for the log thread to do; the answer goes to the sender in it, if anybody still waits for one.
pub(crate) enum Command {
    Open(OutputSettings, oneshot::Sender<Result<OpenLog, i32>>),
    Attach(Output),
    Drain(ProcessId, oneshot::Sender<()>),
    Read(LogRange, oneshot::Sender<Result<LogText, LogReadError>>),
    Follow(PathBuf, mpsc::Sender<Bytes>),
    CreateAutomatic(String, PathBuf, oneshot::Sender<io::Result<PathBuf>>),
    Remove(Vec<PathBuf>),
    Reopen,
    Stop(std::sync::mpsc::Sender<()>),
}

/// The thread's ends of its channels.
pub(crate) struct Inbox {
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) lines: mpsc::Receiver<Line>,
    /// Lines that found no room in the channel.
    pub(crate) lost: Arc<AtomicU64>,
}

/// Runs until told to stop, or until nobody is left who could say anything.
pub(crate) fn run(runtime: &tokio::runtime::Runtime, main: MainLogWriter, inbox: Inbox) {
    let done = LocalSet::new().block_on(runtime, serve(main, inbox));
    if let Some(done) = done {
        // If nobody waits any more, that is all right.
        let _ = done.send(());
    }
}

async fn serve(main: MainLogWriter, inbox: Inbox) -> Option<std::sync::mpsc::Sender<()>> {
    let shared = Rc::new(Shared::new(main));
    let Inbox { mut commands, lines, lost } = inbox;
    let lines = Lines { shared: Rc::clone(&shared), lines: RefCell::new(lines), lost };
    spawn_local(flush_when_possible(Rc::clone(&shared)));
    let done = loop {
        tokio::select! {
            command = commands.recv() => {
                // What was said before a command is written before it is carried out.
                lines.write_all();
                match command {
                    Some(Command::Stop(done)) => break Some(done),
                    Some(command) => carry_out(&shared, command),
                    None => break None,
                }
            }
            line = lines.next() => match line {
                Some(line) => lines.write(&line),
                None => break None,
            },
        }
    };
    drain(&shared, None).await;
    lines.write_all();
    shared.main.borrow_mut().flush_within(FLUSH);
    done
}

/// Main log lines as they arrive.
struct Lines {
    shared: Rc<Shared>,
    lines: RefCell<mpsc::Receiver<Line>>,
    lost: Arc<AtomicU64>,
}

impl Lines {
    async fn next(&self) -> Option<Line> {
        poll_fn(|context| self.lines.borrow_mut().poll_recv(context)).await
    }

    /// Writes what has arrived so far.
    fn write_all(&self) {
        // No more than there is now, or a busy sender could keep commands waiting.
        let waiting = self.lines.borrow().len();
        for _ in 0..waiting {
            let line = self.lines.borrow_mut().try_recv();
            if let Ok(line) = line {
                self.write(&line);
            }
        }
    }

    fn write(&self, line: &Line) {
        self.shared.record(line.time, line.level, &line.message);
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            self.shared.line(LogLevel::Warn, &losses(lost));
        }
    }
}

/// Writes lines of the main log that waited for a reader of a stream, whenever it takes more.
async fn flush_when_possible(shared: Rc<Shared>) {
    loop {
        shared.blocked.notified().await;
        loop {
            let mut blocked = shared.main.borrow().blocked().into_iter().flatten();
            match (blocked.next(), blocked.next()) {
                (Some(one), Some(other)) => tokio::select! {
                    () = writable(one) => {}
                    () = writable(other) => {}
                },
                (Some(only), None) => writable(only).await,
                (None, _) => break,
            }
            shared.main.borrow_mut().flush();
        }
    }
}

/// Does what a command asks for. An answer that nobody waits for any more is dropped.
fn carry_out(shared: &Rc<Shared>, command: Command) {
    match command {
        Command::Open(settings, answer) => drop(answer.send(open(settings))),
        Command::Attach(output) => {
            let source = Source {
                process: output.process,
                name: output.name,
                channel: output.channel,
                pipe: output.pipe,
                log: Rc::new(RefCell::new(output.log.file)),
                syslog: output.log.syslog,
                strip_ansi: output.strip_ansi,
            };
            attach(shared, source);
        }
        Command::Drain(process, answer) => {
            let drained = drain(shared, Some(process));
            spawn_local(async move {
                drained.await;
                let _ = answer.send(());
            });
        }
        Command::Read(range, answer) => drop(answer.send(read::read(&range))),
        Command::Follow(path, receiver) => drop(spawn_local(follow(Rc::clone(shared), path, receiver))),
        Command::CreateAutomatic(prefix, folder, answer) => {
            drop(answer.send(automatic::create(&prefix, &folder)));
        }
        Command::Remove(paths) => {
            for (level, message) in automatic::remove(&paths) {
                shared.line(level, &message);
            }
        }
        Command::Reopen => reopen(shared),
        // Handled by the loop.
        Command::Stop(_) => {}
    }
}

fn open(settings: OutputSettings) -> Result<OpenLog, i32> {
    let OutputSettings { logfile, maxbytes, backups, syslog, .. } = settings;
    let syslog = syslog || logfile == LogTarget::Syslog;
    let file = match logfile {
        LogTarget::File(path) => match LogFile::open(&path, maxbytes, backups) {
            Ok(file) => Some(file),
            Err(error) => return Err(error.raw_os_error().unwrap_or(libc::EIO)),
        },
        LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => None,
    };
    Ok(OpenLog { file, syslog })
}

fn reopen(shared: &Shared) {
    shared.main.borrow_mut().reopen();
    let mut problems = Vec::new();
    for attached in shared.attached.borrow().iter() {
        if let Some(log) = attached.log.borrow_mut().as_mut()
            && let Err(error) = log.reopen()
        {
            problems.push(describe("reopen", log.path(), &error));
        }
    }
    for problem in problems {
        shared.line(LogLevel::Error, &problem);
    }
}
