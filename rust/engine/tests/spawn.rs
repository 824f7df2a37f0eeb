//! Real children: what they find when they start, and what they say when they cannot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;

use common::{plan, read_to_end, run, start, wait};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{Uid, getpgid};
use supervisor_core::input::SpawnError;
use supervisor_engine::spawn::{SpawnFailure, SpawnedChild, Step, spawn};

/// A user that is not root and exists nearly everywhere.
const NOBODY: u32 = 65534;

const NOT_SPAWNED: &str = "supervisor: child process was not spawned\n";

fn shell(script: &str) -> supervisor_core::effect::SpawnPlan {
    plan(&["/bin/sh", "-c", script])
}

#[test]
fn arguments_output_and_exit_code_come_through() {
    let plan = plan(&["/bin/sh", "-c", "echo \"$1\"; echo \"$2\" >&2; exit 7", "sh", "one  two", ""]);
    assert_eq!(run(&plan), ("one  two\n".to_owned(), "\n".to_owned(), 7));
}

#[test]
fn a_redirected_error_output_is_in_the_output_in_order() {
    let plan = supervisor_core::effect::SpawnPlan {
        redirect_stderr: true,
        ..shell("echo one; echo two >&2; echo three")
    };
    let child = start(&plan);
    assert!(child.stderr.is_none());
    assert_eq!(read_to_end(child.stdout), "one\ntwo\nthree\n");
    wait(child.pid);
}

#[test]
fn folder_and_mask_are_set_in_the_child_and_not_in_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let before = std::env::current_dir().unwrap();
    let mut plan = shell("pwd -P; umask");
    plan.directory = Some(folder.path().to_owned());
    plan.umask = Some(0o027);
    let expected = format!("{}\n0027\n", folder.path().canonicalize().unwrap().display());
    assert_eq!(run(&plan), (expected, String::new(), 0));
    assert_eq!(std::env::current_dir().unwrap(), before);
    assert_ne!(run(&shell("umask")).0, "0027\n");
}

#[test]
fn variables_are_added_to_the_daemons_and_the_last_one_wins() {
    let mut plan = shell("echo \"$SUPERVISOR_ENABLED,$A,$PATH\"");
    plan.environment = [("SUPERVISOR_ENABLED", "1"), ("A", "first"), ("A", "x=y z")]
        .map(|(n, v)| (n.into(), v.into()))
        .into();
    assert_eq!(run(&plan).0, format!("1,x=y z,{}\n", std::env::var("PATH").unwrap()));
}

#[test]
fn a_relative_command_is_looked_up_here_and_executed_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan(&["./no-such-command"]);
    plan.directory = Some(folder.path().to_owned());
    let child = spawn(&plan, "./no-such-command".as_ref(), None, |_| None).unwrap();
    let expected = format!("supervisor: couldn't exec ./no-such-command: ENOENT\n{NOT_SPAWNED}");
    assert_eq!(read_to_end(child.stderr.unwrap()), expected);
    assert_eq!(child.failure, Some(SpawnFailure { step: Step::Exec, errno: libc::ENOENT }));
    wait(child.pid);
}

#[test]
fn a_folder_that_cannot_be_entered_is_told_on_the_error_output() {
    let mut plan = shell("echo never");
    plan.directory = Some("/nowhere/at/all".into());
    let expected = format!("supervisor: couldn't chdir to /nowhere/at/all: ENOENT\n{NOT_SPAWNED}");
    assert_eq!(run(&plan), (String::new(), expected.clone(), 127));
    plan.redirect_stderr = true;
    assert_eq!(run(&plan), (expected, String::new(), 127));
}

#[test]
fn a_file_that_is_no_program_is_told_on_the_error_output() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text");
    fs::write(&file, "no program\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let name = file.to_str().unwrap();
    let expected = format!("supervisor: couldn't exec {name}: ENOEXEC\n{NOT_SPAWNED}");
    assert_eq!(run(&plan(&[name])), (String::new(), expected, 127));
}

#[test]
fn a_nul_byte_is_refused_before_there_is_a_child() {
    let error = spawn(&plan(&["/bin/sh", "a\0b"]), "/bin/sh".as_ref(), None, |_| None).unwrap_err();
    assert_eq!(error, SpawnError::Fork { errno: libc::EINVAL });
}

#[test]
fn another_user_comes_with_its_groups_or_is_refused() {
    let mut plan = shell("id -u; id -g; id -G");
    plan.user = Some(NOBODY);
    let user = nix::unistd::User::from_uid(Uid::from_raw(NOBODY)).unwrap();
    let refused = |reason: &str| format!("supervisor: couldn't setuid to {NOBODY}: {reason}\n{NOT_SPAWNED}");
    let (stdout, stderr, code) = run(&plan);
    match user {
        None => assert_eq!((stderr, code), (refused("Can't find uid 65534"), 127)),
        Some(user) if Uid::current().is_root() => {
            let gid = user.gid;
            assert_eq!((stderr, code), (String::new(), 0));
            assert!(stdout.starts_with(&format!("{NOBODY}\n{gid}\n{gid}")), "{stdout}");
        }
        Some(_) => assert_eq!((stderr, code), (refused("Can't drop privilege as nonroot user"), 127)),
    }
}

#[test]
fn an_unknown_user_is_told_on_the_error_output() {
    let mut plan = shell("echo never");
    plan.user = Some(3_999_999_999);
    let expected =
        format!("supervisor: couldn't setuid to 3999999999: Can't find uid 3999999999\n{NOT_SPAWNED}");
    assert_eq!(run(&plan), (String::new(), expected, 127));
}

#[test]
fn the_own_user_needs_no_privileges() {
    let mut plan = shell("id -u");
    plan.user = Some(Uid::current().as_raw());
    assert_eq!(run(&plan), (format!("{}\n", Uid::current()), String::new(), 0));
}

#[test]
fn a_child_leads_its_own_process_group() {
    let child = start(&plan(&["/bin/cat"]));
    assert_eq!(getpgid(Some(nix::unistd::Pid::from_raw(child.pid))).unwrap().as_raw(), child.pid);
    drop(child.stdin);
    wait(child.pid);
}

/// A `cat` that has answered. The parent goes on a moment before the child's exec is done with signals and
/// descriptors; an answer shows that it is.
#[cfg(target_os = "linux")]
fn running_cat() -> SpawnedChild {
    let child = start(&plan(&["/bin/cat"]));
    nix::unistd::write(child.stdin.as_ref().unwrap(), b"x").unwrap();
    let mut readable = [PollFd::new(child.stdout.as_fd(), PollFlags::POLLIN)];
    poll(&mut readable, PollTimeout::NONE).unwrap();
    child
}

/// One line of `/proc/<pid>/status`, without its name.
#[cfg(target_os = "linux")]
fn status_line(pid: i32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().to_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_finds_two_signals_ignored_and_none_blocked_or_caught() {
    let child = running_cat();
    let ignored = u64::from_str_radix(&status_line(child.pid, "SigIgn"), 16).unwrap();
    // The C library keeps signals 32 and 33 to itself; they stay as whoever started the tests left them.
    let reserved = 0b11 << 31;
    // SIGPIPE and SIGXFSZ, as below the original.
    assert_eq!(ignored & !reserved, 0x100_1000);
    assert_eq!(status_line(child.pid, "SigBlk"), "0000000000000000");
    assert_eq!(status_line(child.pid, "SigCgt"), "0000000000000000");
    drop(child.stdin);
    wait(child.pid);
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_inherits_no_descriptors_but_its_own_three() {
    // Without close-on-exec.
    let inheritable = nix::unistd::dup(fs::File::open("/dev/null").unwrap()).unwrap();
    let child = running_cat();
    let open: Vec<_> = fs::read_dir(format!("/proc/{}/fd", child.pid))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(open.len(), 3, "{open:?}");
    assert!(["0", "1", "2"].iter().all(|number| open.iter().any(|name| name == number)));
    drop((inheritable, child.stdin));
    wait(child.pid);
}

#[test]
fn the_daemons_ends_do_not_wait() {
    let child = start(&plan(&["/bin/cat"]));
    let mut buffer = [0; 16];
    assert_eq!(nix::unistd::read(&child.stdout, &mut buffer), Err(nix::errno::Errno::EAGAIN));
    drop(child.stdin);
    wait(child.pid);
}
