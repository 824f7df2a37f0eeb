//! The program `supervisorctl`: one command from the command line, or a shell (parity 3).
//!
//! - [`command`] is the table of commands; each family has a file in `commands`.
//! - [`controller`] takes a line apart, runs its command and keeps the exit code.
//! - [`embedded`] runs commands for a program that has a connection and streams of its own.
//! - [`shell`] reads lines, on a terminal by an [`editor`] with [`completion`] and [`history`].
//!
//! Everything a command prints goes to standard output in the original's words; exit codes are those
//! of `exit_status`.

mod columns;
pub mod command;
mod commands;
mod completion;
pub mod controller;
mod diagnosis;
pub mod document;
mod editor;
pub mod embedded;
mod exit_status;
pub mod failure;
mod history;
mod input;
mod json;
mod output;
mod password;
mod python_text;
mod shell;
pub mod shell_completion;
mod suggestion;
pub mod terminals;

use std::io::{BufRead, Write, stderr, stdout};
use std::path::PathBuf;

use supervisor_core::config::{find_config, read_client};
use supervisor_engine::files::RealSystem;

use crate::arguments::{Ending, parse_supervisorctl, program_path};
use crate::client::{Client, Endpoint};
use crate::hand_over::hand_over;
use controller::Controller;
use input::Lines;
use output::Output;
use terminals::Terminals;

/// What command line and configuration say about one run.
#[derive(Debug, Clone)]
pub struct Session {
    /// Which server, and as whom.
    pub endpoint: Endpoint,
    /// The shell's prompt, without its `> `.
    pub prompt: String,
    /// Where the shell keeps its history.
    pub history_file: Option<PathBuf>,
    /// Ask before shutdown and reload, and for credentials. Without a command there is a shell
    /// whatever this says.
    pub interactive: bool,
    /// The configuration file, which is looked into when there is no server.
    pub config_file: Option<String>,
    /// The command and its arguments; joined with spaces and taken apart again, so that
    /// `signal "USR1 web"` is the same as `signal USR1 web`.
    pub actions: Vec<String>,
}

impl Default for Session {
    /// The built-in defaults of `[supervisorctl]`.
    fn default() -> Self {
        Self {
            endpoint: Endpoint { server_url: "http://localhost:9001".to_owned(), ..Endpoint::default() },
            prompt: "supervisor".to_owned(),
            history_file: None,
            interactive: false,
            config_file: None,
            actions: Vec::new(),
        }
    }
}

/// Runs the control program with a command line, the program's name first. Returns the exit code.
pub fn main(argv: &[String]) -> i32 {
    match session(argv) {
        Ok(session) => {
            let terminals = Terminals::detect();
            run_on(session, terminals, Lines::standard(), &mut stdout(), &mut stderr())
        }
        Err(ending) => ending.print(),
    }
}

/// What command line and configuration say. Where the configuration names plug-ins, this process becomes the Python
/// program, which has the same commands and theirs.
fn session(argv: &[String]) -> Result<Session, Ending> {
    let system = RealSystem;
    let (called, arguments) =
        argv.split_first().map_or(("supervisorctl", argv), |(first, rest)| (first, rest));
    let program = program_path(&system, called);
    let said = parse_supervisorctl(&system, &program, arguments)?;
    // Without a file at the default places the built-in defaults do.
    let config_file = said.config_file.or_else(|| find_config(&system, &program).ok());
    let settings = read_client(&system, config_file.as_deref(), &said.overrides)
        .map_err(|error| Ending::usage(&program, &error.to_string()))?;
    if !settings.plugins.is_empty() {
        return Err(Ending::usage(&program, &hand_over("supervisor.supervisorctl", &program, arguments)));
    }
    Ok(Session {
        endpoint: Endpoint {
            server_url: settings.server_url,
            username: settings.username,
            password: settings.password,
        },
        prompt: settings.prompt,
        history_file: settings.history_file.map(PathBuf::from),
        interactive: said.interactive,
        config_file,
        actions: said.action,
    })
}

/// Runs a session and returns the exit code: that of the command, or 0 after a shell.
///
/// `errors` takes what a log stream has to say; everything else is printed to `output`. When `output`
/// is closed by its reader the session goes on without it.
pub fn run(
    session: Session,
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> i32 {
    run_on(session, Terminals::default(), Lines::new(input), output, errors)
}

/// As [`run`], where some of the streams are terminals.
fn run_on(
    mut session: Session,
    terminals: Terminals,
    input: Lines,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> i32 {
    session.interactive |= session.actions.is_empty();
    let client = match Client::new(session.endpoint.clone()) {
        Ok(client) => client,
        Err(error) => {
            // The session is over either way, whether this can be written or not.
            let _ = writeln!(errors, "Error: {error}");
            return exit_status::GENERIC;
        }
    };
    let mut controller = Controller::new(session, terminals, client, input, Output::new(output), errors);
    if controller.session().actions.is_empty() {
        shell::run(&mut controller);
        return exit_status::SUCCESS;
    }
    let line = controller.session().actions.join(" ");
    controller.run_line(&line);
    controller.exit_status()
}
