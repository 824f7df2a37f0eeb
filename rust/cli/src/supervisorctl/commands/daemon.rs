//! `shutdown`, `reload`, `version`: what concerns the daemon as a whole.

use crate::client::fault;
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;

/// Whether a command that takes no argument got one, and then says so.
pub(super) fn has_argument(controller: &mut Controller<'_>, name: &str, argument: &str) -> bool {
    if argument.is_empty() {
        return false;
    }
    controller.complain(&format!("Error: {name} accepts no arguments"));
    true
}

/// `shutdown`
pub(in crate::supervisorctl) fn shutdown(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    let wait = argument == "--wait";
    if !wait && has_argument(controller, "shutdown", argument) {
        return super::help::show(controller, "shutdown");
    }
    if !controller.confirm("Really shut the remote supervisord process down y/N? ")? {
        return Ok(Flow::Continue);
    }
    let url = &controller.session().endpoint.server_url;
    let refused = format!("ERROR: {url} refused connection (already shut down?)");
    let missing = format!("ERROR: {url} no such file (already shut down?)");
    // Asked before, for later nobody answers.
    let watch = if wait { controller.client().watch_daemon().ok() } else { None };
    match controller.client().shutdown() {
        Ok(_) => controller.print("Shut down"),
        // What was asked for is happening: the exit code stays.
        Err(error) if error.fault_code() == Some(fault::SHUTDOWN_STATE) => {
            controller.print("ERROR: already shutting down");
        }
        Err(error) if error.is_refused() || error.is_missing() => {
            controller.complain(if error.is_refused() { &refused } else { &missing });
            controller.explain(&error);
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(watch) = watch {
        let (client, output, _) = controller.parts();
        output.flush();
        client.wait(watch.ended())?;
    }
    Ok(Flow::Continue)
}

/// `reload`
pub(in crate::supervisorctl) fn reload(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if has_argument(controller, "reload", argument) {
        return super::help::show(controller, "reload");
    }
    if !controller.confirm("Really restart the remote supervisord process y/N? ")? {
        return Ok(Flow::Continue);
    }
    match controller.client().restart() {
        Ok(_) => controller.print("Restarted supervisord"),
        Err(error) if error.fault_code() == Some(fault::SHUTDOWN_STATE) => {
            controller.complain("ERROR: already shutting down");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

/// `version`
pub(in crate::supervisorctl) fn version(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if has_argument(controller, "version", argument) {
        return super::help::show(controller, "version");
    }
    if controller.check_server()? {
        let version = controller.client().supervisor_version()?;
        controller.print(&version);
    }
    Ok(Flow::Continue)
}
