//! What becomes of a mistake: the daemon's reading ends with the first one, a check notes it and reads on.
//!
//! Every reader passes its mistakes through [`Findings`], which come to it with the
//! [`Names`](super::values::Names); so a check finds mistakes by the very rules that the daemon reads by.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde::Serialize;

use super::error::ConfigError;
use crate::ini::IniError;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The daemon would not start.
    Error,
    /// It would start, and something may not be as it was meant.
    Warning,
}

/// One thing that a check found.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// What, and in which section and option. Its value is what to point at: the whole value as it is
    /// written, or a part of it.
    pub(super) error: ConfigError,
    /// What to do about it.
    pub(super) help: Option<String>,
}

/// The notebook of a check; without one, a mistake ends the reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings(Option<Rc<RefCell<Notes>>>);

type SectionAndOption = (Box<str>, Box<str>);

#[derive(Debug, Default)]
struct Notes {
    found: Vec<Finding>,
    /// What is noted about an option.
    options: HashMap<SectionAndOption, Vec<Known>>,
    /// From group and process to the section that it was read from.
    sections: HashMap<String, HashMap<String, Rc<str>>>,
}

#[derive(Debug)]
struct Known {
    value: Option<Box<str>>,
    severity: Severity,
    message: String,
}

impl Findings {
    /// An empty notebook.
    pub(super) fn noting() -> Self {
        Self(Some(Rc::default()))
    }

    /// Lets a result through; a mistake is noted and becomes `None`.
    ///
    /// # Errors
    /// The mistake, when none are noted.
    pub(super) fn pass<T>(&self, result: Result<T, ConfigError>) -> Result<Option<T>, ConfigError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if self.0.is_none() => Err(error),
            Err(error) => {
                self.error(error);
                Ok(None)
            }
        }
    }

    /// Refuses something, after which the reading can go on when mistakes are noted.
    ///
    /// # Errors
    /// The mistake, when none are noted.
    pub(super) fn refuse(&self, error: ConfigError) -> Result<(), ConfigError> {
        self.pass(Err(error)).map(|_: Option<()>| ())
    }

    /// Lets the mistakes of a file's lines through: one is noted for each line.
    ///
    /// # Errors
    /// The first, in Python's words, when none are noted.
    pub(super) fn pass_lines(&self, errors: Vec<IniError>) -> Result<(), ConfigError> {
        if self.0.is_none() {
            return errors.into_iter().next().map_or(Ok(()), |error| Err(error.into()));
        }
        for (origin, message) in errors.iter().flat_map(IniError::by_line) {
            self.error(ConfigError::new(message).at(Some(&origin)));
        }
        Ok(())
    }

    /// Notes what keeps the daemon from starting.
    pub(super) fn error(&self, error: ConfigError) {
        self.note(Finding { severity: Severity::Error, error, help: None });
    }

    /// Notes what may not be as it was meant.
    pub(super) fn warning(&self, error: ConfigError) {
        self.note(Finding { severity: Severity::Warning, error, help: None });
    }

    /// Notes a finding, unless an error about the same value or the very same finding is noted: what follows
    /// from a mistake, or comes again with every process of a section, is no news.
    pub(super) fn note(&self, finding: Finding) {
        let Some(notes) = &self.0 else {
            return;
        };
        let mut notes = notes.borrow_mut();
        let ConfigError { section, option, value, message, .. } = &finding.error;
        if let (Some(section), Some(option)) = (section, option) {
            let known = notes.options.entry((section.clone(), option.clone())).or_default();
            let is_news = known.iter().all(|other| {
                other.value != *value || (other.severity == Severity::Warning && other.message != *message)
            });
            if !is_news {
                return;
            }
            known.push(Known { value: value.clone(), severity: finding.severity, message: message.clone() });
        }
        notes.found.push(finding);
    }

    /// Whether something is noted about an option.
    pub(super) fn has(&self, section: &str, option: &str) -> bool {
        let key = (section.into(), option.into());
        self.0.as_ref().is_some_and(|notes| notes.borrow().options.contains_key(&key))
    }

    /// Notes which section a process comes from.
    pub(super) fn came_from(&self, group: &str, process: &str, section: &str) {
        if let Some(notes) = &self.0 {
            let mut notes = notes.borrow_mut();
            let processes = notes.sections.entry(group.to_owned()).or_default();
            processes.insert(process.to_owned(), section.into());
        }
    }

    /// The section that a process comes from.
    pub(super) fn section_of(&self, group: &str, process: &str) -> Option<Rc<str>> {
        self.0.as_ref()?.borrow().sections.get(group)?.get(process).cloned()
    }

    /// Everything noted so far, which is taken out.
    pub(super) fn take(&self) -> Vec<Finding> {
        self.0.as_ref().map(|notes| std::mem::take(&mut notes.borrow_mut().found)).unwrap_or_default()
    }
}
