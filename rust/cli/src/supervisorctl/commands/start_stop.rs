//! `start`, `stop`, `restart`.

use super::results::{Error, Wording};
use crate::client::{Client, ClientError, ProcessResult, fault};
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::exit_status;
use supervisor_core::group::Namespec;

/// What `start` says.
pub(super) const STARTED: Wording = Wording {
    command: "start",
    success: "started",
    errors: &[
        (fault::BAD_NAME, Error::Words("no such process")),
        (fault::NO_FILE, Error::Words("no such file")),
        (fault::NOT_EXECUTABLE, Error::Words("file is not executable")),
        (fault::ALREADY_STARTED, Error::Words("already started")),
        (fault::SPAWN_ERROR, Error::Words("spawn error")),
        (fault::ABNORMAL_TERMINATION, Error::Words("abnormal termination")),
    ],
    harmless: Some(fault::ALREADY_STARTED),
};

/// What `stop` says.
pub(super) const STOPPED: Wording = Wording {
    command: "stop",
    success: "stopped",
    errors: super::signal::ERRORS,
    harmless: Some(fault::NOT_RUNNING),
};

/// `start` and `stop` differ in these only.
struct Action {
    name: &'static str,
    wording: Wording,
    all: fn(&mut Client) -> Result<Vec<ProcessResult>, ClientError>,
    group: fn(&mut Client, &str) -> Result<Vec<ProcessResult>, ClientError>,
    process: fn(&mut Client, &str) -> Result<bool, ClientError>,
    /// Exit code for no name at all and for an unknown group.
    bad_argument: i32,
}

const START: Action = Action {
    name: "start",
    wording: STARTED,
    all: Client::start_all,
    group: Client::start_group,
    process: Client::start_process,
    bad_argument: exit_status::INVALID_ARGUMENTS,
};

const STOP: Action = Action {
    name: "stop",
    wording: STOPPED,
    all: Client::stop_all,
    group: Client::stop_group,
    process: Client::stop_process,
    bad_argument: exit_status::GENERIC,
};

/// `start names…|all`
pub(in crate::supervisorctl) fn start(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    START.run(controller, argument)
}

/// `stop names…|all`
pub(in crate::supervisorctl) fn stop(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    STOP.run(controller, argument)
}

/// `restart names…|all`: stops, then starts; a process that was not running is started.
pub(in crate::supervisorctl) fn restart(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    if argument.split_whitespace().next().is_none() {
        controller.complain("Error: restart requires a process name");
        return super::help::show(controller, "restart");
    }
    stop(controller, argument)?;
    start(controller, argument)
}

impl Action {
    fn run(&self, controller: &mut Controller<'_>, argument: &str) -> Outcome {
        if !controller.check_server()? {
            return Ok(Flow::Continue);
        }
        let names: Vec<&str> = argument.split_whitespace().collect();
        if names.is_empty() {
            controller.print(&format!("Error: {} requires a process name", self.name));
            controller.set_exit_status(self.bad_argument);
            return super::help::show(controller, self.name);
        }
        if names.contains(&"all") {
            let results = (self.all)(controller.client())?;
            self.wording.report_all(controller, &results)?;
            return Ok(Flow::Continue);
        }
        for name in names {
            let Namespec { group, process: None } = Namespec::parse(name) else {
                let answer = (self.process)(controller.client(), name);
                self.wording.report_one(controller, name, answer)?;
                continue;
            };
            match (self.group)(controller.client(), group) {
                Ok(results) => self.wording.report_all(controller, &results)?,
                Err(error) if error.fault_code() == Some(fault::BAD_NAME) => {
                    controller.print(&format!("{group}: ERROR (no such group)"));
                    controller.suggest_process(name);
                    controller.set_exit_status(self.bad_argument);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Flow::Continue)
    }
}
