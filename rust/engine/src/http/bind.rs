//! Making the listeners, by the original's rules: see [`bind`].

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, connect, listen, setsockopt, socket, sockopt,
};
use supervisor_core::config::{HttpAddress, HttpServerSettings};
use thiserror::Error;

use super::limits;
use crate::unix_path::OwnPath;

/// How often a stale socket is removed before the path counts as taken.
const STALE_RETRIES: usize = 10;

/// Why a server cannot listen. The text is what the original prints after `Error: `, before it exits with 2.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BindError {
    /// The port or the socket is taken.
    #[error(
        "Another program is already listening on a port that one of our HTTP servers is configured to use.  \
         Shut this program down first before starting supervisord."
    )]
    InUse,
    /// The system refused.
    #[error("Cannot open an HTTP server: socket.error reported errno.{0:?} ({number})", number = *.0 as i32)]
    System(Errno),
    /// The host name is not known.
    #[error("Cannot open an HTTP server: socket.error reported -2")]
    UnknownHost,
    /// The path does not fit into a socket's address.
    #[error("Cannot open an HTTP server: socket.error reported AF_UNIX path too long")]
    PathTooLong,
    /// The socket cannot be given to its configured owner.
    #[error(
        "Not permitted to chown {path} to uid/gid ({uid}, {gid}); adjust \"sockchown\" value in config file or \
         on command line to values that the current user ({user}) can successfully chown"
    )]
    NotPermittedToChown {
        /// The socket.
        path: String,
        /// Configured owner.
        uid: u32,
        /// Configured group.
        gid: u32,
        /// Name of the user that the daemon runs as.
        user: String,
    },
}

impl From<Errno> for BindError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::EADDRINUSE => Self::InUse,
            Errno::ENAMETOOLONG => Self::PathTooLong,
            other => Self::System(other),
        }
    }
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        error.raw_os_error().map_or(Self::UnknownHost, |number| Errno::from_raw(number).into())
    }
}

/// A server that listens but does not answer yet. Survives a fork; dropping it leaves a socket's path behind,
/// [`Listener::close`] does not.
#[derive(Debug)]
pub struct Listener {
    pub(super) section: String,
    pub(super) credentials: Option<(String, String)>,
    pub(super) allow_get_actions: bool,
    pub(super) socket: Socket,
    pub(super) path: Option<OwnPath>,
    pub(super) address: HttpAddress,
}

#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Socket {
    /// Has accepting never wait, and sets what connections over TCP inherit.
    pub(super) fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Unix(listener) => listener.set_nonblocking(true),
            Self::Tcp(listener) => {
                // Small answers go at once; clients that vanish without a word are found out by the system. A
                // connection without these options works as well.
                let _ = setsockopt(listener, sockopt::TcpNoDelay, &true);
                let _ = setsockopt(listener, sockopt::KeepAlive, &true);
                listener.set_nonblocking(true)
            }
        }
    }

    /// The next client's connection, and where it comes from over TCP; or `WouldBlock`.
    pub(super) fn accept(&self) -> io::Result<(OwnedFd, Option<SocketAddr>)> {
        match self {
            Self::Unix(listener) => Ok((listener.accept()?.0.into(), None)),
            Self::Tcp(listener) => listener.accept().map(|(client, peer)| (client.into(), Some(peer))),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Unix(listener) => listener.as_raw_fd(),
            Self::Tcp(listener) => listener.as_raw_fd(),
        }
    }
}

impl Listener {
    /// What the original logs as critical for a server without a password, before it serves.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let open = self.credentials.is_none();
        open.then(|| format!("Server '{}' running without any HTTP authentication checking", self.section))
    }

    /// The TCP address it listens on; `None` for a unix socket.
    #[must_use]
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            Socket::Unix(_) => None,
        }
    }

    /// Stops listening and removes the path, if it is still ours.
    pub fn close(self) {
        if let Some(path) = &self.path {
            path.remove();
        }
    }
}

/// Makes all listeners, or none.
///
/// # Errors
/// That of the first server which cannot listen; those before it are closed.
pub fn bind_all(servers: &[HttpServerSettings]) -> Result<Vec<Listener>, BindError> {
    let mut listeners = Vec::with_capacity(servers.len());
    for settings in servers {
        match bind(settings) {
            Ok(listener) => listeners.push(listener),
            Err(error) => {
                listeners.into_iter().for_each(Listener::close);
                return Err(error);
            }
        }
    }
    Ok(listeners)
}

/// Makes one listener.
///
/// A unix socket is made under the name `path.<pid>` with its mode and owner and then linked to `path`, so that
/// it is never there half made. What is there already is removed with a note on standard error when it is a
/// socket that nobody listens on. Beyond the original: anything but a socket or a symbolic link is never removed, a server that
/// hangs counts as listening, and file systems without hard links work.
///
/// # Errors
/// See [`BindError`].
pub fn bind(settings: &HttpServerSettings) -> Result<Listener, BindError> {
    let (socket, path) = match &settings.address {
        HttpAddress::Unix { path, mode, owner } => {
            let (listener, path) = bind_unix(path, *mode, *owner)?;
            (Socket::Unix(listener), Some(path))
        }
        HttpAddress::Inet { host, port } => (Socket::Tcp(bind_tcp(host, *port)?), None),
    };
    Ok(Listener {
        section: settings.section.clone(),
        credentials: settings.credentials.clone(),
        allow_get_actions: settings.allow_get_actions,
        socket,
        path,
        address: settings.address.clone(),
    })
}

/// An empty host means all IPv4 addresses; `[…]` around an IPv6 address is taken off.
fn bind_tcp(host: &str, port: u16) -> Result<TcpListener, BindError> {
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let host = if host.is_empty() { "0.0.0.0" } else { host };
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    // The original knows IPv4 only: where a name has both, it stays with that.
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    Ok(TcpListener::bind(address.ok_or(BindError::UnknownHost)?)?)
}

/// A unix socket with its mode and owner under its name; see [`bind`].
pub(super) fn bind_unix(
    path: &Path,
    mode: u32,
    owner: Option<(u32, u32)>,
) -> Result<(UnixListener, OwnPath), BindError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let made = make_socket(path, &temporary, mode, owner).and_then(|listener| {
        let own = OwnPath::new(path, &temporary)?;
        link(&temporary, path)?;
        Ok((listener, own))
    });
    // Not there any more after a rename.
    let _ = fs::remove_file(&temporary);
    made
}

/// The socket under its temporary name, with mode and owner, listening.
fn make_socket(
    path: &Path,
    temporary: &Path,
    mode: u32,
    owner: Option<(u32, u32)>,
) -> Result<UnixListener, BindError> {
    let _ = fs::remove_file(temporary);
    let descriptor = unix_socket()?;
    nix::sys::socket::bind(descriptor.as_raw_fd(), &UnixAddr::new(temporary)?)?;
    fs::set_permissions(temporary, fs::Permissions::from_mode(mode))?;
    if let Some((uid, gid)) = owner {
        chown(temporary, Some(uid), Some(gid)).map_err(|error| {
            match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EPERM) => BindError::NotPermittedToChown {
                    path: path.display().to_string(),
                    uid,
                    gid,
                    user: user_name(),
                },
                _ => error.into(),
            }
        })?;
    }
    listen(&descriptor, Backlog::new(limits::BACKLOG)?)?;
    Ok(UnixListener::from(descriptor))
}

fn unix_socket() -> Result<OwnedFd, Errno> {
    let descriptor = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None)?;
    fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(descriptor)
}

fn user_name() -> String {
    let uid = nix::unistd::geteuid();
    nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// Gives the finished socket its name, in place of a stale one.
fn link(temporary: &Path, path: &Path) -> Result<(), BindError> {
    for _ in 0..STALE_RETRIES {
        let Err(error) = fs::hard_link(temporary, path) else { return Ok(()) };
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() && !found.is_symlink() => {
                return Err(Errno::EEXIST.into());
            }
            Ok(_) if is_used(path)? => return Err(BindError::InUse),
            Ok(_) => {
                // Nowhere to tell it is no reason to stop.
                let _ = writeln!(io::stderr(), "Unlinking stale socket {}", path.display());
                fs::remove_file(path)?;
            }
            // Nothing is in the way: a file system without hard links, unless renaming fails as well.
            Err(_) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Ok(fs::rename(temporary, path)?);
            }
            Err(_) => {}
        }
    }
    Err(BindError::InUse)
}

/// Whether somebody listens at `path`: only a refused connection says that nobody does.
fn is_used(path: &Path) -> Result<bool, BindError> {
    let descriptor = unix_socket()?;
    // A server whose queue is full must not hold us up.
    fcntl(&descriptor, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let answer = connect(descriptor.as_raw_fd(), &UnixAddr::new(path)?);
    Ok(!matches!(answer, Err(Errno::ECONNREFUSED | Errno::ENOENT)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::net::TcpStream;

    use nix::sys::socket::getsockopt;

    use super::*;

    #[test]
    fn connections_over_tcp_inherit_the_options_of_their_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = Socket::Tcp(listener);
        socket.prepare().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (accepted, peer) = socket.accept().unwrap();
        assert_eq!(peer, client.local_addr().ok());
        assert!(getsockopt(&accepted, sockopt::TcpNoDelay).unwrap());
        assert!(getsockopt(&accepted, sockopt::KeepAlive).unwrap());
        assert_eq!(socket.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
