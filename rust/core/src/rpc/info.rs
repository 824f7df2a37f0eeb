//! Methods that tell about processes.

use std::borrow::Cow;
use std::time::Duration;

use crate::config::LogTarget;
use crate::core::Core;
use crate::input::Now;
use crate::process::{Moment, Process};
use crate::rpc::Fault;
use crate::rpc::arguments::Arguments;
use crate::state::ProcessState;
use crate::text::{local_time, uptime};
use crate::xml::{Value, Writer};

/// What one process takes in an answer, about.
const INFO_BYTES: usize = 1400;

pub(crate) fn get_process_info(core: &Core, now: Now, arguments: &Arguments) -> Result<Value, Fault> {
    let process = core.target_process(arguments.text(0)?)?;
    let mut info = Writer::with_capacity(INFO_BYTES);
    write_info(&mut info, process, now);
    Ok(info.finish())
}

pub(crate) fn get_all_process_info(core: &Core, now: Now, _: &Arguments) -> Result<Value, Fault> {
    let processes = core.processes_by_name();
    let mut infos = Writer::with_capacity(INFO_BYTES * (processes.len() + 1));
    infos.array(|out| processes.into_iter().for_each(|process| write_info(out, process, now)));
    Ok(infos.finish())
}

impl Core {
    /// All processes by the name of their group, then by their own.
    #[must_use]
    pub fn processes_by_name(&self) -> Vec<&Process> {
        let mut processes: Vec<&Process> = self.processes().collect();
        processes.sort_by(|a, b| (&a.group, &a.config.name).cmp(&(&b.group, &b.config.name)));
        processes
    }
}

/// The struct of `getProcessInfo` (parity 4); times are seconds, capped to what XML-RPC's `int` holds.
fn write_info(out: &mut Writer, process: &Process, now: Now) {
    out.structure(|out| tell_info(out, process, now));
}

/// Who takes the members of `getProcessInfo`.
pub trait Members {
    /// A text.
    fn text(&mut self, name: &str, text: &str);
    /// A whole number.
    fn int(&mut self, name: &str, number: i32);
}

impl Members for Writer {
    fn text(&mut self, name: &str, text: &str) {
        Self::text(self, name, text);
    }

    fn int(&mut self, name: &str, number: i32) {
        Self::int(self, name, number);
    }
}

/// Tells the members of `getProcessInfo`, in their order.
pub fn tell_info(out: &mut impl Members, process: &Process, now: Now) {
    let stdout = logfile(&process.config.stdout.logfile);
    out.text("name", &process.config.name);
    out.text("group", &process.group);
    out.int("start", seconds(process.started.as_ref()));
    out.int("stop", seconds(process.stopped.as_ref()));
    out.int("now", seconds(Some(&now)));
    out.int("state", process.state.code());
    out.text("statename", process.state.name());
    out.text("spawnerr", process.spawnerr.as_deref().unwrap_or_default());
    out.int("exitstatus", process.exitstatus.unwrap_or(0));
    out.text("logfile", &stdout);
    out.text("stdout_logfile", &stdout);
    out.text("stderr_logfile", &logfile(&process.config.stderr.logfile));
    out.int("pid", process.pid);
    out.text("description", &description(process, &now));
}

/// What is told of where an output goes: the file's name, and nothing for none.
fn logfile(target: &LogTarget) -> Cow<'_, str> {
    match target {
        LogTarget::File(path) => path.to_string_lossy(),
        LogTarget::Syslog => "syslog".into(),
        LogTarget::None | LogTarget::Automatic => "".into(),
    }
}

fn seconds(moment: Option<&Moment>) -> i32 {
    moment.map_or(0, |moment| i32::try_from(moment.wall.as_secs()).unwrap_or(i32::MAX))
}

/// The text behind the state in `status` of a process (parity 4).
#[must_use]
pub fn description(process: &Process, now: &Now) -> String {
    // By the monotonic clock, so that a wall clock that was set does no harm; counted in the full seconds of the wall
    // clock at the start, so that it is the difference of `now` and `start`.
    let up = process.started.map_or(0, |start| {
        let begun = Duration::from_nanos(start.wall.subsec_nanos().into());
        (begun + now.monotonic.saturating_sub(start.monotonic)).as_secs()
    });
    // Never spawned, and given up by a client: the original shows the epoch.
    let stopped =
        process.started.map(|start| process.stopped.unwrap_or(Now { wall: Duration::ZERO, ..start }));
    let spawnerr = process.spawnerr.as_deref().unwrap_or_default();
    describe(process.state, &process.config.name, process.pid.into(), up, spawnerr, stopped)
}

/// The text behind the state in `status`, by what it is made of: seconds since the start, what went wrong last, and
/// the last end, `None` for what was never started.
#[must_use]
pub fn describe(
    state: ProcessState,
    name: &str,
    pid: i64,
    up: u64,
    spawnerr: &str,
    stopped: Option<Now>,
) -> String {
    match state {
        ProcessState::Running => format!("pid {pid}, uptime {}", uptime(up)),
        ProcessState::Fatal | ProcessState::Backoff if spawnerr.is_empty() => {
            format!("unknown error (try \"tail {name}\")")
        }
        ProcessState::Fatal | ProcessState::Backoff => spawnerr.to_owned(),
        ProcessState::Stopped | ProcessState::Exited => {
            stopped.map_or_else(|| "Not started".to_owned(), |stopped| local_time(&stopped))
        }
        ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => String::new(),
    }
}
