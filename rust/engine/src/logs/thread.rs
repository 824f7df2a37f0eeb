//! The log thread: carries out commands and writes main log lines as they come.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use supervisor_core::config::{LogLevel, LogTarget, OutputSettings};
use supervisor_core::effect::{LogClearError, LogRange, LogReadError, LogText, LogsToClear, ProcessId};
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
    Line(Line),
    Open(OutputSettings, oneshot::Sender<Result<OpenLog, i32>>),
    Attach(Output),
    Drain(ProcessId, oneshot::Sender<()>),
    Read(LogRange, oneshot::Sender<Result<LogText, LogReadError>>),
    Follow(PathBuf, u64, mpsc::Sender<Bytes>),
    CreateAutomatic(String, PathBuf, oneshot::Sender<io::Result<PathBuf>>),
    Remove(Vec<PathBuf>),
    Reopen,
    Clear(LogsToClear, oneshot::Sender<Vec<Result<(), LogClearError>>>),
    Stop(std::sync::mpsc::Sender<()>),
}

/// The thread's end of its channel: one for lines and commands, which so keep their order.
pub(crate) struct Inbox {
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) queue: Arc<Queue>,
}

/// What bounds the lines in the channel.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Lines in the channel.
    pub(crate) waiting: AtomicUsize,
    /// Lines that found no room in it and have not been told of.
    pub(crate) lost: AtomicU64,
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
    let Inbox { mut commands, queue } = inbox;
    spawn_local(flush_when_possible(Rc::clone(&shared)));
    let done = loop {
        match commands.recv().await {
            Some(Command::Line(line)) => write_line(&shared, &line, &queue),
            Some(Command::Stop(done)) => break Some(done),
            Some(command) => carry_out(&shared, command),
            None => break None,
        }
    };
    drain(&shared, None).await;
    shared.main.borrow_mut().flush_within(FLUSH);
    shared.syslog.borrow_mut().flush();
    done
}

fn write_line(shared: &Shared, line: &Line, queue: &Queue) {
    queue.waiting.fetch_sub(1, Ordering::Relaxed);
    shared.record(line.time, line.level, &line.message);
    let lost = queue.lost.swap(0, Ordering::Relaxed);
    if lost > 0 {
        shared.line(LogLevel::Warn, &losses(lost));
    }
}

/// Writes lines of the main log and the system log that waited for a reader, whenever it takes more.
async fn flush_when_possible(shared: Rc<Shared>) {
    loop {
        shared.blocked.notified().await;
        loop {
            let mut blocked = shared.main.borrow().blocked();
            blocked.extend(shared.syslog.borrow().blocked());
            if blocked.is_empty() {
                break;
            }
            any_writable(blocked).await;
            shared.main.borrow_mut().flush();
            shared.syslog.borrow_mut().flush();
        }
    }
}

/// Waits until something can be written to one of these.
async fn any_writable(descriptors: Vec<OwnedFd>) {
    let mut waiting: Vec<_> =
        descriptors.into_iter().map(|descriptor| Box::pin(writable(descriptor))).collect();
    poll_fn(|context| {
        let is_ready = waiting.iter_mut().any(|one| one.as_mut().poll(context).is_ready());
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
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
                tap: output.tap,
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
        Command::Follow(path, head, receiver) => {
            drop(spawn_local(follow(Rc::clone(shared), path, head, receiver)));
        }
        Command::CreateAutomatic(prefix, folder, answer) => {
            drop(answer.send(automatic::create(&prefix, &folder)));
        }
        Command::Remove(paths) => {
            for (level, message) in automatic::remove(&paths) {
                shared.line(level, &message);
            }
        }
        Command::Reopen => reopen(shared),
        Command::Clear(logs, answer) => drop(answer.send(clear(shared, &logs))),
        // Handled by the loop.
        Command::Line(_) | Command::Stop(_) => {}
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

fn clear(shared: &Shared, logs: &LogsToClear) -> Vec<Result<(), LogClearError>> {
    match logs {
        LogsToClear::Main => vec![shared.main.borrow_mut().clear()],
        LogsToClear::Processes(processes) => {
            processes.iter().map(|process| clear_process(shared, *process)).collect()
        }
    }
}

/// Clears the logs of both streams of a process, as far as it has any.
fn clear_process(shared: &Shared, process: ProcessId) -> Result<(), LogClearError> {
    let attached = shared.attached.borrow();
    let mut result = Ok(());
    let mut cleared: Vec<PathBuf> = Vec::new();
    for own in attached.iter().filter(|attached| attached.process == process) {
        let mut log = own.log.borrow_mut();
        let Some(log) = log.as_mut().filter(|log| !cleared.iter().any(|path| path == log.path())) else {
            continue;
        };
        match log.clear() {
            Ok(()) => cleared.push(log.path().to_owned()),
            Err(_) => result = Err(LogClearError::Failed),
        }
    }
    // Others that write to the same file must not go on in the one that was removed.
    for other in attached.iter() {
        if let Some(log) = other.log.borrow_mut().as_mut()
            && cleared.iter().any(|path| path == log.path())
            && log.reopen().is_err()
        {
            result = Err(LogClearError::Failed);
        }
    }
    result
}
