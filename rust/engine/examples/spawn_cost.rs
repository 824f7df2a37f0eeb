//! Measures how long the control thread is held up by one spawn: starts `sleep` 1,000 times as the daemon does and
//! prints the median and the 99th percentile of the calls in microseconds, on one line.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use supervisor_core::config::{LogTarget, OutputSettings};
use supervisor_core::effect::{ProcessId, SpawnPlan};
use supervisor_engine::daemon::limits::raise_limits;
use supervisor_engine::spawn::{resolve, spawn};

const COUNT: usize = 1000;

fn main() {
    // Three descriptors for each child.
    raise_limits(4096, 1).unwrap();
    let output = OutputSettings {
        logfile: LogTarget::None,
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    };
    let plan = SpawnPlan {
        process: ProcessId(1),
        name: "sleep".to_owned(),
        group: "sleep".to_owned(),
        argv: vec!["/bin/sleep".to_owned(), "1000".to_owned()],
        path: None,
        environment: Vec::new(),
        directory: None,
        umask: None,
        user: None,
        socket: None,
        redirect_stderr: false,
        stdout: output.clone(),
        stderr: output,
        strip_ansi: false,
        is_listener: false,
    };
    let mut times = Vec::with_capacity(COUNT);
    let mut children = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let begin = Instant::now();
        let file = resolve("/bin/sleep", None).unwrap();
        children.push(spawn(&plan, &file, None, |_| None).unwrap());
        times.push(begin.elapsed());
    }
    for child in children {
        let pid = Pid::from_raw(child.pid);
        kill(pid, Signal::SIGKILL).unwrap();
        waitpid(pid, None).unwrap();
    }
    times.sort();
    println!("{} {}", times[COUNT / 2].as_micros(), times[COUNT * 99 / 100].as_micros());
}
