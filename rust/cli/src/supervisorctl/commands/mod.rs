//! The commands, one file for each or for each family. What every command does, prints and answers as
//! exit code is the table of parity 3.

pub(super) mod clear;
pub(super) mod config;
pub(super) mod daemon;
pub(super) mod foreground;
pub(super) mod help;
pub(super) mod open;
pub(super) mod pid;
pub(super) mod quit;
pub(super) mod results;
pub(super) mod signal;
pub(super) mod start_stop;
pub(super) mod status;
pub(super) mod tail;
pub(super) mod wait;

/// How a command speaks of its results, by its name.
pub(super) fn wording(command: &str) -> Option<&'static results::Wording> {
    const ALL: [&results::Wording; 4] =
        [&start_stop::STARTED, &start_stop::STOPPED, &signal::SIGNALLED, &clear::CLEARED];
    ALL.into_iter().find(|wording| wording.command == command)
}

/// Whether the words behind a command ask for JSON, and the other words.
fn take_json(argument: &str) -> (bool, Vec<&str>) {
    let (options, words): (Vec<&str>, Vec<&str>) =
        argument.split_whitespace().partition(|word| *word == "--json");
    (!options.is_empty(), words)
}
