//! The option table and everything that is made from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config_support;

use std::collections::BTreeSet;

use config_support::Pretended;
use serde_json::Value;
use supervisor_core::config::options::command_line::{Action, Program};
use supervisor_core::config::options::document::configuration_document;
use supervisor_core::config::options::sample::sample_configuration;
use supervisor_core::config::options::{Default, SECTIONS, Sample};
use supervisor_core::config::{HttpAddress, LogTarget, Overrides, check, read, read_client};
use supervisor_core::ini::IniFile;

const FILE: &str = "/etc/app/supervisord.conf";

#[test]
fn the_page_of_the_configuration_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = configuration_document();
    if std::env::var_os("UPDATE_CONFIGURATION_PAGE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let current = std::fs::read_to_string(path).unwrap() == page;
    assert!(current, "docs/configuration.md is behind the option table");
}

#[test]
fn every_option_stands_in_the_page_with_what_it_takes() {
    let page = configuration_document();
    for section in &SECTIONS {
        let part = page.split_once(&format!("## `[{}]`", section.shown_name())).unwrap().1;
        let part = part.split("\n## ").next().unwrap();
        for option in section.own_options {
            let row = part.lines().find(|line| line.starts_with(&format!("| `{}` |", option.name))).unwrap();
            assert!(row.contains(option.meaning) && row.contains(option.sees.title()), "{row}");
            assert!(page.contains(&format!(
                "| {} | {} |",
                option.value_type.title(),
                option.value_type.accepts()
            )));
        }
    }
}

#[test]
fn the_sample_is_a_configuration_for_daemon_and_client() {
    let system = Pretended::new().file(FILE, &sample_configuration());
    let settings = read(&system, FILE, &Overrides::default()).unwrap();
    assert_eq!(settings.daemon.logfile, LogTarget::File("/tmp/supervisord.log".into()));
    assert_eq!(settings.daemon.pidfile.to_str(), Some("/tmp/supervisord.pid"));
    let [server] = settings.http_servers.as_slice() else { panic!("one server") };
    assert_eq!(
        server.address,
        HttpAddress::Unix { path: "/tmp/supervisor.sock".into(), mode: 0o700, owner: None }
    );
    assert_eq!(settings.rpc_interfaces[0].factory, "supervisor.rpcinterface:make_main_rpcinterface");
    assert!(settings.groups.is_empty() && settings.messages.is_empty());

    let client = read_client(&system, Some(FILE), &Overrides::default()).unwrap();
    assert_eq!(client.server_url, "unix:///tmp/supervisor.sock");
}

#[test]
fn the_sample_with_every_comment_removed_is_a_configuration_too() {
    let active: String = sample_configuration()
        .lines()
        .map(|line| {
            format!("{}\n", line.strip_prefix(';').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        })
        .collect();
    // Users and programs that the pretended machine does not have.
    let active =
        active.replace("root:staff", "web:web").replace("nobody", "web").replace("one,two", "myprogram");
    let system = Pretended::new().file(FILE, &active);
    let settings = read(&system, FILE, &Overrides::default()).unwrap();
    let processes: Vec<&str> = settings
        .groups
        .iter()
        .flat_map(|group| &group.processes)
        .map(|process| process.name.as_str())
        .collect();
    assert_eq!(processes, ["mylistener", "myprogram"]);
    assert_eq!(settings.http_servers.len(), 2);
}

#[test]
fn the_sample_shows_the_options_that_the_originals_shows() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../compat-tests/corpus/sample.json");
    let theirs: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    // One option is shown there in force and, with another value, as a comment.
    let mut theirs: BTreeSet<(String, String, Option<String>)> = theirs
        .iter()
        .map(|option| {
            let section = option["section"].as_str().unwrap().to_owned();
            (section, text(&option["name"]).unwrap(), text(&option["active"]))
        })
        .collect();
    assert!(theirs.remove(&("supervisorctl".to_owned(), "serverurl".to_owned(), None)));
    let mut ours = BTreeSet::new();
    for section in SECTIONS.iter().filter(|section| section.sample != Sample::Hidden) {
        for option in section.options() {
            let active = match option.sample {
                Sample::Hidden => continue,
                Sample::Commented(_) => None,
                Sample::Active(value) => Some(value.to_owned()),
            };
            ours.insert((section.prefix.trim_end_matches(':').to_owned(), option.name.to_owned(), active));
        }
    }
    assert_eq!(ours, theirs);
}

#[test]
fn the_sample_has_nothing_but_known_options_in_force() {
    let mut ini = IniFile::default();
    ini.read("sample", &sample_configuration()).unwrap();
    let sections: Vec<&str> = ini.sections().collect();
    assert_eq!(sections, ["unix_http_server", "supervisord", "rpcinterface:supervisor", "supervisorctl"]);
}

#[test]
fn every_default_is_a_value_of_its_type() {
    let system = Pretended::new();
    for option in SECTIONS.iter().flat_map(|section| section.own_options) {
        if let Default::Text(text) = option.default {
            assert_eq!(check(option, text, &system), Ok(()), "{}", option.name);
        }
    }
}

#[test]
fn no_letter_and_no_long_name_is_given_twice() {
    for program in [Program::Supervisord, Program::Supervisorctl] {
        let mut seen = BTreeSet::new();
        for option in program.options() {
            let short = option.switch.short.map(|letter| letter.to_string());
            for name in short.into_iter().chain(option.switch.long.map(str::to_owned)) {
                assert!(seen.insert(name.clone()), "{name}");
            }
        }
    }
}

#[test]
fn values_of_the_command_line_win_over_the_file() {
    let text = "[supervisord]\nminfds=5\nnodaemon=false\nlogfile=a.log\nuser=nobody-here\numask=022\n";
    let system = Pretended::new().file(FILE, text);
    let mut overrides = Overrides::default();
    for option in Program::Supervisord.options() {
        if let Action::Set(spec) = option.action {
            match spec.name {
                "minfds" => overrides.set(spec, "7"),
                "nodaemon" => overrides.set(spec, "true"),
                "logfile" => overrides.set(spec, "/tmp/100%.log"),
                "user" => overrides.set(spec, "web"),
                "umask" => overrides.set(spec, "0o77"),
                _ => {}
            }
        }
    }
    let daemon = read(&system, FILE, &overrides).unwrap().daemon;
    assert_eq!((daemon.minfds, daemon.nodaemon, daemon.user, daemon.umask), (7, true, Some(1000), 0o77));
    assert_eq!(daemon.logfile, LogTarget::File("/tmp/100%.log".into()));
}
