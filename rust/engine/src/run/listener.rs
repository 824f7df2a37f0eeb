//! Reading what a listener says: on the control thread itself, so that the round trip of an event crosses none.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;

use nix::errno::Errno;
use supervisor_core::effect::ProcessId;
use supervisor_core::input::Input;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, spawn_local};

use super::control::Message;

/// Bytes read at a time: what a listener says in one go is much shorter.
const READ: usize = 16 * 1024;

/// Most bytes still read when a listener has ended: as much as the largest pipe holds without privileges.
const REMAINDER: usize = 1024 * 1024;

/// A listener that is listened to.
pub(crate) struct Listening {
    ears: Rc<Ears>,
    task: JoinHandle<()>,
}

struct Ears {
    process: ProcessId,
    pipe: Receiver,
    /// A pipe that the log thread reads, for the listener's log. What it does not take, because a disk is stuck, is
    /// lost to the log alone: no event waits for a disk.
    copy: OwnedFd,
    messages: mpsc::UnboundedSender<Message>,
}

impl Listening {
    /// Listens to the reading end of a pipe, and copies what comes to the writing end of another, non-blocking.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start(
        process: ProcessId,
        pipe: OwnedFd,
        copy: OwnedFd,
        messages: mpsc::UnboundedSender<Message>,
    ) -> io::Result<Self> {
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
                Ok(0) => return,
                Ok(count) => {
                    total += count;
                    let input = self.ears.hear(buffer.get(..count).unwrap_or_default());
                    let _ = self.ears.messages.send(Message::Input(input));
                }
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

impl Ears {
    fn hear(&self, data: &[u8]) -> Input {
        let _ = nix::unistd::write(&self.copy, data);
        Input::ListenerOutput { process: self.process, data: data.to_vec() }
    }
}

/// Reads to the end, one read at a time on its way to the core, so that one that never stops talking fills nothing.
async fn listen(ears: Rc<Ears>) {
    let one_at_a_time = Arc::new(Semaphore::new(1));
    let mut buffer = vec![0; READ];
    while let Ok(room) = Arc::clone(&one_at_a_time).acquire_owned().await
        && ears.pipe.readable().await.is_ok()
    {
        match ears.pipe.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                let input = ears.hear(buffer.get(..count).unwrap_or_default());
                let _ = ears.messages.send(Message::Output(input, Some(Arc::new(room))));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => return,
        }
    }
}
