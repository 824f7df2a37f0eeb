//! The check of a configuration: everything that would keep the daemon from starting, and everything that
//! may not be as it was meant, without starting anything.
//!
//! Mistakes are found by the readers themselves, which note them and read on. What is said beyond that
//! stands here, by subject: unknown names, quirks that old files rely on (traps 3), facts of the machine.

mod machine;
mod place;
mod quirks;
mod unknown;

use serde::Serialize;

use super::client::read_sections;
use super::error::ConfigError;
use super::findings::{Finding, Findings, Severity};
use super::options::{Default, OptionSpec, SectionKind, SectionSpec, ValueType};
use super::overrides::Overrides;
use super::paths;
use super::read::read_noting;
use super::system::System;
use super::values::Names;
use crate::ini::IniFile;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The main file, spelled as the user named it.
    pub file: String,
    /// Whether the daemon would start.
    pub starts: bool,
    /// All problems, file by file in the order in which they were read, line by line.
    pub problems: Vec<Problem>,
}

impl Report {
    /// How many problems of a severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }
}

/// One problem and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong; for an error, what the daemon would say.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file at fault, spelled as it was opened.
    pub file: String,
    /// The line, from 1; `None` for the file as a whole and for the command line.
    pub line: Option<usize>,
    /// The character of the line at which the fault begins, from 1.
    pub column: Option<usize>,
    /// How many characters of the line are at fault.
    pub length: Option<usize>,
    /// The line itself.
    pub source: Option<String>,
    /// The section at fault.
    pub section: Option<String>,
    /// The option at fault.
    pub option: Option<String>,
}

/// Checks a configuration as [`super::read()`] would read it, and the client's sections of it.
///
/// `path` is spelled as the user named it. Nothing is opened but the files of the configuration.
#[must_use]
pub fn check_configuration(system: &dyn System, path: &str, overrides: &Overrides) -> Report {
    let findings = Findings::noting();
    let mut ini = IniFile::keeping_sources();
    let settings = read_noting(system, path, overrides, &mut ini, findings.clone());
    let settings = settings.map_err(|error| findings.error(error)).ok();
    unknown::check(&ini, &findings);
    quirks::check_texts(&ini, &findings);
    if let Some(settings) = &settings {
        quirks::check_settings(&ini, settings, system, &findings);
        machine::check(&ini, settings, system, &findings);
    }
    check_client(&ini, path, system, &findings);

    let mut problems: Vec<Problem> =
        findings.take().into_iter().map(|finding| problem(&ini, path, finding)).collect();
    let files: Vec<&str> = ini.source_files().collect();
    // What is about no line stands before the lines of its file.
    problems.sort_by_key(|problem| {
        let file = files.iter().position(|file| *file == problem.file);
        (file.unwrap_or(files.len()), problem.line, problem.column)
    });
    let starts = problems.iter().all(|problem| problem.severity != Severity::Error);
    Report { file: path.to_owned(), starts, problems }
}

/// What supervisorctl would refuse. The daemon does not look at it, so it is a warning.
fn check_client(ini: &IniFile, path: &str, system: &dyn System, findings: &Findings) {
    if !ini.has_section(SectionSpec::of(SectionKind::Supervisorctl).prefix) {
        return;
    }
    let here = paths::dirname(&paths::normalize(system, path)).to_owned();
    let clients = Findings::noting();
    let names = Names { findings: clients.clone(), ..Names::new(system, &here) };
    if let Err(error) = read_sections(ini, &names, system, &Overrides::default()) {
        clients.error(error);
    }
    for finding in clients.take() {
        let help =
            finding.help.or(Some("supervisorctl refuses this; supervisord does not look at it".into()));
        findings.note(Finding { severity: Severity::Warning, help, ..finding });
    }
}

/// A finding with its place in the text.
fn problem(ini: &IniFile, main_file: &str, finding: Finding) -> Problem {
    let Finding { severity, error, help } = finding;
    let help = help.or_else(|| quirks::help(ini, &error)).or_else(|| expected(severity, &error));
    let ConfigError { message, file, line, section, option, value } = error;
    let file = file.unwrap_or_else(|| main_file.into());
    let of_option = option.as_deref().zip(section.as_deref());
    // An option that is not written has the place of its section.
    let written = of_option.and_then(|(option, section)| ini.origin(section, option)).is_some();
    let place = ini.source(&file).zip(line).and_then(|(source, line)| {
        let wanted = match &value {
            Some(value) if written => place::Wanted::Value(value),
            None if written => place::Wanted::Name,
            _ => place::Wanted::Line,
        };
        place::find(source, line, &wanted)
    });
    Problem {
        severity,
        // A value may have many lines, a message has one.
        message: message.replace('\n', " "),
        help,
        file: file.into(),
        line: place.as_ref().map(|place| place.line).or(line),
        column: place.as_ref().map(|place| place.column),
        length: place.as_ref().map(|place| place.length),
        source: place.map(|place| place.source),
        section: section.map(Into::into),
        option: option.map(Into::into),
    }
}

/// What an option takes, for a value that is refused.
fn expected(severity: Severity, error: &ConfigError) -> Option<String> {
    error.value.as_ref().filter(|_| severity == Severity::Error)?;
    let spec = SectionSpec::named(error.section.as_deref()?)?.option(error.option.as_deref()?)?;
    if spec.value_type == ValueType::ListOfStrings {
        return None;
    }
    Some(format!("{} takes: {}{}", spec.name, spec.value_type.title().replace('`', ""), default(spec)))
}

fn default(spec: &OptionSpec) -> String {
    match spec.default {
        Default::Text(text) if !text.is_empty() => format!("; {text} without it"),
        _ => String::new(),
    }
}
