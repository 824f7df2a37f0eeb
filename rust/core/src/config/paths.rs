//! Python's `os.path` on text: how the original makes paths absolute and plain.

use super::system::System;

/// `os.path.dirname`: everything before the last slash.
#[must_use]
pub fn dirname(path: &str) -> &str {
    let head = &path[..path.rfind('/').map_or(0, |slash| slash + 1)];
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

/// `os.path.join` of two parts: an absolute second part stands alone.
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') || folder.is_empty() {
        path.to_owned()
    } else if folder.ends_with('/') {
        format!("{folder}{path}")
    } else {
        format!("{folder}/{path}")
    }
}

/// `os.path.normpath`: without empty parts, `.` and `..`; two leading slashes stay two.
#[must_use]
pub fn normpath(path: &str) -> String {
    let root = match path.bytes().take_while(|&byte| byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            other => parts.push(other),
        }
    }
    let plain = format!("{root}{}", parts.join("/"));
    if plain.is_empty() { ".".to_owned() } else { plain }
}

/// `os.path.abspath`: plain, and absolute by the current directory.
#[must_use]
pub fn abspath(system: &dyn System, path: &str) -> String {
    if path.starts_with('/') { normpath(path) } else { normpath(&join(&system.current_directory(), path)) }
}

/// `os.path.expanduser`: a leading `~` or `~user` becomes the home folder where there is one.
#[must_use]
pub fn expanduser(system: &dyn System, path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else {
        return path.to_owned();
    };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some(home) = system.home_directory(Some(user).filter(|user| !user.is_empty())) else {
        return path.to_owned();
    };
    let expanded = format!("{}{rest}", home.trim_end_matches('/'));
    if expanded.is_empty() { "/".to_owned() } else { expanded }
}

/// The original's way to make a path final: home folders, then absolute, then plain.
#[must_use]
pub fn normalize(system: &dyn System, path: &str) -> String {
    abspath(system, &expanduser(system, path))
}

#[cfg(test)]
mod tests {
    use super::{dirname, join, normpath};

    #[test]
    fn paths_are_cut_and_joined_as_in_python() {
        assert_eq!(["/a/b", "a", "/a", "//", "a//b", ""].map(dirname), ["/a", "", "/", "//", "a", ""]);
        assert_eq!(join("/a", "b"), "/a/b");
        assert_eq!(join("", "b"), "b");
        assert_eq!(join("/a/", "/b"), "/b");
        let plain = ["/a/./b/../c", "//a", "///a", "../a/..", "", "/..", "a/b/"].map(normpath);
        assert_eq!(plain, ["/a/c", "//a", "/a", "..", ".", "/", "a/b"]);
    }
}
