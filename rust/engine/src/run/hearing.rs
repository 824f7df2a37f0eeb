//! Reading the streams of which the core wants something: on the control thread itself, so that no event crosses from
//! one thread to another on its way.
//!
//! A stream has one read at a time on its way to the core, so that one that never stops talking fills nothing, and all
//! together have a budget, so that this thread has time for everybody else. What belongs in a log is handed to the
//! thread that writes it, a little later, so that many events wake that thread rarely. A program waits there for a log
//! that is behind; a listener does not, for no event waits for a disk.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::errno::Errno;
use supervisor_core::capture::Piece;
use supervisor_core::config::LogLevel;
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_core::expand::repr;
use supervisor_core::input::Input;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::message::{Message, Room};
use super::tap::{PluginOutput, Tap, Written};
use crate::logs::{DRAIN, Handing, Logs, REMAINDER, reason};

/// Bytes read at a time: all that a pipe holds, usually. Events are much shorter.
const READ: usize = 64 * 1024;

/// Bytes read in one go, shared by those that talk: the more programs compete for the processors, the sooner the system
/// makes a thread wait that takes much of them. How long a go takes at least.
const BUDGET: usize = 4 * 1024 * 1024;
const GO: Duration = Duration::from_millis(2);

/// Most bytes that wait to be handed to their log, and for how long.
const UNLOGGED: usize = 16 * 1024;
const LAG: Duration = Duration::from_millis(10);

/// What all streams share.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// What they are read into, one after the other.
    buffer: RefCell<Vec<u8>>,
    /// Which go this is, and when it ends.
    go: Cell<u64>,
    end: Cell<Option<Instant>>,
    /// What of its budget is spent, and by how many.
    spent: Cell<usize>,
    talkers: Cell<usize>,
}

impl Common {
    /// Takes note of what was read of a stream that did so last in the go `last`. Returns until when there is to be no
    /// more, if the budget is spent.
    fn spend(&self, count: usize, last: &mut u64) -> Option<Instant> {
        let now = Instant::now();
        let end = self.end.get().filter(|end| now < *end).unwrap_or_else(|| {
            self.go.set(self.go.get() + 1);
            self.spent.set(0);
            self.talkers.set(0);
            now + GO
        });
        self.end.set(Some(end));
        if *last != self.go.get() {
            *last = self.go.get();
            self.talkers.set(self.talkers.get() + 1);
        }
        self.spent.set(self.spent.get() + count);
        (self.spent.get() >= BUDGET / self.talkers.get().max(1)).then_some(end)
    }
}

/// A stream that is read, seen by who waits for its end. When this is dropped its process counts as ended.
#[derive(Debug)]
pub(crate) struct Hearing {
    end_of_process: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Hearing {
    /// Its process has ended: the task that is left to be waited for reads to the end of the pipe or, where a
    /// descendant keeps it open, for [`DRAIN`] more.
    pub(crate) fn finish(self) -> JoinHandle<()> {
        let Self { end_of_process, task } = self;
        drop(end_of_process);
        task
    }
}

/// What the bytes of a stream mean.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// The protocol of listeners.
    Protocol,
    /// Output of a program.
    Output(Tap),
}

/// A stream to be read, with all that is to be known of it.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) process: ProcessId,
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) meaning: Meaning,
    /// Its log, if it has one.
    pub(crate) log: Option<Handing>,
    pub(crate) logs: Logs,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) common: Rc<Common>,
}

impl Stream {
    /// Reads the pipe to its end, in a task of its own.
    ///
    /// # Errors
    /// The system's, when the pipe cannot be waited for.
    pub(crate) fn hear(self, pipe: OwnedFd) -> io::Result<Hearing> {
        let pipe = Receiver::from_owned_fd(pipe)?;
        let (end_of_process, ended) = oneshot::channel();
        let ears = Ears { stream: self, pipe, last_go: 0, unlogged: Vec::new(), due: None };
        Ok(Hearing { end_of_process, task: spawn_local(ears.hear(ended)) })
    }

    /// Tells the core something. The room it takes is free when it is taken in.
    fn tell(&self, input: Input, room: Option<&Room>) {
        let _ = self.messages.send(Message::Output(input, room.cloned()));
    }
}

/// A stream on its way.
struct Ears {
    stream: Stream,
    pipe: Receiver,
    /// The last go of all streams in which this one talked.
    last_go: u64,
    /// What is to be handed to the log, and when at the latest.
    unlogged: Vec<u8>,
    due: Option<Instant>,
}

impl Ears {
    async fn hear(mut self, ended: oneshot::Receiver<()>) {
        let end_of_patience = async {
            // An error says the same.
            let _ = ended.await;
            sleep(DRAIN).await;
        };
        let mut written = match &mut self.stream.meaning {
            Meaning::Output(tap) => tap.written(),
            Meaning::Protocol => None,
        };
        tokio::select! {
            biased;
            () = self.hear_to_end(&mut written) => {}
            () = end_of_patience => self.hear_remainder().await,
        }
        if let Some(held_back) = self.finish_tap() {
            self.give(held_back, None);
        }
        if let Some(mut written) = written {
            // The plug-in ends it: nothing more comes when it has let go of what it was given.
            if let Meaning::Output(tap) = &mut self.stream.meaning {
                tap.back = None;
            }
            while let Some(written) = written.recv().await {
                self.log_written(&written);
                self.hand_over().await;
            }
            if let Some(held_back) = self.finish_tap() {
                self.pass_on(held_back, None);
            }
        }
        self.hand_over().await;
    }

    /// What was held back of a program's output.
    fn finish_tap(&mut self) -> Option<Vec<Piece>> {
        match &mut self.stream.meaning {
            Meaning::Output(tap) => Some(tap.finish()),
            Meaning::Protocol => None,
        }
    }

    /// Waits until what was read last is taken in and, where a plug-in looks after the stream, logged. Returns the room
    /// for more.
    async fn room(
        &mut self,
        one_at_a_time: &Arc<Semaphore>,
        written: &mut Option<mpsc::UnboundedReceiver<Written>>,
    ) -> Option<OwnedSemaphorePermit> {
        let mut room = std::pin::pin!(Arc::clone(one_at_a_time).acquire_owned());
        let Some(written) = written else { return room.await.ok() };
        loop {
            tokio::select! {
                biased;
                Some(written) = written.recv() => self.log_written(&written),
                room = &mut room => return room.ok(),
            }
        }
    }

    /// Logs what a plug-in wants logged, and tells the core of it.
    fn log_written(&mut self, written: &Written) {
        if let Meaning::Output(tap) = &mut self.stream.meaning {
            let piece = tap.piece(written);
            self.pass_on(piece, None);
        }
    }

    async fn hear_to_end(&mut self, written: &mut Option<mpsc::UnboundedReceiver<Written>>) {
        let one_at_a_time = Arc::new(Semaphore::new(1));
        // The core comes first, then the log.
        while let Some(room) = self.room(&one_at_a_time, written).await {
            if self.unlogged.len() >= UNLOGGED {
                self.hand_over().await;
            }
            let (due, room) = (self.due, Arc::new(room));
            let read = poll_fn(|context| self.poll_hear(context, &room));
            let read = match due {
                Some(due) => timeout_at(due, read).await,
                None => Ok(read.await),
            };
            match read {
                Err(_) => self.hand_over().await,
                Ok(Ok(0)) => return,
                Ok(Ok(count)) => {
                    drop(room);
                    if let Some(end) = self.stream.common.spend(count, &mut self.last_go) {
                        sleep_until(end).await;
                    }
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => {
                    let Stream { name, channel, logs, .. } = &self.stream;
                    let (name, channel, reason) = (repr(name), channel.name(), reason(&error));
                    logs.line(LogLevel::Error, &format!("{channel} of {name}: cannot be read: {reason}"));
                    return;
                }
            }
        }
    }

    /// Reads what is there now.
    async fn hear_remainder(&mut self) {
        let mut total = 0;
        while total < REMAINDER {
            match self.hear_now() {
                Ok(count) if count > 0 => total += count,
                Err(Errno::EINTR) => {}
                _ => return,
            }
            self.hand_over().await;
        }
    }

    /// Reads once without waiting. Returns the number of bytes, 0 at the end.
    fn hear_now(&mut self) -> nix::Result<usize> {
        let common = Rc::clone(&self.stream.common);
        let mut buffer = common.buffer.borrow_mut();
        buffer.resize(READ, 0);
        let count = nix::unistd::read(self.pipe.as_fd(), &mut buffer)?;
        self.take_in(buffer.get(..count).unwrap_or_default(), None);
        Ok(count)
    }

    /// Reads once, when there is something. Returns the number of bytes, 0 at the end.
    fn poll_hear(&mut self, context: &mut Context<'_>, room: &Room) -> Poll<io::Result<usize>> {
        let common = Rc::clone(&self.stream.common);
        let mut buffer = common.buffer.borrow_mut();
        buffer.resize(READ, 0);
        let mut place = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut self.pipe).poll_read(context, &mut place))?;
        self.take_in(place.filled(), Some(room));
        Poll::Ready(Ok(place.filled().len()))
    }

    fn take_in(&mut self, data: &[u8], room: Option<&Room>) {
        match &mut self.stream.meaning {
            _ if data.is_empty() => {}
            Meaning::Protocol => {
                self.log(data.to_vec());
                let input = Input::ListenerOutput { process: self.stream.process, data: data.to_vec() };
                self.stream.tell(input, room);
            }
            Meaning::Output(tap) => {
                let pieces = tap.feed(data);
                self.give(pieces, room);
            }
        }
    }

    /// Gives the pieces of a program's output to the plug-in that looks after the stream, or sends them where they
    /// belong.
    fn give(&mut self, pieces: Vec<Piece>, room: Option<&Room>) {
        let (process, channel) = (self.stream.process, self.stream.channel);
        let back = match &self.stream.meaning {
            Meaning::Output(tap) => tap.back.clone(),
            Meaning::Protocol => None,
        };
        let Some(back) = back else { return self.pass_on(pieces, room) };
        for piece in pieces {
            let is_captured = matches!(piece, Piece::Inside(_));
            match piece {
                Piece::Captured(_) => self.pass_on([piece], room),
                Piece::Plain(data) | Piece::Inside(data) => {
                    let output = PluginOutput { process, channel, data, is_captured, back: back.clone() };
                    let _ = self.stream.messages.send(Message::PluginOutput(output, room.cloned()));
                }
            }
        }
    }

    /// Sends the pieces of a program's output where they belong.
    fn pass_on(&mut self, pieces: impl IntoIterator<Item = Piece>, room: Option<&Room>) {
        let (process, channel) = (self.stream.process, self.stream.channel);
        let has_log_events = matches!(&self.stream.meaning, Meaning::Output(tap) if tap.has_log_events);
        for piece in pieces {
            if has_log_events && let Piece::Plain(data) | Piece::Inside(data) = &piece {
                self.stream.tell(Input::Output { process, channel, data: data.clone() }, room);
            }
            match piece {
                Piece::Plain(data) => self.log(data),
                Piece::Inside(data) => self.echo(&data),
                Piece::Captured(data) => self.stream.tell(Input::Captured { process, channel, data }, room),
            }
        }
    }

    /// Keeps some output for the log, and copies it to the main log at level debug.
    fn log(&mut self, data: Vec<u8>) {
        self.echo(&data);
        if self.stream.log.is_none() {
            return;
        }
        if self.unlogged.is_empty() {
            self.unlogged = data;
        } else {
            self.unlogged.extend_from_slice(&data);
        }
        self.due.get_or_insert_with(|| Instant::now() + LAG);
    }

    fn echo(&self, data: &[u8]) {
        self.stream.logs.echo(&self.stream.name, self.stream.channel, data);
    }

    /// Hands on what is to be logged. Nothing is lost when this is given up.
    async fn hand_over(&mut self) {
        match (&self.stream.log, &self.stream.meaning) {
            (Some(log), Meaning::Protocol) => drop(log.try_now(&mut self.unlogged)),
            (Some(log), Meaning::Output(_)) => log.wait(&mut self.unlogged).await,
            (None, _) => {}
        }
        self.due = None;
        if let Meaning::Output(_) = self.stream.meaning {
            self.stream.logs.wait_for_echo().await;
        }
    }
}
