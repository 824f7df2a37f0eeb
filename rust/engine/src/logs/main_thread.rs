//! The thread of the main log: writes its lines as they come, and does what clients ask of it.
//!
//! It does nothing else, so a main log on a disk that does not answer holds up nobody: lines wait in a bounded
//! queue, and beyond that they are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use supervisor_core::config::LogLevel;
use supervisor_core::effect::{LogClearError, LogRange, LogReadError, LogText};
use supervisor_core::expand::repr;
use supervisor_core::text::decoded;
use tokio::sync::{Notify, mpsc, oneshot};

use super::main_log::MainLogWriter;
use super::outlet::losses;
use super::read;
use super::redirect::{RedirectedLine, Redirection, TakeLine};
use super::writable::any_writable;

/// Lines that may wait for the thread, and how many bytes they may have together.
pub(crate) const LINES: usize = 16 * 1024;
const BYTES: usize = 4 * 1024 * 1024;

/// How long those who copy much output to the main log wait for it; from then on what finds no room is lost.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the end of the thread waits for readers of a stream.
const FLUSH: Duration = Duration::from_millis(500);

/// One line of the main log on its way.
pub(crate) struct Line {
    time: SystemTime,
    level: LogLevel,
    message: String,
}

/// Something for the thread to do; the answer goes to the sender in it, if anybody still waits for one.
pub(crate) enum Command {
    Line(Line),
    Read(LogRange, oneshot::Sender<Result<LogText, LogReadError>>),
    Reopen,
    Clear(oneshot::Sender<Result<(), LogClearError>>),
    Stop(std::sync::mpsc::Sender<()>),
}

/// What bounds the lines on their way.
#[derive(Debug, Default)]
struct Queue {
    lines: AtomicUsize,
    bytes: AtomicUsize,
    /// Lines that found no room and have not been told of.
    lost: AtomicU64,
    /// Somebody waited for room in vain; nobody else need try until there is some.
    is_stuck: AtomicBool,
    room: Notify,
}

impl Queue {
    fn is_crowded(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > BYTES / 2
    }

    /// Makes room for a line of this size; where there is none, it counts as lost.
    fn enter(&self, size: usize) -> bool {
        let line = self.lines.fetch_add(1, Ordering::Relaxed);
        if line >= LINES || self.bytes.fetch_add(size, Ordering::Relaxed) + size > BYTES {
            if line < LINES {
                self.bytes.fetch_sub(size, Ordering::Relaxed);
            }
            self.lines.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Such a line is on its way no more.
    fn leave(&self, size: usize) {
        self.lines.fetch_sub(1, Ordering::Relaxed);
        let was_crowded = self.is_crowded();
        self.bytes.fetch_sub(size, Ordering::Relaxed);
        if was_crowded && !self.is_crowded() {
            self.is_stuck.store(false, Ordering::Relaxed);
            self.room.notify_waiters();
        }
    }
}

/// What a line takes of the queue; free when dropped.
#[derive(Debug)]
pub(super) struct Place {
    queue: Arc<Queue>,
    size: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.leave(self.size);
    }
}

/// Says lines to the main log, from any thread. Cheap to clone.
///
/// Lines and the other commands share one channel, so a client that reads the log after a change finds its line.
#[derive(Debug, Clone)]
pub(crate) struct MainLines {
    commands: mpsc::UnboundedSender<Command>,
    queue: Arc<Queue>,
    level: LogLevel,
    redirection: Arc<Redirection>,
}

impl MainLines {
    /// The sending end, and what [`run`] needs of the other.
    pub(crate) fn new(level: LogLevel) -> (Self, Inbox) {
        let (sender, commands) = mpsc::unbounded_channel();
        let queue = Arc::new(Queue::default());
        let lines = Self { commands: sender, queue: Arc::clone(&queue), level, redirection: Arc::default() };
        (lines, Inbox { commands, queue })
    }

    /// Least severe level that is written.
    pub(crate) fn level(&self) -> LogLevel {
        self.level
    }

    fn takes(&self, level: LogLevel) -> bool {
        level <= self.level
    }

    /// Has somebody else get what is said from now on, or the main log again.
    pub(crate) fn redirect(&self, to: Option<TakeLine>) {
        self.redirection.set(to);
    }

    /// Says a line, if its level is severe enough. Never waits: a line that finds no room is counted, and the count
    /// is written when there is room again.
    pub(crate) fn line(&self, level: LogLevel, message: &str) {
        match self.redirection.get() {
            None => self.write(level, message),
            Some(take) if self.takes(level) && self.queue.enter(message.len()) => {
                let place = Place { queue: Arc::clone(&self.queue), size: message.len() };
                take(RedirectedLine { level, message: message.to_owned(), _place: place });
            }
            Some(_) => {}
        }
    }

    /// The same for the main log itself, whoever else gets the lines.
    pub(crate) fn write(&self, level: LogLevel, message: &str) {
        if self.takes(level) && self.queue.enter(message.len()) {
            self.tell(Command::Line(Line { time: SystemTime::now(), level, message: message.to_owned() }));
        }
    }

    /// Copies output of a process at level debug.
    pub(crate) fn echo(&self, name: &str, channel: &str, data: &[u8]) {
        if self.takes(LogLevel::Debug) {
            let message = format!("{} {channel} output:\n{}", repr(name), decoded(data));
            self.line(LogLevel::Debug, &message);
        }
    }

    /// Waits for room, where output is copied here.
    pub(crate) async fn wait_for_echo(&self) {
        if self.takes(LogLevel::Debug) {
            self.wait_for_room().await;
        }
    }

    /// Waits, for a while, until half of the room for lines is free.
    async fn wait_for_room(&self) {
        let room = async {
            loop {
                let told = self.queue.room.notified();
                if !self.queue.is_crowded() {
                    return;
                }
                told.await;
            }
        };
        if self.queue.is_crowded()
            && !self.queue.is_stuck.load(Ordering::Relaxed)
            && tokio::time::timeout(PATIENCE, room).await.is_err()
        {
            self.queue.is_stuck.store(true, Ordering::Relaxed);
        }
    }

    /// Has the thread do something. After its end what is in the command is dropped, which answers whoever waits.
    pub(crate) fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }
}

/// The thread's end of its channel.
pub(crate) struct Inbox {
    commands: mpsc::UnboundedReceiver<Command>,
    queue: Arc<Queue>,
}

/// Runs until told to stop, or until nobody is left who could say anything.
pub(crate) fn run(runtime: &tokio::runtime::Runtime, mut main: MainLogWriter, mut inbox: Inbox) {
    let done = runtime.block_on(serve(&mut main, &mut inbox));
    main.flush_within(FLUSH);
    if let Some(done) = done {
        // If nobody waits any more, that is all right.
        let _ = done.send(());
    }
}

async fn serve(main: &mut MainLogWriter, inbox: &mut Inbox) -> Option<std::sync::mpsc::Sender<()>> {
    loop {
        let blocked = main.blocked();
        if !blocked.is_empty() {
            // Commands may leave no time to wait for it.
            main.flush();
        }
        let command = tokio::select! {
            command = inbox.commands.recv() => command,
            // Lines that waited for a reader are written when it takes more.
            () = any_writable(blocked) => {
                main.flush();
                continue;
            }
        };
        // An answer that nobody waits for any more is dropped.
        match command {
            Some(Command::Line(line)) => write_line(main, &line, &inbox.queue),
            Some(Command::Read(range, answer)) => drop(answer.send(read::read(&range))),
            Some(Command::Reopen) => main.reopen(),
            Some(Command::Clear(answer)) => drop(answer.send(main.clear())),
            Some(Command::Stop(done)) => return Some(done),
            None => return None,
        }
    }
}

fn write_line(main: &mut MainLogWriter, line: &Line, queue: &Queue) {
    main.record(line.time, line.level, &line.message);
    queue.leave(line.message.len());
    let lost = queue.lost.swap(0, Ordering::Relaxed);
    if lost > 0 {
        main.line(LogLevel::Warn, &losses(lost));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_thread_that_is_stuck_holds_up_nobody() {
        let (lines, _never_served) = MainLines::new(LogLevel::Info);
        for _ in 0..LINES + 7 {
            lines.line(LogLevel::Info, "line");
        }
        assert_eq!(lines.queue.lines.load(Ordering::Relaxed), LINES);
        assert_eq!(lines.queue.lost.load(Ordering::Relaxed), 7);
        lines.wait_for_room().await;
    }

    #[tokio::test(start_paused = true)]
    async fn lines_are_bounded_in_bytes_and_waited_for_only_once() {
        let (lines, _never_served) = MainLines::new(LogLevel::Info);
        let long = "x".repeat(BYTES / 4 + 1);
        for _ in 0..5 {
            lines.line(LogLevel::Info, &long);
        }
        assert_eq!(lines.queue.lost.load(Ordering::Relaxed), 2);
        let begin = tokio::time::Instant::now();
        lines.wait_for_room().await;
        lines.wait_for_room().await;
        assert_eq!(begin.elapsed(), PATIENCE);
    }
}
