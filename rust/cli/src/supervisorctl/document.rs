//! `docs/supervisorctl.md`, made from the tables of commands and options.

use supervisor_core::config::options::command_line::Program;

use super::command::{COMMANDS, Command};
use super::exit_status;

const PREFACE: &str = "\
# supervisorctl

Every command with every form of its arguments. This page is made from the table in
`rust/cli/src/supervisorctl/command.rs`, and a test compares it. To write it anew:
`UPDATE_SUPERVISORCTL_PAGES=1 cargo test -p supervisor-cli --test supervisorctl_pages`.

`supervisorctl [options] [command [arguments]]` carries out one command; without one it opens a shell. The words
behind the options are joined with blanks and taken apart again, so `supervisorctl \"signal HUP\" web` is the same
as `supervisorctl signal HUP web`.

A `<name>` is that of a process, or `group:process` where they differ. Commands that take several names take
`<gname>:*` for all of a group too, apart from `clear`, `fg`, `pid` and `tail`.
";

const EXIT_CODES: &str = "
## Exit codes

The last failure that counts decides. A shell always ends with 0.

";

const NEW: &str = "
## What the original does not have

Everything the original prints stays as it is: scripts read it. So what is new has an option or a name of its
own, or shows on a terminal only.

- `status --json` and `avail --json` print what `getAllProcessInfo` and `getAllConfigInfo` answer. Messages then go
  to standard error, and exit codes are the same.
- `wait` prints `name: running` (`stopped`, `exited`) for each process that has come to the state, and ends when all
  have. *Running* is RUNNING; *stopped* is STOPPED, EXITED or FATAL; *exited* is EXITED or FATAL. It fails at once
  when a process cannot come to the state by itself any more: FATAL and UNKNOWN for *running*. It asks the server
  when its main log says that something happens, apart from once in ten seconds; when that log cannot be followed
  or has a level above `info`, once a second.
- `shutdown --wait` returns when nobody listens at the address any more and, over a unix socket, the process is gone.
- On a terminal states have colours unless `NO_COLOR` is set, what is unknown is followed by what may have been
  meant, and `help` names the new command too. The shell edits lines, completes commands, options, groups and processes with Tab, and keeps
  its history in the `history_file` (`-r`), which is a plain text file.
- When the socket is missing or refuses although a daemon runs, when this user may not use it, and when something
  else answers, a further line on standard error says so.
- `share/` of the installation has completion for bash, zsh and fish; packagers find it in `packaging/completions`.
";

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = PREFACE.to_owned();
    page.push_str("\n## Options\n\n| option | meaning |\n|---|---|\n");
    for option in Program::Supervisorctl.options() {
        let short = option.switch.short.map(|letter| format!("`-{letter}`"));
        let long = option.switch.long.map(|long| format!("`--{long}`"));
        let forms: Vec<_> = short.into_iter().chain(long).collect();
        let argument = option.switch.argument.map(|name| format!(" `{name}`")).unwrap_or_default();
        page += &format!("| {}{argument} | {} |\n", forms.join(", "), option.meaning);
    }
    page.push_str("\n## Commands\n\n| form | what it does |\n|---|---|\n");
    for command in COMMANDS {
        for (form, what) in rows(command) {
            page += &format!("| `{form}` | {what} |\n");
        }
    }
    page.push_str(EXIT_CODES);
    page.push_str("| code | meaning |\n|---|---|\n");
    for (code, meaning) in exit_status::MEANINGS {
        page += &format!("| {code} | {meaning} |\n");
    }
    page.push_str(NEW);
    page
}

/// The forms of a command and what they do: the lines of its help that are divided by tabs.
fn rows(command: &Command) -> impl Iterator<Item = (&'static str, &'static str)> {
    command.help.iter().filter_map(|line| {
        let (form, what) = line.split_once('\t')?;
        let (form, what) = (form.trim(), what.trim());
        (!form.is_empty()).then_some((form, what))
    })
}
