//! The program `supervisorctl`.

use std::io::{BufReader, stderr, stdin, stdout};
use std::process::exit;

use supervisor_cli::client::Endpoint;
use supervisor_cli::supervisorctl::{Session, run};

fn main() {
    let mut session = Session::default();
    let mut words = std::env::args().skip(1);
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
    session.endpoint = Endpoint { ..session.endpoint };
    exit(run(session, BufReader::new(stdin()), &mut stdout(), &mut stderr()));
}
