//! Writing to the standard input of a process, which never holds up the daemon.

use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use nix::errno::Errno;
use supervisor_core::effect::StdinError;
use tokio::net::unix::pipe::Sender;
use tokio::task::{JoinHandle, spawn_local};

/// Most bytes that wait for one process besides those that its pipe holds. One write that finds nothing waiting
/// may be larger: its size is bounded where it comes from.
const WAITING: usize = 1024 * 1024;

/// The writing end of a pipe to a process, and what waits to be written.
#[derive(Debug)]
pub(crate) struct Stdin {
    shared: Rc<Shared>,
    flushing: RefCell<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    pipe: OwnedFd,
    waiting: RefCell<Vec<u8>>,
    is_closed: Cell<bool>,
}

impl Stdin {
    /// A pipe that nothing was written to; it must be non-blocking.
    pub(crate) fn new(pipe: OwnedFd) -> Self {
        let shared = Shared { pipe, waiting: RefCell::default(), is_closed: Cell::new(false) };
        Self { shared: Rc::new(shared), flushing: RefCell::new(None) }
    }

    /// Writes all of it, now or as soon as the process reads; or nothing.
    ///
    /// # Errors
    /// The process closed the pipe, or too much waits for it already.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), StdinError> {
        if self.shared.is_closed.get() {
            return Err(StdinError::Closed);
        }
        let mut waiting = self.shared.waiting.borrow_mut();
        if !waiting.is_empty() {
            if waiting.len() + bytes.len() > WAITING {
                return Err(StdinError::Full);
            }
            waiting.extend_from_slice(bytes);
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match nix::unistd::write(&self.shared.pipe, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(_) => {
                    self.shared.is_closed.set(true);
                    return Err(StdinError::Closed);
                }
            }
        }
        if !rest.is_empty() {
            waiting.extend_from_slice(rest);
            let sender = self.shared.pipe.try_clone().and_then(Sender::from_owned_fd);
            let Ok(sender) = sender else {
                // Without memory or descriptors to wait with, what is left can never be written.
                waiting.clear();
                self.shared.is_closed.set(true);
                return Err(StdinError::Closed);
            };
            *self.flushing.borrow_mut() = Some(spawn_local(flush(Rc::clone(&self.shared), sender)));
        }
        Ok(())
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        if let Some(flushing) = self.flushing.borrow_mut().take() {
            flushing.abort();
        }
    }
}

/// Writes what waits whenever the process has read something.
async fn flush(shared: Rc<Shared>, sender: Sender) {
    loop {
        let is_writable = sender.writable().await.is_ok();
        let mut waiting = shared.waiting.borrow_mut();
        match sender.try_write(&waiting) {
            Ok(count) => {
                waiting.drain(..count);
                if waiting.is_empty() {
                    *waiting = Vec::new();
                    return;
                }
            }
            Err(error) if is_writable && error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => {
                *waiting = Vec::new();
                shared.is_closed.set(true);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;

    use super::*;
    use crate::pipes;

    fn piped() -> (Stdin, std::fs::File) {
        crate::daemon::signals::ignore_write_signals();
        let (read, write) = pipes::pipe().unwrap();
        pipes::set_nonblocking(&write).unwrap();
        (Stdin::new(write), read.into())
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_a_full_pipe_does_not_take_is_written_when_it_is_read() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let (stdin, mut reader) = piped();
                let text: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
                stdin.write(&text).unwrap();
                assert_eq!(stdin.write(b"more"), Err(StdinError::Full));
                let length = text.len();
                let received = tokio::task::spawn_blocking(move || {
                    let mut received = vec![0; length];
                    reader.read_exact(&mut received).unwrap();
                    (received, reader)
                });
                let (received, mut reader) = received.await.unwrap();
                assert!(received == text, "every byte, in order");
                while stdin.write(b"end").is_err() {
                    tokio::task::yield_now().await;
                }
                let mut end = [0; 3];
                reader.read_exact(&mut end).unwrap();
                assert_eq!(&end, b"end");
            })
            .await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_waits_is_bounded_and_a_closed_pipe_is_told() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let (stdin, reader) = piped();
                let mut written = 0;
                while stdin.write(&[b'x'; 1000]).is_ok() {
                    written += 1000;
                    assert!(written < 2 * WAITING);
                }
                assert!(written > WAITING);
                drop(reader);
                while stdin.write(b"x") != Err(StdinError::Closed) {
                    tokio::task::yield_now().await;
                }
                let (stdin, reader) = piped();
                drop(reader);
                assert_eq!(stdin.write(b"x"), Err(StdinError::Closed));
            })
            .await;
    }
}
