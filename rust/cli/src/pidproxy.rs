//! The program `pidproxy`: runs a command that puts itself into the background, and passes signals on to
//! the process whose pid the command wrote into a file (parity 3).

use std::ffi::{CString, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Signals that are passed on.
const FORWARDED: [Signal; 6] =
    [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGQUIT];

/// Of those, the ones after which this program ends as well.
const ENDING: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

/// Runs with the program's arguments (the first is its own name) and returns the exit code: 1 for missing
/// arguments or a signal that cannot be passed on, else 0, whatever the command's own was.
///
/// What it has to say goes to `output`, line by line.
pub fn run(arguments: &[OsString], output: &mut dyn Write) -> i32 {
    let [_, pidfile, command @ ..] = arguments else { return usage(arguments, output) };
    if command.is_empty() {
        return usage(arguments, output);
    }
    match supervise(Path::new(pidfile), command, output) {
        Ok(()) => 0,
        Err(error) => {
            say(output, &format!("Error: {error}"));
            1
        }
    }
}

/// Starts the command, then waits for signals until the command has ended or has been asked to.
fn supervise(pidfile: &Path, command: &[OsString], output: &mut dyn Write) -> io::Result<()> {
    let mut signals = SigSet::empty();
    FORWARDED.into_iter().chain([Signal::SIGCHLD]).for_each(|signal| signals.add(signal));
    // Blocked, the signals wait until they are taken one by one below; the command gets the mask that was
    // before.
    let before = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let child = match spawn(command, &before) {
        Ok(child) => child,
        Err(error) => {
            // Exit code 0, as for a command that ends at once.
            say(output, &format!("Can't run {}: {}", Path::new(&command[0]).display(), error.desc()));
            return Ok(());
        }
    };
    loop {
        let signal = signals.wait()?;
        if signal == Signal::SIGCHLD {
            if has_ended(child) {
                return Ok(());
            }
            continue;
        }
        let Some(pid) = read_pid(pidfile) else {
            say(output, &format!("Can't read child pidfile {}!", pidfile.display()));
            continue;
        };
        kill(pid, signal).map_err(|error| {
            io::Error::other(format!("cannot send {signal} to pid {pid}: {}", error.desc()))
        })?;
        if ENDING.contains(&signal) {
            return Ok(());
        }
    }
}

/// Runs the command by its path: a name without a slash is looked for in the current directory only.
fn spawn(command: &[OsString], mask: &SigSet) -> nix::Result<Pid> {
    let path = absolute(Path::new(&command[0]));
    let arguments = strings(command.iter().map(|argument| argument.as_bytes().to_vec()))?;
    let environment =
        strings(env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat()))?;
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_flags(PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK)?;
    attributes.set_sigmask(mask)?;
    posix_spawn(path.as_path(), &PosixSpawnFileActions::init()?, &attributes, &arguments, &environment)
}

/// Text for the operating system. An argument cannot hold a zero byte, so the error does not happen.
fn strings(texts: impl Iterator<Item = Vec<u8>>) -> nix::Result<Vec<CString>> {
    texts.map(|text| CString::new(text).map_err(|_| Errno::EINVAL)).collect()
}

/// The path from the root, where the current directory is known.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether the child is gone; one that is only stopped is not.
fn has_ended(child: Pid) -> bool {
    !matches!(waitpid(child, Some(WaitPidFlag::WNOHANG)), Ok(WaitStatus::StillAlive) | Err(Errno::EINTR))
}

/// The pid in the file. Numbers that mean a group of processes, or all of them, are no pids.
fn read_pid(pidfile: &Path) -> Option<Pid> {
    let number: i32 = fs::read_to_string(pidfile).ok()?.trim().parse().ok()?;
    (number > 0).then(|| Pid::from_raw(number))
}

fn usage(arguments: &[OsString], output: &mut dyn Write) -> i32 {
    let program = arguments.first().map(|name| name.to_string_lossy()).unwrap_or_default();
    say(
        output,
        &format!(
            "pidproxy -- run a command and pass signals on to the pid in its pidfile.\n\n\
             For a command that goes into the background and writes its pid into a file: the signals\n\
             TERM, HUP, INT, USR1, USR2 and QUIT that pidproxy receives are sent to that pid.\n\n\
             Usage: {program} <pidfile name> <command> [<cmdarg1> ...]\n"
        ),
    );
    1
}

/// Prints a line at once.
fn say(output: &mut dyn Write, line: &str) {
    // Output that nobody takes must not keep signals from being passed on.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
