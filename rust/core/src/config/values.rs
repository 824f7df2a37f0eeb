//! The typed values of one section: text from the file or the option table's default, expanded with
//! the names that the option may use, converted by its type.

use std::borrow::Cow;

use super::datatypes;
use super::error::ConfigError;
use super::findings::Findings;
use super::options::{Default, OptionSpec, SectionKind, SectionSpec, Sees, ValueType};
use super::overrides::Overrides;
use super::settings::{Autorestart, EnvironmentVariables, LogLevel, LogTarget};
use super::system::System;
use crate::expand::{Expansions, Term, expand};
use crate::ini::IniFile;
use crate::signal::Signal;

/// What `%(name)s` can stand for, by how far a name is visible.
#[derive(Debug, Clone, std::default::Default)]
pub(super) struct Names {
    /// `ENV_X` of the daemon's environment, then also of `[supervisord] environment`.
    pub(super) environment: Expansions,
    /// `here`
    pub(super) here: Expansions,
    /// `host_node_name`
    pub(super) host: Expansions,
    /// `program_name`
    pub(super) program_name: Expansions,
    /// `group_name`
    pub(super) group_name: Expansions,
    /// `process_num`, `numprocs`, and `ENV_X` of the program's environment.
    pub(super) process: Expansions,
    /// What becomes of the mistakes that are met with these names.
    pub(super) findings: Findings,
}

impl Names {
    /// The names outside program sections.
    pub(super) fn new(system: &dyn System, here: &str) -> Self {
        let mut names = Self::default();
        names.add_environment(system.environment());
        names.here.insert("here".to_owned(), Term::Text(here.to_owned()));
        names.host.insert("host_node_name".to_owned(), Term::Text(system.host_name()));
        names
    }

    /// Makes variables visible everywhere.
    pub(super) fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        self.environment.extend(variables.into_iter().map(variable_name));
    }

    /// Makes the names of a program visible, and those of another one's processes invisible.
    pub(super) fn enter_program(&mut self, program: &str, group: &str) {
        self.process.clear();
        self.program_name.insert("program_name".to_owned(), Term::Text(program.to_owned()));
        self.group_name.insert("group_name".to_owned(), Term::Text(group.to_owned()));
    }

    /// Makes variables of a program visible to its processes.
    pub(super) fn add_process_environment(&mut self, variables: &EnvironmentVariables) {
        self.process.extend(variables.iter().cloned().map(variable_name));
    }

    fn layers(&self, sees: Sees) -> Vec<&Expansions> {
        let Self { environment, here, host, program_name, group_name, process, findings: _ } = self;
        match sees {
            Sees::Environment => vec![environment],
            Sees::Here => vec![environment, here],
            Sees::Host => vec![environment, here, host],
            Sees::ProgramName => vec![environment, here, program_name],
            Sees::Program => vec![environment, here, host, program_name, group_name],
            Sees::Process => vec![environment, here, host, program_name, group_name, process],
        }
    }

    /// Expands a text for an option that may use these names.
    pub(super) fn expand(&self, text: &str, sees: Sees, option: &str) -> Result<String, String> {
        expand(text, &self.layers(sees), option)
    }
}

fn variable_name((name, value): (String, String)) -> (String, Term) {
    (format!("ENV_{name}"), Term::Text(value))
}

/// The options of one section of a file.
pub(super) struct Values<'a> {
    ini: &'a IniFile,
    section: &'a str,
    spec: &'static SectionSpec,
    names: &'a Names,
    system: &'a dyn System,
    overrides: Option<&'a Overrides>,
}

impl<'a> Values<'a> {
    pub(super) fn new(
        ini: &'a IniFile,
        section: &'a str,
        kind: SectionKind,
        names: &'a Names,
        system: &'a dyn System,
    ) -> Self {
        Self { ini, section, spec: SectionSpec::of(kind), names, system, overrides: None }
    }

    /// The same section with the values of a command line over those of the file.
    pub(super) fn with(self, overrides: &'a Overrides) -> Self {
        Self { overrides: Some(overrides), ..self }
    }

    /// The table's entry. Every name asked for stands in the table (the tests read every option), so
    /// the other branch is never taken.
    fn spec(&self, name: &str, expected: ValueType) -> &'static OptionSpec {
        let spec = self.spec.option(name);
        debug_assert_eq!(spec.map(|spec| spec.value_type), Some(expected), "{name}");
        spec.unwrap_or(&self.spec.own_options[0])
    }

    /// An error about one of the section's options.
    pub(super) fn error(&self, name: &str, message: impl Into<String>) -> ConfigError {
        let name = self.written_as(name);
        let origin = self.ini.origin(self.section, name).or_else(|| self.ini.section_origin(self.section));
        ConfigError {
            option: Some(name.into()),
            value: self.ini.get(self.section, name).map(Into::into),
            ..ConfigError::in_section(message, self.section, origin)
        }
    }

    /// The option whose text holds for this one.
    fn written_as<'n>(&self, name: &'n str) -> &'n str {
        match self.spec.option(name).map(|spec| spec.default) {
            Some(Default::SameAs(other)) if self.ini.get(self.section, name).is_none() => {
                self.written_as(other)
            }
            _ => name,
        }
    }

    /// Says something in the main log about an option; a check notes it as a warning.
    pub(super) fn message(&self, name: &str, text: String, messages: &mut Vec<(LogLevel, String)>) {
        self.names.findings.warning(self.error(name, text.clone()));
        messages.push((LogLevel::Warn, text));
    }

    /// Lets a result through, or notes its mistake where a check is made.
    pub(super) fn pass<T>(&self, result: Result<T, ConfigError>) -> Result<Option<T>, ConfigError> {
        self.names.findings.pass(result)
    }

    /// The text as written, or the default.
    fn written(&self, spec: &OptionSpec) -> Option<Cow<'a, str>> {
        if let Some(text) = self.ini.get(self.section, spec.name) {
            return Some(Cow::Borrowed(text));
        }
        match spec.default {
            Default::Required | Default::Unset => None,
            Default::Text(text) => Some(Cow::Borrowed(text)),
            Default::TemporaryDirectory => Some(Cow::Owned(self.system.temporary_directory())),
            Default::SameAs(other) => self.written(self.spec.option(other)?),
        }
    }

    /// The text as written or the default, not expanded; empty without either.
    pub(super) fn raw(&self, name: &str, expected: ValueType) -> Cow<'a, str> {
        self.written(self.spec(name, expected)).unwrap_or_default()
    }

    fn expanded(&self, name: &str, expected: ValueType) -> Result<Option<String>, ConfigError> {
        let spec = self.spec(name, expected);
        let Some(text) = self.written(spec) else {
            return Ok(None);
        };
        if !text.contains('%') {
            return Ok(Some(text.into_owned()));
        }
        // What the original calls the option in the error of an expansion.
        let shown = format!("{}.{name}", self.section);
        let expanded = self.names.expand(&text, spec.sees, &shown);
        expanded.map(Some).map_err(|message| self.error(name, message))
    }

    /// A value of the file, or of the command line over it; the file's must be valid either way.
    fn optional<T>(
        &self,
        name: &str,
        expected: ValueType,
        convert: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let given = self.given(name, expected, &convert);
        match self.names.findings.pass(given)? {
            Some(value) => Ok(value),
            None => Ok(self.default_text(name).and_then(|text| convert(text).ok())),
        }
    }

    fn given<T>(
        &self,
        name: &str,
        expected: ValueType,
        convert: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let text = self.expanded(name, expected)?;
        let in_file = text.map(|text| convert(&text).map_err(|message| self.error(name, message)));
        let in_file = in_file.transpose()?;
        match self.overrides.and_then(|overrides| overrides.get(name)) {
            Some(text) => convert(text).map(Some).map_err(|message| ConfigError {
                option: Some(name.into()),
                value: Some(text.into()),
                ..ConfigError::new(message)
            }),
            None => Ok(in_file),
        }
    }

    /// With what a check goes on when a value is refused.
    fn default_text(&self, name: &str) -> Option<&'static str> {
        match self.spec.option(name)?.default {
            Default::Text(text) => Some(text),
            Default::SameAs(other) => self.default_text(other),
            Default::Required | Default::Unset | Default::TemporaryDirectory => None,
        }
    }

    /// A value that always has a text, by its default.
    fn value<T>(
        &self,
        name: &str,
        expected: ValueType,
        convert: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        match self.optional(name, expected, &convert)? {
            Some(value) => Ok(value),
            None => convert("").map_err(|message| self.error(name, message)),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ConfigError> {
        self.text_of(name, ValueType::Text)
    }

    /// A path as written: what is made of it is up to the section.
    pub(super) fn path(&self, name: &str) -> Result<Option<String>, ConfigError> {
        self.text_of(name, ValueType::Path)
    }

    /// The text of a value that the section converts itself, after expansion.
    pub(super) fn text_of(&self, name: &str, expected: ValueType) -> Result<Option<String>, ConfigError> {
        self.optional(name, expected, |text| Ok(text.to_owned()))
    }

    pub(super) fn integer(&self, name: &str) -> Result<i64, ConfigError> {
        self.value(name, ValueType::Integer, datatypes::integer)
    }

    pub(super) fn integer_if_given(&self, name: &str) -> Result<Option<i64>, ConfigError> {
        self.optional(name, ValueType::Integer, datatypes::integer)
    }

    pub(super) fn boolean(&self, name: &str) -> Result<bool, ConfigError> {
        self.value(name, ValueType::Boolean, datatypes::boolean)
    }

    pub(super) fn byte_size(&self, name: &str) -> Result<u64, ConfigError> {
        self.value(name, ValueType::ByteSize, datatypes::byte_size)
    }

    pub(super) fn octal(&self, name: &str) -> Result<Option<u32>, ConfigError> {
        self.optional(name, ValueType::Octal, datatypes::octal)
    }

    pub(super) fn existing_directory(&self, name: &str) -> Result<Option<String>, ConfigError> {
        self.optional(name, ValueType::ExistingDirectory, |text| {
            datatypes::existing_directory(text, self.system)
        })
    }

    pub(super) fn existing_directory_path(&self, name: &str) -> Result<String, ConfigError> {
        self.value(name, ValueType::ExistingDirectoryPath, |text| {
            datatypes::existing_directory_path(text, self.system)
        })
    }

    pub(super) fn log_level(&self, name: &str) -> Result<LogLevel, ConfigError> {
        self.value(name, ValueType::LogLevel, datatypes::log_level)
    }

    /// The target of a child log. Its text is expanded twice, as in the original (traps 3).
    pub(super) fn log_target(&self, name: &str) -> Result<LogTarget, ConfigError> {
        self.value(name, ValueType::LogTarget, |text| {
            let again = self.names.expand(text, Sees::Process, name)?;
            datatypes::log_target(&again, self.system)
        })
    }

    pub(super) fn signal(&self, name: &str) -> Result<Signal, ConfigError> {
        self.value(name, ValueType::Signal, datatypes::signal)
    }

    pub(super) fn exit_codes(&self, name: &str) -> Result<Vec<i32>, ConfigError> {
        self.value(name, ValueType::ExitCodes, datatypes::exit_codes)
    }

    pub(super) fn autorestart(&self, name: &str) -> Result<Autorestart, ConfigError> {
        self.value(name, ValueType::Autorestart, datatypes::autorestart)
    }

    pub(super) fn user(&self, name: &str) -> Result<Option<u32>, ConfigError> {
        self.optional(name, ValueType::User, |text| datatypes::user(text, self.system))
    }

    pub(super) fn list_of_strings(&self, name: &str) -> Result<Vec<String>, ConfigError> {
        self.value(name, ValueType::ListOfStrings, |text| Ok(datatypes::list_of_strings(text)))
    }

    /// A list of variables, which is expanded as a whole before it is taken apart.
    pub(super) fn environment(&self, name: &str) -> Result<EnvironmentVariables, ConfigError> {
        let spec = self.spec(name, ValueType::KeyValueList);
        let text = self.raw(name, ValueType::KeyValueList);
        let variables = self
            .names
            .expand(&text, spec.sees, name)
            .and_then(|text| crate::expand::key_value_list(&text))
            .map_err(|message| self.error(name, message));
        Ok(self.names.findings.pass(variables)?.unwrap_or_default())
    }
}
