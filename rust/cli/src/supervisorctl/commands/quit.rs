//! `quit`, `exit`, and the end of input.

use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;

/// Leaves the shell, on a line of its own.
///
/// # Errors
///
/// None; it has the signature of every command.
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, _: &str) -> Outcome {
    controller.print("");
    Ok(Flow::Leave)
}
