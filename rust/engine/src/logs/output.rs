//! Copying one output stream of one process from its pipe to its logs.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use supervisor_core::config::LogLevel;
use supervisor_core::effect::ProcessId;
use supervisor_core::expand::repr;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::intake::{BUFFER, Intake};
use super::main_log::{describe, reason};
use super::pace::Pace;
use super::shared::{Shared, SharedLog};
use super::strip::Stripper;
use super::writable::writable;
use super::{Output, Source};

/// Bytes read from one pipe before the others get their turn.
const TURN: usize = 256 * 1024;

/// How long a pipe is read on after its process ended, when some descendant keeps it open.
pub(crate) const DRAIN: Duration = Duration::from_millis(200);

/// How long a stream may take nothing before its log counts as stuck. From then on what it does not take is lost,
/// so that the process goes on, until it takes something again.
const STUCK: Duration = Duration::from_secs(2);

/// Most bytes still read at the end of that time: as much as the largest pipe holds without privileges.
pub(crate) const REMAINDER: usize = 1024 * 1024;

/// The hold that the lane keeps on a task that reads a pipe.
#[derive(Debug)]
pub(crate) struct Attached {
    number: u64,
    pub(crate) process: ProcessId,
    copier: Rc<Copier>,
    task: JoinHandle<()>,
}

impl Attached {
    /// The log that its task writes.
    pub(crate) fn log(&self) -> &SharedLog {
        &self.copier.log
    }
}

/// Starts a task that reads the pipe to its end.
pub(crate) fn attach(shared: &Rc<Shared>, output: Output) {
    let Output { process, name, channel, source, log } = output;
    let channel = channel.name();
    let (intake, handed, strip_ansi) = match source {
        Source::Handed(handed) => (None, Some(handed), false),
        Source::Pipe { pipe, strip_ansi } => match Intake::new(pipe, &shared.health) {
            Ok(intake) => (Some(intake), None, strip_ansi),
            Err(error) => {
                let name = repr(&name);
                let message = format!("cannot read {channel} of {name}: {}", reason(&error));
                shared.lines.line(LogLevel::Error, &message);
                return;
            }
        },
    };
    let number = shared.next_number();
    let copier = Rc::new(Copier {
        shared: Rc::clone(shared),
        name,
        channel,
        log: RefCell::new(log.file),
        syslog: log.syslog,
        stripper: strip_ansi.then(RefCell::default),
        waiting: RefCell::default(),
        lost: Cell::new(0),
        stuck: Cell::new(false),
        is_ending: Cell::new(false),
        told: Notify::new(),
        intake: RefCell::new(intake.clone()),
    });
    let own = Rc::clone(&copier);
    let task = tokio::task::spawn_local(async move {
        if let Some(intake) = intake {
            own.copy(&intake).await;
        }
        if let Some(handed) = handed {
            own.take_in(handed).await;
        }
        own.finish();
        // Closed before anybody learns that the output is drained.
        own.intake.take();
        own.shared.attached.borrow_mut().retain(|attached| attached.number != number);
    });
    shared.attached.borrow_mut().push(Attached { number, process, copier, task });
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
    for attached in &ending {
        attached.copier.is_ending.set(true);
        attached.copier.told.notify_waiters();
    }
    async move {
        for attached in ending {
            // A task that panicked is at its end, too.
            let _ = attached.task.await;
        }
    }
}

/// Writes what was kept while the file system was stuck. Pipes that are read anyhow have it written by that.
pub(crate) fn take_over(shared: &Shared) {
    for attached in shared.attached.borrow().iter() {
        let intake = attached.copier.intake.borrow().clone();
        if let Some(intake) = intake.filter(|intake| intake.lock().has_kept()) {
            // An error is seen again by its task.
            let _ = attached.copier.copy_now(&intake);
        }
    }
}

#[derive(Debug)]
struct Copier {
    shared: Rc<Shared>,
    name: String,
    channel: &'static str,
    log: SharedLog,
    syslog: bool,
    stripper: Option<RefCell<Stripper>>,
    /// What a stream did not take yet; nothing more is read until it has.
    waiting: RefCell<Vec<u8>>,
    /// Bytes that could not be written since the last that could.
    lost: Cell<usize>,
    /// The log is a stream that has taken nothing for [`STUCK`].
    stuck: Cell<bool>,
    /// The process has ended.
    is_ending: Cell<bool>,
    /// Told when that becomes so.
    told: Notify,
    /// Its pipe, until it is closed.
    intake: RefCell<Option<Arc<Intake>>>,
}

impl Copier {
    /// Reads to the end, or until [`DRAIN`] after the end of the process.
    async fn copy(&self, intake: &Intake) {
        tokio::select! {
            biased;
            () = self.copy_to_end(intake) => {}
            () = self.end_of_patience() => self.copy_remainder(intake),
        }
        if let Some(stripper) = &self.stripper {
            let held_back = stripper.borrow_mut().finish();
            self.log_text(held_back);
        }
    }

    /// Takes in what is handed over, to its end, which whoever reads it sees to; from [`DRAIN`] after the end of the
    /// process on without waiting for anybody.
    async fn take_in(&self, mut handed: mpsc::Receiver<Vec<u8>>) {
        let mut end_of_patience = std::pin::pin!(self.end_of_patience());
        let mut is_patient = true;
        while let Some(piece) = handed.recv().await {
            self.drop_waiting();
            self.log_plain(&piece);
            if is_patient {
                tokio::select! {
                    biased;
                    () = self.wait_for_room() => {}
                    () = &mut end_of_patience => is_patient = false,
                }
            }
        }
    }

    /// All is written that could be.
    fn finish(&self) {
        self.drop_waiting();
        if self.lost.get() > 0 {
            self.say(LogLevel::Warn, &format!("{} bytes were lost", self.lost.get()));
        }
    }

    async fn end_of_patience(&self) {
        self.end_of_process().await;
        tokio::time::sleep(DRAIN).await;
    }

    async fn copy_to_end(&self, intake: &Intake) {
        let mut pace = Pace::default();
        let mut is_wide = false;
        let mut turn = 0;
        loop {
            let count = match poll_fn(|context| self.poll_copy(context, intake)).await {
                Ok(0) => return,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.say(LogLevel::Error, &format!("cannot be read: {}", reason(&error)));
                    return;
                }
            };
            self.wait_for_room().await;
            turn += count;
            if turn >= TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
            if count >= BUFFER / 2 && pace.is_chatty() && !is_wide {
                // It was full, or nearly so, before the pause was over, and its writer may have had to wait.
                intake.widen();
                is_wide = true;
            }
            if count < BUFFER {
                turn = 0;
                if let Some(pause) = pace.pause(count, Instant::now())
                    && intake.rest().is_ok()
                {
                    // Not beyond the end of the process, which somebody waits for.
                    let _ = tokio::time::timeout(pause, self.end_of_process()).await;
                }
            }
        }
    }

    async fn end_of_process(&self) {
        let told = self.told.notified();
        if !self.is_ending.get() {
            told.await;
        }
    }

    /// Reads what is there now, without waiting for anybody.
    fn copy_remainder(&self, intake: &Intake) {
        let mut copied = 0;
        while copied < REMAINDER {
            self.drop_waiting();
            match self.copy_now(intake) {
                Ok(count) if count > 0 => copied += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }

    /// Reads once, when there is something, and logs it. Returns the number of bytes, 0 at the end.
    fn poll_copy(&self, context: &mut Context<'_>, intake: &Intake) -> Poll<io::Result<usize>> {
        let mut buffer = self.shared.buffer.borrow_mut();
        let count = ready!(intake.poll_take(context, &mut buffer))?;
        self.log_stripped(buffer.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    /// Reads once without waiting, and logs it.
    fn copy_now(&self, intake: &Intake) -> io::Result<usize> {
        let mut buffer = self.shared.buffer.borrow_mut();
        let count = intake.take_now(&mut buffer)?;
        self.log_stripped(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// Takes escape sequences out, where that is wanted, and logs what is left.
    fn log_stripped(&self, data: &[u8]) {
        match &self.stripper {
            Some(stripper) => {
                let mut text = self.shared.stripped.borrow_mut();
                stripper.borrow_mut().strip(data, &mut text);
                self.log_text(&text);
            }
            None => self.log_text(data),
        }
    }

    /// Logs output, and copies it to the main log at level debug.
    fn log_text(&self, data: &[u8]) {
        if !data.is_empty() {
            self.log_plain(data);
            self.shared.lines.echo(&self.name, self.channel, data);
        }
    }

    /// Writes output to the log, and to the system log.
    fn log_plain(&self, data: &[u8]) {
        self.write(data);
        if self.syslog {
            self.shared.to_syslog(&format!("{} ", self.name), data);
        }
    }

    /// Writes to the log file. What fails is lost and counted; the pipe goes on being read whatever happens.
    fn write(&self, data: &[u8]) {
        let mut guard = self.log.borrow_mut();
        let Some(log) = guard.as_mut() else { return };
        let mut said = Vec::new();
        let (written, result) = self.shared.health.during(|| {
            let outcome = log.write(data);
            if outcome.1.is_ok()
                && let Err(error) = log.rotate_if_full()
            {
                said.push((LogLevel::Error, describe("rotate", log.path(), &error)));
            }
            outcome
        });
        let rest = data.get(written..).unwrap_or_default();
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

    /// Waits until a stream has taken all that was written to it, or is [`STUCK`]; and for the main log, where it
    /// has the output too.
    async fn wait_for_room(&self) {
        self.shared.lines.wait_for_echo().await;
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
        self.shared.lines.line(level, &format!("{} of {}: {message}", self.channel, repr(&self.name)));
    }
}
