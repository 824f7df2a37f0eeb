//! The shell: a prompt, a line, its command, until the input ends.

use super::command::Flow;
use super::controller::Controller;

/// What ends a shell when it comes as a line, and what stands for the end of input.
const END: &str = "EOF";

/// Runs `status`, then what is typed, until `quit`, the end of input or Ctrl-C.
///
/// Lines come from [`Controller::ask`] alone; an editor with history and completion takes its place
/// there.
pub(super) fn run(controller: &mut Controller<'_>) {
    // Where that cannot be had, Ctrl-C ends the process, as it does for any program.
    let _ = controller.watch_interrupts();
    let prompt = format!("{}> ", controller.session().prompt);
    let mut line = "status".to_owned();
    while let Flow::Continue = controller.run_line(&line) {
        line = match controller.ask(&prompt) {
            Ok(Some(line)) => line,
            Ok(None) => END.to_owned(),
            Err(_) => {
                controller.print("");
                return;
            }
        };
    }
}
