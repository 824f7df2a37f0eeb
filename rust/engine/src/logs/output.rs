//! Copying one output stream of one process from its pipe to its logs.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use supervisor_core::capture::Piece;
use supervisor_core::config::LogLevel;
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_core::expand::repr;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::main_log::{describe, reason};
use super::shared::{Shared, SharedLog};
use super::strip::Stripper;
use super::tap::Tap;
use supervisor_core::text::decoded;

/// Bytes read from one pipe before the others get their turn.
const TURN: usize = 256 * 1024;

/// How long a pipe is read on after its process ended, when some descendant keeps it open.
const DRAIN: Duration = Duration::from_millis(200);

/// How long a stream may take nothing before its log counts as stuck. From then on what it does not take is lost,
/// so that the process goes on, until it takes something again.
const STUCK: Duration = Duration::from_secs(2);

/// Most bytes still read at the end of that time: as much as the largest pipe holds without privileges.
const REMAINDER: usize = 1024 * 1024;

/// The hold that the log thread keeps on a task that reads a pipe.
#[derive(Debug)]
pub(crate) struct Attached {
    number: u64,
    pub(crate) process: ProcessId,
    pub(crate) log: SharedLog,
    finish: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What a pipe's task needs to know.
pub(crate) struct Source {
    pub(crate) process: ProcessId,
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) pipe: OwnedFd,
    pub(crate) log: SharedLog,
    pub(crate) syslog: bool,
    pub(crate) strip_ansi: bool,
    pub(crate) tap: Option<Tap>,
}

/// Starts a task that reads the pipe to its end.
pub(crate) fn attach(shared: &Rc<Shared>, source: Source) {
    let (name, channel) = (source.name.clone(), source.channel.name());
    let pipe = match Receiver::from_owned_fd(source.pipe) {
        Ok(pipe) => pipe,
        Err(error) => {
            let name = repr(&name);
            shared.line(LogLevel::Error, &format!("cannot read {channel} of {name}: {}", reason(&error)));
            return;
        }
    };
    let number = shared.next_number();
    let (finish, finished) = oneshot::channel();
    let log = Rc::clone(&source.log);
    let copier = Copier {
        shared: Rc::clone(shared),
        name,
        channel,
        log: source.log,
        syslog: source.syslog,
        stripper: source.strip_ansi.then(RefCell::default),
        tap: source.tap.map(RefCell::new),
        waiting: RefCell::default(),
        lost: Cell::new(0),
        stuck: Cell::new(false),
    };
    let task = tokio::task::spawn_local(async move {
        copier.copy(&pipe, finished).await;
        // Closed before anybody learns that the output is drained.
        drop(pipe);
        copier.shared.attached.borrow_mut().retain(|attached| attached.number != number);
    });
    let process = source.process;
    shared.attached.borrow_mut().push(Attached { number, process, log, finish, task });
}

/// Waits until the pipes of a process (of all processes, for `None`) are at their end, or have been read for
/// [`DRAIN`] more; they are closed then.
///
/// The pipes are those attached when this is called, not when the future is first polled.
pub(crate) fn drain(shared: &Shared, process: Option<ProcessId>) -> impl Future<Output = ()> + use<> {
    let ending: Vec<Attached> = shared
        .attached
        .borrow_mut()
        .extract_if(.., |attached| process.is_none_or(|process| attached.process == process))
        .collect();
    let tasks: Vec<JoinHandle<()>> = ending
        .into_iter()
        .map(|attached| {
            // A task that has just ended by itself needs no telling.
            let _ = attached.finish.send(());
            attached.task
        })
        .collect();
    async move {
        for task in tasks {
            // A task that panicked is at its end, too.
            let _ = task.await;
        }
    }
}

/// Waits until something can be written to a stream.
pub(crate) async fn writable(descriptor: OwnedFd) {
    /// Where waiting is impossible, by a lack of memory for it: a breath before the next try.
    const BREATH: Duration = Duration::from_millis(100);

    // Unchecked: a terminal or a socket can be waited for just as well as a pipe.
    let ready = async { Sender::from_owned_fd_unchecked(descriptor)?.writable().await };
    if ready.await.is_err() {
        tokio::time::sleep(BREATH).await;
    }
}

struct Copier {
    shared: Rc<Shared>,
    name: String,
    channel: &'static str,
    log: SharedLog,
    syslog: bool,
    stripper: Option<RefCell<Stripper>>,
    tap: Option<RefCell<Tap>>,
    /// What a stream did not take yet; nothing more is read until it has.
    waiting: RefCell<Vec<u8>>,
    /// Bytes that could not be written since the last that could.
    lost: Cell<usize>,
    /// The log is a stream that has taken nothing for [`STUCK`].
    stuck: Cell<bool>,
}

impl Copier {
    /// Reads to the end, or until [`DRAIN`] after `finished` was told.
    async fn copy(&self, pipe: &Receiver, finished: oneshot::Receiver<()>) {
        let bound = async {
            if finished.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            biased;
            () = self.copy_to_end(pipe) => {}
            () = bound => self.copy_remainder(pipe),
        }
        if let Some(stripper) = &self.stripper {
            let held_back = stripper.borrow_mut().finish();
            self.log_text(held_back);
        }
        if let Some(tap) = &self.tap {
            let held_back = tap.borrow_mut().finish();
            self.log_pieces(&tap.borrow(), held_back);
        }
        self.drop_waiting();
        if self.lost.get() > 0 {
            self.say(LogLevel::Warn, &format!("{} bytes were lost", self.lost.get()));
        }
    }

    async fn copy_to_end(&self, pipe: &Receiver) {
        while pipe.readable().await.is_ok() {
            let mut turn = 0;
            while turn < TURN {
                self.wait_for_core().await;
                match self.copy_once(pipe) {
                    Ok(0) => return,
                    Ok(count) => turn += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // Nothing more to read now.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => {
                        self.say(LogLevel::Error, &format!("cannot be read: {}", reason(&error)));
                        return;
                    }
                }
                self.wait_for_room().await;
            }
            if let Some(tap) = &self.tap {
                tap.borrow_mut().take(None);
            }
            if turn >= TURN {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits until the core has room for what it wants of the next read.
    async fn wait_for_core(&self) {
        if let Some(tap) = &self.tap {
            tap.borrow_mut().take(None);
            let room = tap.borrow().room();
            let room = room.await;
            tap.borrow_mut().take(room);
        }
    }

    /// Reads what is there now, without waiting for anybody.
    fn copy_remainder(&self, pipe: &Receiver) {
        let mut copied = 0;
        while copied < REMAINDER {
            self.drop_waiting();
            match self.copy_once(pipe) {
                Ok(count) if count > 0 => copied += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }

    /// Reads once and hands on what came. Returns the number of bytes, 0 at the end.
    fn copy_once(&self, pipe: &Receiver) -> io::Result<usize> {
        let mut buffer = self.shared.buffer.borrow_mut();
        let count = pipe.try_read(buffer.as_mut_slice())?;
        let data = buffer.get(..count).unwrap_or_default();
        match &self.stripper {
            Some(stripper) => self.log_text(&stripper.borrow_mut().strip(data)),
            None => self.log_text(data),
        }
        Ok(count)
    }

    /// Sends output where it belongs: to the logs, and what the core wants of it to the core.
    fn log_text(&self, data: &[u8]) {
        match &self.tap {
            _ if data.is_empty() => {}
            None => self.log_plain(data),
            Some(tap) => {
                let pieces = tap.borrow_mut().feed(data);
                self.log_pieces(&tap.borrow(), pieces);
            }
        }
    }

    fn log_pieces(&self, tap: &Tap, pieces: Vec<Piece>) {
        for piece in pieces {
            match &piece {
                Piece::Plain(data) => self.log_plain(data),
                Piece::Inside(data) => self.echo(data),
                Piece::Captured(_) => {}
            }
            tap.tell(piece);
        }
    }

    /// Writes output to the log, to the main log at level debug, and to the system log.
    fn log_plain(&self, data: &[u8]) {
        self.write(data);
        self.echo(data);
        if self.syslog {
            self.shared.to_syslog(&format!("{} ", self.name), data);
        }
    }

    /// Writes output to the main log at level debug.
    fn echo(&self, data: &[u8]) {
        if self.shared.main.borrow().takes(LogLevel::Debug) {
            let message = format!("{} {} output:\n{}", repr(&self.name), self.channel, decoded(data));
            self.shared.line(LogLevel::Debug, &message);
        }
    }

    /// Writes to the log file. What fails is lost and counted; the pipe goes on being read whatever happens.
    fn write(&self, data: &[u8]) {
        let mut guard = self.log.borrow_mut();
        let Some(log) = guard.as_mut() else { return };
        let (written, result) = log.write(data);
        let rest = data.get(written..).unwrap_or_default();
        let mut said = Vec::new();
        match result {
            Ok(()) => {
                self.stuck.set(false);
                let lost = self.lost.take();
                if lost > 0 {
                    let path = log.path().display();
                    said.push((
                        LogLevel::Warn,
                        format!("log {path} is written again, {lost} bytes were lost"),
                    ));
                }
                if let Err(error) = log.rotate_if_full() {
                    said.push((LogLevel::Error, describe("rotate", log.path(), &error)));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.stuck.get() => {
                self.waiting.borrow_mut().extend(rest);
            }
            Err(error) => {
                if self.lost.get() == 0 {
                    said.push((LogLevel::Error, describe("write", log.path(), &error)));
                }
                self.lost.set(self.lost.get() + rest.len());
            }
        }
        self.shared.followers.wake(log.path());
        drop(guard);
        for (level, message) in said {
            self.say(level, &message);
        }
    }

    /// Waits until a stream has taken all that was written to it, or is [`STUCK`].
    async fn wait_for_room(&self) {
        while !self.waiting.borrow().is_empty() {
            let descriptor = match self.log.borrow().as_ref() {
                Some(log) => log.as_fd().try_clone_to_owned(),
                None => return,
            };
            let ready = async { tokio::time::timeout(STUCK, writable(descriptor.ok()?)).await.ok() };
            if ready.await.is_none() {
                self.stuck.set(true);
            }
            let waiting = self.waiting.take();
            self.write(&waiting);
        }
    }

    /// Writes what a stream takes of what waited for it, and gives up the rest.
    fn drop_waiting(&self) {
        let waiting = self.waiting.take();
        if !waiting.is_empty() {
            self.write(&waiting);
            self.lost.set(self.lost.get() + self.waiting.take().len());
        }
    }

    /// A line of the main log about this stream.
    fn say(&self, level: LogLevel, message: &str) {
        self.shared.line(level, &format!("{} of {}: {message}", self.channel, repr(&self.name)));
    }
}
