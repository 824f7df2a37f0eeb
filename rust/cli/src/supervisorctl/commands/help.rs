//! `help`.

use crate::supervisorctl::columns::columns;
use crate::supervisorctl::command::{self, COMMANDS, Flow, Outcome};
use crate::supervisorctl::controller::Controller;

/// Heads the list of commands; `default` was the name of the original's set of commands.
const HEADER: &str = "default commands (type help <topic>):";

/// Width of the list, in characters.
const LIST_WIDTH: usize = 79;

/// `help [command]`
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !argument.is_empty() {
        return show(controller, argument);
    }
    controller.print("");
    controller.print(HEADER);
    controller.print(&"=".repeat(HEADER.len()));
    let names: Vec<&str> =
        COMMANDS.iter().filter(|command| command.listed).map(|command| command.name).collect();
    for row in columns(&names, LIST_WIDTH) {
        controller.print(&row);
    }
    controller.print("");
    if controller.terminals().output {
        controller.print("also: wait");
        controller.print("");
    }
    Ok(Flow::Continue)
}

/// Prints how a command is used; for an unknown one, that there is no help.
pub(super) fn show(controller: &mut Controller<'_>, name: &str) -> Outcome {
    match command::find(name) {
        Some(command) if !command.help.is_empty() => {
            for line in command.help {
                controller.print(line);
            }
        }
        _ => controller.print(&format!("*** No help on {name}")),
    }
    Ok(Flow::Continue)
}
