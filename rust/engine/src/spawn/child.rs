//! The child between its birth and exec: system calls only.

use std::os::fd::{AsRawFd, RawFd};
use std::ptr;
use std::sync::atomic::Ordering;

use supervisor_core::errno;

use super::descriptors::DescriptorStep;
use super::prepare::{Prepared, UserChange};

/// Exit code of a child that could not execute its program (parity 6).
const NOT_SPAWNED: i32 = 127;

/// Written after the line that tells the reason.
const LAST_WORDS: &[u8] = b"supervisor: child process was not spawned\n";

/// Signals that children find ignored, as the original's do (traps 4). All others have their default action.
const IGNORED: [i32; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

/// Highest signal number to set to its default; numbers that a system does not have are refused harmlessly.
const LAST_SIGNAL: i32 = 64;

/// A step of the child that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// Change of groups or user.
    User = 1,
    /// Change of folder.
    Directory = 2,
    /// Execution of the program.
    Exec = 3,
}

/// Which step of the child failed, and the system's error number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpawnFailure {
    /// The step.
    pub step: Step,
    /// The error number.
    pub errno: i32,
}

impl SpawnFailure {
    fn encode(self) -> u64 {
        ((self.step as u64) << 32) | u64::from(self.errno.unsigned_abs())
    }

    /// The reverse of `encode`; 0 is no failure.
    pub(super) fn decode(code: u64) -> Option<Self> {
        let step = match code >> 32 {
            1 => Step::User,
            2 => Step::Directory,
            3 => Step::Exec,
            _ => return None,
        };
        Some(Self { step, errno: i32::try_from(code & 0xffff_ffff).unwrap_or(0) })
    }
}

/// Turns the calling process into the prepared program, or says why not and exits with 127.
///
/// Steps and messages are those of parity 6: own process group, standard descriptors, all others closed on
/// exec (or what a plug-in arranged instead), user, folder, mask, exec. Signal actions are reset while all signals
/// are still blocked; they are let through just before exec, so that one sent meanwhile has its default effect.
///
/// # Safety
/// Only in a new child, which may share memory with a suspended parent and may have been made beside other
/// threads: with all signals blocked, nothing here allocates, locks, panics or writes to memory other than the
/// stack, `errno` and `prepared.failure`. A change of user needs memory of its own.
pub(super) unsafe fn exec_child(prepared: &Prepared) -> ! {
    // SAFETY: system calls on descriptors that are open and strings that live, both owned by `prepared`.
    unsafe {
        libc::setpgid(0, 0);
        match &prepared.descriptors {
            None => arrange_usually(prepared),
            Some(steps) => steps.iter().for_each(|&step| arrange(prepared, step)),
        }
        reset_signal_actions();
        match &prepared.user {
            UserChange::Stay => {}
            UserChange::Refused(message) => {
                write_all(&[message]);
                give_up();
            }
            UserChange::Become(credentials) => {
                if let Err(message) = credentials.apply_in_child() {
                    match message {
                        Some(text) => write_all(&[&prepared.setuid_message, text.as_bytes(), b"\n"]),
                        None => fail(prepared, Step::User, &prepared.setuid_message),
                    }
                    give_up();
                }
            }
        }
        if let Some(directory) = &prepared.directory
            && libc::chdir(directory.as_ptr()) != 0
        {
            fail(prepared, Step::Directory, &prepared.chdir_message);
            give_up();
        }
        if let Some(mask) = prepared.umask {
            libc::umask(mask);
        }
        unblock_signals();
        libc::execve(prepared.file.as_ptr(), prepared.argv.as_ptr(), prepared.environment.as_ptr());
        fail(prepared, Step::Exec, &prepared.exec_message);
        give_up()
    }
}

/// The standard descriptors are the pipes, and all others are closed on exec.
unsafe fn arrange_usually(prepared: &Prepared) {
    let ends = &prepared.ends;
    let stderr = ends.stderr.as_ref().unwrap_or(&ends.stdout).as_raw_fd();
    // SAFETY: system calls on descriptors that are open, owned by `prepared`.
    unsafe {
        libc::dup2(ends.stdin.as_raw_fd(), libc::STDIN_FILENO);
        libc::dup2(ends.stdout.as_raw_fd(), libc::STDOUT_FILENO);
        libc::dup2(stderr, libc::STDERR_FILENO);
        close_others_on_exec(prepared.descriptor_limit);
    }
}

/// One step of a plug-in's own arrangement. Where it fails, there is no program, as in the original.
unsafe fn arrange(prepared: &Prepared, step: DescriptorStep) {
    // SAFETY: numbers only, and this process' own table; a descriptor that is not open is refused harmlessly.
    unsafe {
        match step {
            DescriptorStep::Usual => arrange_usually(prepared),
            DescriptorStep::Duplicate { from, to } => {
                if libc::dup2(from, to) < 0 {
                    give_up();
                }
                // Of a descriptor and itself nothing is made that would be open across exec.
                if from == to {
                    libc::fcntl(to, libc::F_SETFD, 0);
                }
            }
            DescriptorStep::Close { first, last } => close_all(first, last, prepared.descriptor_limit),
            DescriptorStep::GiveUp => give_up(),
        }
    }
}

/// Closes descriptors, those of them that are open.
unsafe fn close_all(first: i32, last: i32, limit: i32) {
    // SAFETY: as of `arrange`.
    unsafe {
        #[cfg(target_os = "linux")]
        if libc::syscall(libc::SYS_close_range, first, last, 0) == 0 {
            return;
        }
        for descriptor in first..=last.min(limit) {
            libc::close(descriptor);
        }
    }
}

/// Default actions, except for those left ignored.
unsafe fn reset_signal_actions() {
    for signal in 1..=LAST_SIGNAL {
        let action = if IGNORED.contains(&signal) { libc::SIG_IGN } else { libc::SIG_DFL };
        // SAFETY: all-zero is a valid sigaction: no flags, an empty mask; the pointer is to a live local.
        unsafe {
            let mut change: libc::sigaction = std::mem::zeroed();
            change.sa_sigaction = action;
            libc::sigaction(signal, &raw const change, ptr::null_mut());
        }
    }
}

unsafe fn unblock_signals() {
    // SAFETY: sigemptyset initialises the set that sigprocmask then reads; both only touch this local.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
    }
}

/// Marks all descriptors above standard error as closed on exec.
unsafe fn close_others_on_exec(limit: i32) {
    const FIRST: i32 = libc::STDERR_FILENO + 1;
    // SAFETY: numbers only; a descriptor that is not open is refused harmlessly.
    unsafe {
        #[cfg(target_os = "linux")]
        if libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) == 0 {
            return;
        }
        for descriptor in FIRST..limit {
            libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// Records the failure that `errno` tells, and writes its line to standard error.
unsafe fn fail(prepared: &Prepared, step: Step, message: &[u8]) {
    let number = last_errno();
    prepared.failure.store(SpawnFailure { step, errno: number }.encode(), Ordering::Relaxed);
    let mut digits = [0; 10];
    let name = match errno::static_name(number) {
        Some(name) => name.as_bytes(),
        None => decimal(number.unsigned_abs(), &mut digits),
    };
    // SAFETY: as of `write_all`.
    unsafe { write_all(&[message, name, b"\n"]) };
}

fn last_errno() -> i32 {
    // Reads errno; allocates nothing.
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// A number in digits, without allocating.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut start = digits.len();
    for (position, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        start = position;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}

/// Writes the parts to standard error with one system call, so that no other output gets in between.
unsafe fn write_all<const PARTS: usize>(parts: &[&[u8]; PARTS]) {
    let vectors =
        parts.map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() });
    const STDERR: RawFd = libc::STDERR_FILENO;
    // SAFETY: the vectors point into live slices, which writev only reads.
    unsafe { libc::writev(STDERR, vectors.as_ptr(), libc::c_int::try_from(PARTS).unwrap_or(0)) };
}

unsafe fn give_up() -> ! {
    // SAFETY: `_exit` runs no handlers and ends only this process, which has one thread.
    unsafe {
        write_all(&[LAST_WORDS]);
        libc::_exit(NOT_SPAWNED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 7, 10, 133, u32::MAX] {
            assert_eq!(decimal(number, &mut [0; 10]), number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_failure_survives_its_encoding() {
        let failure = SpawnFailure { step: Step::Exec, errno: libc::ENOEXEC };
        assert_eq!(SpawnFailure::decode(failure.encode()), Some(failure));
        assert_eq!(SpawnFailure::decode(0), None);
    }
}
