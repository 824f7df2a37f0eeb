//! A thread that reads the pipes of children and writes their logs: one for each file system that holds logs, and one
//! for output that goes to none.
//!
//! Reading and writing happen in one place, without a queue between them; what a disk that does not answer holds up
//! is this thread alone, and [`super::stall`] sees to its pipes meanwhile.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use supervisor_core::config::LogLevel;
use supervisor_core::effect::{LogClearError, ProcessId};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{LocalSet, spawn_local};

use super::Output;
use super::follow::{Followed, follow};
use super::main_log::describe;
use super::main_thread::MainLines;
use super::output::{attach, drain, take_over};
use super::shared::Shared;
use super::stall::{Health, Watch};
use super::writable::any_writable;

/// Stack of the thread. Only what is used counts as memory; builds without optimisation need more than half.
const STACK: usize = 1024 * 1024;

/// Something for the thread to do; the answer goes to the sender in it, if anybody still waits for one.
pub(crate) enum Command {
    Attach(Output),
    Drain(ProcessId, oneshot::Sender<()>),
    Follow(Followed, mpsc::Sender<Bytes>),
    Reopen,
    Clear(ProcessId, oneshot::Sender<Result<(), LogClearError>>),
    /// The file system was stuck, and is no more.
    TakeOver,
    Stop(std::sync::mpsc::Sender<()>),
}

/// The thread of one file system, seen from others. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    commands: mpsc::UnboundedSender<Command>,
    pub(crate) health: Arc<Health>,
}

impl Lane {
    /// Starts the thread. `example` is a log on its file system.
    ///
    /// # Errors
    /// The system's, when there can be no thread.
    pub(crate) fn start(
        example: &Path,
        watch: &Watch,
        lines: MainLines,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (sender, commands) = mpsc::unbounded_channel();
        let health = Arc::new(watch.health(example));
        let own = Arc::clone(&health);
        let thread =
            std::thread::Builder::new().name("logs".to_owned()).stack_size(STACK).spawn(move || {
                let done = LocalSet::new().block_on(&runtime, serve(lines, own, commands));
                if let Some(done) = done {
                    // If nobody waits any more, that is all right.
                    let _ = done.send(());
                }
            })?;
        let lane = Self { commands: sender, health };
        watch.add(lane.clone());
        Ok((lane, thread))
    }

    /// Has the thread do something. After its end what is in the command is dropped, which answers whoever waits.
    pub(crate) fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Sends a command with a way to answer it. The command is on its way when this returns.
    pub(crate) fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.tell(command(sender));
        receiver
    }

    /// Whether both are the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.health, &other.health)
    }

    /// Has it write what was kept while it was stuck.
    pub(crate) fn take_over(&self) {
        self.tell(Command::TakeOver);
    }
}

/// Runs until told to stop, or until nobody is left who could say anything.
async fn serve(
    lines: MainLines,
    health: Arc<Health>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) -> Option<std::sync::mpsc::Sender<()>> {
    let shared = Rc::new(Shared::new(lines, health));
    spawn_local(flush_when_possible(Rc::clone(&shared)));
    let done = loop {
        match commands.recv().await {
            Some(Command::Stop(done)) => break Some(done),
            // Watched write by write.
            Some(Command::TakeOver) => take_over(&shared),
            Some(command) => shared.health.during(|| carry_out(&shared, command)),
            None => break None,
        }
    };
    drain(&shared, None).await;
    shared.syslog.borrow_mut().flush();
    done
}

/// Writes lines for the system log that waited, whenever it takes more.
async fn flush_when_possible(shared: Rc<Shared>) {
    loop {
        shared.blocked.notified().await;
        loop {
            let Some(blocked) = shared.syslog.borrow().blocked() else { break };
            any_writable(vec![blocked]).await;
            shared.syslog.borrow_mut().flush();
        }
    }
}

/// Does what a command asks for. An answer that nobody waits for any more is dropped.
fn carry_out(shared: &Rc<Shared>, command: Command) {
    match command {
        Command::Attach(output) => attach(shared, output),
        Command::Drain(process, answer) => {
            let drained = drain(shared, Some(process));
            spawn_local(async move {
                drained.await;
                let _ = answer.send(());
            });
        }
        Command::Follow(log, receiver) => drop(spawn_local(follow(Rc::clone(shared), log, receiver))),
        Command::Reopen => reopen(shared),
        Command::Clear(process, answer) => drop(answer.send(clear(shared, process))),
        // Handled by the loop.
        Command::TakeOver | Command::Stop(_) => {}
    }
}

fn reopen(shared: &Shared) {
    for attached in shared.attached.borrow().iter() {
        if let Some(log) = attached.log().borrow_mut().as_mut()
            && let Err(error) = log.reopen()
        {
            shared.lines.line(LogLevel::Error, &describe("reopen", log.path(), &error));
        }
    }
}

/// Clears the logs of both streams of a process, as far as it has any here.
fn clear(shared: &Shared, process: ProcessId) -> Result<(), LogClearError> {
    let attached = shared.attached.borrow();
    let mut result = Ok(());
    let mut cleared: Vec<PathBuf> = Vec::new();
    for own in attached.iter().filter(|attached| attached.process == process) {
        let mut log = own.log().borrow_mut();
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
        if let Some(log) = other.log().borrow_mut().as_mut()
            && cleared.iter().any(|path| path == log.path())
            && log.reopen().is_err()
        {
            result = Err(LogClearError::Failed);
        }
    }
    result
}
