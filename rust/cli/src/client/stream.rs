//! Logs as they grow: `/logtail/NAME/CHANNEL` and `/mainlogtail`.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{ClientError, Endpoint, transport};

/// A stream of a server's bytes.
pub struct LogStream(State);

enum State {
    /// The server may answer only when the log has something to show.
    Opening(Pin<Box<dyn Future<Output = Result<Incoming, ClientError>> + Send>>),
    Open(Incoming),
    Ended,
}

impl LogStream {
    pub(super) fn new(endpoint: Endpoint, path: String) -> Self {
        Self(State::Opening(Box::pin(transport::get(endpoint, path))))
    }

    /// The next bytes, as they come; `None` once the server has ended the stream, also when it did so by
    /// going away. An error is the last thing it returns. Waiting may be given up and taken up again.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, such as that of [`super::Client::wait`].
    pub async fn next(&mut self) -> Option<Result<Bytes, ClientError>> {
        if let State::Opening(opening) = &mut self.0 {
            match opening.await {
                Ok(body) => self.0 = State::Open(body),
                Err(error) => {
                    self.0 = State::Ended;
                    return Some(Err(error));
                }
            }
        }
        while let State::Open(body) = &mut self.0 {
            match body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Some(Ok(bytes));
                    }
                }
                Some(Err(_)) | None => self.0 = State::Ended,
            }
        }
        None
    }
}
