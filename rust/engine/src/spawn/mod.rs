//! Starting processes: everything between a plan and a running child (design 3, parity 6).
//!
//! [`resolve()`] finds the file, [`spawn()`] starts it. All that allocates, looks up or may fail in a complicated
//! way happens in the parent (`prepare`); the child only makes system calls (`child`). On Linux the child
//! shares the parent's memory until it executes (`start`), which takes the same short time whatever the
//! size of the daemon.

mod child;
mod descriptors;
mod prepare;
mod resolve;
mod start;
mod wait;

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use supervisor_core::effect::SpawnPlan;
use supervisor_core::input::SpawnError;

use crate::pipes;
use prepare::{ChildEnds, Prepared};

pub use child::{SpawnFailure, Step};
pub use descriptors::{DescriptorStep, PipeNumbers};
pub use resolve::resolve;
pub(crate) use wait::wait_for_any;

/// A process that was started, with the daemon's ends of its pipes: non-blocking, closed on exec.
#[derive(Debug)]
pub struct SpawnedChild {
    /// Its pid, which is also the number of its process group.
    pub pid: i32,
    /// To write to its standard input; `None` where that is a socket.
    pub stdin: Option<OwnedFd>,
    /// To read its standard output from.
    pub stdout: OwnedFd,
    /// To read its standard error from; `None` with `redirect_stderr`, where it goes to `stdout`.
    pub stderr: Option<OwnedFd>,
    /// The step that failed in the child, where that is known at once (never with a change of user). The child
    /// has said so on its standard error and exits with code 127; this is for the main log only.
    pub failure: Option<SpawnFailure>,
}

/// Starts a process by `plan` from the file that [`resolve()`] found, with `socket` as its standard input in place
/// of a pipe, if there is one. `arrange` is told the pipes and says what the child is to do with its descriptors, `None`
/// for the usual.
///
/// The caller has to collect the child with [`crate::reap::reap`]. A step that fails in the child (change of
/// user or folder, exec) is no error here: as in the original, the child writes a line that begins with
/// `supervisor: couldn't` to its standard error and exits with code 127.
///
/// # Errors
/// [`SpawnError::Pipes`] and [`SpawnError::Fork`]. A NUL byte in a word, a variable or a path, which no
/// process can be given, is the latter with `EINVAL`.
pub fn spawn(
    plan: &SpawnPlan,
    resolved: &Path,
    socket: Option<BorrowedFd<'_>>,
    arrange: impl FnOnce(&PipeNumbers) -> Option<Vec<DescriptorStep>>,
) -> Result<SpawnedChild, SpawnError> {
    let (pipes, ends) = make_pipes(plan.redirect_stderr, socket)
        .map_err(|error| SpawnError::Pipes { errno: error.raw_os_error().unwrap_or(libc::EIO) })?;
    let descriptors = arrange(&PipeNumbers::of(&ends, &pipes));
    let prepared =
        Prepared::new(plan, resolved, ends, descriptors).ok_or(SpawnError::Fork { errno: libc::EINVAL })?;
    let pid = start::start(&prepared).map_err(|errno| SpawnError::Fork { errno })?;
    let ParentEnds { stdin, stdout, stderr } = pipes;
    Ok(SpawnedChild { pid, stdin, stdout, stderr, failure: prepared.failure() })
}

/// The daemon's ends of a child's pipes.
struct ParentEnds {
    stdin: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: Option<OwnedFd>,
}

fn make_pipes(
    redirect_stderr: bool,
    socket: Option<BorrowedFd<'_>>,
) -> std::io::Result<(ParentEnds, ChildEnds)> {
    let (child_stdin, stdin) = if let Some(socket) = socket {
        (socket.try_clone_to_owned()?, None)
    } else {
        let (read, write) = pipes::pipe()?;
        (read, Some(write))
    };
    let (stdout, child_stdout) = pipes::pipe()?;
    let (stderr, child_stderr) = if redirect_stderr {
        (None, None)
    } else {
        let (read, write) = pipes::pipe()?;
        (Some(read), Some(write))
    };
    for end in [stdin.as_ref(), Some(&stdout), stderr.as_ref()].into_iter().flatten() {
        pipes::set_nonblocking(end)?;
    }
    let ends = ChildEnds { stdin: child_stdin, stdout: child_stdout, stderr: child_stderr };
    Ok((ParentEnds { stdin, stdout, stderr }, ends))
}
