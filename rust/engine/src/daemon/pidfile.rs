//! The file that tells other programs the daemon's pid.

use std::fs;
use std::path::{Path, PathBuf};

use supervisor_core::config::LogLevel;

/// A pid file that this daemon has written.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes the pid and a newline, over what may be there. Returns also the line for the main log.
    ///
    /// A failure is only logged; the file is then not ours and must stay at the end.
    #[must_use]
    pub fn write(path: &Path) -> (Option<Self>, (LogLevel, String)) {
        let pid = std::process::id();
        match fs::write(path, format!("{pid}\n")) {
            Ok(()) => (
                Some(Self { path: path.to_owned() }),
                (LogLevel::Info, format!("supervisord started with pid {pid}")),
            ),
            Err(_) => (None, (LogLevel::Critical, format!("could not write pidfile {}", path.display()))),
        }
    }

    /// Removes the file; if it is gone already, so much the better.
    pub fn remove(self) {
        // The daemon ends now; there is nobody left to tell.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_file_holds_the_pid_and_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let pid = std::process::id();
        let (file, line) = PidFile::write(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{pid}\n"));
        assert_eq!(line, (LogLevel::Info, format!("supervisord started with pid {pid}")));
        file.unwrap().remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_a_critical_line() {
        let (file, line) = PidFile::write(Path::new("/nowhere/at/all/pid"));
        assert!(file.is_none());
        assert_eq!(line, (LogLevel::Critical, "could not write pidfile /nowhere/at/all/pid".to_owned()));
    }
}
