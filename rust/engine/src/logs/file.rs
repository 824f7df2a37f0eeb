//! One open log: appending, rotation, opening again (parity 10, traps 2.18 and 3).

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};

/// A file, or something that cannot seek: a pipe, a terminal, a socket, a device.
///
/// Only a regular file is ever rotated. Writing never waits for a reader: what does not fit is refused with
/// [`io::ErrorKind::WouldBlock`].
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    kind: Kind,
    /// Number of the file system that it was opened on.
    device: u64,
    maxbytes: u64,
    backups: u32,
    /// After a failed rotation: the size at which to try again, so that a folder that is not writable does not
    /// cost a rotation per write.
    retry_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Regular,
    /// Non-blocking.
    Stream,
    /// Not to be made non-blocking, since others have it too and may not be prepared for that.
    SharedStream,
    Socket,
}

/// What a stream that can be written to at all takes without waiting (POSIX' least `PIPE_BUF`).
const ALWAYS_TAKEN: usize = 512;

impl LogFile {
    /// Opens a log for appending, making it if need be. It is rotated at `maxbytes`, keeping `backups` old
    /// files; 0 bytes for never.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(path: &Path, maxbytes: u64, backups: u32) -> io::Result<Self> {
        let (file, kind) = open_for_appending(path)?;
        let device = file.metadata()?.dev();
        Ok(Self { path: path.to_owned(), file, kind, device, maxbytes, backups, retry_at: 0 })
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
            Kind::Stream | Kind::SharedStream => open_for_appending(&path).unwrap_or((file, kind)),
            Kind::Regular | Kind::Socket => (file, kind),
        };
        let device = file.metadata()?.dev();
        Ok(Self { path, file, kind, device, maxbytes: 0, backups: 0, retry_at: 0 })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file system whose disk may hold up who writes here, if there is one.
    pub(crate) fn device(&self) -> Option<u64> {
        names_descriptor(&self.path).is_none().then_some(self.device)
    }

    /// Writes as much as possible now. Returns how many bytes were taken, and what ended it if not all.
    pub(crate) fn write(&mut self, data: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            let result = match self.kind {
                Kind::Socket => {
                    send(self.file.as_raw_fd(), rest, MsgFlags::MSG_DONTWAIT).map_err(io::Error::from)
                }
                Kind::Regular | Kind::Stream => self.file.write(rest),
                Kind::SharedStream => write_without_waiting(&mut self.file, rest),
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
    /// Where somebody else has rotated it already, such as another process with the same log, this goes on in
    /// the new file instead.
    ///
    /// # Errors
    /// The system's. The log then goes on in the file it was in, and rotation is tried again `maxbytes` later.
    pub(crate) fn rotate_if_full(&mut self) -> io::Result<()> {
        if self.maxbytes == 0 || !self.is_file() {
            return Ok(());
        }
        let size = self.file.stream_position()?;
        if size < self.maxbytes.max(self.retry_at) {
            return Ok(());
        }
        let result = if self.was_replaced()? { self.reopen() } else { self.rotate() };
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

    /// Whether another file has the log's name by now.
    fn was_replaced(&self) -> io::Result<bool> {
        let own = self.file.metadata()?;
        Ok(self.path.metadata().is_ok_and(|named| (named.dev(), named.ino()) != (own.dev(), own.ino())))
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
        if names_descriptor(&self.path).is_some() {
            return Ok(());
        }
        (self.file, self.kind) = open_for_appending(&self.path)?;
        self.retry_at = 0;
        Ok(())
    }
}

impl LogFile {
    /// Removes the log and begins a new one of its name. What is no file stays as it is.
    ///
    /// # Errors
    /// The system's; the log then goes on in the file it was in.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        if !self.is_file() {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.reopen(),
        }
    }

    /// Whether it is a file of its own, which can be rotated and removed.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == Kind::Regular && names_descriptor(&self.path).is_none()
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
    let standard = names_descriptor(path).flatten();
    if let Some(standard) = standard
        && let Ok((file, Kind::Regular)) = standard.duplicate()
    {
        // The daemon's own output goes on at the same place; opened anew, each would write over the other.
        return Ok((file, Kind::Regular));
    }
    match options().open(path) {
        Ok(file) => {
            let kind = kind_of(&file)?;
            Ok((file, kind))
        }
        Err(error) => match (error.raw_os_error(), standard) {
            // A socket cannot be opened by name, nor can what belongs to another user; both are open already.
            (Some(libc::ENXIO | libc::EACCES), Some(standard)) => standard.duplicate(),
            // A named pipe that nobody reads yet: with a reading end of its own it takes what it has room for.
            (Some(libc::ENXIO), None) if path.metadata()?.file_type().is_fifo() => {
                Ok((options().read(true).open(path)?, Kind::Stream))
            }
            _ => Err(error),
        },
    }
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

/// Writes as much as is taken for sure, if anything.
fn write_without_waiting(file: &mut File, data: &[u8]) -> io::Result<usize> {
    let mut descriptors = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut descriptors, PollTimeout::ZERO)? == 0 {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    file.write(data.get(..ALWAYS_TAKEN).unwrap_or(data))
}

/// The daemon's own output channels.
#[derive(Debug, Clone, Copy)]
enum Standard {
    Output,
    Error,
}

impl Standard {
    /// Another descriptor of the same channel.
    fn duplicate(self) -> io::Result<(File, Kind)> {
        match self {
            Self::Output => duplicate(io::stdout().as_fd()),
            Self::Error => duplicate(io::stderr().as_fd()),
        }
    }
}

fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<(File, Kind)> {
    let file = File::from(descriptor.try_clone_to_owned()?);
    let kind = match kind_of(&file)? {
        Kind::Stream => Kind::SharedStream,
        kind => kind,
    };
    Ok((file, kind))
}

/// Whether the path names a descriptor of the daemon, and which of its own output channels if it is one. Such a
/// log is never rotated, whatever it is.
fn names_descriptor(path: &Path) -> Option<Option<Standard>> {
    match path.to_str()? {
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some(Some(Standard::Output)),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some(Some(Standard::Error)),
        other => {
            let number = other.strip_prefix("/dev/fd/").or_else(|| other.strip_prefix("/proc/self/fd/"))?;
            number.parse::<u32>().is_ok().then_some(None)
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn write(log: &mut LogFile, data: &[u8]) {
        let (written, result) = log.write(data);
        result.unwrap();
        assert_eq!(written, data.len());
        log.rotate_if_full().unwrap();
    }

    /// Names and contents of all files of a folder, by name.
    fn contents(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    /// Each case: limit, backups, text that was there, sizes of the writes (of `a`, `b`, …), and the files that
    /// the original leaves.
    #[test]
    fn rotation_leaves_the_files_that_the_original_leaves() {
        type Case = (u64, u32, &'static str, &'static [usize], &'static [(&'static str, &'static str)]);
        let cases: &[Case] = &include!("../../tests/fixtures/rotation.in");
        for (maxbytes, backups, before, sizes, expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            fs::write(&path, before).unwrap();
            let mut log = LogFile::open(&path, *maxbytes, *backups).unwrap();
            for (letter, &size) in (b'a'..).zip(*sizes) {
                write(&mut log, &vec![letter; size]);
            }
            let expected: Vec<_> =
                expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            assert_eq!(
                contents(folder.path()),
                expected,
                "maxbytes {maxbytes}, backups {backups}, {sizes:?}"
            );
        }
    }

    #[test]
    fn an_active_log_or_backup_that_was_removed_does_not_stop_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile::open(&path, 4, 3).unwrap();
        write(&mut log, b"aaaa");
        write(&mut log, b"bbbb");
        fs::remove_file(folder.path().join("log.1")).unwrap();
        fs::remove_file(&path).unwrap();
        write(&mut log, b"cccc");
        write(&mut log, b"d");
        let expected =
            [("log", "d"), ("log.3", "aaaa")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(contents(folder.path()), expected);
    }

    #[test]
    fn a_rotation_that_fails_costs_no_output_and_is_tried_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let obstacle = folder.path().join("log.1");
        fs::create_dir(&obstacle).unwrap();
        let mut log = LogFile::open(&path, 4, 1).unwrap();
        assert_eq!(log.write(b"aaaa").0, 4);
        log.rotate_if_full().unwrap_err();
        write(&mut log, b"bb");
        fs::remove_dir(&obstacle).unwrap();
        write(&mut log, b"cc");
        write(&mut log, b"d");
        let expected =
            [("log", "d"), ("log.1", "aaaabbcc")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(contents(folder.path()), expected);
    }

    #[test]
    fn a_log_that_cannot_seek_is_never_rotated() {
        let mut log = LogFile::open(Path::new("/dev/null"), 2, 2).unwrap();
        write(&mut log, b"more than two bytes");
        assert!(!Path::new("/dev/null.1").exists());
    }

    #[test]
    fn two_handles_on_one_file_append_to_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (mut one, mut other) = (LogFile::open(&path, 0, 0).unwrap(), LogFile::open(&path, 0, 0).unwrap());
        write(&mut one, b"1");
        write(&mut other, b"2");
        write(&mut one, b"3");
        assert_eq!(fs::read(&path).unwrap(), b"123");
    }

    #[test]
    fn of_two_handles_on_one_file_one_rotates_and_the_other_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (mut one, mut other) = (LogFile::open(&path, 4, 2).unwrap(), LogFile::open(&path, 4, 2).unwrap());
        write(&mut one, b"1111");
        write(&mut other, b"2222");
        write(&mut other, b"3");
        write(&mut one, b"4");
        let expected =
            [("log", "34"), ("log.1", "11112222")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(contents(folder.path()), expected);
    }

    #[test]
    fn reopening_follows_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile::open(&path, 0, 0).unwrap();
        write(&mut log, b"old");
        fs::rename(&path, folder.path().join("moved")).unwrap();
        write(&mut log, b" file");
        log.reopen().unwrap();
        write(&mut log, b"new file");
        let expected = [("log", "new file"), ("moved", "old file")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(contents(folder.path()), expected);
    }

    #[test]
    fn a_pipe_without_a_reader_takes_what_it_has_room_for_and_never_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut log = LogFile::open(&path, 10, 2).unwrap();
        let data = vec![b'x'; 1024 * 1024];
        let (written, result) = log.write(&data);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(written > 0 && written < data.len());
        log.rotate_if_full().unwrap();
        log.clear().unwrap();
        let mut reader = OpenOptions::new().read(true).open(&path).unwrap();
        let mut read = vec![0; written];
        assert_eq!(read_full(&mut reader, &mut read).unwrap(), written);
        write(&mut log, b"room again");
    }

    #[test]
    fn a_stream_that_others_share_is_written_without_waiting_though_it_blocks() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let (file, kind) = duplicate(writer.as_fd()).unwrap();
        assert_eq!(kind, Kind::SharedStream);
        let path = PathBuf::from("/dev/stdout");
        let mut log = LogFile { path, file, kind, device: 0, maxbytes: 10, backups: 1, retry_at: 0 };
        let (written, result) = log.write(&vec![b'x'; 1024 * 1024]);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(read_full(&mut File::from(reader), &mut vec![0; written]).unwrap(), written);
        log.rotate_if_full().unwrap();
    }

    #[test]
    fn descriptors_by_name_are_never_rotated() {
        for name in ["/dev/stdout", "/dev/stderr", "/dev/fd/7", "/proc/self/fd/1"] {
            assert!(names_descriptor(Path::new(name)).is_some(), "{name}");
        }
        for name in ["/dev/fd/x", "/dev/fd/", "/tmp/dev/fd/1", "/dev/null"] {
            assert!(names_descriptor(Path::new(name)).is_none(), "{name}");
        }
    }
}
