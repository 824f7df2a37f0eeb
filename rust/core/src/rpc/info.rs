//! Methods that tell about processes.

use std::time::Duration;

use crate::config::LogTarget;
use crate::core::Core;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::process::{Moment, Process};
use crate::rpc::arguments::Arguments;
use crate::rpc::{Answer, Call, Fault};
use crate::state::ProcessState;
use crate::text::{local_time, uptime};
use crate::xml::Value;

pub(crate) fn get_process_info(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    _: &mut Outbox,
) -> Result<Answer, Fault> {
    core.refuse_in_shutdown()?;
    let process = core.target_process(arguments.text(0)?)?;
    Ok(Answer::Now(process_info(process, call.now)))
}

pub(crate) fn get_all_process_info(
    core: &mut Core,
    call: Call,
    _: &Arguments,
    _: &mut Outbox,
) -> Result<Answer, Fault> {
    core.refuse_in_shutdown()?;
    let infos = core.processes_by_name().into_iter().map(|process| process_info(process, call.now));
    Ok(Answer::Now(Value::Array(infos.collect())))
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
#[must_use]
pub fn process_info(process: &Process, now: Now) -> Value {
    let logfile = |target: &LogTarget| match target {
        LogTarget::File(path) => path.display().to_string(),
        LogTarget::Syslog => "syslog".to_owned(),
        LogTarget::None | LogTarget::Automatic => String::new(),
    };
    let stdout = logfile(&process.config.stdout.logfile);
    let members: Vec<(&str, Value)> = vec![
        ("name", process.config.name.as_str().into()),
        ("group", process.group.as_str().into()),
        ("start", seconds(process.started.as_ref()).into()),
        ("stop", seconds(process.stopped.as_ref()).into()),
        ("now", seconds(Some(&now)).into()),
        ("state", process.state.code().into()),
        ("statename", process.state.name().into()),
        ("spawnerr", process.spawnerr.as_deref().unwrap_or_default().into()),
        ("exitstatus", process.exitstatus.unwrap_or(0).into()),
        ("logfile", stdout.clone().into()),
        ("stdout_logfile", stdout.into()),
        ("stderr_logfile", logfile(&process.config.stderr.logfile).into()),
        ("pid", process.pid.into()),
        ("description", description(process, &now).into()),
    ];
    Value::Struct(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn seconds(moment: Option<&Moment>) -> i32 {
    moment.map_or(0, |moment| i32::try_from(moment.wall.as_secs()).unwrap_or(i32::MAX))
}

/// The text behind the state in `status` (parity 4).
#[must_use]
pub fn description(process: &Process, now: &Now) -> String {
    match process.state {
        ProcessState::Running => {
            // By the monotonic clock, so that a wall clock that was set does no harm; counted in the full seconds
            // of the wall clock at the start, so that it is the difference of `now` and `start`.
            let up = process.started.map_or(0, |start| {
                let begun = Duration::from_nanos(start.wall.subsec_nanos().into());
                (begun + now.monotonic.saturating_sub(start.monotonic)).as_secs()
            });
            format!("pid {}, uptime {}", process.pid, uptime(up))
        }
        ProcessState::Fatal | ProcessState::Backoff => process
            .spawnerr
            .clone()
            .unwrap_or_else(|| format!("unknown error (try \"tail {}\")", process.config.name)),
        ProcessState::Stopped | ProcessState::Exited => match (process.started, process.stopped) {
            (None, _) => "Not started".to_owned(),
            (Some(_), Some(stopped)) => local_time(&stopped),
            // Never spawned, and given up by a client: the original shows the epoch.
            (Some(start), None) => local_time(&Now { wall: Duration::ZERO, ..start }),
        },
        ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => String::new(),
    }
}
