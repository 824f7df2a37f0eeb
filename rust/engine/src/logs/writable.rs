//! Waiting until a stream that others read takes more.

use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::task::Poll;
use std::time::Duration;

use tokio::net::unix::pipe::Sender;

/// Waits until something can be written to a stream.
pub(crate) async fn writable(descriptor: OwnedFd) {
    /// Where waiting is impossible, by a lack of memory for it: a breath before the next try.
    const BREATH: Duration = Duration::from_millis(100);

    // Unchecked: a terminal or a socket can be waited for just as well as a pipe.
    let ready = async { Sender::from_owned_fd_unchecked(descriptor)?.writable().await };
    if ready.await.is_err() {
        tokio::time::sleep(BREATH).await;
    }
}

/// Waits until something can be written to one of these; for ever, if there are none.
pub(crate) async fn any_writable(descriptors: Vec<OwnedFd>) {
    let mut waiting: Vec<_> =
        descriptors.into_iter().map(|descriptor| Box::pin(writable(descriptor))).collect();
    poll_fn(|context| {
        let is_ready = waiting.iter_mut().any(|one| one.as_mut().poll(context).is_ready());
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
