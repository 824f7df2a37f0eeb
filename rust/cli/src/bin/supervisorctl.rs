//! The program `supervisorctl`.
//!
//! Its options so far are `-s`, `-u`, `-p` and `-i`; everything from the first other word on is the
//! command.

use std::env::args_os;
use std::io::{BufReader, stderr, stdin, stdout};
use std::process::exit;

use supervisor_cli::supervisorctl::{Session, run};

fn main() {
    let words = args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    exit(run(session(words), BufReader::new(stdin()), &mut stdout(), &mut stderr()));
}

/// What the command line asks for.
fn session(mut words: impl Iterator<Item = String>) -> Session {
    let mut session = Session::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-s" => session.endpoint.server_url = words.next().unwrap_or_default(),
            "-u" => session.endpoint.username = words.next(),
            "-p" => session.endpoint.password = words.next(),
            "-i" => session.interactive = true,
            _ => {
                session.actions.push(word);
                session.actions.extend(words.by_ref());
            }
        }
    }
    session
}
