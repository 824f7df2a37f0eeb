//! One open log: appending, rotation, opening again (parity 10, traps 2.18 and 3).

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::sys::socket::{MsgFlags, send};

/// A file, or something that cannot seek: a pipe, a terminal, a socket, a device.
///
/// Only a regular file is ever rotated. Writing never waits for a reader: what does not fit is refused with
/// [`io::ErrorKind::WouldBlock`], except where a stream can be neither opened anew nor is a socket.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    kind: Kind,
    maxbytes: u64,
    backups: u32,
    /// After a failed rotation: the size at which to try again, so that a folder that is not writable does not
    /// cost a rotation per write.
    retry_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Regular,
    Stream,
    Socket,
}

impl LogFile {
    /// Opens a log for appending, making it if need be. It is rotated at `maxbytes`, keeping `backups` old
    /// files; 0 bytes for never.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(path: &Path, maxbytes: u64, backups: u32) -> io::Result<Self> {
        let (file, kind) = open_for_appending(path)?;
        Ok(Self { path: path.to_owned(), file, kind, maxbytes, backups, retry_at: 0 })
    }

    /// The daemon's standard output as a log.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn standard_output() -> io::Result<Self> {
        let path = PathBuf::from("/dev/stdout");
        let (file, kind) = duplicate(io::stdout().as_fd())?;
        // A description of our own may be non-blocking without others who share the terminal or pipe noticing.
        let (file, kind) = match kind {
            Kind::Stream => open_for_appending(&path).unwrap_or((file, kind)),
            Kind::Regular | Kind::Socket => (file, kind),
        };
        Ok(Self { path, file, kind, maxbytes: 0, backups: 0, retry_at: 0 })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes as much as possible now. Returns how many bytes were taken, and what ended it if not all.
    pub(crate) fn write(&mut self, data: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            let result = match self.kind {
                Kind::Socket => {
                    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                    send(self.file.as_raw_fd(), rest, flags).map_err(io::Error::from)
                }
                Kind::Regular | Kind::Stream => self.file.write(rest),
            };
            match result {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// Rotates the log if the last write reached `maxbytes`: `log` becomes `log.1`, `log.1` becomes `log.2` and
    /// so on up to the number of backups; without backups the log is emptied.
    ///
    /// # Errors
    /// The system's. The log then goes on in the file it was in, and rotation is tried again `maxbytes` later.
    pub(crate) fn rotate_if_full(&mut self) -> io::Result<()> {
        if self.maxbytes == 0 || self.kind != Kind::Regular || names_standard_descriptor(&self.path).is_some()
        {
            return Ok(());
        }
        let size = self.file.stream_position()?;
        if size < self.maxbytes.max(self.retry_at) {
            return Ok(());
        }
        let result = self.rotate();
        self.retry_at = if result.is_ok() { 0 } else { size.saturating_add(self.maxbytes) };
        result
    }

    fn rotate(&mut self) -> io::Result<()> {
        if self.backups > 0 {
            for number in (1..self.backups).rev() {
                let old = self.backup(number);
                if old.exists() {
                    rename_if_there(&old, &self.backup(number + 1))?;
                }
            }
            rename_if_there(&self.path, &self.backup(1))?;
        }
        self.file = options().open(&self.path)?;
        self.file.set_len(0)
    }

    /// The path of the backup of that number.
    fn backup(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }

    /// Closes the log and opens its path again, which may be another file by now.
    ///
    /// # Errors
    /// The system's; the log then goes on in the file it was in.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        if names_standard_descriptor(&self.path).is_some() {
            return Ok(());
        }
        (self.file, self.kind) = open_for_appending(&self.path)?;
        self.retry_at = 0;
        Ok(())
    }
}

impl AsFd for LogFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Non-blocking, so that opening a named pipe without a reader is an error instead of a wait, and writing to a
/// stream is refused when it is full; it means nothing to regular files.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

fn open_for_appending(path: &Path) -> io::Result<(File, Kind)> {
    match options().open(path) {
        Ok(file) => {
            let kind = kind_of(&file)?;
            Ok((file, kind))
        }
        // A socket cannot be opened by name, nor can what belongs to another user; both are open already.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EACCES)) => {
            match names_standard_descriptor(path) {
                Some(Standard::Output) => duplicate(io::stdout().as_fd()),
                Some(Standard::Error) => duplicate(io::stderr().as_fd()),
                None => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<(File, Kind)> {
    let file = File::from(descriptor.try_clone_to_owned()?);
    let kind = kind_of(&file)?;
    Ok((file, kind))
}

fn kind_of(file: &File) -> io::Result<Kind> {
    let kind = file.metadata()?.file_type();
    Ok(if kind.is_file() {
        Kind::Regular
    } else if kind.is_socket() {
        Kind::Socket
    } else {
        Kind::Stream
    })
}

/// The daemon's own output channels.
enum Standard {
    Output,
    Error,
}

/// Which of the daemon's own output channels the path names. They are never rotated, whatever they are.
fn names_standard_descriptor(path: &Path) -> Option<Standard> {
    match path.to_str()? {
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some(Standard::Output),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some(Standard::Error),
        _ => None,
    }
}

/// A source that is gone, removed by some clean-up script, is no reason not to rotate the rest.
fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads from `file` until `buffer` is full or the file ends. Returns the number of bytes.
///
/// # Errors
/// The system's.
pub(crate) fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
