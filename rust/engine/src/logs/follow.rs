//! Following a log that grows: the source of `/logtail` and `/mainlogtail` (parity 8).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::shared::Shared;
use super::watch::Following;

/// Most bytes handed on at a time.
const CHUNK: usize = 16 * 1024;

/// Said when the log became shorter.
const TRUNCATED: &[u8] = b"==> File truncated <==\n";

/// Sends the end of a log, then what is added, until the receiver is dropped.
///
/// Woken by the lane's own writes and, where the system tells of them, by those of others. A receiver that
/// is slow holds up nobody else.
pub(crate) async fn follow(shared: Rc<Shared>, mut log: Followed, receiver: mpsc::Sender<Bytes>) {
    // Before the first look, so that nothing that is written meanwhile goes unnoticed.
    let mut following = shared.health.during(|| Following::begin(&shared, &log.path));
    loop {
        match shared.health.during(|| log.next()) {
            Ok(Next::Bytes(bytes)) => {
                if receiver.send(bytes).await.is_err() {
                    return;
                }
            }
            Ok(Next::Replaced) => shared.health.during(|| following.renew()),
            Ok(Next::Nothing) => tokio::select! {
                () = following.woken() => {}
                () = receiver.closed() => return,
            },
            Err(_) => return,
        }
    }
}

/// What a look at a followed log finds.
enum Next {
    Bytes(Bytes),
    /// The name belongs to a new file by now, in which it goes on.
    Replaced,
    Nothing,
}

/// A log and how much of it was handed on.
#[derive(Debug)]
pub(crate) struct Followed {
    path: PathBuf,
    file: File,
    position: u64,
    /// Number of the file system that it is on.
    pub(crate) device: u64,
}

impl Followed {
    /// Opens a log, to follow it from `head` bytes before its end.
    ///
    /// # Errors
    /// The system's, or that it is no file.
    pub(crate) fn open(path: &Path, head: u64) -> io::Result<Self> {
        let file = open_regular(path)?;
        let metadata = file.metadata()?;
        let position = metadata.len().saturating_sub(head);
        Ok(Self { path: path.to_owned(), file, position, device: metadata.dev() })
    }

    /// What comes next, if there is anything yet. A file that was replaced is read to its end first.
    fn next(&mut self) -> io::Result<Next> {
        let size = self.file.metadata()?.len();
        if size < self.position {
            self.position = 0;
            return Ok(Next::Bytes(Bytes::from_static(TRUNCATED)));
        }
        let bytes = self.read(size)?;
        if !bytes.is_empty() {
            return Ok(Next::Bytes(bytes));
        }
        Ok(if self.switch_if_replaced()? { Next::Replaced } else { Next::Nothing })
    }

    /// The next bytes up to `size`.
    fn read(&mut self, size: u64) -> io::Result<Bytes> {
        let wanted = usize::try_from(size - self.position).unwrap_or(CHUNK).min(CHUNK);
        let mut bytes = vec![0; wanted];
        let count = self.file.read_at(&mut bytes, self.position)?;
        bytes.truncate(count);
        self.position += u64::try_from(count).unwrap_or(0);
        Ok(Bytes::from(bytes))
    }

    /// Goes on with another file that has the log's name by now, from its beginning.
    fn switch_if_replaced(&mut self) -> io::Result<bool> {
        let old = self.file.metadata()?;
        match self.path.metadata() {
            Ok(new) if (new.dev(), new.ino()) != (old.dev(), old.ino()) => {}
            // The same, or gone: then the old file may still grow.
            _ => return Ok(false),
        }
        let Ok(file) = open_regular(&self.path) else { return Ok(false) };
        self.file = file;
        self.position = 0;
        Ok(true)
    }
}

fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::NotSeekable.into()) }
}
