//! Takes a line apart, runs its command, and keeps what commands share: the session, the client, the
//! output and the exit code.

use std::io::{self, Write};

use super::command::{self, COMMANDS, Flow, Outcome};
use super::editor::LineEditor;
use super::embedded::{Host, Part};
use super::failure::Failure;
use super::input::Lines;
use super::output::Output;
use super::password::SilentTerminal;
use super::terminals::Terminals;
use super::{Session, diagnosis, exit_status, json, suggestion};
use dxr::Value;
use supervisor_core::group::Namespec;
use supervisor_core::rpc::API_VERSION;

use crate::client::{Client, ClientError, Endpoint, fault};

/// What is shown where a password is asked for.
const PASSWORD_PROMPT: &str = "Password:";

/// Statuses of a process that is down, for which the exit code is 7.
const DEAD_PROGRAM: [i32; 3] = [fault::SPAWN_ERROR, fault::ABNORMAL_TERMINATION, fault::NOT_RUNNING];

/// One session at work.
pub struct Controller<'a> {
    session: Session,
    terminals: Terminals,
    client: Client,
    input: Lines,
    /// Reads lines in place of `input` once a shell has a terminal.
    editor: Option<LineEditor>,
    output: Output<'a>,
    errors: &'a mut dyn Write,
    /// Standard output is for data alone while a command runs; messages go to standard error.
    data_only: bool,
    exit_status: i32,
    host: Option<&'a mut dyn Host>,
}

impl<'a> Controller<'a> {
    /// A session that has not yet done anything.
    pub(super) fn new(
        session: Session,
        terminals: Terminals,
        client: Client,
        input: Lines,
        output: Output<'a>,
        errors: &'a mut dyn Write,
    ) -> Self {
        Self {
            session,
            terminals,
            client,
            input,
            editor: None,
            output,
            errors,
            data_only: false,
            exit_status: exit_status::SUCCESS,
            host: None,
        }
    }

    /// Becomes part of another program, which checks the server and asks its users itself.
    pub(super) fn live_in(&mut self, host: &'a mut dyn Host, exit_status: i32) {
        self.host = Some(host);
        self.exit_status = exit_status;
    }

    /// What the session was started with; `open` changes its server.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Which of the streams are terminals.
    pub(super) fn terminals(&self) -> Terminals {
        self.terminals
    }

    /// The connection to the server.
    pub(super) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The exit code as it stands.
    pub(super) fn exit_status(&self) -> i32 {
        self.exit_status
    }

    /// Sets the exit code.
    pub(super) fn set_exit_status(&mut self, status: i32) {
        self.exit_status = status;
    }

    /// Sets the exit code that belongs to one process's status: none for success and for `ignored`,
    /// 7 for a process that is down, else 1. So the last failure that counts decides (traps 4).
    pub(super) fn set_exit_status_from(&mut self, status: i64, ignored: Option<i32>) {
        let is = |code: i32| status == i64::from(code);
        if is(fault::SUCCESS) || ignored.is_some_and(is) {
            return;
        }
        let down = DEAD_PROGRAM.into_iter().any(is);
        self.exit_status = if down { exit_status::NOT_RUNNING } else { exit_status::GENERIC };
    }

    /// Prints a line.
    pub(super) fn print(&mut self, text: &str) {
        self.output.line(text);
    }

    /// From now on until the command ends, what is said goes to standard error.
    pub(super) fn keep_output_for_data(&mut self) {
        self.data_only = true;
    }

    /// Prints a message.
    pub(super) fn say(&mut self, text: &str) {
        if self.data_only { self.print_error(text) } else { self.print(text) }
    }

    /// Prints answers of the server as JSON.
    ///
    /// # Errors
    ///
    /// JSON cannot say them.
    pub(super) fn print_json(&mut self, values: &[&Value]) -> Result<(), Failure> {
        let text = json::text(values).map_err(|error| ClientError::Malformed(error.to_string()))?;
        self.print(&text);
        Ok(())
    }

    /// Says on standard error which process or group may have been meant, if that is a terminal: scripts
    /// never see it.
    pub(super) fn suggest_process(&mut self, name: &str) {
        if !self.terminals.errors {
            return;
        }
        // No answer, no hint.
        let processes = self.client.all_process_info().unwrap_or_default();
        let names = processes
            .iter()
            .flat_map(|info| [Namespec::join(&info.group, &info.name), format!("{}:*", info.group)]);
        let names: Vec<String> = names.collect();
        self.suggest(name, names.iter().map(String::as_str));
    }

    /// As [`Self::suggest_process`], among any words.
    fn suggest<'b>(&mut self, word: &str, known: impl IntoIterator<Item = &'b str>) {
        if let Some(nearest) = suggestion::nearest(word, known).filter(|_| self.terminals.errors) {
            self.print_error(&format!("(did you mean {nearest}?)"));
        }
    }

    /// Prints a message and sets the exit code to 1.
    pub(super) fn complain(&mut self, text: &str) {
        self.say(text);
        self.exit_status = exit_status::GENERIC;
    }

    /// Writes to standard error.
    pub(super) fn print_error(&mut self, text: &str) {
        self.output.flush();
        // Nobody is left to be told.
        let _ = writeln!(self.errors, "{text}");
    }

    /// Prints a prompt and reads a line; `None` at the end of input.
    ///
    /// # Errors
    ///
    /// [`ClientError::Interrupted`] on Ctrl-C.
    fn ask(&mut self, prompt: &str) -> Result<Option<String>, ClientError> {
        self.read_line(prompt, None)
    }

    /// As [`Self::ask`], for a command: on a terminal Tab completes it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Interrupted`] on Ctrl-C.
    pub(super) fn ask_for_command(&mut self, prompt: &str) -> Result<Option<String>, ClientError> {
        self.read_line(prompt, Some(self.session.endpoint.clone()))
    }

    fn read_line(
        &mut self,
        prompt: &str,
        completed_by: Option<Endpoint>,
    ) -> Result<Option<String>, ClientError> {
        if let Some(host) = &mut self.host {
            self.output.flush();
            return host.ask(prompt);
        }
        if let Some(editor) = &mut self.editor {
            self.output.flush();
            return editor.read(prompt, completed_by);
        }
        self.output.prompt(prompt);
        self.client.wait(self.input.next())
    }

    /// From now on lines are read by an editor, if standard input and output are a terminal.
    pub(super) fn open_editor(&mut self) {
        if self.terminals.edit() {
            self.editor = LineEditor::open(self.session.history_file.clone());
        }
    }

    /// Writes the history, if there is an editor.
    pub(super) fn close_editor(&mut self) {
        if let Some(editor) = self.editor.take() {
            editor.close();
        }
    }

    /// Asks a question that has to be answered.
    ///
    /// # Errors
    ///
    /// Ctrl-C, or the end of input.
    fn ask_or_fail(&mut self, prompt: &str) -> Result<String, Failure> {
        self.ask(prompt)?.ok_or(Failure::EndOfInput("EOF when reading a line"))
    }

    /// Whether the user means it; not asked, and true, when the session is not interactive.
    ///
    /// # Errors
    ///
    /// Ctrl-C, or the end of input.
    pub(super) fn confirm(&mut self, question: &str) -> Result<bool, Failure> {
        if !self.session.interactive {
            return Ok(true);
        }
        let answer = self.ask_or_fail(question)?;
        Ok(answer.to_lowercase().starts_with('y'))
    }

    /// Lets Ctrl-C end what is waited for instead of the process.
    ///
    /// # Errors
    ///
    /// The handler cannot be installed.
    pub(super) fn watch_interrupts(&mut self) -> io::Result<()> {
        self.client.watch_interrupts()
    }

    /// The client, its output and its input at once, for streams.
    pub(super) fn parts(&mut self) -> (&mut Client, &mut Output<'a>, &mut Lines) {
        (&mut self.client, &mut self.output, &mut self.input)
    }

    /// Talks to another server from now on.
    ///
    /// # Errors
    ///
    /// Those of the program around the commands, if there is one.
    pub(super) fn set_server_url(&mut self, url: &str) -> Result<(), ClientError> {
        self.session.endpoint.server_url = url.to_owned();
        self.client.set_endpoint(self.session.endpoint.clone());
        if let Some(host) = &mut self.host {
            host.set_server_url(url)?;
        }
        Ok(())
    }

    /// How the program around the commands says what became of a process, if it has words of its own for that.
    ///
    /// # Errors
    ///
    /// The program's.
    pub(super) fn reworded(
        &mut self,
        command: &str,
        result: &Part<'_>,
    ) -> Result<Option<String>, ClientError> {
        self.host.as_mut().map_or(Ok(None), |host| host.reword(command, result))
    }

    /// Checks that the server is there and speaks this language; otherwise says so and sets the exit
    /// code (parity 3). Returns whether the command may go on.
    ///
    /// # Errors
    ///
    /// Anything that has no sentence of its own.
    pub(super) fn check_server(&mut self) -> Result<bool, Failure> {
        if let Some(host) = &mut self.host {
            self.output.flush();
            let (is_there, exit_status) = host.check_server()?;
            self.exit_status = exit_status;
            return Ok(is_there);
        }
        let url = &self.session.endpoint.server_url;
        let answer = self.client.api_version();
        let (status, sentence) = match &answer {
            Ok(version) if version == API_VERSION => return Ok(true),
            Ok(version) => (
                exit_status::NOT_INSTALLED,
                format!(
                    "Sorry, this version of supervisorctl expects to talk to a server with API version \
                     {API_VERSION}, but the remote version is {version}."
                ),
            ),
            Err(error) if error.fault_code() == Some(fault::UNKNOWN_METHOD) => (
                exit_status::UNIMPLEMENTED,
                "Sorry, supervisord responded but did not recognize the supervisor namespace commands that \
                 supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section \
                 is enabled in the configuration file (see sample.conf)."
                    .to_owned(),
            ),
            Err(error) if error.is_refused() => (exit_status::REFUSED, format!("{url} refused connection")),
            Err(error) if error.is_missing() => (exit_status::NOT_RUNNING, format!("{url} no such file")),
            Err(_) => return answer.map(|_| false).map_err(Failure::from),
        };
        self.say(&sentence);
        self.exit_status = status;
        if let Err(error) = &answer {
            self.explain(error);
        }
        Ok(false)
    }

    /// Lets out what was printed.
    pub(super) fn flush(&mut self) {
        self.output.flush();
    }

    /// Says on standard error what more is known about an error, behind its own sentence.
    pub(super) fn explain(&mut self, error: &ClientError) {
        let config_file = self.session.config_file.as_deref();
        if let Some(explanation) = diagnosis::explain(error, &self.session.endpoint, config_file) {
            self.print_error(&explanation);
        }
    }

    /// Runs one line and says whether a shell goes on. A failure of the command is printed here.
    pub(super) fn run_line(&mut self, line: &str) -> Flow {
        let outcome = self.run_command(line.trim());
        self.client.disconnect();
        self.output.flush();
        let flow = match outcome {
            Ok(flow) => flow,
            Err(Failure::Interrupted) => {
                self.print("");
                self.exit_status = exit_status::INTERRUPTED;
                Flow::Leave
            }
            Err(failure) => {
                self.complain(&failure.line());
                if let Failure::Client(error) = &failure {
                    self.explain(error);
                }
                Flow::Continue
            }
        };
        self.data_only = false;
        flow
    }

    /// Finds the command of a line and runs it; when the server wants credentials, asks for them and
    /// runs it again.
    fn run_command(&mut self, line: &str) -> Outcome {
        if line.is_empty() {
            return Ok(Flow::Continue);
        }
        let (name, argument) = split_line(line);
        let Some(command) = command::find(name) else {
            self.complain(&format!("*** Unknown syntax: {line}"));
            self.suggest(name, COMMANDS.iter().map(|command| command.name));
            return Ok(Flow::Continue);
        };
        match (command.run)(self, argument) {
            Err(failure) if failure.is_unauthorized() => {
                self.say("Server requires authentication");
                if !self.session.interactive {
                    return Err(failure);
                }
                self.ask_for_credentials()?;
                self.run_command(line)
            }
            outcome => outcome,
        }
    }

    /// Asks for the password on the terminal, which Ctrl-C must not leave silent.
    fn ask_for_hidden_password(&mut self, mut terminal: SilentTerminal) -> Result<String, Failure> {
        self.watch_interrupts().map_err(ClientError::Io)?;
        let mut typed = terminal.ask(PASSWORD_PROMPT).map_err(ClientError::Io)?;
        let password = self.client.wait(typed.next())?.ok_or(Failure::EndOfInput(""))?;
        terminal.end_line().map_err(ClientError::Io)?;
        Ok(password)
    }

    /// Asks for the password where there is no terminal: on standard error, and reads standard input.
    fn ask_for_visible_password(&mut self) -> Result<String, Failure> {
        self.print_error("Warning: Password input may be echoed.");
        // Nobody may be there to read the question; the answer may still come.
        let _ = write!(self.errors, "{PASSWORD_PROMPT}").and_then(|()| self.errors.flush());
        let password = self.client.wait(self.input.next())?.ok_or(Failure::EndOfInput(""))?;
        self.print_error("");
        Ok(password)
    }

    /// Asks for user name and password, the latter on the terminal if there is one.
    fn ask_for_credentials(&mut self) -> Result<(), Failure> {
        let username = self.ask_or_fail("Username:")?;
        self.output.flush();
        let password = match SilentTerminal::open() {
            Ok(terminal) => self.ask_for_hidden_password(terminal)?,
            Err(_) => self.ask_for_visible_password()?,
        };
        self.print("");
        self.session.endpoint =
            Endpoint { username: Some(username), password: Some(password), ..self.session.endpoint.clone() };
        self.client.set_endpoint(self.session.endpoint.clone());
        Ok(())
    }
}

/// Divides a line, trimmed and not empty, into the command's name and the rest: the name is what is
/// made of ASCII letters, digits and underscores. `?x` is `help x`.
fn split_line(line: &str) -> (&str, &str) {
    if let Some(rest) = line.strip_prefix('?') {
        return ("help", rest.trim());
    }
    let end = line.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    (name, rest.trim())
}

#[cfg(test)]
mod tests {
    use super::split_line;

    #[test]
    fn a_line_is_a_name_and_the_rest() {
        assert_eq!(split_line("start  a b"), ("start", "a b"));
        assert_eq!(split_line("status"), ("status", ""));
        assert_eq!(split_line("tail-f"), ("tail", "-f"));
    }

    #[test]
    fn a_question_mark_asks_for_help() {
        assert_eq!(split_line("?start"), ("help", "start"));
        assert_eq!(split_line("?"), ("help", ""));
    }

    #[test]
    fn a_line_that_begins_with_a_sign_has_no_name() {
        assert_eq!(split_line("!ls"), ("", "!ls"));
        assert_eq!(split_line(":x"), ("", ":x"));
    }
}
