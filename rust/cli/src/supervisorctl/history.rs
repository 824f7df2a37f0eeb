//! The history file of the shell: a line for each line, as Python's `readline` writes it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// As many lines are kept.
pub(super) const LENGTH: usize = 10_000;

/// The lines of a history file, oldest first. One that is not there or cannot be read has none.
pub(super) fn read(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

/// Writes a history file, which only its owner may read.
///
/// # Errors
///
/// The file cannot be written.
pub(super) fn write<'a>(path: &Path, lines: impl Iterator<Item = &'a String>) -> io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        assert!(read(&path).is_empty());
        let lines = ["status".to_owned(), "start a\\b".to_owned()];
        write(&path, lines.iter()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "status\nstart a\\b\n");
        assert_eq!(read(&path), lines);
    }
}
