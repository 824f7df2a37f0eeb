//! Bodies: of answers, whole or endless; of requests, with limits.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::connection::InFlight;
use super::limits;

/// Body of an answer.
pub(super) struct ResponseBody {
    content: Content,
    /// Ends the request's time in flight when the body is dropped.
    in_flight: Option<InFlight>,
}

enum Content {
    Whole(Option<Bytes>),
    Endless {
        pieces: mpsc::Receiver<Bytes>,
        /// Finishes when the server ends.
        ending: Pin<Box<dyn Future<Output = ()>>>,
    },
}

impl ResponseBody {
    /// A body whose length is known.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self {
            content: Content::Whole(Some(bytes.into()).filter(|bytes| !bytes.is_empty())),
            in_flight: None,
        }
    }

    /// A body of pieces as they come, until there are no more or `shutdown` becomes true.
    pub(super) fn endless(pieces: mpsc::Receiver<Bytes>, mut shutdown: watch::Receiver<bool>) -> Self {
        let ending = Box::pin(async move {
            // An error means that the server is gone altogether.
            let _ = shutdown.wait_for(|&ending| ending).await;
        });
        Self { content: Content::Endless { pieces, ending }, in_flight: None }
    }

    /// Keeps the request in flight until this body has been handed over.
    pub(super) fn hold(mut self, in_flight: InFlight) -> Self {
        if matches!(self.content, Content::Endless { .. }) {
            in_flight.set_streaming();
        }
        self.in_flight = Some(in_flight);
        self
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take()),
            Content::Endless { pieces, ending } => match ending.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => pieces.poll_recv(context),
            },
        };
        next.map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Content::Endless { .. } => SizeHint::default(),
        }
    }
}

/// Why a request's body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadError {
    /// Longer than [`limits::MAX_BODY_BYTES`].
    TooBig,
    /// Nothing came for [`limits::BODY_STALL_TIME`], or not all within [`limits::BODY_TIME`].
    Stalled,
    /// The client broke off, or what it sent is not HTTP.
    Broken,
}

impl ReadError {
    /// The status that says so.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::TooBig => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// The next piece of a request's body; `None` at its end.
async fn next_piece(body: &mut Incoming, in_flight: &InFlight) -> Option<Result<Bytes, ReadError>> {
    poll_fn(|context| match Pin::new(&mut *body).poll_frame(context) {
        Poll::Ready(None) => Poll::Ready(None),
        // What is no data are trailers, which mean nothing here.
        Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame.into_data().unwrap_or_default()))),
        Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(ReadError::Broken))),
        Poll::Pending if in_flight.input_has_ended() => Poll::Ready(Some(Err(ReadError::Broken))),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// The body of a request, read at most once.
pub(super) struct RequestBody {
    incoming: Incoming,
    read: Option<Bytes>,
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self { incoming, read: None }
    }

    /// The whole body.
    pub(super) async fn read(&mut self, in_flight: &InFlight) -> Result<Bytes, ReadError> {
        if let Some(read) = &self.read {
            return Ok(read.clone());
        }
        let begun = Instant::now();
        in_flight.set_reading(Some(begun));
        let whole = read_pieces(&mut self.incoming, in_flight, begun).await;
        in_flight.set_reading(None);
        let whole = whole?;
        self.read = Some(whole.clone());
        Ok(whole)
    }

    /// Reads what is left of an unwanted body, within limits: closing a socket that holds unread bytes would take the
    /// answer away from the client.
    pub(super) async fn discard(&mut self, in_flight: &InFlight) {
        if self.incoming.is_end_stream() {
            return;
        }
        let mut left = limits::MAX_DISCARDED_BYTES;
        let reading = async {
            while let Some(Ok(piece)) = next_piece(&mut self.incoming, in_flight).await {
                match left.checked_sub(piece.len()) {
                    Some(still) => left = still,
                    None => return,
                }
            }
        };
        // What is not read in time stays unread.
        let _ = timeout(limits::DISCARD_TIME, reading).await;
    }
}

async fn read_pieces(body: &mut Incoming, in_flight: &InFlight, begun: Instant) -> Result<Bytes, ReadError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limits::MAX_BODY_BYTES {
        return Err(ReadError::TooBig);
    }
    let mut whole = BytesMut::new();
    let mut since = begun;
    loop {
        let deadline = (since + limits::BODY_STALL_TIME).min(begun + limits::BODY_TIME);
        let piece = timeout_at(deadline, next_piece(body, in_flight)).await;
        let Some(piece) = piece.map_err(|_| ReadError::Stalled)? else { return Ok(whole.freeze()) };
        let piece = piece?;
        if whole.len() + piece.len() > limits::MAX_BODY_BYTES {
            return Err(ReadError::TooBig);
        }
        // Nearly always it comes in one piece, which needs no copy.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(piece);
        }
        whole.extend_from_slice(&piece);
        since = Instant::now();
    }
}
