//! Commands for a program that has them inside of it: the Python control program, whose plug-ins, streams and
//! connection are its own.

use std::io::{self, BufRead, Write};
use std::os::unix::net::UnixStream;

use super::Session;
use super::command::{self, Flow};
use super::commands;
pub use super::commands::results::Part;
use super::controller::Controller;
use super::failure::Failure;
use super::input::Lines;
use super::output::Output;
use super::terminals::Terminals;
use crate::client::remote::Remote;
use crate::client::{Client, ClientError};

/// What commands ask of the program around them, besides making calls.
pub trait Host {
    /// Whether the server is there and speaks this language, and the exit code as it then stands; otherwise the
    /// program has said so.
    ///
    /// # Errors
    ///
    /// Whatever it has no sentence for.
    fn check_server(&mut self) -> Result<(bool, i32), ClientError>;

    /// Asks a question; `None` at the end of input.
    ///
    /// # Errors
    ///
    /// [`ClientError::Interrupted`] on Ctrl-C.
    fn ask(&mut self, prompt: &str) -> Result<Option<String>, ClientError>;

    /// The line for what became of a process, where the program does not leave it to the command.
    ///
    /// # Errors
    ///
    /// It has no words for that.
    fn reword(&mut self, command: &str, result: &Part<'_>) -> Result<Option<String>, ClientError>;

    /// Has calls go to another server from now on.
    ///
    /// # Errors
    ///
    /// The program does not let itself be told.
    fn set_server_url(&mut self, url: &str) -> Result<(), ClientError>;
}

/// The program around the commands.
pub struct Surroundings<'a> {
    /// Makes the calls.
    pub remote: Box<dyn Remote>,
    /// Answers questions.
    pub host: &'a mut dyn Host,
    /// Brings a byte with the number of each signal that the program gets, for waits that only this side can end.
    pub signals: Option<UnixStream>,
    /// Where typed lines come from; standard input, which may be a terminal, without it.
    pub input: Option<Box<dyn BufRead + Send>>,
    /// Where commands print.
    pub output: &'a mut dyn Write,
    /// Where log streams say why they end.
    pub errors: &'a mut dyn Write,
    /// The exit code before the command.
    pub exit_status: i32,
}

/// How a command ended.
pub struct Done {
    /// Whether a shell goes on, or why the command failed; nothing was printed of that.
    pub outcome: Result<Flow, Failure>,
    /// The exit code.
    pub exit_status: i32,
}

/// What a check of the server came to.
pub struct Checked {
    /// Whether it is there and speaks this language, or what no sentence is known for.
    pub outcome: Result<bool, Failure>,
    /// The exit code.
    pub exit_status: i32,
}

/// Runs a command by its name with the rest of its line.
///
/// # Errors
///
/// The operating system refuses what the runtime needs. A name that is none is an error too.
pub fn run(session: Session, name: &str, argument: &str, surroundings: Surroundings<'_>) -> io::Result<Done> {
    let Surroundings { remote, host, signals, input, output, errors, exit_status } = surroundings;
    let command = command::find(name).ok_or_else(|| io::Error::other(format!("no such command: {name}")))?;
    let client = Client::through(session.endpoint.clone(), remote, signals)?;
    let output = Output::new(output);
    let mut controller = Controller::new(session, Terminals::default(), client, lines(input), output, errors);
    controller.live_in(host, exit_status);
    let outcome = (command.run)(&mut controller, argument.trim());
    controller.flush();
    Ok(Done { outcome, exit_status: controller.exit_status() })
}

/// The line of a command for what became of a process; `None` for a command that tells of none.
///
/// # Errors
///
/// A status without words.
pub fn line(command: &str, result: &Part<'_>) -> Result<Option<String>, Failure> {
    commands::wording(command).map(|wording| wording.line(result)).transpose()
}

/// Checks the server as commands do, in the words that they have for it.
///
/// # Errors
///
/// The operating system refuses what the runtime needs.
pub fn check_server(session: Session, surroundings: Surroundings<'_>) -> io::Result<Checked> {
    let Surroundings { remote, signals, input, output, errors, exit_status, .. } = surroundings;
    let client = Client::through(session.endpoint.clone(), remote, signals)?;
    let output = Output::new(output);
    let mut controller = Controller::new(session, Terminals::default(), client, lines(input), output, errors);
    controller.set_exit_status(exit_status);
    let outcome = controller.check_server();
    controller.flush();
    Ok(Checked { outcome, exit_status: controller.exit_status() })
}

fn lines(input: Option<Box<dyn BufRead + Send>>) -> Lines {
    input.map_or_else(Lines::standard, Lines::new)
}
