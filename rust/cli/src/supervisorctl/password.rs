//! Asking for a password without showing it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use super::input::Lines;

/// The terminal of this process, which shows nothing of what is typed until this is dropped.
pub(super) struct SilentTerminal {
    terminal: File,
    before: Termios,
}

impl SilentTerminal {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be set to show nothing.
    pub(super) fn open() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(Self { terminal, before })
    }

    /// Shows a prompt and returns what will be typed.
    ///
    /// # Errors
    ///
    /// The terminal has gone.
    pub(super) fn ask(&mut self, prompt: &str) -> io::Result<Lines> {
        self.terminal.write_all(prompt.as_bytes())?;
        Ok(Lines::new(BufReader::new(self.terminal.try_clone()?)))
    }

    /// Shows the line end that was typed and not shown.
    ///
    /// # Errors
    ///
    /// The terminal has gone.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.terminal.write_all(b"\n")
    }
}

impl Drop for SilentTerminal {
    fn drop(&mut self) {
        // Nothing can be done for a terminal that has gone.
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}
