//! The sockets of FastCGI programs (parity 2 and 12).
//!
//! A socket is bound and listening before the first of its processes starts, is the standard input of them all,
//! and is closed when the last of them has ended. Processes whose sections say the same of a socket share it:
//! those of one section, and so also those of a program that two groups run.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};
use supervisor_core::config::{FcgiAddress, FcgiSocketSettings, LogLevel, Settings};
use supervisor_core::effect::ProcessId;

use crate::pipes::above_standard;
use crate::unix_path::OwnPath;

/// The address as configurations and log lines write it.
#[must_use]
pub fn url(address: &FcgiAddress) -> String {
    match address {
        FcgiAddress::Tcp { host, port } => format!("tcp://{host}:{port}"),
        FcgiAddress::Unix { path, .. } => format!("unix://{}", path.display()),
    }
}

/// A listening socket. Dropping it closes it and removes the path of a unix socket, if it is still the one made.
#[derive(Debug)]
pub struct FcgiSocket {
    settings: FcgiSocketSettings,
    descriptor: OwnedFd,
    path: Option<OwnPath>,
}

impl FcgiSocket {
    /// Makes the socket. What lies at the path of a unix socket is removed first, when it is a socket or a link: at
    /// a start after a crash the old one is still there, and children that outlived the daemon may listen on it.
    ///
    /// # Errors
    /// The reason, in the words of the original: `[Errno 2] No such file or directory`.
    pub fn open(settings: &FcgiSocketSettings) -> Result<Self, String> {
        let (descriptor, path) = match &settings.address {
            FcgiAddress::Tcp { host, port } => (bind_tcp(host, *port)?, None),
            FcgiAddress::Unix { path, owner, mode } => {
                let (descriptor, path) = bind_unix(path, *owner, *mode)?;
                (descriptor, Some(path))
            }
        };
        let descriptor = above_standard(descriptor).map_err(|error| reason(&error))?;
        let made = Self { settings: settings.clone(), descriptor, path };
        listen(&made.descriptor, backlog(settings.backlog)).map_err(|errno| reason(&errno.into()))?;
        Ok(made)
    }
}

impl AsFd for FcgiSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for FcgiSocket {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            path.remove();
        }
    }
}

/// The sockets that processes hold.
#[derive(Debug, Default)]
pub struct FcgiSockets {
    held: BTreeMap<ProcessId, Rc<FcgiSocket>>,
}

impl FcgiSockets {
    /// Gives a process its socket, which is made if no other process holds it. What the process held before is
    /// released first, as the original does before a restart. Lines for the main log are given to `say`.
    ///
    /// # Errors
    /// The reason why there is no socket.
    pub fn acquire(
        &mut self,
        process: ProcessId,
        settings: &FcgiSocketSettings,
        say: &dyn Fn(&str),
    ) -> Result<Rc<FcgiSocket>, String> {
        self.release(process, say);
        let shared = self.held.values().find(|socket| socket.settings == *settings);
        let socket = match shared {
            Some(socket) => Rc::clone(socket),
            None => {
                say(&creating(settings));
                Rc::new(FcgiSocket::open(settings)?)
            }
        };
        self.held.insert(process, Rc::clone(&socket));
        Ok(socket)
    }

    /// The socket that a process holds.
    #[must_use]
    pub fn of(&self, process: ProcessId) -> Option<&FcgiSocket> {
        self.held.get(&process).map(Rc::as_ref)
    }

    /// Takes the socket from a process that has ended, and closes it if that was the last one.
    pub fn release(&mut self, process: ProcessId, say: &dyn Fn(&str)) {
        let Some(socket) = self.held.remove(&process) else { return };
        if let Some(socket) = Rc::into_inner(socket) {
            say(&closing(&socket.settings));
        }
    }
}

/// Opens and closes every socket of a configuration once, so that one that cannot be made is told at the start.
/// Lines for the main log are given to `say`.
///
/// # Errors
/// What is told to whoever started the daemon, after `Error: `.
pub fn check(settings: &Settings, say: &mut dyn FnMut(LogLevel, &str)) -> Result<(), String> {
    for group in &settings.groups {
        let mut seen: Vec<&FcgiSocketSettings> = Vec::new();
        for wanted in group.processes.iter().filter_map(|program| program.fcgi_socket.as_ref()) {
            if seen.contains(&wanted) {
                continue;
            }
            say(LogLevel::Info, &creating(wanted));
            drop(FcgiSocket::open(wanted).map_err(|reason| failure(wanted, &reason))?);
            say(LogLevel::Info, &closing(wanted));
            seen.push(wanted);
        }
    }
    Ok(())
}

/// What is said of a socket that cannot be made.
fn failure(settings: &FcgiSocketSettings, reason: &str) -> String {
    format!("Could not create FastCGI socket {}: {reason}", url(&settings.address))
}

fn creating(settings: &FcgiSocketSettings) -> String {
    format!("Creating socket {}", url(&settings.address))
}

fn closing(settings: &FcgiSocketSettings) -> String {
    format!("Closing socket {}", url(&settings.address))
}

/// IPv4 where a name has both, as the original knows no other.
fn bind_tcp(host: &str, port: u16) -> Result<OwnedFd, String> {
    let addresses: Vec<SocketAddr> =
        (host, port).to_socket_addrs().map_err(|error| reason(&error))?.collect();
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    let Some(address) = address else {
        return Err("[Errno -2] Name or service not known".to_owned());
    };
    // Listens already, with a backlog that is set anew afterwards, and re-uses an address in TIME_WAIT.
    TcpListener::bind(address).map(OwnedFd::from).map_err(|error| reason(&error))
}

/// Nobody can connect before it listens, which it does when mode and owner are set.
fn bind_unix(path: &Path, owner: Option<(u32, u32)>, mode: u32) -> Result<(OwnedFd, OwnPath), String> {
    if let Ok(found) = fs::symlink_metadata(path) {
        if !found.file_type().is_socket() && !found.is_symlink() {
            return Err(format!("{} is there and is no socket", path.display()));
        }
        fs::remove_file(path).map_err(|error| with_path(&error, path))?;
    }
    let address = UnixAddr::new(path).map_err(|_| "AF_UNIX path too long".to_owned())?;
    let descriptor = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None)
        .map_err(|errno| reason(&errno.into()))?;
    nix::fcntl::fcntl(&descriptor, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
        .map_err(|errno| reason(&errno.into()))?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&descriptor), &address).map_err(|errno| reason(&errno.into()))?;
    let own = OwnPath::new(path, path).map_err(|error| with_path(&error, path))?;
    let dressed = dress(path, owner, mode);
    if dressed.is_err() {
        own.remove();
    }
    dressed.map(|()| (descriptor, own))
}

fn dress(path: &Path, owner: Option<(u32, u32)>, mode: u32) -> Result<(), String> {
    if let Some((uid, gid)) = owner {
        chown(path, Some(uid), Some(gid)).map_err(|error| {
            format!("Could not change ownership of socket file: {}", with_path(&error, path))
        })?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|error| format!("Could not change permissions of socket file: {}", with_path(&error, path)))
}

/// Connections that may wait; the system cuts what is more than it allows.
fn backlog(wanted: Option<i32>) -> Backlog {
    wanted.and_then(|number| Backlog::new(number).ok()).unwrap_or(Backlog::MAXCONN)
}

/// An error of the system as Python shows it.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", Errno::from_raw(number).desc()),
        None => "[Errno -2] Name or service not known".to_owned(),
    }
}

fn with_path(error: &io::Error, path: &Path) -> String {
    format!("{}: '{}'", reason(error), path.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::RefCell;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    fn unix(path: &Path) -> FcgiSocketSettings {
        let address = FcgiAddress::Unix { path: path.to_owned(), owner: None, mode: 0o700 };
        FcgiSocketSettings { address, backlog: Some(3) }
    }

    fn tcp(port: u16) -> FcgiSocketSettings {
        FcgiSocketSettings { address: FcgiAddress::Tcp { host: "localhost".to_owned(), port }, backlog: None }
    }

    #[test]
    fn processes_share_a_socket_until_the_last_one_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.sock");
        let said = RefCell::new(Vec::new());
        let say = |line: &str| said.borrow_mut().push(line.replace(path.to_str().unwrap(), "PATH"));
        let mut sockets = FcgiSockets::default();
        sockets.acquire(ProcessId(1), &unix(&path), &say).unwrap();
        sockets.acquire(ProcessId(2), &unix(&path), &say).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o700);
        sockets.release(ProcessId(1), &say);
        assert!(sockets.of(ProcessId(1)).is_none() && sockets.of(ProcessId(2)).is_some());
        UnixStream::connect(&path).unwrap();
        sockets.release(ProcessId(2), &say);
        assert!(!path.exists());
        assert_eq!(*said.borrow(), ["Creating socket unix://PATH", "Closing socket unix://PATH"]);
    }

    #[test]
    fn a_socket_that_is_left_is_replaced_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (stale, file) = (folder.path().join("stale"), folder.path().join("file"));
        drop(UnixListener::bind(&stale).unwrap());
        drop(FcgiSocket::open(&unix(&stale)).unwrap());
        assert!(!stale.exists());
        fs::write(&file, "precious").unwrap();
        let refused = FcgiSocket::open(&unix(&file)).unwrap_err();
        assert_eq!(refused, format!("{} is there and is no socket", file.display()));
        assert_eq!(fs::read(&file).unwrap(), b"precious");
    }

    #[test]
    fn somebody_elses_file_at_the_path_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.sock");
        let socket = FcgiSocket::open(&unix(&path)).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        drop(socket);
        assert!(path.exists());
    }

    #[test]
    fn a_missing_folder_and_a_taken_port_are_told_in_pythons_words() {
        let refused = FcgiSocket::open(&unix(Path::new("/nowhere/at/all/f.sock"))).unwrap_err();
        assert_eq!(refused, "[Errno 2] No such file or directory");
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let refused = FcgiSocket::open(&tcp(taken.local_addr().unwrap().port())).unwrap_err();
        assert_eq!(refused, format!("[Errno {}] Address already in use", libc::EADDRINUSE));
    }
}
