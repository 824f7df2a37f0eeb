//! Listeners: what stands in the way, what is left behind, and what the user is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use http_support::{Server, inet_settings, unix_settings};
use supervisor_core::config::{HttpAddress, HttpServerSettings};
use supervisor_engine::http::{Listener, bind, bind_all};

const IN_USE: &str = "Another program is already listening on a port that one of our HTTP servers is configured to \
                      use.  Shut this program down first before starting supervisord.";

fn unix_with(path: &Path, mode: u32, owner: Option<(u32, u32)>) -> HttpServerSettings {
    let address = HttpAddress::Unix { path: path.to_owned(), mode, owner };
    HttpServerSettings { address, ..unix_settings(path) }
}

fn error_of(settings: &HttpServerSettings) -> String {
    bind(settings).map(Listener::close).unwrap_err().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_unix_socket_has_its_mode_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    for mode in [0o700, 0o777, 0o600] {
        let listener = bind(&unix_with(&path, mode, None)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
        assert_eq!(names(folder.path()), ["s.sock"]);
        UnixStream::connect(&path).unwrap();
        listener.close();
        assert!(names(folder.path()).is_empty());
    }
}

#[test]
fn a_unix_socket_is_given_to_its_owner_or_the_user_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let settings = unix_with(&path, 0o770, Some((12345, 23456)));
    if nix::unistd::geteuid().is_root() {
        let listener = bind(&settings).unwrap();
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (12345, 23456, 0o770));
        listener.close();
    } else {
        let error = error_of(&settings);
        let start = format!(
            "Not permitted to chown {} to uid/gid (12345, 23456); adjust \"sockchown\"",
            path.display()
        );
        assert!(error.starts_with(&start), "{error}");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    drop(UnixListener::bind(&path).unwrap());
    let listener = bind(&unix_settings(&path)).unwrap();
    UnixStream::connect(&path).unwrap();

    assert_eq!(error_of(&unix_settings(&path)), IN_USE);
    assert_eq!(names(folder.path()), ["s.sock"]);
    UnixStream::connect(&path).unwrap();
    listener.close();

    // Also one that does not answer, and one behind a link.
    let hung = UnixListener::bind(folder.path().join("other")).unwrap();
    symlink("other", &path).unwrap();
    assert_eq!(error_of(&unix_settings(&path)), IN_USE);
    drop(hung);
    bind(&unix_settings(&path)).unwrap().close();
    assert_eq!(names(folder.path()), ["other"]);
}

#[test]
fn what_is_no_socket_is_never_removed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    let expected = "Cannot open an HTTP server: socket.error reported errno.EEXIST (17)";
    assert_eq!(error_of(&unix_settings(&file)), expected);
    assert_eq!(error_of(&unix_settings(folder.path())), expected);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn the_path_is_removed_only_while_it_is_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let first = bind(&unix_settings(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    let second = bind(&unix_settings(&path)).unwrap();
    first.close();
    UnixStream::connect(&path).unwrap();
    second.close();
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_socket_that_cannot_be_made_is_told_in_the_words_of_the_original() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        error_of(&unix_settings(&folder.path().join("missing/s.sock"))),
        "Cannot open an HTTP server: socket.error reported errno.ENOENT (2)"
    );
    assert_eq!(
        error_of(&unix_settings(&folder.path().join("x".repeat(120)))),
        "Cannot open an HTTP server: socket.error reported AF_UNIX path too long"
    );
}

#[test]
fn a_port_that_cannot_be_had_is_told_in_the_words_of_the_original() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    assert_eq!(error_of(&inet_settings("127.0.0.1", port)), IN_USE);
    assert_eq!(
        error_of(&inet_settings("192.0.2.7", 9001)),
        "Cannot open an HTTP server: socket.error reported errno.EADDRNOTAVAIL (99)"
    );
    assert_eq!(
        error_of(&inet_settings("a host.invalid", 9001)),
        "Cannot open an HTTP server: socket.error reported -2"
    );
}

#[test]
fn tcp_listens_on_the_address_that_is_named() {
    let address = |host| {
        let listener = bind(&inet_settings(host, 0)).unwrap();
        listener.tcp_address().unwrap().ip().to_string()
    };
    assert_eq!(address("127.0.0.1"), "127.0.0.1");
    assert_eq!(address("localhost"), "127.0.0.1");
    assert_eq!(address(""), "0.0.0.0");
    // Not every machine that runs this has IPv6.
    if TcpListener::bind("[::1]:0").is_ok() {
        assert_eq!(address("::1"), "::1");
        assert_eq!(address("[::1]"), "::1");
    }
}

#[test]
fn all_servers_listen_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let good = unix_settings(&folder.path().join("s.sock"));
    let bad = unix_settings(&folder.path().join("missing/s.sock"));
    assert!(bind_all(&[good.clone(), bad]).is_err());
    assert!(names(folder.path()).is_empty());
    let listeners = bind_all(&[inet_settings("127.0.0.1", 0), good]).unwrap();
    assert_eq!(listeners.len(), 2);
    listeners.into_iter().for_each(Listener::close);
}

#[test]
fn a_server_without_a_password_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = unix_settings(&folder.path().join("s.sock"));
    let listener = bind(&settings).unwrap();
    let expected = "Server 'unix_http_server' running without any HTTP authentication checking";
    assert_eq!(listener.warning().as_deref(), Some(expected));
    listener.close();
    settings.credentials = Some(("user".into(), "password".into()));
    let listener = bind(&settings).unwrap();
    assert_eq!(listener.warning(), None);
    listener.close();
}

#[test]
fn a_server_takes_its_socket_away_when_it_ends() {
    let mut server = Server::start();
    assert!(server.path().exists());
    server.stop(http_support::PATIENCE);
    assert!(!server.path().exists());
    // So that it can begin again at once, as after a reload.
    bind(&unix_settings(&server.path())).unwrap().close();
    bind(&inet_settings("127.0.0.1", server.address.unwrap().port())).unwrap().close();
}
