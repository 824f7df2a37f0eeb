//! Values that a command line gives, over those of a file.

use super::datatypes;
use super::options::{OptionSpec, ValueType};
use super::system::System;

/// Values that a command line gives to options of a section, by name.
///
/// They are texts like those of a file, but not expanded; the reader of a command line has checked
/// them with [`check`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides(Vec<(&'static str, String)>);

impl Overrides {
    /// Gives a value to an option.
    pub fn set(&mut self, option: &'static OptionSpec, text: impl Into<String>) {
        self.0.retain(|(name, _)| *name != option.name);
        self.0.push((option.name, text.into()));
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }
}

/// Whether a text from the command line is a value of an option, by the option's type.
///
/// # Errors
/// The value type's text.
pub fn check(option: &OptionSpec, text: &str, system: &dyn System) -> Result<(), String> {
    match option.value_type {
        ValueType::Integer => datatypes::integer(text).map(drop),
        ValueType::Boolean => datatypes::boolean(text).map(drop),
        ValueType::ByteSize => datatypes::byte_size(text).map(drop),
        ValueType::Octal => datatypes::octal(text).map(drop),
        ValueType::ExistingDirectory => datatypes::existing_directory(text, system).map(drop),
        ValueType::ExistingDirectoryPath => datatypes::existing_directory_path(text, system).map(drop),
        ValueType::LogLevel => datatypes::log_level(text).map(drop),
        ValueType::Url => datatypes::url(text).map(drop),
        // These are taken as they are, or checked where the original checks them: when the whole
        // configuration is known (a user).
        ValueType::Text | ValueType::Path | ValueType::User => Ok(()),
        // No option of these types has a form on a command line.
        ValueType::LogTarget
        | ValueType::Signal
        | ValueType::ExitCodes
        | ValueType::UserAndGroup
        | ValueType::InetAddress
        | ValueType::KeyValueList
        | ValueType::Autorestart
        | ValueType::Name
        | ValueType::ListOfStrings
        | ValueType::Patterns
        | ValueType::ImportSpec
        | ValueType::FcgiSocket => Ok(()),
    }
}
