//! The table of commands, which feeds dispatch, help and completion.

use super::commands::{
    clear, config, daemon, foreground, help, open, pid, quit, signal, start_stop, status, tail, wait,
};
use super::controller::Controller;
use super::failure::Failure;

/// Whether a shell goes on after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends.
    Leave,
}

/// What a command returns; a failure is printed by the controller, which then sets exit code 1.
pub type Outcome = Result<Flow, Failure>;

/// What a shell completes behind the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// Names of commands.
    Commands,
    /// Names of groups.
    Groups,
    /// Names of processes, and `group:*`.
    Processes,
}

/// One command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Runs it with the rest of the line.
    pub run: fn(&mut Controller<'_>, &str) -> Outcome,
    /// What `help NAME` prints: usage, then tabs, then what it does.
    pub help: &'static [&'static str],
    /// What may follow.
    pub completes: Completes,
    /// Whether `help` lists it for scripts too: what the original has, in its columns.
    pub listed: bool,
    /// What may be written before or between its names; none of the original's commands has one.
    pub options: &'static [CommandOption],
}

/// An option of a command.
pub struct CommandOption {
    /// How it is written, with its dashes.
    pub name: &'static str,
    /// What it does, for completion.
    pub what: &'static str,
    /// What may follow it.
    pub value: OptionValue,
}

/// What follows an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionValue {
    /// Nothing.
    None,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A number of seconds.
    Seconds,
}

/// Output for programs instead of people.
const JSON: CommandOption =
    CommandOption { name: "--json", what: "print JSON instead of text", value: OptionValue::None };

/// What `wait --for` takes.
pub const GOALS: &[&str] = &["running", "stopped", "exited"];

/// Finds a command by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// All commands by name. The usage texts and the distance to what follows them are the original's, for
/// scripts that look for them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "add",
        run: config::add,
        help: &["add <name> [...]\tActivate new groups or processes of the configuration"],
        completes: Completes::Groups,
        listed: true,
        options: &[],
    },
    Command {
        name: "avail",
        run: config::avail,
        help: &[
            "avail\t\t\tList all processes of the configuration",
            "avail --json\t\tThe same as JSON, with every setting",
        ],
        completes: Completes::Nothing,
        listed: true,
        options: &[JSON],
    },
    Command {
        name: "clear",
        run: clear::run,
        help: &[
            "clear <name>\t\tEmpty the logs of a process",
            "clear <name> <name>\tEmpty the logs of several processes",
            "clear all\t\tEmpty the logs of every process",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "exit",
        run: quit::run,
        help: &["exit\tLeave the shell"],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "fg",
        run: foreground::run,
        help: &[
            "fg <process>\tShow the output of a process and send it what is typed",
            "\t\tCtrl-C to leave it",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "maintail",
        run: tail::main_log,
        help: &[
            "maintail -f \tFollow the main log of supervisord (Ctrl-C to leave)",
            "maintail -100\tThe last 100 *bytes* of the main log of supervisord",
            "maintail\tThe last 1600 *bytes* of the main log of supervisord",
            "",
        ],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "open",
        run: open::run,
        help: &[
            "open <url>\tTalk to another supervisord",
            "\t\t(a UNIX domain socket is written unix:///socket/path)",
        ],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "pid",
        run: pid::run,
        help: &[
            "pid\t\t\tShow the PID of supervisord",
            "pid <name>\t\tShow the PID of one process",
            "pid all\t\t\tShow the PIDs of all processes, each on a line",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "quit",
        run: quit::run,
        help: &["quit\tLeave the shell"],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "reload",
        run: daemon::reload,
        help: &["reload \t\tStop everything, read the configuration, and start again"],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "remove",
        run: config::remove,
        help: &["remove <name> [...]\tTake stopped groups or processes out of the active configuration"],
        completes: Completes::Groups,
        listed: true,
        options: &[],
    },
    Command {
        name: "reread",
        run: config::reread,
        help: &["reread \t\t\tRead the configuration and say what has changed, without applying it"],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "restart",
        run: start_stop::restart,
        help: &[
            "restart <name>\t\tStop and start a process",
            "restart <gname>:*\tStop and start all processes of a group",
            "restart <name> <name>\tStop and start several processes or groups",
            "restart all\t\tStop and start every process",
            "Note: the configuration stays as it was read before; for changes see reread and update.",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "shutdown",
        run: daemon::shutdown,
        help: &[
            "shutdown \tStop everything, and supervisord itself",
            "shutdown --wait\tThe same, and return when supervisord is gone",
        ],
        completes: Completes::Nothing,
        listed: true,
        options: &[CommandOption {
            name: "--wait",
            what: "return when supervisord is gone",
            value: OptionValue::None,
        }],
    },
    Command {
        name: "signal",
        run: signal::run,
        help: &[
            "signal <signal name> <name>\t\tSend a signal to a process",
            "signal <signal name> <gname>:*\t\tSend a signal to all processes of a group",
            "signal <signal name> <name> <name>\tSend a signal to several processes or groups",
            "signal <signal name> all\t\tSend a signal to every process",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "start",
        run: start_stop::start,
        help: &[
            "start <name>\t\tStart one process",
            "start <gname>:*\t\tStart all processes of a group",
            "start <name> <name>\tStart several processes or groups",
            "start all\t\tStart every process",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "status",
        run: status::run,
        help: &[
            "status <name>\t\tShow the state of one process",
            "status <gname>:*\tShow the states of a group's processes",
            "status <name> <name>\tShow the states of several processes or groups",
            "status\t\t\tShow the states of all processes",
            "status --json [...]\tThe same as JSON, with all that is known",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[JSON],
    },
    Command {
        name: "stop",
        run: start_stop::stop,
        help: &[
            "stop <name>\t\tStop one process",
            "stop <gname>:*\t\tStop all processes of a group",
            "stop <name> <name>\tStop several processes or groups",
            "stop all\t\tStop every process",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "tail",
        run: tail::run,
        help: &[
            "tail [-f] <name> [stdout|stderr] (default stdout)",
            "Ex:",
            "tail -f <name>\t\tFollow the standard output of a process",
            "\t\t\tCtrl-C to leave.",
            "tail -100 <name>\tthe last 100 *bytes* of its standard output",
            "tail <name> stderr\tthe last 1600 *bytes* of its standard error",
        ],
        completes: Completes::Processes,
        listed: true,
        options: &[],
    },
    Command {
        name: "update",
        run: config::update,
        help: &[
            "update\t\t\tRead the configuration and apply it; groups that have changed are restarted",
            "update all\t\tThe same",
            "update <gname> [...]\tApply what has changed in these groups only",
        ],
        completes: Completes::Groups,
        listed: true,
        options: &[],
    },
    Command {
        name: "version",
        run: daemon::version,
        help: &["version\t\t\tShow the version of the supervisord at the other end"],
        completes: Completes::Nothing,
        listed: true,
        options: &[],
    },
    Command {
        name: "wait",
        run: wait::run,
        help: &[
            "wait <name> [...]\tWait until these processes or groups are running",
            "wait <name> --for stopped\tWait until they are down and will not start by themselves",
            "wait <name> --for exited\tWait until they have ended by themselves",
            "wait <name> --timeout 10\tWait for 10 seconds at most",
        ],
        completes: Completes::Processes,
        listed: false,
        options: &[
            CommandOption { name: "--for", what: "the state to wait for", value: OptionValue::OneOf(GOALS) },
            CommandOption { name: "--timeout", what: "longest time to wait", value: OptionValue::Seconds },
        ],
    },
    Command {
        name: "help",
        run: help::run,
        help: &["help\t\tList the commands", "help <action>\tShow how a command is used"],
        completes: Completes::Commands,
        listed: false,
        options: &[],
    },
    Command {
        name: "EOF",
        run: quit::run,
        help: &[],
        completes: Completes::Nothing,
        listed: false,
        options: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_command_has_help_and_a_place_in_the_alphabet() {
        let listed: Vec<_> = COMMANDS.iter().filter(|command| command.listed).collect();
        assert!(listed.is_sorted_by_key(|command| command.name));
        assert!(listed.iter().all(|command| command.help.iter().any(|line| line.starts_with(command.name))));
    }
}
