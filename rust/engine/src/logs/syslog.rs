//! Lines to the system log, without ever waiting for it.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::record::local_time;

/// Where the system log listens.
#[cfg(not(target_vendor = "apple"))]
const SOCKET: &str = "/dev/log";
#[cfg(target_vendor = "apple")]
const SOCKET: &str = "/var/run/syslog";

/// Facility "user", severity "info": what the original's lines have.
const PRIORITY: u32 = (1 << 3) | 6;

/// Name of the program that the lines come from.
const PROGRAM: &str = "supervisord";

/// Longest text of one datagram; a longer line goes in pieces.
const LONGEST: usize = 8192;

/// A connection to the system log, made when first needed and again after the log daemon was restarted.
#[derive(Debug)]
pub(crate) struct Syslog {
    path: PathBuf,
    socket: Option<UnixDatagram>,
}

impl Default for Syslog {
    fn default() -> Self {
        Self::at(Path::new(SOCKET))
    }
}

impl Syslog {
    /// The system log that listens at `path`.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), socket: None }
    }

    /// Sends each line of `text`, with `prefix` before it.
    ///
    /// What the system log does not take now is dropped: there may be none, or it may be busy, and neither may
    /// hold up the daemon.
    pub(crate) fn send(&mut self, prefix: &str, text: &[u8]) {
        let time = local_time(SystemTime::now()).strftime("%b %e %H:%M:%S").to_string();
        let head = format!("<{PRIORITY}>{time} {PROGRAM}: {prefix}");
        for line in lines(text) {
            // An empty line is a line too.
            let pieces = if line.is_empty() { vec![line] } else { line.chunks(LONGEST).collect() };
            for piece in pieces {
                self.send_one(&[head.as_bytes(), piece].concat());
            }
        }
    }

    fn send_one(&mut self, datagram: &[u8]) {
        // A second attempt, over a new connection, in case the log daemon was restarted.
        for _ in 0..2 {
            let Ok(socket) = self.connected() else { return };
            match socket.send(datagram) {
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.socket = None,
            }
        }
    }

    fn connected(&mut self) -> io::Result<&UnixDatagram> {
        if self.socket.is_none() {
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            socket.connect(&self.path)?;
            self.socket = Some(socket);
        }
        self.socket.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// The lines of a text, newlines at its end left out.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = text.iter().rposition(|&byte| byte != b'\n').map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default().split(|&byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn receive(server: &UnixDatagram) -> String {
        let mut buffer = [0; 1024];
        let size = server.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..size]).into_owned()
    }

    #[test]
    fn each_line_is_one_datagram_with_priority_time_and_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let server = UnixDatagram::bind(&path).unwrap();
        let mut log = Syslog::at(&path);
        log.send("cat ", b"one\n\ntwo\n\n");
        let received = [receive(&server), receive(&server), receive(&server)];
        for (datagram, end) in received.iter().zip([": cat one", ": cat ", ": cat two"]) {
            assert!(datagram.starts_with("<14>"), "{datagram}");
            assert!(datagram.ends_with(&format!(" supervisord{end}")), "{datagram}");
        }
    }

    #[test]
    fn a_missing_or_full_or_restarted_system_log_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Syslog::at(&path);
        log.send("", b"lost: nobody listens");
        let server = UnixDatagram::bind(&path).unwrap();
        for _ in 0..10_000 {
            log.send("", b"more than the queue holds");
        }
        assert!(receive(&server).ends_with("more than the queue holds"));
        drop(server);
        std::fs::remove_file(&path).unwrap();
        let server = UnixDatagram::bind(&path).unwrap();
        log.send("", b"to the new one");
        assert!(receive(&server).ends_with("to the new one"));
    }
}
