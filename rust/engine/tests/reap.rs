//! A thousand starts and ends: a file of its own, since it counts descriptors and collects all children of
//! its process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{plan, start};
use nix::sys::prctl::{get_dumpable, set_dumpable};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, Uid};
use supervisor_core::input::ExitStatus;
use supervisor_engine::reap::reap;

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Collects until all of `pids` have ended.
fn collect(pids: &[i32], into: &mut BTreeMap<i32, ExitStatus>) {
    while !pids.iter().all(|pid| into.contains_key(pid)) {
        // Waits for a child to end and leaves it; an error is a signal that has no name, after the wait.
        let _ = waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        into.extend(reap());
    }
}

#[test]
fn a_thousand_children_leave_neither_zombies_nor_descriptors_nor_other_traces() {
    set_dumpable(true).unwrap();
    let before = open_descriptors();

    let mut ended = BTreeMap::new();
    for round in 0..1000 {
        let mut plan = plan(&["/bin/true"]);
        // Every tenth with a change of user, where that is possible.
        plan.user = (round % 10 == 0 && Uid::current().is_root()).then_some(65534);
        collect(&[start(&plan).pid], &mut ended);
    }
    assert_eq!(ended.len(), 1000);
    assert!(ended.values().all(|status| *status == ExitStatus::Code(0)), "{ended:?}");

    let codes = [0, 1, 127, 255].map(|code| start(&plan(&["/bin/sh", "-c", &format!("exit {code}")])).pid);
    let sleeper = start(&plan(&["/bin/cat"]));
    kill(Pid::from_raw(sleeper.pid), Signal::SIGKILL).unwrap();
    let real_time = start(&plan(&["/bin/sh", "-c", "kill -40 $$"]));
    collect(&codes, &mut ended);
    collect(&[sleeper.pid, real_time.pid], &mut ended);
    assert_eq!(codes.map(|pid| ended[&pid]), [0, 1, 127, 255].map(ExitStatus::Code));
    let signal = |number| ExitStatus::Signal(supervisor_core::signal::Signal(number), false);
    assert_eq!(ended[&sleeper.pid], signal(libc::SIGKILL));
    assert_eq!(ended[&real_time.pid], signal(40));

    drop((sleeper, real_time));
    assert_eq!(reap(), []);
    assert_eq!(open_descriptors(), before);
    assert!(get_dumpable().unwrap(), "starting children switched off core dumps of the daemon");
}
