//! Lines of standard input.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, stdin};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use nix::unistd::ttyname;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Reads lines, one when one is asked for, without blocking: the one who waits for a line may have to listen
/// for something else as well (Ctrl-C, a log stream).
///
/// A terminal is read only while a line is waited for, so that none is taken from whoever reads it next; what
/// else there is, such as a file, is read on a thread of its own.
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
    Terminal(Terminal),
}

impl Lines {
    /// Lines of `reader`.
    pub(super) fn new(reader: impl BufRead + Send + 'static) -> Self {
        Self { source: Source::Idle(Some(Box::new(reader))), pending: false }
    }

    /// Lines of standard input.
    pub(super) fn standard() -> Self {
        match Terminal::open(stdin()) {
            Ok(terminal) => Self { source: Source::Terminal(terminal), pending: false },
            Err(_) => Self::new(BufReader::new(stdin())),
        }
    }

    /// The next line without its line end; `None` at the end of input or after an error.
    ///
    /// When the future is dropped before a line came, the next call gets that line.
    pub(super) async fn next(&mut self) -> Option<String> {
        if let Source::Terminal(terminal) = &mut self.source {
            return terminal.next().await.ok().flatten();
        }
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

/// A terminal that gives whole lines (canonical mode).
struct Terminal {
    /// Opened anew: whether reading blocks belongs to the opened file, which standard input shares with others.
    opened: File,
    reader: Option<Receiver>,
    /// What was read of a line so far.
    typed: Vec<u8>,
}

/// Bytes of one reading; a terminal holds about as many of one line.
const CHUNK: usize = 4096;

impl Terminal {
    /// The terminal of this descriptor.
    fn open(descriptor: impl AsFd) -> io::Result<Self> {
        let path = ttyname(descriptor)?;
        let opened =
            OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
        Ok(Self { opened, reader: None, typed: Vec::new() })
    }

    /// The next line; `None` for Ctrl-D at the beginning of one.
    async fn next(&mut self) -> io::Result<Option<String>> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            // Only inside of the runtime can it be made.
            none => none.insert(Receiver::from_file_unchecked(self.opened.try_clone()?)?),
        };
        loop {
            let mut chunk = [0; CHUNK];
            let length = reader.read(&mut chunk).await?;
            self.typed.extend_from_slice(&chunk[..length]);
            let ended = self.typed.last() == Some(&b'\n');
            if ended {
                self.typed.pop();
            }
            if ended || length == 0 {
                let line = String::from_utf8_lossy(&self.typed).into_owned();
                self.typed.clear();
                return Ok((ended || !line.is_empty()).then_some(line));
            }
        }
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
