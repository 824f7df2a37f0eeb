//! Files for automatic logs: made when a process first starts, removed when the next daemon does (parity 10).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use supervisor_core::config::LogLevel;
use supervisor_core::expand::repr;

/// Characters of the random part of a name, as in Python's `tempfile`.
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

const RANDOM_CHARACTERS: usize = 8;

/// Names tried before it is an error that all were taken.
const ATTEMPTS: usize = 100;

const SUFFIX: &str = ".log";

/// Makes a new empty file `<prefix><8 random characters>.log` in `folder` that only its owner may read.
///
/// # Errors
/// The system's.
pub(crate) fn create(prefix: &str, folder: &Path) -> io::Result<PathBuf> {
    let mut random = File::open("/dev/urandom")?;
    for _ in 0..ATTEMPTS {
        let path = folder.join(format!("{prefix}{}{SUFFIX}", random_name(&mut random)?));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn random_name(random: &mut File) -> io::Result<String> {
    let mut bytes = [0; RANDOM_CHARACTERS];
    random.read_exact(&mut bytes)?;
    let characters = bytes.iter().filter_map(|&byte| ALPHABET.get(usize::from(byte) % ALPHABET.len()));
    Ok(characters.map(|&character| char::from(character)).collect())
}

/// Removes a file. One that is gone already is no error; else the line for the main log.
fn remove_one(path: &Path) -> Option<(LogLevel, String)> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let shown = repr(&path.to_string_lossy());
            Some((LogLevel::Warn, format!("Failed to clean up {shown}")))
        }
        _ => None,
    }
}

/// Removes automatic logs, and their backups, that daemons of the same identifier left in `folder`.
///
/// Returns lines for the main log about what could not be removed.
#[must_use]
pub fn clear_automatic(folder: &Path, identifier: &str) -> Vec<(LogLevel, String)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![(LogLevel::Warn, "Could not clear childlog dir".to_owned())];
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| is_automatic(entry.file_name().as_bytes(), identifier))
        .filter_map(|entry| remove_one(&entry.path()))
        .collect()
}

/// Whether a file name has the shape `<something>---<identifier>-<no white space>.log…`.
fn is_automatic(name: &[u8], identifier: &str) -> bool {
    let marker = format!("---{identifier}-").into_bytes();
    // Something must come before the marker, and something between it and the suffix.
    (1..name.len()).any(|start| {
        name.get(start..)
            .and_then(|rest| rest.strip_prefix(marker.as_slice()))
            .and_then(|rest| rest.split(u8::is_ascii_whitespace).next())
            .is_some_and(|word| word.windows(SUFFIX.len()).skip(1).any(|part| part == SUFFIX.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_file_is_empty_private_and_named_after_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = "cat-stdout---supervisor-";
        let path = create(prefix, folder.path()).unwrap();
        let other = create(prefix, folder.path()).unwrap();
        assert_ne!(path, other);
        let name = path.file_name().unwrap().to_str().unwrap();
        let random = name.strip_prefix(prefix).unwrap().strip_suffix(".log").unwrap();
        assert_eq!(random.len(), 8);
        assert!(random.bytes().all(|byte| ALPHABET.contains(&byte)));
        let metadata = path.metadata().unwrap();
        assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (0, 0o600));
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        assert_eq!(create("x", Path::new("/nowhere")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn old_logs_of_the_same_identifier_are_cleared_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let gone = [
            "a-stdout---supervisor-12345678.log",
            "a-stderr---supervisor-x.log.1",
            "b---supervisor-x.log.old",
        ];
        let kept = [
            "a-stdout---other-12345678.log",
            "---supervisor-x.log",
            "a---supervisor-.log",
            "a---supervisor-x y.log",
            "supervisord.log",
            "a---supervisor-x.txt",
        ];
        for name in gone.iter().chain(&kept) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(clear_automatic(folder.path(), "supervisor"), []);
        for name in gone {
            assert!(!folder.path().join(name).exists(), "{name} is still there");
        }
        for name in kept {
            assert!(folder.path().join(name).exists(), "{name} is gone");
        }
    }

    #[test]
    fn what_cannot_be_cleared_is_said() {
        let warning = |text: &str| vec![(LogLevel::Warn, text.to_owned())];
        assert_eq!(clear_automatic(Path::new("/nowhere"), "x"), warning("Could not clear childlog dir"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a---x-1.log");
        fs::create_dir(&path).unwrap();
        let expected = warning(&format!("Failed to clean up '{}'", path.display()));
        assert_eq!(clear_automatic(folder.path(), "x"), expected);
    }
}
