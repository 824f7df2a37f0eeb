//! The reading end of a child's pipe: read by the thread that writes its log, and by the watch while that is stuck.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;

use super::stall::Health;
use crate::pipes;

/// Bytes read at a time, and kept for one pipe while its log is stuck; as much as a pipe holds by default.
pub(crate) const BUFFER: usize = 64 * 1024;

/// What pipes are read into.
pub(crate) type Buffer = [u8; BUFFER];

/// A new one, whose memory counts only as far as it is used.
pub(crate) fn new_buffer() -> Box<Buffer> {
    // By way of a vector: an array would be filled first. The sizes agree, so there is no other case.
    vec![0; BUFFER].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([0; BUFFER]))
}

/// One pipe. Whoever reads it locks it, so that bytes stay in order.
#[derive(Debug)]
pub(crate) struct Intake {
    pipe: Mutex<Pipe>,
    health: Arc<Health>,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    end: End,
    /// What was read while the log was stuck.
    kept: Vec<u8>,
    is_at_end: bool,
}

/// The descriptor, with the system asked to tell what comes or not. It would tell every single write.
#[derive(Debug)]
enum End {
    Told(Receiver),
    Resting(OwnedFd),
    /// Only while it passes from one to the other.
    Passing,
}

impl Intake {
    /// A pipe whose log is on the file system of this health. To be called on the lane's thread.
    ///
    /// # Errors
    /// The system's, when it cannot be waited for.
    pub(crate) fn new(pipe: OwnedFd, health: &Arc<Health>) -> io::Result<Arc<Self>> {
        let end = End::Told(Receiver::from_owned_fd(pipe)?);
        let pipe = Pipe { end, kept: Vec::new(), is_at_end: false };
        let intake = Arc::new(Self { pipe: Mutex::new(pipe), health: Arc::clone(health) });
        health.add(&intake);
        Ok(intake)
    }

    /// Takes what was kept, or else reads once, when there is something. Returns the number of bytes, 0 at the end.
    ///
    /// After a read that does not fill the buffer this waits for what is written later, without a read in vain.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn poll_take(
        &self,
        context: &mut Context<'_>,
        buffer: &mut Buffer,
    ) -> Poll<io::Result<usize>> {
        let mut pipe = self.lock();
        let kept = self.take_kept(&mut pipe, buffer);
        if kept > 0 {
            return Poll::Ready(Ok(kept));
        }
        let mut place = ReadBuf::new(buffer);
        ready!(Pin::new(pipe.told()?).poll_read(context, &mut place))?;
        Poll::Ready(Ok(place.filled().len()))
    }

    /// Asks the system to tell nothing of the pipe until it is taken from again.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn rest(&self) -> io::Result<()> {
        let mut pipe = self.lock();
        pipe.end = match std::mem::replace(&mut pipe.end, End::Passing) {
            End::Told(receiver) => End::Resting(receiver.into_nonblocking_fd()?),
            other => other,
        };
        Ok(())
    }

    /// Has the pipe hold more, where the system can.
    pub(crate) fn widen(&self) {
        if let Ok(pipe) = self.lock().descriptor() {
            pipes::widen(&pipe);
        }
    }

    /// Takes as [`Self::poll_take`] does, without waiting: what is not there is `WouldBlock`.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn take_now(&self, buffer: &mut Buffer) -> io::Result<usize> {
        let mut pipe = self.lock();
        let kept = self.take_kept(&mut pipe, buffer);
        if kept > 0 { Ok(kept) } else { Ok(nix::unistd::read(pipe.descriptor()?, buffer)?) }
    }

    /// Takes all that was kept.
    fn take_kept(&self, pipe: &mut Pipe, buffer: &mut Buffer) -> usize {
        let kept = std::mem::take(&mut pipe.kept);
        // At most as much as a buffer holds.
        if let Some(place) = buffer.get_mut(..kept.len()) {
            place.copy_from_slice(&kept);
        }
        self.health.release(kept.len());
        kept.len()
    }

    /// Reads once, in the stead of the lane, and keeps what there is room for. `pipe` is this one.
    pub(crate) fn keep(&self, pipe: &mut Pipe, buffer: &mut Buffer) {
        let Ok(descriptor) = pipe.descriptor() else { return };
        match nix::unistd::read(descriptor, buffer) {
            Ok(0) => pipe.is_at_end = true,
            Ok(count) => {
                let room = BUFFER.saturating_sub(pipe.kept.len());
                let taken = self.health.keep(count.min(room), count);
                pipe.kept.extend_from_slice(buffer.get(..taken).unwrap_or_default());
            }
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => {}
            // The lane will say it.
            Err(_) => pipe.is_at_end = true,
        }
    }

    /// Keeps everybody else from reading.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Pipe> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pipe {
    /// Whether there may be more to keep.
    pub(crate) fn goes_on(&self) -> bool {
        !self.is_at_end && self.descriptor().is_ok()
    }

    /// Whether bytes were kept that the lane has not taken.
    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The end that is waited for and read.
    fn told(&mut self) -> io::Result<&mut Receiver> {
        if let End::Resting(_) = self.end
            && let End::Resting(descriptor) = std::mem::replace(&mut self.end, End::Passing)
        {
            // Unchecked: it was checked when it came.
            self.end = End::Told(Receiver::from_owned_fd_unchecked(descriptor)?);
        }
        match &mut self.end {
            End::Told(receiver) => Ok(receiver),
            End::Resting(_) | End::Passing => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The descriptor, to be polled or read.
    ///
    /// # Errors
    /// That it is lost, because the system had no memory to wait for it.
    pub(crate) fn descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        match &self.end {
            End::Told(receiver) => Ok(receiver.as_fd()),
            End::Resting(descriptor) => Ok(descriptor.as_fd()),
            End::Passing => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}
