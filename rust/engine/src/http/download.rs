//! A file from its beginning to its end, in pieces, as a client takes them.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use bytes::Bytes;
use tokio::sync::mpsc;

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// Pieces that wait for the client.
const WAITING: usize = 2;

/// Opens a file and begins to read it, on a thread of its own, for a disk may be stuck; what is added meanwhile is
/// left out. `None` where there is no such file, or it is no ordinary one.
pub(super) async fn open(path: PathBuf) -> Option<mpsc::Receiver<Bytes>> {
    let opened = tokio::task::spawn_blocking(move || {
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
        let found = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(file.take(found.len()))
    });
    let mut file = opened.await.ok()??;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_local(async move {
        loop {
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; PIECE];
                let count = file.read(&mut piece).unwrap_or(0);
                piece.truncate(count);
                (file, piece)
            });
            let Ok((rest, piece)) = read.await else { return };
            if piece.is_empty() || sender.send(Bytes::from(piece)).await.is_err() {
                return;
            }
            file = rest;
        }
    });
    Some(receiver)
}
