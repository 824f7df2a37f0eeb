//! Standard output, which may be a pipe whose reader leaves.

use std::io::{self, Write};

/// Where a session prints. The first error closes it; what is printed afterwards is dropped, so that a
/// command such as `start all | head -1` is carried out to its end, as the original does.
pub(super) struct Output<'a> {
    writer: &'a mut dyn Write,
    closed: bool,
}

impl<'a> Output<'a> {
    /// Prints to `writer`.
    pub(super) fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer, closed: false }
    }

    /// Prints a line.
    pub(super) fn line(&mut self, text: &str) {
        self.attempt(|writer| {
            writer.write_all(text.as_bytes())?;
            writer.write_all(b"\n")
        });
    }

    /// Prints text without a line end, at once (a prompt).
    pub(super) fn prompt(&mut self, text: &str) {
        self.attempt(|writer| {
            writer.write_all(text.as_bytes())?;
            writer.flush()
        });
    }

    /// Passes on bytes as they are, at once (a log stream).
    ///
    /// # Errors
    ///
    /// Nobody reads any more: reason for a stream to end.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.writer.flush()
    }

    /// Lets out what is buffered.
    pub(super) fn flush(&mut self) {
        self.attempt(|writer| writer.flush());
    }

    fn attempt(&mut self, action: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if !self.closed {
            self.closed = action(self.writer).is_err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe whose reader has left, counting attempts.
    struct Closed(usize);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_tried_once_and_then_left_alone() {
        let mut pipe = Closed(0);
        let mut output = Output::new(&mut pipe);
        output.line("one");
        output.line("two");
        assert_eq!(pipe.0, 1);
    }
}
