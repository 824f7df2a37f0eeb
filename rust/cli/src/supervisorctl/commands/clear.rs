//! `clear`.

use super::results::{Error, Wording};
use crate::client::fault;
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;

pub(super) const CLEARED: Wording = Wording {
    command: "clear",
    success: "cleared",
    errors: &[(fault::BAD_NAME, Error::Words("no such process")), (fault::FAILED, Error::Words("failed"))],
    harmless: None,
};

/// `clear names…|all`; a group as a whole cannot be named.
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        controller.complain("Error: clear requires a process name");
        return super::help::show(controller, "clear");
    }
    if names.contains(&"all") {
        let results = controller.client().clear_all_process_logs()?;
        CLEARED.report_all(controller, &results)?;
        return Ok(Flow::Continue);
    }
    for name in names {
        let answer = controller.client().clear_process_logs(name);
        CLEARED.report_one(controller, name, answer)?;
    }
    Ok(Flow::Continue)
}
