//! What Tab completes in the shell: commands, then what may follow the command.

use std::cell::RefCell;
use std::time::Duration;

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::command::{self, COMMANDS, Completes};
use crate::client::{Client, Endpoint, ProcessInfo};
use supervisor_core::group::Namespec;

/// A server that takes longer has nothing to complete; while it is asked the shell hears no Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(2);

/// Completes lines; what the server knows is asked at the first Tab of a line.
pub(super) struct Completion {
    endpoint: Endpoint,
    processes: RefCell<Option<Vec<ProcessInfo>>>,
}

impl Completion {
    /// For one line, by what this server knows.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, processes: RefCell::new(None) }
    }

    /// What the server knows. One that cannot be asked knows nothing: this is no place for messages.
    fn ask(&self) -> Vec<ProcessInfo> {
        let answer = Client::new(self.endpoint.clone()).map(|client| client.with_time_limit(PATIENCE));
        answer.ok().and_then(|mut client| client.all_process_info().ok()).unwrap_or_default()
    }

    /// What may stand at the end of `line` in place of its last word, each with a blank behind it.
    fn candidates(&self, line: &str) -> Vec<String> {
        let word = last_word(line);
        let before = &line[..line.len() - word.len()];
        let Some(name) = before.split_whitespace().next() else { return commands(word) };
        let Some(command) = command::find(name) else { return Vec::new() };
        if word.starts_with("--") {
            return starting_with(word, command.options.iter().map(|option| option.name.to_owned()));
        }
        let names = match command.completes {
            Completes::Nothing => return Vec::new(),
            Completes::Commands => return commands(word),
            Completes::Groups => groups,
            Completes::Processes => names,
        };
        let mut known = self.processes.borrow_mut();
        starting_with(word, names(word, known.get_or_insert_with(|| self.ask())))
    }
}

/// The last word of a line, empty behind a blank.
fn last_word(line: &str) -> &str {
    line.rsplit(char::is_whitespace).next().unwrap_or_default()
}

/// Names of commands that begin with `word`.
fn commands(word: &str) -> Vec<String> {
    let offered = COMMANDS.iter().filter(|command| !command.help.is_empty());
    starting_with(word, offered.map(|command| command.name.to_owned()))
}

/// Those names that begin with `word`, each once, with a blank behind it.
fn starting_with(word: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names.into_iter().filter(|name| name.starts_with(word)) {
        let name = name + " ";
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Names of groups, whatever is typed.
fn groups(_: &str, processes: &[ProcessInfo]) -> Vec<String> {
    processes.iter().map(|info| info.group.clone()).collect()
}

/// Names of processes and, once a colon is typed or where a group has other names in it, whole groups.
fn names(word: &str, processes: &[ProcessInfo]) -> Vec<String> {
    let of_process = |info: &ProcessInfo| {
        if word.contains(':') || info.name != info.group {
            vec![format!("{}:{}", info.group, info.name), format!("{}:*", info.group)]
        } else {
            vec![Namespec::join(&info.group, &info.name)]
        }
    };
    processes.iter().flat_map(of_process).collect()
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = &line[..position];
        Ok((position - last_word(typed).len(), self.candidates(typed)))
    }
}

impl Helper for Completion {}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Hinter for Completion {
    type Hint = String;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::records::Number;

    fn complete(line: &str) -> Vec<String> {
        let info = |group: &str, name: &str| ProcessInfo {
            name: name.to_owned(),
            group: group.to_owned(),
            state: Number(0),
            statename: String::new(),
            description: String::new(),
            pid: Number(0),
        };
        let completion = Completion::new(Endpoint::default());
        let processes = vec![info("web", "web"), info("work", "a"), info("work", "b")];
        completion.processes.replace(Some(processes));
        completion.candidates(line)
    }

    #[test]
    fn a_beginning_is_completed_to_commands() {
        assert_eq!(complete("sta"), ["start ", "status "]);
        assert_eq!(complete("  vers"), ["version "]);
        assert_eq!(complete("help rel"), ["reload "]);
        assert!(complete("EO").is_empty());
    }

    #[test]
    fn what_follows_a_command_is_completed_by_the_table() {
        assert_eq!(complete("start w"), ["web ", "work:a ", "work:* ", "work:b "]);
        assert_eq!(complete("stop web work:"), ["work:a ", "work:* ", "work:b "]);
        assert_eq!(complete("stop web:"), ["web:web ", "web:* "]);
        assert_eq!(complete("update "), ["web ", "work "]);
        assert!(complete("version w").is_empty());
        assert!(complete("nonsense w").is_empty());
    }

    #[test]
    fn options_are_completed_behind_their_command() {
        assert_eq!(complete("status --"), ["--json "]);
        assert!(complete("stop --").is_empty());
    }
}
