//! The path of a unix socket that this daemon made.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A path, and which file we made there: so that nobody else's is taken for it.
#[derive(Debug)]
pub(crate) struct OwnPath {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// What is at a path that was ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Our own file.
    Ours,
    /// Nothing.
    Nothing,
    /// Something else, or nobody can tell.
    Other,
}

impl OwnPath {
    /// `path`, where the file lies at `made` until now (the same place, or where it was made before it is moved).
    ///
    /// # Errors
    /// The system's, when it is not there.
    pub(crate) fn new(path: &Path, made: &Path) -> io::Result<Self> {
        let found = fs::symlink_metadata(made)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is there now.
    pub(crate) fn look(&self) -> Found {
        match fs::symlink_metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.inode) => Found::Ours,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
            Ok(_) | Err(_) => Found::Other,
        }
    }

    /// Removes the path, unless somebody else's file is there by now.
    pub(crate) fn remove(&self) {
        if self.look() == Found::Ours {
            // If it cannot be removed there is nobody to tell, and the next start takes it for stale.
            let _ = fs::remove_file(&self.path);
        }
    }
}
