//! Lines to the system log, without ever waiting for it.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::outlet::losses;
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

/// Most bytes that wait for a busy log daemon.
const BACKLOG: usize = 256 * 1024;

/// A connection to the system log, made when first needed and again after the log daemon was restarted.
#[derive(Debug)]
pub(crate) struct Syslog {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    /// What the log daemon did not take yet, in order.
    backlog: VecDeque<Vec<u8>>,
    backlog_size: usize,
    /// Lines that found no room there.
    lost: u64,
}

impl Default for Syslog {
    fn default() -> Self {
        Self::at(Path::new(SOCKET))
    }
}

impl Syslog {
    /// The system log that listens at `path`.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), socket: None, backlog: VecDeque::new(), backlog_size: 0, lost: 0 }
    }

    /// Sends each line of `text`, with `prefix` before it.
    ///
    /// What a busy system log does not take now waits, up to a bound, and is counted beyond it. Where there is no
    /// system log the lines are dropped, as they are for everybody else.
    pub(crate) fn send(&mut self, prefix: &str, text: &[u8]) {
        let head = head(prefix);
        for line in lines(text) {
            // An empty line is a line too.
            let pieces = if line.is_empty() { vec![line] } else { line.chunks(LONGEST).collect() };
            for piece in pieces {
                let datagram = [head.as_bytes(), piece].concat();
                if !self.backlog.is_empty() || !self.send_one(&datagram) {
                    self.keep(datagram);
                }
            }
        }
    }

    fn keep(&mut self, datagram: Vec<u8>) {
        if self.backlog_size + datagram.len() > BACKLOG {
            self.lost += 1;
        } else {
            self.backlog_size += datagram.len();
            self.backlog.push_back(datagram);
        }
    }

    /// Sends what waited, as far as it is taken now; then how much was lost.
    pub(crate) fn flush(&mut self) {
        while let Some(datagram) = self.backlog.pop_front() {
            if !self.send_one(&datagram) {
                self.backlog.push_front(datagram);
                return;
            }
            self.backlog_size -= datagram.len();
        }
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            self.send("", losses(lost).as_bytes());
        }
    }

    /// A descriptor to wait on until there is room, when lines wait.
    pub(crate) fn blocked(&self) -> Option<OwnedFd> {
        let socket = self.socket.as_ref().filter(|_| !self.backlog.is_empty())?;
        socket.as_fd().try_clone_to_owned().ok()
    }

    /// Whether it is done with: taken, or in vain because there is no system log. False if it is busy.
    fn send_one(&mut self, datagram: &[u8]) -> bool {
        // A second attempt, over a new connection, in case the log daemon was restarted.
        for _ in 0..2 {
            let Ok(socket) = self.connected() else { return true };
            match socket.send(datagram) {
                Ok(_) => return true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => self.socket = None,
            }
        }
        true
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

/// What stands before the text of a line: priority, time, program, and the prefix.
fn head(prefix: &str) -> String {
    let time = local_time(SystemTime::now()).strftime("%b %e %H:%M:%S");
    format!("<{PRIORITY}>{time} {PROGRAM}: {prefix}")
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
        for number in 0..10_000 {
            log.send("", format!("{number:0>100}").as_bytes());
        }
        assert!(log.blocked().is_some());
        let mut count = 0;
        while log.blocked().is_some() {
            assert!(receive(&server).ends_with(&format!("{count:0>100}")));
            count += 1;
            log.flush();
        }
        assert!(count > 1000 && log.lost == 0, "{count} lines were kept");
        drop(server);
        std::fs::remove_file(&path).unwrap();
        let server = UnixDatagram::bind(&path).unwrap();
        log.send("", b"to the new one");
        assert!(receive(&server).ends_with("to the new one"));
    }
}
