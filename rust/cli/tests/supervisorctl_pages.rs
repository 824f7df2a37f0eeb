//! What is made from the table of commands: the page of the documentation and the completion of shells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use supervisor_cli::supervisorctl::command::COMMANDS;
use supervisor_cli::supervisorctl::document::page;
use supervisor_cli::supervisorctl::shell_completion::{bash, fish, zsh};

/// Compares a file of the repository with what it is made to be, or writes it when that is asked for.
fn is_current(file: &str, made: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(file);
    if std::env::var_os("UPDATE_SUPERVISORCTL_PAGES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == made, "{file} is behind the table of commands");
}

#[test]
fn the_page_of_supervisorctl_is_current() {
    is_current("docs/supervisorctl.md", &page());
}

#[test]
fn the_completion_of_shells_is_current() {
    is_current("packaging/completions/supervisorctl.bash", &bash());
    is_current("packaging/completions/_supervisorctl", &zsh());
    is_current("packaging/completions/supervisorctl.fish", &fish());
}

#[test]
fn every_command_and_option_stands_in_all_of_them() {
    for command in COMMANDS.iter().filter(|command| !command.help.is_empty()) {
        for text in [page(), bash(), zsh(), fish()] {
            assert!(text.contains(command.name), "{}", command.name);
            for option in command.options {
                assert!(text.contains(option.name.trim_start_matches('-')), "{}", option.name);
            }
        }
    }
}
