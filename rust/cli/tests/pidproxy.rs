//! `pidproxy` as a program: which signals reach whom, and when it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Says what reaches it, and ends on TERM with an exit code that is not passed on.
const SCRIPT: &str = "\
trap 'echo got USR1' USR1
trap 'echo got HUP' HUP
trap 'echo got TERM; exit 3' TERM
echo $$ > \"$1\"
echo ready
while :; do read -r line < \"$2\"; done
";

struct Scene {
    folder: TempDir,
    proxy: Child,
    output: BufReader<std::process::ChildStdout>,
    child: Pid,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let pidfile = folder.path().join("pid");
        // Reading from a fifo without a writer waits for ever, without a process of its own.
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut proxy = Command::new(env!("CARGO_BIN_EXE_pidproxy"))
            .arg(&pidfile)
            .args(["/bin/sh", "-c", SCRIPT, "script"])
            .args([&pidfile, &fifo])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(proxy.stdout.take().unwrap());
        let mut scene = Self { folder, proxy, output, child: Pid::from_raw(0) };
        assert_eq!(scene.line(), "ready");
        let pid = fs::read_to_string(scene.pidfile()).unwrap();
        scene.child = Pid::from_raw(pid.trim().parse().unwrap());
        scene
    }

    fn pidfile(&self) -> PathBuf {
        self.folder.path().join("pid")
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.proxy.id().try_into().unwrap()), signal).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.proxy.wait().unwrap().code()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Both may have ended already.
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
        let _ = kill(self.child, Signal::SIGKILL);
    }
}

#[test]
fn signals_are_passed_on_and_it_ends_after_term() {
    let mut scene = Scene::new();
    scene.send(Signal::SIGUSR1);
    assert_eq!(scene.line(), "got USR1");
    scene.send(Signal::SIGHUP);
    assert_eq!(scene.line(), "got HUP");
    scene.send(Signal::SIGTERM);
    assert_eq!(scene.line(), "got TERM");
    assert_eq!(scene.exit_code(), Some(0));
}

#[test]
fn it_ends_when_the_command_ends() {
    let mut scene = Scene::new();
    kill(scene.child, Signal::SIGKILL).unwrap();
    assert_eq!(scene.exit_code(), Some(0));
}

#[test]
fn without_a_pidfile_it_says_so_and_goes_on() {
    let mut scene = Scene::new();
    let pid = fs::read_to_string(scene.pidfile()).unwrap();
    fs::remove_file(scene.pidfile()).unwrap();
    scene.send(Signal::SIGTERM);
    assert_eq!(scene.line(), format!("Can't read child pidfile {}!", scene.pidfile().display()));
    fs::write(scene.pidfile(), pid).unwrap();
    scene.send(Signal::SIGUSR1);
    assert_eq!(scene.line(), "got USR1");
}

#[test]
fn a_pid_that_is_gone_is_an_error() {
    let mut scene = Scene::new();
    // A process that has ended and been waited for.
    let mut ended = Command::new("/bin/sh").args(["-c", ":"]).spawn().unwrap();
    ended.wait().unwrap();
    fs::write(scene.pidfile(), ended.id().to_string()).unwrap();
    scene.send(Signal::SIGUSR1);
    assert!(scene.line().contains("No such process"));
    assert_eq!(scene.exit_code(), Some(1));
}

#[test]
fn without_a_command_it_shows_how_it_is_used() {
    let outcome = Command::new(env!("CARGO_BIN_EXE_pidproxy")).arg("pidfile").output().unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    let text = String::from_utf8(outcome.stdout).unwrap();
    assert!(text.contains("pidproxy <pidfile name> <command> [<cmdarg1> ...]"), "{text}");
}

#[test]
fn a_command_that_cannot_be_run_is_named() {
    let outcome = Command::new(env!("CARGO_BIN_EXE_pidproxy")).args(["pid", "/no/such"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "Can't run /no/such: No such file or directory\n");
}
