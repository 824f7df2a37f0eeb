//! The command lines of supervisord and supervisorctl, by the rules of Python's `getopt`.
//!
//! Which options there are stands in the core's option table. Nothing here ends the process: what is to
//! be printed and the exit status are returned as an [`Ending`].

use std::cmp::Reverse;
use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
use supervisor_core::config::options::command_line::{Action, CommandLineOption, Program};
use supervisor_core::config::{Overrides, System, check};
use supervisor_core::expand::{repr, text::repr_list};

/// Exit status of a mistake in the command line or the configuration.
const USAGE_ERROR: u8 = 2;

/// How a program ends before it has begun its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// Exit status.
    pub status: u8,
}

impl Ending {
    /// The end with text on standard output and success.
    #[must_use]
    pub fn printed(text: String) -> Self {
        Self { stdout: text, stderr: String::new(), status: 0 }
    }

    /// Prints the texts and returns the exit status.
    #[must_use]
    pub fn print(&self) -> i32 {
        // Whoever closed the streams does not want to read it.
        let _ = std::io::stdout().write_all(self.stdout.as_bytes());
        let _ = std::io::stderr().write_all(self.stderr.as_bytes());
        self.status.into()
    }

    /// The end that the original calls a usage error: the message and a hint, exit status 2.
    ///
    /// `program` is how the program was called.
    #[must_use]
    pub fn usage(program: &str, message: &str) -> Self {
        let stderr = format!("Error: {message}\nFor help, use {program} -h\n");
        Self { stdout: String::new(), stderr, status: USAGE_ERROR }
    }
}

/// What supervisord's command line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SupervisordArguments {
    /// The configuration file, if named.
    pub config_file: Option<String>,
    /// Values over those of the file, checked.
    pub overrides: Overrides,
    /// Check the configuration instead of starting.
    pub check: bool,
    /// Have the check's report as JSON.
    pub json: bool,
}

/// What supervisorctl's command line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SupervisorctlArguments {
    /// The configuration file, if named.
    pub config_file: Option<String>,
    /// Values over those of the file, checked.
    pub overrides: Overrides,
    /// Open a shell after the action; always so without an action.
    pub interactive: bool,
    /// The action and its arguments.
    pub action: Vec<String>,
}

/// The words of a command line as text; bytes that are not UTF-8 become U+FFFD.
#[must_use]
pub fn words(argv: impl IntoIterator<Item = OsString>) -> Vec<String> {
    argv.into_iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Reads supervisord's command line (`arguments` without the program's name).
///
/// `program` is how the program was called; messages show it.
///
/// # Errors
/// The end of the program: help, version, or a mistake.
pub fn parse_supervisord(
    system: &dyn System,
    program: &str,
    version: &str,
    arguments: &[String],
) -> Result<SupervisordArguments, Ending> {
    let line = CommandLine { kind: Program::Supervisord, program, version, system };
    let Said { config_file, overrides, check, json, .. } = line.read(arguments)?;
    if json && !check {
        return Err(line.usage("option --json needs --check"));
    }
    Ok(SupervisordArguments { config_file, overrides, check, json })
}

/// Reads supervisorctl's command line (`arguments` without the program's name).
///
/// # Errors
/// The end of the program: help or a mistake.
pub fn parse_supervisorctl(
    system: &dyn System,
    program: &str,
    arguments: &[String],
) -> Result<SupervisorctlArguments, Ending> {
    let line = CommandLine { kind: Program::Supervisorctl, program, version: "", system };
    let said = line.read(arguments)?;
    Ok(SupervisorctlArguments {
        config_file: said.config_file,
        overrides: said.overrides,
        interactive: said.interactive || said.rest.is_empty(),
        action: said.rest,
    })
}

/// The path of a program that was called by this name: found by `PATH` when it has no slash.
///
/// The original is a script and so always knows its path; the default places of the configuration
/// and the hint of a usage error depend on it.
#[must_use]
pub fn program_path(system: &dyn System, called: &str) -> String {
    if called.contains('/') {
        return called.to_owned();
    }
    let path = system.environment().into_iter().find(|(name, _)| name == "PATH").map(|(_, path)| path);
    path.iter()
        .flat_map(|path| path.split(':'))
        .map(|folder| supervisor_core::config::paths::join(folder, called))
        .find(|candidate| system.exists(candidate) && !system.is_directory(candidate))
        .unwrap_or_else(|| called.to_owned())
}

/// What a command line says, for either program.
#[derive(Default)]
struct Said {
    config_file: Option<String>,
    overrides: Overrides,
    interactive: bool,
    check: bool,
    json: bool,
    is_profiled: bool,
    rest: Vec<String>,
}

/// An option as it was written, with its value.
struct Occurrence {
    /// `-c` or `--configuration`.
    written: String,
    value: String,
    option: CommandLineOption,
}

struct CommandLine<'a> {
    kind: Program,
    program: &'a str,
    version: &'a str,
    system: &'a dyn System,
}

impl CommandLine<'_> {
    fn usage(&self, message: &str) -> Ending {
        Ending::usage(self.program, message)
    }

    fn read(&self, arguments: &[String]) -> Result<Said, Ending> {
        let options = self.kind.options();
        let (occurrences, rest) = getopt(&options, arguments).map_err(|message| self.usage(&message))?;
        if !rest.is_empty() && self.kind == Program::Supervisord {
            let shown = repr_list(&rest);
            return Err(self.usage(&format!("positional arguments are not supported: {shown}")));
        }
        let mut said = Said { rest, ..Said::default() };
        for occurrence in occurrences {
            self.take(&mut said, &occurrence)?;
        }
        Ok(said)
    }

    /// Does what one option asks for. An option that was there before is a mistake.
    fn take(&self, said: &mut Said, occurrence: &Occurrence) -> Result<(), Ending> {
        let Occurrence { written, value, option } = occurrence;
        let conflict = || self.usage(&format!("conflicting command line option {}", repr(written)));
        match option.action {
            Action::Help => return Err(Ending::printed(self.kind.help(self.program))),
            Action::Version => return Err(Ending::printed(format!("{}\n", self.version))),
            Action::Check => said.check = true,
            Action::Json => said.json = true,
            Action::Profile if said.is_profiled => return Err(conflict()),
            Action::Profile => said.is_profiled = true,
            Action::Configuration if said.config_file.is_some() => return Err(conflict()),
            Action::Configuration => said.config_file = Some(value.clone()),
            Action::Interactive if said.interactive => return Err(conflict()),
            Action::Interactive => said.interactive = true,
            Action::Set(spec) => {
                let text = if option.switch.argument.is_some() { value.as_str() } else { FLAG_GIVEN };
                check(spec, text, self.system).map_err(|reason| {
                    self.usage(&format!("invalid value for {written} {}: {reason}", repr(text)))
                })?;
                if said.overrides.get(spec.name).is_some() {
                    return Err(conflict());
                }
                said.overrides.set(spec, text);
            }
        }
        Ok(())
    }
}

/// The value that a flag stands for.
const FLAG_GIVEN: &str = "true";

/// Splits a command line into options, in the order in which they were written, and the rest.
///
/// # Errors
/// The message of Python's `getopt`.
fn getopt(
    options: &[CommandLineOption],
    arguments: &[String],
) -> Result<(Vec<Occurrence>, Vec<String>), String> {
    let matches = command(options)
        .try_get_matches_from(arguments)
        .map_err(|error| getopt_message(&error, options, arguments))?;
    let mut found: Vec<(usize, Occurrence)> = Vec::new();
    for option in options {
        for written in forms(option) {
            let Some(values) = matches.get_many::<String>(&written) else {
                continue;
            };
            let places = matches.indices_of(&written).into_iter().flatten();
            found.extend(places.zip(values).map(|(place, value)| {
                (place, Occurrence { written: written.clone(), value: value.clone(), option: *option })
            }));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    Ok((found.into_iter().map(|(_, occurrence)| occurrence).collect(), rest(&matches)))
}

/// The words behind the options.
fn rest(matches: &ArgMatches) -> Vec<String> {
    let Some((first, more)) = matches.subcommand() else {
        return Vec::new();
    };
    let more = more.get_many::<String>("").into_iter().flatten();
    std::iter::once(first.to_owned()).chain(more.cloned()).collect()
}

/// The ways to write an option; each is an argument of its own, so that a message can show the one
/// that was used.
fn forms(option: &CommandLineOption) -> impl Iterator<Item = String> + use<> {
    let short = option.switch.short.map(|letter| format!("-{letter}"));
    let long = option.switch.long.map(|name| format!("--{name}"));
    short.into_iter().chain(long)
}

/// A command line that clap reads as `getopt` would: options first, unique prefixes, any value.
fn command(options: &[CommandLineOption]) -> Command {
    let mut command = Command::new("program")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .infer_long_args(true)
        .allow_external_subcommands(true)
        .external_subcommand_value_parser(clap::value_parser!(String));
    for option in options {
        for form in forms(option) {
            let argument = Arg::new(form.clone()).action(ArgAction::Append);
            let argument = match (form.strip_prefix("--"), form.chars().nth(1)) {
                (Some(long), _) => argument.long(long.to_owned()).aliases(kept_prefixes(option, options)),
                (None, Some(short)) => argument.short(short),
                (None, None) => continue,
            };
            command = command.arg(if option.switch.argument.is_some() {
                argument.num_args(1).allow_hyphen_values(true)
            } else {
                argument.num_args(0).default_missing_value("")
            });
        }
    }
    command
}

/// Prefixes of an option's long name that mean it in the original, where one of the new options begins so too.
fn kept_prefixes(option: &CommandLineOption, options: &[CommandLineOption]) -> Vec<String> {
    let Some(long) = option.switch.long.filter(|_| !option.is_new) else {
        return Vec::new();
    };
    let begin_so = |prefix: &str, new: bool| {
        let longs = options.iter().filter(|other| other.is_new == new).filter_map(|other| other.switch.long);
        longs.filter(|other| other.starts_with(prefix)).count()
    };
    (1..long.len())
        .map(|end| &long[..end])
        .filter(|prefix| begin_so(prefix, false) == 1 && begin_so(prefix, true) > 0)
        .map(str::to_owned)
        .collect()
}

/// An option without what clap shows behind it.
fn word(shown: &str) -> &str {
    shown.split([' ', '=']).next().unwrap_or_default()
}

/// What Python's `getopt` says about a mistake that clap found.
fn getopt_message(error: &clap::Error, options: &[CommandLineOption], arguments: &[String]) -> String {
    let at_fault = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let longs = || options.iter().filter_map(|option| option.switch.long);
    let with_values = options.iter().filter(|option| option.switch.argument.is_some());
    match error.kind() {
        // A value can only be missing at the very end, so the last word tells how it was written.
        ErrorKind::InvalidValue => {
            let last = arguments.last().map_or("", String::as_str);
            let written = match last.strip_prefix("--") {
                Some(prefix) => with_values
                    .filter_map(|option| option.switch.long)
                    .filter(|long| long.starts_with(prefix))
                    .min_by_key(|long| Reverse(*long == prefix))
                    .map(|long| format!("--{long}")),
                None => last.chars().next_back().map(|letter| format!("-{letter}")),
            };
            format!("option {} requires argument", written.unwrap_or_default())
        }
        ErrorKind::TooManyValues => format!("option {} must not have an argument", word(at_fault)),
        _ => {
            // Behind a long name there may be a value, behind a letter more letters.
            let at_fault: String = if at_fault.starts_with("--") {
                at_fault.chars().take_while(|character| *character != '=').collect()
            } else {
                at_fault.chars().take(2).collect()
            };
            // The letter `-` looks like an empty long name, which only `--=` is.
            let is_letter = at_fault == "--" && !arguments.iter().any(|argument| argument.starts_with("--="));
            let typed = at_fault.strip_prefix("--").filter(|_| !is_letter);
            let ambiguous =
                typed.is_some_and(|typed| longs().filter(|long| long.starts_with(typed)).count() > 1);
            let problem = if ambiguous { "not a unique prefix" } else { "not recognized" };
            format!("option {at_fault} {problem}")
        }
    }
}

#[cfg(test)]
mod tests;
