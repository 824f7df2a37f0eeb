//! Making the child: in shared memory where that is possible, as a copy otherwise.

use nix::sys::signal::{SigSet, SigmaskHow};

use super::child::exec_child;
use super::prepare::{Prepared, UserChange};

/// Makes the child, which then runs [`exec_child`]. Returns its pid, or the error number.
///
/// All signals stay blocked in this thread meanwhile, so that no handler of the daemon runs in the child.
pub(super) fn start(prepared: &Prepared) -> Result<i32, i32> {
    let old_mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).map_err(|errno| errno as i32)?;
    let child = make_child(prepared);
    // Setting a mask that was just read cannot fail.
    let _ = old_mask.thread_set_mask();
    child
}

/// A change of user in memory shared with the daemon would switch off core dumps of the daemon itself, and
/// glibc's functions for it would signal the daemon's threads: such a child gets memory of its own.
#[cfg(target_os = "linux")]
fn make_child(prepared: &Prepared) -> Result<i32, i32> {
    match prepared.user {
        UserChange::Stay | UserChange::Refused(_) => share_memory(prepared),
        UserChange::Become(_) => fork(prepared),
    }
}

#[cfg(not(target_os = "linux"))]
fn make_child(prepared: &Prepared) -> Result<i32, i32> {
    fork(prepared)
}

/// Waits until the child has executed its program or is gone: the same short time whatever the daemon's size.
#[cfg(target_os = "linux")]
fn share_memory(prepared: &Prepared) -> Result<i32, i32> {
    /// Bytes of stack for the child; it needs a few hundred, plus what the C library's wrappers take.
    const STACK_SIZE: usize = 64 * 1024;

    extern "C" fn run(prepared: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the parent passes a live `Prepared` and is suspended until exec or exit; signals are blocked;
        // there is no change of user (`make_child`).
        unsafe { exec_child(&*prepared.cast::<Prepared>()) }
    }

    // Elements of 16 bytes, for the alignment that stacks have; the memory stays uninitialised.
    let mut stack: Vec<u128> = Vec::with_capacity(STACK_SIZE / size_of::<u128>());
    let argument = std::ptr::from_ref(prepared).cast_mut().cast();
    // SAFETY: the stack's end is one past the allocation, aligned, and stacks grow downwards on all Linux
    // targets of Rust's standard library; CLONE_VFORK suspends this thread until the child uses neither stack
    // nor `prepared` any more. The child never returns from `run`.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.capacity());
        libc::clone(run, top.cast(), libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD, argument)
    };
    if pid < 0 { Err(last_errno()) } else { Ok(pid) }
}

fn fork(prepared: &Prepared) -> Result<i32, i32> {
    // SAFETY: the child calls only `exec_child`, whose conditions hold: signals are blocked, its memory is its own.
    unsafe {
        match libc::fork() {
            0 => exec_child(prepared),
            pid if pid < 0 => Err(last_errno()),
            pid => Ok(pid),
        }
    }
}

fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}
