//! Reading what a listener says: on the control thread itself, so that the round trip of an event crosses none.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use supervisor_core::effect::ProcessId;
use supervisor_core::input::Input;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, timeout_at};

use super::message::Message;

/// Bytes read at a time: what a listener says in one go is much shorter.
const READ: usize = 16 * 1024;

/// Most bytes still read when a listener has ended: as much as the largest pipe holds without privileges.
const REMAINDER: usize = 1024 * 1024;

/// Most bytes that wait to be copied, and for how long: a log may lag behind so much, so that one that answers many
/// events does not wake the log thread with each of them.
const UNCOPIED: usize = 16 * 1024;
const LAG: Duration = Duration::from_millis(10);

/// A listener that is listened to.
pub(crate) struct Listening {
    ears: Rc<Ears>,
    task: JoinHandle<()>,
}

struct Ears {
    process: ProcessId,
    pipe: Receiver,
    copy: Option<Copy>,
    messages: mpsc::UnboundedSender<Message>,
}

/// What a listener says, on its way to its log.
struct Copy {
    /// A pipe that the log thread reads. What it does not take, because a disk is stuck, is lost to the log alone: no
    /// event waits for a disk.
    pipe: OwnedFd,
    uncopied: RefCell<Vec<u8>>,
    /// When the first of these bytes are to be copied at the latest.
    due: Cell<Option<Instant>>,
}

impl Copy {
    fn add(&self, data: &[u8]) {
        self.uncopied.borrow_mut().extend_from_slice(data);
        let now = Instant::now();
        match self.due.get() {
            Some(due) if now < due && self.uncopied.borrow().len() < UNCOPIED => {}
            Some(_) => self.flush(),
            None => self.due.set(Some(now + LAG)),
        }
    }

    fn flush(&self) {
        self.due.set(None);
        let mut uncopied = self.uncopied.borrow_mut();
        let _ = nix::unistd::write(&self.pipe, &uncopied);
        uncopied.clear();
    }
}

impl Listening {
    /// Listens to the reading end of a pipe, and copies what comes to the writing end of another, non-blocking, if
    /// it is to be in a log.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start(
        process: ProcessId,
        pipe: OwnedFd,
        copy: Option<OwnedFd>,
        messages: mpsc::UnboundedSender<Message>,
    ) -> io::Result<Self> {
        let copy = copy.map(|pipe| Copy { pipe, uncopied: RefCell::default(), due: Cell::default() });
        let ears = Rc::new(Ears { process, pipe: Receiver::from_owned_fd(pipe)?, copy, messages });
        let task = spawn_local(listen(Rc::clone(&ears)));
        Ok(Self { ears, task })
    }

    /// The listener has ended: reads what it left, and closes the pipes.
    pub(crate) fn finish(self) {
        self.task.abort();
        let mut buffer = vec![0; READ];
        let mut total = 0;
        while total < REMAINDER {
            match nix::unistd::read(self.ears.pipe.as_fd(), &mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    total += count;
                    let input = self.ears.hear(buffer.get(..count).unwrap_or_default());
                    let _ = self.ears.messages.send(Message::Input(input));
                }
                Err(Errno::EINTR) => {}
                Err(_) => break,
            }
        }
        if let Some(copy) = &self.ears.copy {
            copy.flush();
        }
    }
}

impl Ears {
    fn hear(&self, data: &[u8]) -> Input {
        if let Some(copy) = &self.copy {
            copy.add(data);
        }
        Input::ListenerOutput { process: self.process, data: data.to_vec() }
    }

    /// Waits until there is something to read.
    async fn readable(&self) -> io::Result<()> {
        if let Some(copy) = &self.copy
            && let Some(due) = copy.due.get()
        {
            match timeout_at(due, self.pipe.readable()).await {
                Ok(readable) => return readable,
                Err(_) => copy.flush(),
            }
        }
        self.pipe.readable().await
    }
}

/// Reads to the end, one read at a time on its way to the core, so that one that never stops talking fills nothing.
async fn listen(ears: Rc<Ears>) {
    let one_at_a_time = Arc::new(Semaphore::new(1));
    let mut buffer = vec![0; READ];
    while let Ok(room) = Arc::clone(&one_at_a_time).acquire_owned().await
        && ears.readable().await.is_ok()
    {
        match ears.pipe.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                let input = ears.hear(buffer.get(..count).unwrap_or_default());
                let _ = ears.messages.send(Message::Output(input, Some(Arc::new(room))));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => break,
        }
    }
    // It closed its standard output, and may live on.
    if let Some(copy) = &ears.copy {
        copy.flush();
    }
}
