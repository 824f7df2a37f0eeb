//! `fg`: a process as if it had been started from this terminal.

use supervisor_core::state::ProcessState;

use super::tail::{log_path, print_stream_error};
use crate::client::{ClientError, fault};
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::failure::{Failure, client_class_and_text};
use supervisor_core::effect::Channel;

/// `fg name`: shows both logs and sends what is typed, until Ctrl-C, the end of input or of the process.
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    let name = match words.as_slice() {
        [name] => *name,
        [] => {
            controller.complain("ERROR: no process name supplied");
            return super::help::show(controller, "fg");
        }
        _ => {
            controller.complain("ERROR: too many process names supplied");
            return Ok(Flow::Continue);
        }
    };
    match is_running(controller, name) {
        Ok(true) => {}
        Ok(false) => {
            controller.complain("ERROR: process not running");
            return Ok(Flow::Continue);
        }
        Err(error) if error.fault_code() == Some(fault::BAD_NAME) => {
            controller.complain("ERROR: bad process name supplied");
            controller.suggest_process(name);
            return Ok(Flow::Continue);
        }
        Err(error) => {
            print_fault(controller, error)?;
            return Ok(Flow::Continue);
        }
    }
    controller.print("==> Press Ctrl-C to exit <==");
    if let Err(error) = controller.watch_interrupts() {
        return Err(Failure::Client(error.into()));
    }
    match attach(controller, name) {
        Ok(()) | Err(Failure::Interrupted) => {
            controller.print("Exiting foreground");
            Ok(Flow::Continue)
        }
        Err(failure) => Err(failure),
    }
}

/// Whether a process is up.
fn is_running(controller: &mut Controller<'_>, name: &str) -> Result<bool, ClientError> {
    controller.client().process_info(name).map(|info| info.is(ProcessState::Running))
}

/// Prints a fault as it is; other errors are the command's failure.
fn print_fault(controller: &mut Controller<'_>, error: ClientError) -> Result<(), Failure> {
    if !matches!(error, ClientError::Fault { .. }) {
        return Err(error.into());
    }
    let (_, text) = client_class_and_text(&error);
    controller.print(&format!("ERROR: {text}"));
    Ok(())
}

/// What came first.
enum Event {
    Log(Channel, Option<Result<bytes::Bytes, ClientError>>),
    Typed(Option<String>),
}

/// Passes on logs and typed lines until there is no reason to go on.
fn attach(controller: &mut Controller<'_>, name: &str) -> Result<(), Failure> {
    let [mut stdout, mut stderr] = [Channel::Stdout, Channel::Stderr]
        .map(|channel| controller.client().log_stream(&log_path(name, channel)));
    let [mut stdout_open, mut stderr_open] = [true, true];
    loop {
        let (client, output, input) = controller.parts();
        output.flush();
        let event = client.wait(async {
            tokio::select! {
                biased;
                line = input.next() => Event::Typed(line),
                chunk = stdout.next(), if stdout_open => Event::Log(Channel::Stdout, chunk),
                chunk = stderr.next(), if stderr_open => Event::Log(Channel::Stderr, chunk),
            }
        })?;
        match event {
            Event::Log(_, Some(Ok(bytes))) => {
                if output.bytes(&bytes).is_err() {
                    return Ok(());
                }
            }
            Event::Log(channel, ended) => {
                match channel {
                    Channel::Stdout => stdout_open = false,
                    Channel::Stderr => stderr_open = false,
                }
                if let Some(Err(error)) = ended {
                    print_stream_error(controller, &log_path(name, channel), &error);
                }
            }
            Event::Typed(None) => return Ok(()),
            Event::Typed(Some(line)) => {
                if !send(controller, name, &line)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Sends a line to the process and says whether it is still there.
fn send(controller: &mut Controller<'_>, name: &str, line: &str) -> Result<bool, Failure> {
    match controller.client().send_process_stdin(name, &format!("{line}\n")) {
        Ok(_) if is_running(controller, name)? => return Ok(true),
        Ok(_) => controller.print("Process got killed"),
        Err(error) if error.fault_code() == Some(fault::NOT_RUNNING) => {
            controller.print("Process got killed");
        }
        Err(error) => print_fault(controller, error)?,
    }
    Ok(false)
}
