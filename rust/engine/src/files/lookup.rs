//! The real system, as a configuration asks about it.

use std::ffi::OsStr;
use std::path::Path;

use glob::{MatchOptions, Pattern};
use nix::unistd::{self, AccessFlags, Gid, Group, Uid};
use supervisor_core::config::{System, User, paths};
use supervisor_core::input::SpawnError;

use crate::spawn::resolve;

/// Folders for temporary files when no variable names one, in Python's order.
const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/usr/tmp"];

/// Variables that may name one, in Python's order.
const TEMPORARY_VARIABLES: [&str; 3] = ["TMPDIR", "TEMP", "TMP"];

/// The machine this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealSystem;

impl System for RealSystem {
    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn is_directory(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(path).ok()
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        let mut found = matches(pattern);
        found.sort();
        found
    }

    fn current_directory(&self) -> String {
        // A removed directory has no path; the root is then as good as any.
        std::env::current_dir().map_or_else(|_| "/".to_owned(), |path| path.to_string_lossy().into_owned())
    }

    fn temporary_directory(&self) -> String {
        let named =
            TEMPORARY_VARIABLES.iter().filter_map(|name| variable(name)).filter(|path| !path.is_empty());
        let usual = TEMPORARY.iter().map(|path| (*path).to_owned());
        let usable = |path: &String| {
            self.is_directory(path)
                && unistd::access(path.as_str(), AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
        };
        let folder = named.chain(usual).find(usable).unwrap_or_else(|| ".".to_owned());
        paths::abspath(self, &folder)
    }

    fn environment(&self) -> Vec<(String, String)> {
        std::env::vars_os().map(|(name, value)| (text(&name), text(&value))).collect()
    }

    fn host_name(&self) -> String {
        unistd::gethostname().map(|name| text(&name)).unwrap_or_default()
    }

    fn uid(&self) -> u32 {
        Uid::current().as_raw()
    }

    fn home_directory(&self, user: Option<&str>) -> Option<String> {
        let found = match user {
            Some(name) => unistd::User::from_name(name),
            None => match variable("HOME") {
                Some(home) => return Some(home),
                None => unistd::User::from_uid(Uid::current()),
            },
        };
        found.ok().flatten().map(|user| text(user.dir.as_os_str()))
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        unistd::User::from_name(name).ok().flatten().as_ref().map(known)
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        unistd::User::from_uid(Uid::from_raw(uid)).ok().flatten().as_ref().map(known)
    }

    fn group_by_name(&self, name: &str) -> Option<u32> {
        Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
    }

    fn find_program(&self, program: &str, path: Option<&str>) -> Result<(), SpawnError> {
        resolve(program, path).map(drop)
    }

    fn group_exists(&self, gid: u32) -> bool {
        Group::from_gid(Gid::from_raw(gid)).is_ok_and(|group| group.is_some())
    }
}

fn known(user: &unistd::User) -> User {
    User { uid: user.uid.as_raw(), gid: user.gid.as_raw() }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| text(&value))
}

/// Text of the system, with a replacement character for bytes that are not UTF-8.
fn text(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

/// Python's `glob.glob`: the path is kept as it was written, `**` is `*`, a pattern does not match a
/// hidden name unless it begins with a dot itself.
///
/// The `glob` crate matches the names of one folder; its own walk stops at names that are not UTF-8.
/// Such names are passed over here.
fn matches(pattern: &str) -> Vec<String> {
    if !has_magic(pattern) {
        let there = std::fs::symlink_metadata(pattern).is_ok();
        return if there { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let folder = paths::dirname(pattern);
    let name = pattern.rsplit('/').next().unwrap_or(pattern);
    let folders = if has_magic(folder) { matches(folder) } else { vec![folder.to_owned()] };
    let mut found = Vec::new();
    for folder in folders {
        if has_magic(name) {
            found.extend(names_matching(&folder, name).into_iter().map(|name| paths::join(&folder, &name)));
            continue;
        }
        let path = paths::join(&folder, name);
        let there = if name.is_empty() {
            Path::new(&folder).is_dir()
        } else {
            std::fs::symlink_metadata(&path).is_ok()
        };
        if there {
            found.push(path);
        }
    }
    found
}

fn has_magic(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

fn names_matching(folder: &str, pattern: &str) -> Vec<String> {
    let Some(compiled) = compile(pattern) else {
        return Vec::new();
    };
    let folder = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| pattern.starts_with('.') || !name.starts_with('.'))
        .filter(|name| compiled.matches_with(name, MatchOptions::new()))
        .collect()
}

/// A pattern for one name. What the crate takes for a mistake is literal in Python.
fn compile(pattern: &str) -> Option<Pattern> {
    let mut single = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        if character != '*' || !single.ends_with('*') {
            single.push(character);
        }
    }
    Pattern::new(&single).or_else(|_| Pattern::new(&single.replace('[', "[[]"))).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::ffi::OsStrExt;

    use supervisor_core::config::System;

    use super::{OsStr, RealSystem};

    #[test]
    fn patterns_match_as_in_python() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap().to_owned();
        for name in ["b.conf", "a.conf", ".hidden.conf", "a[1].conf", "note.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::write(folder.path().join(OsStr::from_bytes(b"\xff.conf")), "").unwrap();
        std::fs::create_dir(folder.path().join("conf.d")).unwrap();
        std::fs::write(folder.path().join("conf.d/c.conf"), "").unwrap();

        let found = |pattern: &str| -> Vec<String> {
            let paths = RealSystem.glob(&format!("{root}/{pattern}"));
            paths.iter().map(|path| path.strip_prefix(&format!("{root}/")).unwrap().to_owned()).collect()
        };
        assert_eq!(found("*.conf"), ["a.conf", "a[1].conf", "b.conf"]);
        assert_eq!(found("**.conf"), ["a.conf", "a[1].conf", "b.conf"]);
        assert_eq!(found(".*.conf"), [".hidden.conf"]);
        assert_eq!(found("*.d/*"), ["conf.d/c.conf"]);
        assert_eq!(found("./*.d/c.conf"), ["./conf.d/c.conf"]);
        assert_eq!(found("[!a].conf"), ["b.conf"]);
        assert_eq!(found("a.conf"), ["a.conf"]);
        assert_eq!(found("a[.conf"), [""; 0]);
        assert_eq!(found("nothing*"), [""; 0]);
    }

    #[test]
    fn the_current_user_is_known_by_number_and_name() {
        let uid = RealSystem.uid();
        let user = RealSystem.user_by_id(uid).unwrap();
        assert_eq!(user.uid, uid);
        let name = nix::unistd::User::from_uid(uid.into()).unwrap().unwrap().name;
        assert_eq!(RealSystem.user_by_name(&name), Some(user));
        assert!(RealSystem.group_exists(user.gid));
        assert_eq!(RealSystem.user_by_name("no such user"), None);
        assert!(!RealSystem.host_name().is_empty());
        assert!(RealSystem.is_directory(&RealSystem.temporary_directory()));
    }
}
