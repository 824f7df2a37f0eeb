//! The command lines of supervisord and supervisorctl, and their help, made from the option table.

use super::{OptionSpec, SectionKind, SectionSpec, Switch};

/// A program with a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The daemon.
    Supervisord,
    /// The client.
    Supervisorctl,
}

/// What an option on the command line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Gives a value to an option of the configuration, over what the file says.
    Set(&'static OptionSpec),
    /// Names the configuration file.
    Configuration,
    /// Prints the help.
    Help,
    /// Prints the version.
    Version,
    /// Opens the shell after the command (supervisorctl).
    Interactive,
    /// Checks the configuration and starts nothing.
    Check,
    /// Has the check's report as JSON.
    Json,
    /// Python's profiler in the original; taken and not acted upon.
    Profile,
}

/// One option of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandLineOption {
    /// Its forms.
    pub switch: Switch,
    /// What it does.
    pub action: Action,
    /// What the help says.
    pub meaning: &'static str,
    /// Whether the original does not have it: then it takes no unique prefix from an option that it has.
    pub is_new: bool,
}

const fn option(switch: Switch, action: Action, meaning: &'static str) -> CommandLineOption {
    CommandLineOption { switch, action, meaning, is_new: false }
}

const fn flag(
    short: char,
    long: Option<&'static str>,
    action: Action,
    meaning: &'static str,
) -> CommandLineOption {
    option(Switch { short: Some(short), long, argument: None }, action, meaning)
}

const fn new_flag(long: &'static str, action: Action, meaning: &'static str) -> CommandLineOption {
    let switch = Switch { short: None, long: Some(long), argument: None };
    CommandLineOption { switch, action, meaning, is_new: true }
}

/// The argument of an option that names a file.
const FILENAME: &str = "FILENAME";

const HELP: CommandLineOption = flag('h', Some("help"), Action::Help, "Print this help and exit.");
const HELP_LETTER: CommandLineOption = flag('?', None, Action::Help, "The same as -h.");
const CONFIGURATION: CommandLineOption = option(
    Switch { short: Some('c'), long: Some("configuration"), argument: Some(FILENAME) },
    Action::Configuration,
    "Configuration file; without it the usual places are searched.",
);
const VERSION: CommandLineOption =
    flag('v', Some("version"), Action::Version, "Print the version number and exit.");
const INTERACTIVE: CommandLineOption =
    flag('i', Some("interactive"), Action::Interactive, "start an interactive shell after the action.");
const PROFILE: CommandLineOption = option(
    Switch { short: None, long: Some("profile_options"), argument: Some("OPTIONS") },
    Action::Profile,
    "Accepted for old command lines; there is no Python profiler here.",
);
const CHECK: CommandLineOption =
    new_flag("check", Action::Check, "Check the configuration, start nothing; exit 2 if it is refused.");
const JSON: CommandLineOption = new_flag("json", Action::Json, "With --check: the report as JSON.");

impl Program {
    /// The section that its options give values to.
    fn section(self) -> SectionKind {
        match self {
            Self::Supervisord => SectionKind::Supervisord,
            Self::Supervisorctl => SectionKind::Supervisorctl,
        }
    }

    /// All options of its command line: those about the run first, then those of the configuration.
    #[must_use]
    pub fn options(self) -> Vec<CommandLineOption> {
        let (first, last): (&[_], &[_]) = match self {
            Self::Supervisord => (&[CONFIGURATION, HELP, HELP_LETTER, VERSION], &[PROFILE, CHECK, JSON]),
            Self::Supervisorctl => (&[CONFIGURATION, HELP, HELP_LETTER, INTERACTIVE], &[]),
        };
        let settings = SectionSpec::of(self.section()).own_options.iter().filter_map(|spec| {
            let switch = spec.switch?;
            Some(option(switch, Action::Set(spec), spec.meaning))
        });
        first.iter().copied().chain(settings).chain(last.iter().copied()).collect()
    }

    /// The help text; `name` is how the program was called.
    #[must_use]
    pub fn help(self, name: &str) -> String {
        let (summary, usage, after) = match self {
            Self::Supervisord => (
                "supervisord -- run a set of applications, and keep them running.",
                "[options]",
                "A value on the command line wins over the configuration file.\n",
            ),
            Self::Supervisorctl => (
                "supervisorctl -- control applications that supervisord runs.",
                "[options] [action [arguments]]",
                "Without an action a shell opens. The action \"help\" lists all actions.\n",
            ),
        };
        let mut text = format!("{summary}\n\nUsage: {name} {usage}\n\nOptions:\n");
        for option in self.options() {
            let short = option.switch.short.map(|letter| format!("-{letter}"));
            let long = option.switch.long.map(|name| format!("--{name}"));
            let forms = Vec::from_iter(short.into_iter().chain(long)).join("/");
            let argument = option.switch.argument.map(|name| format!(" {name}")).unwrap_or_default();
            let shown = format!("{forms}{argument}");
            let meaning = match option.switch.argument {
                Some(FILENAME) => format!("use {FILENAME} as {}", lower_first(option.meaning)),
                _ => option.meaning.to_owned(),
            };
            text.push_str(&format!("{shown} -- {meaning}\n"));
        }
        text.push('\n');
        text.push_str(after);
        text
    }
}

/// A meaning inside of a sentence.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
