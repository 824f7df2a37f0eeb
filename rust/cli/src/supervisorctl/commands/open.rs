//! `open`.

use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;

/// `open URL`: talks to another server from now on, and shows its status without changing the exit code.
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    let scheme = argument.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("unix" | "http")) {
        controller.complain("ERROR: url must be http:// or unix://");
        return Ok(Flow::Continue);
    }
    controller.set_server_url(argument)?;
    let before = controller.exit_status();
    super::status::run(controller, "")?;
    controller.set_exit_status(before);
    Ok(Flow::Continue)
}
