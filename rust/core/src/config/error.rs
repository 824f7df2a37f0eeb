//! The error of a configuration.

use std::fmt;

use crate::ini::{IniError, Origin};

/// Why a configuration is refused.
///
/// Its text is exactly what the original prints behind `Error: ` (parity 1); the other fields say
/// where, for reports that want to point at the place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigError {
    /// The text of the original.
    pub message: String,
    /// The file at fault, spelled as it was opened.
    pub file: Option<Box<str>>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// The section at fault.
    pub section: Option<Box<str>>,
    /// The option at fault.
    pub option: Option<Box<str>>,
    /// Its value as written.
    pub value: Option<Box<str>>,
}

impl ConfigError {
    /// An error that is about no place in particular.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// An error about a file as a whole.
    #[must_use]
    pub fn in_file(message: impl Into<String>, file: &str) -> Self {
        Self { file: Some(file.into()), ..Self::new(message) }
    }

    /// An error about a section.
    #[must_use]
    pub fn in_section(message: impl Into<String>, section: &str, origin: Option<&Origin>) -> Self {
        Self { section: Some(section.into()), ..Self::new(message) }.at(origin)
    }

    /// The same error with a place.
    #[must_use]
    pub fn at(mut self, origin: Option<&Origin>) -> Self {
        if let Some(origin) = origin {
            self.file = Some(origin.file.as_ref().into());
            self.line = Some(origin.line);
        }
        self
    }
}

impl From<IniError> for ConfigError {
    fn from(error: IniError) -> Self {
        Self::new(error.to_string()).at(Some(&error.origin()))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}
