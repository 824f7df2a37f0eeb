//! Pipes whose ends are owned and never leak into a child.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// First descriptor that is not standard input, output or error.
const FIRST_FREE: i32 = 3;

/// What a widened pipe holds, in bytes.
#[cfg(target_os = "linux")]
const WIDE: i32 = 256 * 1024;

/// A new pipe: its reading end and its writing end.
///
/// Both ends close on exec and lie above standard error, so that moving one of them to a standard
/// descriptor in a child always makes a new descriptor, even where the daemon was started with
/// standard descriptors closed.
///
/// # Errors
/// The system's, such as `EMFILE`.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = new_pipe()?;
    Ok((above_standard(read)?, above_standard(write)?))
}

/// Makes reads and writes answer `EWOULDBLOCK` instead of waiting.
///
/// # Errors
/// The system's.
pub fn set_nonblocking(fd: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Has a pipe hold more, so that whoever fills it faster than it is looked at need not wait: 256 KiB instead of the
/// usual 64. Only Linux can, and only within its limit for a user; elsewhere the pipe stays as it is.
pub(crate) fn widen(pipe: &impl AsFd) {
    #[cfg(target_os = "linux")]
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(WIDE));
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
fn new_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
}

/// Without `pipe2` there is a moment in which another thread's fork inherits the pipe; the only forks
/// are those of the spawn code, which marks all descriptors itself.
#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_os = "openbsd")))]
fn new_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = nix::unistd::pipe()?;
    for end in [&read, &write] {
        fcntl(end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    }
    Ok((read, write))
}

/// The descriptor, moved above the standard ones if it is one of them.
///
/// # Errors
/// The system's, such as `EMFILE`.
pub(crate) fn above_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= FIRST_FREE {
        return Ok(fd);
    }
    // The standard library duplicates to 3 or above and sets close-on-exec.
    fd.try_clone()
}
