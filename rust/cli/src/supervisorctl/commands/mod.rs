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
mod results;
pub(super) mod signal;
pub(super) mod start_stop;
pub(super) mod status;
pub(super) mod tail;
pub(super) mod wait;

/// Whether the words behind a command ask for JSON, and the other words.
fn take_json(argument: &str) -> (bool, Vec<&str>) {
    let (options, words): (Vec<&str>, Vec<&str>) =
        argument.split_whitespace().partition(|word| *word == "--json");
    (!options.is_empty(), words)
}
