//! `pid`.

use crate::client::fault;
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::exit_status;

/// `pid [names…|all]`
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        let pid = controller.client().daemon_pid()?;
        controller.print(&pid.to_string());
    } else if names.contains(&"all") {
        for info in controller.client().all_process_info()? {
            controller.print(&info.pid.0.to_string());
        }
    } else {
        for name in names {
            match controller.client().process_info(name) {
                Ok(info) => {
                    controller.print(&info.pid.0.to_string());
                    if info.pid.0 == 0 {
                        controller.set_exit_status(exit_status::NOT_RUNNING);
                    }
                }
                Err(error) if error.fault_code() == Some(fault::BAD_NAME) => {
                    controller.complain(&format!("No such process {name}"));
                    controller.suggest_process(name);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Flow::Continue)
}
