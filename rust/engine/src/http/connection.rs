//! One connection: hyper's state machine with this server's rules about time around it.
//!
//! hyper has one limit for the time until a request's headers are complete, and counts waiting for the next
//! request into it. Clients of the original keep a connection for long pauses, so here the two are told apart: the
//! stream is wrapped, and says when the first byte of a request arrives.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::body::ResponseBody;
use super::limits;

/// What a connection is doing, shared by its task, its stream, the answers in flight and the server.
#[derive(Debug)]
pub(super) struct Activity {
    /// Requests whose answer has not been handed over completely.
    in_flight: Cell<usize>,
    /// Since when nothing is in flight.
    idle_since: Cell<Instant>,
    /// When the first byte of the request arrived whose headers are being read.
    head_since: Cell<Option<Instant>>,
    /// Since when the body of a request is being read.
    reading_since: Cell<Option<Instant>>,
    /// An endless answer is in flight.
    streaming: Cell<bool>,
    /// Since when bytes wait for the client to read.
    blocked_since: Cell<Option<Instant>>,
    /// The client has ended its input while an answer is in flight; whom to tell when that is over.
    held_end: RefCell<Option<Waker>>,
    /// How the connection was asked to end.
    ending: Cell<Option<Ending>>,
    /// Its task, which is told of that.
    task: RefCell<Option<Waker>>,
}

/// How a connection that is asked to end does so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// When the answers in flight are handed over.
    Gracefully,
    /// Whatever is in flight.
    AtOnce,
}

impl Activity {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            in_flight: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            head_since: Cell::new(None),
            reading_since: Cell::new(None),
            streaming: Cell::new(false),
            blocked_since: Cell::new(None),
            held_end: RefCell::new(None),
            ending: Cell::new(None),
            task: RefCell::new(None),
        })
    }

    /// Since when the connection could be closed without harm; `None` while an answer is in flight.
    fn idle_since(&self) -> Option<Instant> {
        (self.in_flight.get() == 0).then(|| self.idle_since.get())
    }

    /// Since when the client has kept everybody waiting: without a request, in the middle of one, or without reading
    /// the log that it follows. `None` while the daemon is to do something, and once the connection was asked to end.
    pub(super) fn evictable_since(&self) -> Option<Instant> {
        let stuck = if self.streaming.get() { &self.blocked_since } else { &self.reading_since };
        if self.ending.get().is_some() { None } else { self.idle_since().or(stuck.get()) }
    }

    /// Asks the connection to end.
    pub(super) fn end(&self, how: Ending) {
        self.ending.set(Some(how));
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    /// How the connection was asked to end; the task is told when it is.
    fn poll_ending(&self, context: &Context<'_>) -> Option<Ending> {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
        self.ending.get()
    }

    /// When the connection is to be closed unless something happens.
    fn deadline(&self) -> Option<Instant> {
        let idle_since = self.idle_since()?;
        Some(
            self.head_since.get().map_or(idle_since + limits::IDLE_TIME, |since| since + limits::HEADER_TIME),
        )
    }

    fn release_end(&self) {
        if let Some(waker) = self.held_end.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// Counts as a request in flight until it is dropped; travels with the answer's body.
#[derive(Debug)]
pub(super) struct InFlight(Rc<Activity>);

impl InFlight {
    fn new(activity: Rc<Activity>) -> Self {
        activity.in_flight.set(activity.in_flight.get() + 1);
        activity.head_since.set(None);
        Self(activity)
    }

    /// The answer is endless: a client that ends its input is gone.
    pub(super) fn set_streaming(&self) {
        self.0.streaming.set(true);
        self.0.release_end();
    }

    /// Since when the body of the request is being read, if it is.
    pub(super) fn set_reading(&self, since: Option<Instant>) {
        self.0.reading_since.set(since);
    }

    /// Nothing more comes from the client: what of the request is not there yet never will be.
    pub(super) fn input_has_ended(&self) -> bool {
        self.0.held_end.borrow().is_some()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
        self.0.idle_since.set(Instant::now());
        self.0.reading_since.set(None);
        self.0.streaming.set(false);
        self.0.release_end();
    }
}

/// A stream that tells [`Activity`] what happens on it.
///
/// It also keeps the client's end of input back while an answer is in flight: `socat` and `nc -N` end their input
/// once the request is sent and still want the answer, which hyper would not give them. hyper reads from the stream
/// only when it has nothing left to pass on, so whoever waits for more of a request then waits in vain.
struct Watched<S> {
    /// Shared with [`has_left`].
    stream: Rc<RefCell<S>>,
    activity: Rc<Activity>,
}

/// Whether the client of an endless answer is gone. hyper does not look when the client has sent more than its request:
/// what that was means nothing any more.
fn has_left<S: AsyncRead + Unpin>(stream: &RefCell<S>, context: &mut Context<'_>) -> bool {
    let mut stream = stream.borrow_mut();
    loop {
        let mut bytes = [0; 512];
        let mut buffer = ReadBuf::new(&mut bytes);
        match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
            Poll::Ready(_) => return true,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, buffer);
        let in_flight = self.activity.in_flight.get() > 0;
        if matches!(result, Poll::Ready(Ok(()))) && buffer.remaining() > 0 && buffer.filled().len() == before
        {
            if in_flight && !self.activity.streaming.get() {
                *self.activity.held_end.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
        } else if result.is_ready() && !in_flight && self.activity.head_since.get().is_none() {
            self.activity.head_since.set(Some(Instant::now()));
        }
        result
    }
}

impl<S> Watched<S> {
    fn note_write<T>(&self, result: Poll<T>) -> Poll<T> {
        let since = self.activity.blocked_since.get();
        self.activity.blocked_since.set(result.is_pending().then(|| since.unwrap_or_else(Instant::now)));
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut *self.stream.borrow_mut()).poll_write(context, bytes);
        self.note_write(result)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut *self.stream.borrow_mut()).poll_write_vectored(context, slices);
        self.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.borrow().is_write_vectored()
    }
}

/// Serves one connection to its end: the client's, a time limit, or one that it was asked for.
pub(super) async fn serve<S, H, F>(stream: S, activity: Rc<Activity>, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    H: Fn(Request<Incoming>, InFlight) -> F,
    F: Future<Output = Response<ResponseBody>>,
{
    let service = service_fn(|request| {
        let answer = handler(request, InFlight::new(Rc::clone(&activity)));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let stream = Rc::new(RefCell::new(stream));
    let watched = Watched { stream: Rc::clone(&stream), activity: Rc::clone(&activity) };
    let connection = http1::Builder::new()
        .title_case_headers(true)
        .max_header_size(limits::MAX_HEADER_BYTES)
        .max_buf_size(limits::BUFFER_BYTES)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(watched), service);
    let mut connection = pin!(connection);
    let mut timer = Timer::default();
    let ends_gracefully = poll_fn(|context| {
        let asked = activity.poll_ending(context);
        // Errors are the client's: it is gone, or what it sent was answered with a 400 by hyper.
        if asked == Some(Ending::AtOnce)
            || connection.as_mut().poll(context).is_ready()
            || timer.poll(activity.deadline(), context).is_ready()
            || (activity.streaming.get() && has_left(&stream, context))
        {
            return Poll::Ready(false);
        }
        if asked.is_some() { Poll::Ready(true) } else { Poll::Pending }
    })
    .await;
    if !ends_gracefully {
        return;
    }
    connection.as_mut().graceful_shutdown();
    poll_fn(|context| {
        let finished = connection.as_mut().poll(context).is_ready();
        // hyper would go on to wait for the headers of a request that it knows nothing of yet.
        let nothing_left = activity.in_flight.get() == 0 && activity.blocked_since.get().is_none();
        if finished || nothing_left { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A sleep whose end may change at every poll; it wakes its task at that end only.
///
/// The end moves with every request, nearly always further away: the sleep is left as it is then, and when it is over
/// it goes on to where the end is by now. So a request costs no timer.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn poll(&mut self, deadline: Option<Instant>, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::task::{JoinHandle, LocalSet, spawn_local};
    use tokio::time::{Duration, sleep};

    use super::*;
    use crate::http::respond;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";

    /// A connection whose every request is answered after ten hours; the clock is a pretended one.
    fn connect() -> (DuplexStream, JoinHandle<()>, Rc<Activity>) {
        let (client, stream) = duplex(1000);
        let activity = Activity::new();
        let task = spawn_local(serve(stream, Rc::clone(&activity), |_, in_flight| async move {
            sleep(Duration::from_secs(36_000)).await;
            respond::whole("text/plain", "late").map(|body| body.hold(in_flight))
        }));
        (client, task, activity)
    }

    async fn seconds_until_closed(mut client: DuplexStream) -> u64 {
        let begun = Instant::now();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_requests_is_closed_after_half_an_hour() {
        let test = async {
            let (client, _task, _activity) = connect();
            assert_eq!(seconds_until_closed(client).await, limits::IDLE_TIME.as_secs());
        };
        LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn headers_must_be_complete_half_a_minute_after_their_first_byte() {
        let test = async {
            let (mut client, _task, _activity) = connect();
            sleep(Duration::from_secs(1000)).await;
            client.write_all(b"GET").await.unwrap();
            sleep(Duration::from_secs(20)).await;
            client.write_all(b" / HTTP/1.1\r\n").await.unwrap();
            assert_eq!(seconds_until_closed(client).await, limits::HEADER_TIME.as_secs() - 20);
        };
        LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_any_time_and_the_connection_lives_on() {
        let test = async {
            let (mut client, _task, _activity) = connect();
            for _ in 0..2 {
                client.write_all(REQUEST).await.unwrap();
                let mut answer = Vec::new();
                while !answer.ends_with(b"late") {
                    assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
                }
            }
            assert_eq!(seconds_until_closed(client).await, limits::IDLE_TIME.as_secs());
        };
        LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_server_waits_for_the_answer_and_for_nothing_else() {
        let test = async {
            let (mut client, task, activity) = connect();
            client.write_all(REQUEST).await.unwrap();
            sleep(Duration::from_secs(1)).await;
            activity.end(Ending::Gracefully);
            assert_eq!(seconds_until_closed(client).await, 35_999);
            task.await.unwrap();

            let (mut client, task, activity) = connect();
            client.write_all(b"GET /").await.unwrap();
            sleep(Duration::from_secs(1)).await;
            activity.end(Ending::Gracefully);
            assert_eq!(seconds_until_closed(client).await, 0);
            task.await.unwrap();
        };
        LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn eviction_closes_an_idle_connection_at_once() {
        let (client, stream) = duplex(1000);
        let activity = Activity::new();
        activity.end(Ending::AtOnce);
        serve(stream, Rc::clone(&activity), |_, in_flight| async move {
            respond::whole("text/plain", "x").map(|body| body.hold(in_flight))
        })
        .await;
        assert_eq!(seconds_until_closed(client).await, 0);
        assert_eq!(activity.evictable_since(), None);
    }
}
