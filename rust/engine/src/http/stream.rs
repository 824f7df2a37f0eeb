//! A client's connection, of either kind.
//!
//! The runtime's own streams are watched for room to write as well as for input, from their first moment on. Of a unix
//! socket the system then tells each time that the client has read an answer, which would wake the daemon a second
//! time for every request. Here a socket is watched from when it first had nothing to read, for that alone, and for
//! room only while an answer finds none. So a connection for a single request mostly needs no watching at all.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send, sendmsg};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use super::limits;

/// Bytes that are read first: a request, as a rule.
const FIRST_PIECE: usize = 1024;

/// Most bytes that are put together before they are sent: up to there a copy costs less than what the system has to do
/// for several pieces.
const SMALL: usize = 1024;

/// Has the system tell when `socket`, which owns its descriptor, is ready.
///
/// # Errors
/// The system's, when it can watch no more.
#[allow(deprecated, reason = "what replaces it is unsafe, for descriptors that somebody else may close")]
pub(super) fn watch_socket<T: AsRawFd>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

/// A connected stream socket. Closed when it is dropped; there is no other way to shut it down.
pub(super) struct Stream {
    socket: Arc<OwnedFd>,
    /// Tells of input, once there was none.
    input: Option<AsyncFd<Arc<OwnedFd>>>,
    /// The last read took all there was.
    is_drained: bool,
    /// How many bytes are read at once. Small, for the memory is cleared first, until more come.
    piece: usize,
    /// Tells of room to write, while there was none. A descriptor of its own, for one can be watched only once.
    room: Option<AsyncFd<OwnedFd>>,
}

impl Stream {
    /// From an accepted socket.
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self { socket: Arc::new(socket), input: None, is_drained: false, piece: FIRST_PIECE, room: None }
    }

    /// The socket, to be shut down by somebody else.
    pub(super) fn socket(&self) -> Weak<OwnedFd> {
        Arc::downgrade(&self.socket)
    }

    /// Writes by `send`, or waits for room.
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        send: impl Fn(RawFd) -> nix::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match send(self.socket.as_raw_fd()) {
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => {}
                sent => return Poll::Ready(sent.map_err(io::Error::from)),
            }
            let room = match &mut self.room {
                Some(room) => room,
                none => none.insert(watch_socket(self.socket.try_clone()?, Interest::WRITABLE)?),
            };
            ready!(room.poll_write_ready(context))?.clear_ready();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // hyper asks for more before it has the request answered. What ends with its answer need not be watched.
        if self.input.is_none() && std::mem::take(&mut self.is_drained) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let mut told = match &self.input {
                Some(input) => Some(ready!(input.poll_read_ready(context))?),
                None => None,
            };
            let size = self.piece.min(buffer.remaining());
            let piece = buffer.initialize_unfilled_to(size);
            match recv(self.socket.as_raw_fd(), piece, MsgFlags::MSG_DONTWAIT) {
                Ok(length) => {
                    // With room left there was no more, and the system tells when there is: nothing to ask for.
                    let is_drained = 0 < length && length < size;
                    if let Some(told) = told.as_mut().filter(|_| is_drained) {
                        told.clear_ready();
                    }
                    self.is_drained = is_drained;
                    if length == self.piece {
                        self.piece = (2 * length).min(limits::BUFFER_BYTES);
                    }
                    buffer.advance(length);
                    return Poll::Ready(Ok(()));
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => match &mut told {
                    Some(told) => told.clear_ready(),
                    None => {
                        let socket = Arc::clone(&self.socket);
                        self.input = Some(watch_socket(socket, Interest::READABLE)?);
                    }
                },
                Err(errno) => return Poll::Ready(Err(errno.into())),
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, |socket| send(socket, bytes, MsgFlags::MSG_DONTWAIT))
    }

    /// Called when everything is written.
    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.room = None;
        Poll::Ready(Ok(()))
    }

    /// Left to the end of the connection, which follows.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut whole = [0; SMALL];
        match gather(slices, &mut whole) {
            Some(whole) => self.poll_write(context, whole),
            None => self.poll_send(context, |socket| {
                sendmsg::<()>(socket, slices, &[], MsgFlags::MSG_DONTWAIT, None)
            }),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// All pieces in one, where that has room for them.
fn gather<'a>(pieces: &[IoSlice<'_>], whole: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut length = 0;
    for piece in pieces {
        let end = length + piece.len();
        whole.get_mut(length..end)?.copy_from_slice(piece);
        length = end;
    }
    Some(&whole[..length])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn pair() -> (Stream, UnixStream) {
        let (server, client) = UnixStream::pair().unwrap();
        (Stream::new(server.into()), client)
    }

    #[tokio::test]
    async fn a_request_that_is_there_is_read_and_answered_without_watching_the_socket() {
        let (mut server, mut client) = pair();
        client.write_all(b"question").unwrap();
        let mut bytes = [0; 64];
        assert_eq!(server.read(&mut bytes).await.unwrap(), 8);
        server.write_all(b"answer").await.unwrap();
        server.flush().await.unwrap();
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut more = ReadBuf::new(&mut bytes);
        assert!(Pin::new(&mut server).poll_read(&mut context, &mut more).is_pending());
        assert!(server.input.is_none() && server.room.is_none());
        assert!(Pin::new(&mut server).poll_read(&mut context, &mut more).is_pending());
        assert!(server.input.is_some());
        drop(server);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"answer");
    }

    #[tokio::test]
    async fn whoever_waits_for_input_is_told_of_each_piece_and_of_the_end() {
        let (mut server, client) = pair();
        let talking = std::thread::spawn(move || {
            let mut client = client;
            for _ in 0..100 {
                client.write_all(b"piece").unwrap();
                client.read_exact(&mut [0]).unwrap();
            }
        });
        let mut bytes = [0; 64];
        for _ in 0..100 {
            assert_eq!(server.read(&mut bytes).await.unwrap(), 5);
            server.write_all(b"!").await.unwrap();
        }
        assert_eq!(server.read(&mut bytes).await.unwrap(), 0);
        talking.join().unwrap();
    }

    #[tokio::test]
    async fn what_finds_no_room_is_written_as_the_client_reads() {
        let (mut server, mut client) = pair();
        let large = vec![b'x'; 4_000_000];
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            client.read_to_end(&mut all).map(|_| all.len())
        });
        server.write_all(&large).await.unwrap();
        assert!(server.room.is_some());
        server.flush().await.unwrap();
        assert!(server.room.is_none());
        drop(server);
        assert_eq!(reading.join().unwrap().unwrap(), 4_000_000);
    }

    #[tokio::test]
    async fn a_client_that_is_gone_fails_whoever_writes_to_it() {
        let (mut server, client) = pair();
        drop(client);
        assert!(server.write_all(b"answer").await.is_err());
    }
}
