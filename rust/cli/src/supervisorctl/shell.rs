//! The shell: a prompt, a line, its command, until the input ends.

use super::command::Flow;
use super::controller::Controller;

/// What ends a shell when it comes as a line, and what stands for the end of input.
const END: &str = "EOF";

/// Runs `status`, then what is typed, until `quit`, the end of input or Ctrl-C. On a terminal lines can be
/// edited and completed, and come back from the history.
pub(super) fn run(controller: &mut Controller<'_>) {
    // Where that cannot be had, Ctrl-C ends the process, as it does for any program.
    let _ = controller.watch_interrupts();
    controller.open_editor();
    let prompt = format!("{}> ", controller.session().prompt);
    let mut line = "status".to_owned();
    while let Flow::Continue = controller.run_line(&line) {
        line = match controller.ask_for_command(&prompt) {
            Ok(Some(line)) => line,
            Ok(None) => END.to_owned(),
            Err(_) => {
                controller.print("");
                break;
            }
        };
    }
    controller.close_editor();
}
