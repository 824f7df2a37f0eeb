//! The daemon's own process set-up, in processes of their own: the tests start this test program again.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::env;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{Uid, User, getgid, getgroups, getpid, getsid, getuid};
use supervisor_core::config::{LogLevel, LogTarget};
use supervisor_engine::daemon::background::daemonise;
use supervisor_engine::daemon::user::become_user;
use supervisor_engine::logs::{Logs, MainLog, MainLogWriter};

/// Tells the started program the folder to work in; without it, its tests do nothing.
const FOLDER: &str = "SUPERVISOR_TEST_FOLDER";

/// How long a daemon has to report before its test fails.
const PATIENCE: u16 = 20_000;

const NOBODY: u32 = 65534;

/// This test program, told to run one of its ignored tests in `folder`.
fn again(test: &str, folder: &tempfile::TempDir) -> Command {
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", test, "--nocapture"]).env(FOLDER, folder.path());
    command
}

/// Runs a test of this program that leaves for the background, and returns what it reports from there.
fn report_of(test: &str) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    let status = again(test, &folder).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    let mut waiting = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut waiting, PollTimeout::from(PATIENCE)).unwrap(), 1, "the daemon said nothing");
    let mut report = String::new();
    listener.accept().unwrap().0.read_to_string(&mut report).unwrap();
    (folder, report.lines().map(str::to_owned).collect())
}

/// Sends lines to the test that started this program, and ends it.
fn report(lines: &[String]) -> ! {
    let socket = format!("{}/socket", env::var(FOLDER).unwrap());
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(lines.join("\n").as_bytes()).unwrap();
    std::process::exit(0)
}

#[test]
#[ignore = "started by another test, and only by it"]
fn leave_for_the_background() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let said = daemonise(Some(folder.as_ref()), 0o027).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = vec![
        (getsid(None).unwrap() == getpid()).to_string(),
        env::current_dir().unwrap().display().to_string(),
        status.lines().find(|line| line.starts_with("Umask:")).unwrap().to_owned(),
    ];
    lines.extend(
        (0..3).map(|number| fs::read_link(format!("/proc/self/fd/{number}")).unwrap().display().to_string()),
    );
    lines.extend(said.into_iter().map(|(level, message)| format!("{} {message}", level.label())));
    report(&lines);
}

#[test]
fn a_daemon_has_a_session_a_folder_and_a_mask_of_its_own_and_no_terminal() {
    let (folder, report) = report_of("leave_for_the_background");
    let folder = folder.path().canonicalize().unwrap().display().to_string();
    let expected = [
        "true",
        &folder,
        "Umask:\t0027",
        "/dev/null",
        "/dev/null",
        "/dev/null",
        "INFO daemonizing the supervisord process",
        &format!("INFO set current directory: '{folder}'"),
    ];
    assert_eq!(report, expected);
}

#[test]
#[ignore = "started by another test, and only by it"]
fn become_nobody() {
    if env::var_os(FOLDER).is_none() {
        return;
    }
    let said = become_user(Some(NOBODY));
    report(&[
        format!("{said:?}"),
        getuid().to_string(),
        getgid().to_string(),
        getgroups().unwrap().contains(&getgid()).to_string(),
        format!("{:?}", become_user(Some(0))),
    ]);
}

#[test]
fn a_daemon_of_root_becomes_another_user_for_good_and_one_of_anybody_else_does_not() {
    let Some(user) = User::from_uid(Uid::from_raw(NOBODY)).unwrap() else { return };
    let (_folder, report) = report_of("become_nobody");
    let refused = "Err(\"Can't drop privilege as nonroot user\")";
    if getuid().is_root() {
        let said =
            format!("{:?}", Ok::<_, String>(Some((LogLevel::Info, "Set uid to user 65534 succeeded"))));
        assert_eq!(report, [&said, "65534", &user.gid.to_string(), "true", refused]);
    } else {
        assert_eq!(report[0], refused);
        assert_eq!(report[1], getuid().to_string());
    }
}

#[test]
#[ignore = "started by another test, and only by it"]
fn log_in_the_foreground() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let file = std::path::Path::new(&folder).join("main.log");
    let settings = MainLog {
        target: LogTarget::File(file),
        maxbytes: 0,
        backups: 0,
        level: LogLevel::Info,
        echo_stdout: true,
    };
    let mut main = MainLogWriter::open(&settings).unwrap();
    main.line(LogLevel::Info, "before there is a thread");
    let logs = Logs::start(main).unwrap();
    for number in 0..1000 {
        logs.line(LogLevel::Info, &format!("line {number}"));
    }
    logs.stop();
}

#[test]
fn in_the_foreground_the_main_log_is_on_standard_output_too() {
    let folder = tempfile::tempdir().unwrap();
    let output = again("log_in_the_foreground", &folder).output().unwrap();
    assert!(output.status.success());
    let shown = String::from_utf8(output.stdout).unwrap();
    // The test program has lines of its own.
    let shown: Vec<&str> = shown.lines().filter(|line| line.contains(" INFO ")).collect();
    let written = fs::read_to_string(folder.path().join("main.log")).unwrap();
    let written: Vec<&str> = written.lines().collect();
    assert_eq!(written.len(), 1001);
    assert_eq!(shown, written);
}
