//! Lines of standard input.

use std::io::BufRead;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Reads lines on a thread of its own, one when one is asked for: reading blocks, and the one who waits
/// for a line may have to listen for something else as well (Ctrl-C, a log stream).
pub(super) struct Lines {
    source: Source,
    /// A line has been asked for and not yet taken.
    pending: bool,
}

enum Source {
    /// Nothing was read yet; a command that reads nothing needs no thread.
    Idle(Option<Box<dyn BufRead + Send>>),
    Running {
        requests: Sender<()>,
        lines: UnboundedReceiver<String>,
    },
}

impl Lines {
    /// Lines of `reader`.
    pub(super) fn new(reader: impl BufRead + Send + 'static) -> Self {
        Self { source: Source::Idle(Some(Box::new(reader))), pending: false }
    }

    /// The next line without its line end; `None` at the end of input or after an error.
    ///
    /// When the future is dropped before a line came, the next call gets that line.
    pub(super) async fn next(&mut self) -> Option<String> {
        if let Source::Idle(reader) = &mut self.source {
            self.source = start(reader.take()?);
        }
        let Source::Running { requests, lines } = &mut self.source else { return None };
        if !self.pending {
            // Fails once the thread has met the end of input; then `recv` says so.
            self.pending = requests.send(()).is_ok();
        }
        let line = lines.recv().await;
        self.pending = false;
        line
    }
}

/// Starts the thread, which ends at the end of input or when nobody asks any more.
fn start(mut reader: Box<dyn BufRead + Send>) -> Source {
    let (requests, wanted) = channel();
    let (sender, lines) = unbounded_channel();
    thread::spawn(move || {
        while wanted.recv().is_ok() {
            let mut bytes = Vec::new();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            if sender.send(String::from_utf8_lossy(&bytes).into_owned()).is_err() {
                return;
            }
        }
    });
    Source::Running { requests, lines }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn lines_come_without_their_ends_and_the_last_needs_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut lines = Lines::new(&b"one\n\nthree"[..]);
            assert_eq!(lines.next().await.as_deref(), Some("one"));
            assert_eq!(lines.next().await.as_deref(), Some(""));
            assert_eq!(lines.next().await.as_deref(), Some("three"));
            assert_eq!(lines.next().await, None);
            assert_eq!(lines.next().await, None);
        });
    }
}
