//! `signal`.

use super::results::{Error, Wording};
use crate::client::fault;
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use supervisor_core::group::Namespec;

/// What is said of a process that could not be signalled, or stopped.
pub(super) const ERRORS: &[(i32, Error)] = &[
    (fault::BAD_NAME, Error::Words("no such process")),
    (fault::BAD_SIGNAL, Error::Words("bad signal name")),
    (fault::NOT_RUNNING, Error::Words("not running")),
    (fault::FAILED, Error::Description),
];

pub(super) const SIGNALLED: Wording =
    Wording { command: "signal", success: "signalled", errors: ERRORS, harmless: None };

/// `signal SIGNAL names…|all`
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    let [signal, names @ ..] = words.as_slice() else { return missing_argument(controller) };
    if names.is_empty() {
        return missing_argument(controller);
    }
    if names.contains(&"all") {
        let results = controller.client().signal_all(signal)?;
        SIGNALLED.report_all(controller, &results)?;
        return Ok(Flow::Continue);
    }
    for name in names {
        let Namespec { group, process: None } = Namespec::parse(name) else {
            let answer = controller.client().signal_process(name, signal);
            SIGNALLED.report_one(controller, name, answer)?;
            continue;
        };
        match controller.client().signal_group(group, signal) {
            Ok(results) => SIGNALLED.report_all(controller, &results)?,
            Err(error) if error.fault_code() == Some(fault::BAD_NAME) => {
                controller.complain(&format!("{group}: ERROR (no such group)"));
                controller.suggest_process(name);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

fn missing_argument(controller: &mut Controller<'_>) -> Outcome {
    controller.complain("Error: signal requires a signal name and a process name");
    super::help::show(controller, "signal")
}
