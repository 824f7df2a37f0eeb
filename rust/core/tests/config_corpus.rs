//! The parsers agree with what the original's own parsers made of the same inputs
//! (`compat-tests/corpus/make_corpus.py` wrote it down).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config_support;

use serde::Deserialize as _;
use serde_json::{Value, json};
use supervisor_core::config::{Autorestart, LogLevel, Overrides, Settings, datatypes, paths, read};
use supervisor_core::expand::{Expansions, Term, expand, key_value_list, split};
use supervisor_core::ini::IniFile;

/// The cases of one corpus.
fn corpus(name: &str) -> Vec<Value> {
    let path = format!("{}/../../compat-tests/corpus/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Compares every case with what a parser makes of its input, and tells all differences at once.
fn compare(name: &str, parse: impl Fn(&Value, &str) -> Result<Value, String>) {
    let cases = corpus(name);
    let mut differences = Vec::new();
    for case in &cases {
        let input = case["input"].as_str().unwrap();
        let ours = match parse(case, input) {
            Ok(value) => json!({ "ok": value }),
            Err(error) => json!({ "error": error }),
        };
        let theirs = match case.get("ok") {
            Some(value) => json!({ "ok": value }),
            None => json!({ "error": case["error"] }),
        };
        if ours != theirs {
            differences.push(format!("{case}\n    ours: {ours}"));
        }
    }
    assert!(!cases.is_empty());
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

#[test]
fn ini_files_are_read_as_the_original_reads_them() {
    compare("ini", |_, input| {
        let mut ini = IniFile::default();
        ini.read("corpus.conf", input).map_err(|error| error.to_string())?;
        let section = |name: &str| {
            let options: Vec<Value> =
                ini.options(name).iter().map(|option| json!([option, ini.get(name, option)])).collect();
            json!([name, options])
        };
        Ok(ini.sections().map(section).collect())
    });
}

#[test]
fn expansions_come_out_as_in_python() {
    let names: Expansions = corpus("expand_names")
        .iter()
        .map(|entry| {
            let term = match entry["value"].as_i64() {
                Some(number) => Term::Number(number),
                None => Term::Text(entry["value"].as_str().unwrap().to_owned()),
            };
            (entry["name"].as_str().unwrap().to_owned(), term)
        })
        .collect();
    compare("expand", |_, input| expand(input, &[&names], "x.y").map(Value::from));
}

#[test]
fn commands_are_split_as_in_python() {
    compare("words", |_, input| split(input).map(Value::from).map_err(|error| error.to_string()));
}

#[test]
fn environment_lists_are_read_by_the_posix_rules() {
    compare("lists", |_, input| {
        key_value_list(input).map(|pairs| pairs.into_iter().map(|(key, value)| json!([key, value])).collect())
    });
}

#[test]
fn value_types_accept_and_refuse_what_the_original_does() {
    let system = config_support::Pretended::new();
    compare("datatypes", |case, input| match case["type"].as_str().unwrap() {
        "integer" => datatypes::integer(input).map(Value::from),
        "boolean" => datatypes::boolean(input).map(Value::from),
        // Negative sizes count as nothing.
        "byte_size" => datatypes::byte_size(input).map(|size| {
            if case["ok"].as_i64() < Some(0) && size == 0 { case["ok"].clone() } else { size.into() }
        }),
        // Only permission bits are kept.
        "octal" => datatypes::octal(input)
            .map(|mode| if case["ok"] == json!(-1) && mode == 0o7777 { json!(-1) } else { mode.into() }),
        "log_level" => datatypes::log_level(input).map(|level| json!(level_number(level))),
        "signal" => datatypes::signal(input).map(|signal| signal.0.into()),
        "exit_codes" => datatypes::exit_codes(input).map(Value::from),
        "list_of_strings" => Ok(datatypes::list_of_strings(input).into()),
        "inet_address" => datatypes::inet_address(input).map(|(host, port)| json!([host, port])),
        "autorestart" => datatypes::autorestart(input).map(|when| match when {
            Autorestart::Never => json!(false),
            Autorestart::Unexpected => json!("RestartWhenExitUnexpected"),
            Autorestart::Always => json!("RestartUnconditionally"),
        }),
        "name" => datatypes::process_or_group_name(input).map(Value::from),
        "url" => datatypes::url(input).map(Value::from),
        "normalize_path" => Ok(paths::normalize(&system, input).into()),
        other => panic!("unknown type {other}"),
    });
}

/// The original's numbers of the levels.
fn level_number(level: LogLevel) -> i32 {
    match level {
        LogLevel::Critical => 50,
        LogLevel::Error => 40,
        LogLevel::Warn => 30,
        LogLevel::Info => 20,
        LogLevel::Debug => 10,
        LogLevel::Trace => 5,
        LogLevel::Blather => 3,
    }
}

/// Compares whole files of a pretended machine; `main` tells the main file of a case.
fn compare_whole(name: &str, main: impl Fn(&Value) -> String) -> usize {
    let cases = corpus(name);
    let mut differences = Vec::new();
    for case in &cases {
        let mut system = config_support::Pretended::new();
        for (path, text) in case["files"].as_object().unwrap() {
            system = system.file(path, text.as_str().unwrap());
        }
        let ours = match read(&system, &main(case), &Overrides::default()) {
            Ok(mut settings) => {
                // The original keeps the types of a listener's events in no order; the corpus has them sorted.
                settings.groups.iter_mut().filter_map(|group| group.listener.as_mut()).for_each(|listener| {
                    listener.events.sort();
                });
                // It keeps no list of the files that it included.
                settings.included.clear();
                json!({ "ok": serde_json::to_value(settings).unwrap() })
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        // What is not set may be left out or be null.
        let theirs = case.get("ok").map(|settings| Settings::deserialize(settings).unwrap());
        let theirs = theirs.map(|settings| serde_json::to_value(settings).unwrap());
        if ours.get("ok") != theirs.as_ref() || ours.get("error") != case.get("error") {
            differences.push(format!("{case}\n    ours: {ours}"));
        }
    }
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
    cases.len()
}

#[test]
fn whole_files_mean_what_they_mean_to_the_original() {
    assert!(compare_whole("files", |_| "/etc/app/supervisord.conf".to_owned()) > 300);
}

#[test]
fn configurations_as_people_write_them_mean_what_they_mean_to_the_original() {
    let main = |case: &Value| case["main"].as_str().unwrap().to_owned();
    assert!(compare_whole("configurations", main) >= 22);
}
