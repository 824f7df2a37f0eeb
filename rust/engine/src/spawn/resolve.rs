//! Which file the first word of a command means, and whether it can be executed (parity 6, traps 4).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use supervisor_core::input::SpawnError;

/// Folders searched when neither the configuration nor the daemon's environment has a `PATH`.
const DEFAULT_PATH: [&str; 3] = ["/bin", "/usr/bin", "/usr/local/bin"];

/// Permission bits of which one must be set for a file to count as executable.
const ANY_EXECUTE_BIT: u32 = 0o111;

/// The file that `program` means.
///
/// With a slash in it, `program` is the file, seen from the daemon's folder. Otherwise the first hit on `path`
/// (or on the daemon's own `PATH`, when `path` is `None`) is taken even when it cannot be executed.
///
/// # Errors
/// [`SpawnError::NotFound`], [`SpawnError::IsDirectory`], [`SpawnError::NotExecutable`] and
/// [`SpawnError::NoPermission`], checked in this order.
pub fn resolve(program: &str, path: Option<&str>) -> Result<PathBuf, SpawnError> {
    let file = if program.contains('/') { PathBuf::from(program) } else { search(program, path) };
    let filename = || file.to_string_lossy().into_owned();
    let Ok(metadata) = file.metadata() else {
        return Err(SpawnError::NotFound { filename: filename() });
    };
    if metadata.is_dir() {
        return Err(SpawnError::IsDirectory { filename: filename() });
    }
    if metadata.permissions().mode() & ANY_EXECUTE_BIT == 0 {
        return Err(SpawnError::NotExecutable { filename: filename() });
    }
    if access(&file, AccessFlags::X_OK).is_err() {
        return Err(SpawnError::NoPermission { filename: filename() });
    }
    Ok(file)
}

/// The first existing file of that name, or the bare name where there is none.
fn search(program: &str, path: Option<&str>) -> PathBuf {
    let own = std::env::var_os("PATH").map(|value| value.to_string_lossy().into_owned());
    let folders: Vec<&str> = match (path, own.as_deref()) {
        (Some(configured), _) => configured.split(':').collect(),
        (None, Some(own)) if !own.is_empty() => own.split(':').collect(),
        (None, _) => DEFAULT_PATH.to_vec(),
    };
    folders
        .into_iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|candidate| candidate.metadata().is_ok())
        .unwrap_or_else(|| PathBuf::from(program))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn the_first_hit_on_path_wins_even_when_it_cannot_be_executed() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let plain = file(first.path(), "tool", 0o644);
        let executable = file(second.path(), "tool", 0o755);
        let (first, second) = (first.path().display(), second.path().display());
        assert_eq!(
            resolve("tool", Some(&format!("{first}:{second}"))),
            Err(SpawnError::NotExecutable { filename: plain.display().to_string() })
        );
        assert_eq!(resolve("tool", Some(&format!("/nowhere:{second}:{first}"))), Ok(executable));
    }

    #[test]
    fn a_configured_path_hides_the_daemons_own_even_when_empty() {
        assert_eq!(resolve("sh", Some("")), Err(SpawnError::NotFound { filename: "sh".into() }));
        assert!(resolve("sh", None).is_ok());
    }

    #[test]
    fn a_missing_command_is_named_as_it_was_written() {
        for program in ["no-such-command", "/no/such/command", "./nothing"] {
            assert_eq!(
                resolve(program, Some("/bin:/usr/bin")),
                Err(SpawnError::NotFound { filename: program.into() })
            );
        }
    }

    #[test]
    fn a_folder_is_not_a_command_nor_is_an_empty_word() {
        assert_eq!(resolve("/tmp", None), Err(SpawnError::IsDirectory { filename: "/tmp".into() }));
        assert_eq!(resolve("", Some("/usr")), Err(SpawnError::IsDirectory { filename: "/usr/".into() }));
    }
}
