//! What the tests of the engine share: plans, and children that are always collected.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use supervisor_core::config::{LogTarget, OutputSettings};
use supervisor_core::effect::{ProcessId, SpawnPlan};
use supervisor_engine::spawn::{SpawnedChild, resolve, spawn};

/// Output that goes to a file, without rotation, or nowhere.
pub(crate) fn output(path: Option<PathBuf>) -> OutputSettings {
    OutputSettings {
        logfile: path.map_or(LogTarget::None, LogTarget::File),
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    }
}

/// A plan for a command, everything else left as it is by default.
pub(crate) fn plan(argv: &[&str]) -> SpawnPlan {
    SpawnPlan {
        process: ProcessId(1),
        name: "test".to_owned(),
        group: "test".to_owned(),
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        path: None,
        environment: Vec::new(),
        directory: None,
        umask: None,
        user: None,
        socket: None,
        redirect_stderr: false,
        stdout: output(None),
        stderr: output(None),
        strip_ansi: false,
        is_listener: false,
    }
}

/// Starts a plan.
pub(crate) fn start(plan: &SpawnPlan) -> SpawnedChild {
    spawn(plan, &resolve(&plan.argv[0], plan.path.as_deref()).unwrap(), None, |_| None).unwrap()
}

/// Reads a pipe to its end.
pub(crate) fn read_to_end(pipe: OwnedFd) -> String {
    fcntl(&pipe, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let mut text = Vec::new();
    File::from(pipe).read_to_end(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Waits for the end of a child.
pub(crate) fn wait(pid: i32) -> WaitStatus {
    waitpid(Pid::from_raw(pid), None).unwrap()
}

/// Runs a plan to its end with empty input: output, error output, exit code.
pub(crate) fn run(plan: &SpawnPlan) -> (String, String, i32) {
    let child = start(plan);
    drop(child.stdin);
    let stdout = read_to_end(child.stdout);
    let stderr = child.stderr.map(read_to_end).unwrap_or_default();
    match wait(child.pid) {
        WaitStatus::Exited(_, code) => (stdout, stderr, code),
        other => panic!("{other:?}"),
    }
}
