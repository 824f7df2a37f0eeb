//! Command lines against the corpus that Python's `getopt` produced, and their meaning.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use supervisor_core::config::options::command_line::Program;
use supervisor_engine::files::RealSystem;

use super::{Ending, getopt, parse_supervisorctl, parse_supervisord, program_path};

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|word| (*word).to_owned()).collect()
}

fn supervisord(line: &[&str]) -> Result<super::SupervisordArguments, Ending> {
    parse_supervisord(&RealSystem, "/bin/supervisord", "9.9", &words(line))
}

fn refused(line: &[&str]) -> String {
    let ending = supervisord(line).expect_err("refused");
    assert_eq!((ending.status, ending.stdout.as_str()), (2, ""));
    let message = ending.stderr.strip_suffix("\nFor help, use /bin/supervisord -h\n").expect("a hint");
    message.strip_prefix("Error: ").expect("an error").to_owned()
}

#[test]
fn command_lines_are_split_as_getopt_splits_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../compat-tests/corpus/command_lines.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 100);
    let mut differences = Vec::new();
    for case in &cases {
        let program = match case["program"].as_str().unwrap() {
            "supervisord" => Program::Supervisord,
            _ => Program::Supervisorctl,
        };
        let line: Vec<String> = serde_json::from_value(case["input"].clone()).unwrap();
        let ours = match getopt(&program.options(), &line) {
            Ok((found, rest)) => {
                let found: Vec<Value> = found.iter().map(|one| json!([one.written, one.value])).collect();
                json!({ "ok": [found, rest] })
            }
            Err(message) => json!({ "error": message }),
        };
        let agrees = ours.get("ok") == case.get("ok") && ours.get("error") == case.get("error");
        if !agrees {
            differences.push(format!("{case}\n    ours: {ours}"));
        }
    }
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

#[test]
fn values_of_the_command_line_are_checked_by_their_types() {
    assert_eq!(refused(&["-m", "9"]), "invalid value for -m '9': 9 can not be converted to an octal type");
    assert_eq!(
        refused(&["--logfile_maxb", "x"]),
        "invalid value for --logfile_maxbytes 'x': invalid literal for int() with base 10: 'x'"
    );
    assert_eq!(refused(&["-e", "loud"]), "invalid value for -e 'loud': bad logging level name 'loud'");
    assert_eq!(refused(&["-d", "/nope"]), "invalid value for -d '/nope': /nope is not an existing directory");
    assert_eq!(
        refused(&["-j", "/nope/x"]),
        "invalid value for -j '/nope/x': The directory named as part of the path /nope/x does not exist"
    );
}

#[test]
fn an_option_given_twice_is_a_conflict_in_whatever_form() {
    assert_eq!(refused(&["-n", "--nodaemon"]), "conflicting command line option '--nodaemon'");
    assert_eq!(refused(&["-c", "a", "-c", "b"]), "conflicting command line option '-c'");
}

#[test]
fn words_behind_the_options_are_refused_by_the_daemon_only() {
    assert_eq!(refused(&["-n", "it's", "x"]), "positional arguments are not supported: [\"it's\", 'x']");
    let line = words(&["-s", "unix:///s", "tail", "-f", "web"]);
    let said = parse_supervisorctl(&RealSystem, "supervisorctl", &line).unwrap();
    assert_eq!(said.action, ["tail", "-f", "web"]);
    assert_eq!(said.overrides.get("serverurl"), Some("unix:///s"));
    assert!(!said.interactive);
    assert!(parse_supervisorctl(&RealSystem, "supervisorctl", &[]).unwrap().interactive);
    let bad = parse_supervisorctl(&RealSystem, "supervisorctl", &words(&["-s", "x"])).expect_err("refused");
    assert_eq!(
        bad.stderr,
        "Error: invalid value for -s 'x': value 'x' is not a URL\nFor help, use supervisorctl -h\n"
    );
}

#[test]
fn prefixes_that_the_original_knows_mean_what_they_mean_there() {
    let said = supervisord(&["--ch", "/tmp", "--prof", "x"]).unwrap();
    assert_eq!((said.overrides.get("childlogdir"), said.check), (Some("/tmp"), false));
    assert_eq!(refused(&["--c", "x"]), "option --c not a unique prefix");
    assert_eq!(refused(&["--ch"]), "option --childlogdir requires argument");
    assert!(supervisord(&["--chec"]).unwrap().check);
}

#[test]
fn a_check_may_be_reported_as_json_and_nothing_else_may() {
    let said = supervisord(&["--check", "--json", "-c", "a.conf"]).unwrap();
    assert_eq!((said.check, said.json, said.config_file.as_deref()), (true, true, Some("a.conf")));
    assert_eq!(refused(&["--json"]), "option --json needs --check");
    assert_eq!(refused(&["--check=yes"]), "option --check must not have an argument");
    assert!(parse_supervisorctl(&RealSystem, "supervisorctl", &words(&["--check"])).is_err());
}

#[test]
fn help_and_version_end_the_program_with_success() {
    assert_eq!(supervisord(&["-v"]), Err(Ending::printed("9.9\n".to_owned())));
    let help = supervisord(&["-n", "--help"]).expect_err("an end");
    assert_eq!(help.status, 0);
    assert!(help.stdout.contains("Usage: /bin/supervisord [options]"));
    assert!(help.stdout.contains("-y/--logfile_maxbytes BYTES"));
}

#[test]
fn what_was_said_is_kept_with_its_types() {
    let said = supervisord(&["-nkc", "a.conf", "-i", "me", "--minprocs=5"]).unwrap();
    assert_eq!(said.config_file.as_deref(), Some("a.conf"));
    let values =
        ["nodaemon", "nocleanup", "identifier", "minprocs", "silent"].map(|name| said.overrides.get(name));
    assert_eq!(values, [Some("true"), Some("true"), Some("me"), Some("5"), None]);
}

#[test]
fn a_program_called_by_its_bare_name_is_found_by_path() {
    assert_eq!(program_path(&RealSystem, "./x"), "./x");
    assert!(program_path(&RealSystem, "sh").ends_with("/sh"));
    assert_eq!(program_path(&RealSystem, "no-such-program"), "no-such-program");
}
