//! The lexical rules of Python's `RawConfigParser` as the original sets it up: duplicates merge,
//! `;` and `#` behind white space begin a comment, indented lines continue a value (parity 1).
//!
//! The ordered store is the `configparser` crate's; its own reader is not used, for it cuts values at
//! every `;` and `#`, accepts lines that Python refuses and keeps no positions. Beside the store
//! stands where each value came from.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use configparser::ini::Ini;
use indexmap::IndexMap;

use crate::expand::{is_space, repr, strip};

/// Section whose options all other sections see too.
pub const DEFAULT_SECTION: &str = "DEFAULT";

/// The text that is replaced when a configuration has an `[include]` section.
const HERE: &str = "%(here)s";

/// With what some editors begin a file; Python takes it for text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where a value or a section was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, spelled as it was opened.
    pub file: Arc<str>,
    /// Line number, from 1.
    pub line: usize,
}

/// A file that is no configuration; the texts are Python's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IniError {
    /// Something stands before the first section.
    MissingSectionHeader {
        /// Where.
        origin: Origin,
        /// The line, with its end.
        text: String,
    },
    /// Lines that are neither sections, options nor continuations.
    Garbage {
        /// The file.
        file: Arc<str>,
        /// Line numbers and lines, with their ends.
        lines: Vec<(usize, String)>,
    },
}

impl IniError {
    /// Every offending line with what is wrong with it, for reports that show the lines themselves.
    #[must_use]
    pub fn by_line(&self) -> Vec<(Origin, &'static str)> {
        match self {
            Self::MissingSectionHeader { origin, text } => {
                let message = if text.starts_with(BYTE_ORDER_MARK) {
                    "the file begins with a byte order mark, which must not be there"
                } else {
                    "this line stands before the first [section]"
                };
                vec![(origin.clone(), message)]
            }
            Self::Garbage { file, lines } => lines
                .iter()
                .map(|(line, _)| {
                    let message = "neither a [section], nor an option with a value, nor the indented \
                                   continuation of one";
                    (Origin { file: Arc::clone(file), line: *line }, message)
                })
                .collect(),
        }
    }

    /// Where the first offending line stands.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::MissingSectionHeader { origin, .. } => origin.clone(),
            Self::Garbage { file, lines } => {
                Origin { file: Arc::clone(file), line: lines.first().map_or(0, |(line, _)| *line) }
            }
        }
    }
}

impl fmt::Display for IniError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingSectionHeader { origin, text } => write!(
                f,
                "File contains no section headers.\nfile: {}, line: {}\n{}",
                repr(&origin.file),
                origin.line,
                repr(text)
            ),
            Self::Garbage { file, lines } => {
                write!(f, "Source contains parsing errors: {}", repr(file))?;
                lines.iter().try_for_each(|(line, text)| write!(f, "\n\t[line {line:2}]: {}", repr(text)))
            }
        }
    }
}

impl std::error::Error for IniError {}

/// A configuration as text: sections, their options in order, and where each came from.
#[derive(Debug, Clone)]
pub struct IniFile {
    store: Ini,
    sections: HashMap<String, Origin>,
    options: HashMap<(String, String), Origin>,
    sources: Option<IndexMap<String, String>>,
    /// Own options of sections that were written with `%(here)s`: a configuration of many files would
    /// take long if all values were searched again after each of them.
    with_here: Vec<(String, String)>,
}

impl Default for IniFile {
    fn default() -> Self {
        Self {
            store: Ini::new_cs(),
            sections: HashMap::new(),
            options: HashMap::new(),
            sources: None,
            with_here: Vec::new(),
        }
    }
}

impl IniFile {
    /// One that also keeps the text of every file that it reads, for [`Self::source`].
    #[must_use]
    pub fn keeping_sources() -> Self {
        Self { sources: Some(IndexMap::new()), ..Self::default() }
    }

    /// Reads one file's text over what is known already: its sections are merged, its options win.
    ///
    /// # Errors
    /// Garbage; what could be read is kept all the same.
    pub fn read(&mut self, file: &str, text: &str) -> Result<(), IniError> {
        self.read_all(file, text).into_iter().next().map_or(Ok(()), Err)
    }

    /// The same, with all that is wrong; the first is what Python says.
    pub fn read_all(&mut self, file: &str, text: &str) -> Vec<IniError> {
        if let Some(sources) = &mut self.sources {
            sources.insert(file.to_owned(), text.to_owned());
        }
        let mut reader = Reader { ini: self, file: Arc::from(file), section: None, option: None, indent: 0 };
        let mut errors = Vec::new();
        let mut garbage = Vec::new();
        for (index, line) in lines(text).enumerate() {
            match reader.line(index + 1, &line) {
                Ok(()) => {}
                Err(Refused::Line) => garbage.push((index + 1, line.into_owned())),
                Err(Refused::NoSection) if errors.is_empty() => {
                    let origin = reader.origin(index + 1);
                    errors.push(IniError::MissingSectionHeader { origin, text: line.into_owned() });
                }
                Err(Refused::NoSection) => {}
            }
        }
        reader.close_option();
        if !garbage.is_empty() {
            errors.push(IniError::Garbage { file: Arc::from(file), lines: garbage });
        }
        errors
    }

    /// The files read, in the order they were first read, with their texts, when they are kept.
    pub fn source_files(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flat_map(IndexMap::keys).map(String::as_str)
    }

    /// The text of a file, when texts are kept.
    #[must_use]
    pub fn source(&self, file: &str) -> Option<&str> {
        self.sources.as_ref()?.get(file).map(String::as_str)
    }

    /// Names of the sections in the order they first appeared, without `[DEFAULT]`.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.store.get_map_ref().keys().map(String::as_str).filter(|name| *name != DEFAULT_SECTION)
    }

    /// Whether there is such a section.
    #[must_use]
    pub fn has_section(&self, section: &str) -> bool {
        section != DEFAULT_SECTION && self.store.get_map_ref().contains_key(section)
    }

    /// The value of an option, from the section or from `[DEFAULT]`.
    #[must_use]
    pub fn get(&self, section: &str, option: &str) -> Option<&str> {
        self.own(section, option).or_else(|| self.own(DEFAULT_SECTION, option))
    }

    /// Names of a section's options: its own, then those that only `[DEFAULT]` has.
    #[must_use]
    pub fn options(&self, section: &str) -> Vec<&str> {
        let map = self.store.get_map_ref();
        let own = map.get(section).into_iter().flat_map(IndexMap::keys);
        let inherited = map
            .get(DEFAULT_SECTION)
            .into_iter()
            .flat_map(IndexMap::keys)
            .filter(|option| self.own(section, option).is_none());
        own.chain(inherited).map(String::as_str).collect()
    }

    /// Names of the options that a section has itself.
    pub fn own_options(&self, section: &str) -> impl Iterator<Item = &str> {
        self.store.get_map_ref().get(section).into_iter().flat_map(IndexMap::keys).map(String::as_str)
    }

    /// Where the value that [`Self::get`] returns was written.
    #[must_use]
    pub fn origin(&self, section: &str, option: &str) -> Option<&Origin> {
        let find = |section: &str| self.options.get(&(section.to_owned(), option.to_owned()));
        find(section).or_else(|| find(DEFAULT_SECTION))
    }

    /// Sets an option as a program does, not a text: nothing of the value is a comment. `file` is named in errors.
    pub fn set(&mut self, file: &str, section: &str, option: &str, value: &str) {
        let origin = Origin { file: file.into(), line: 0 };
        self.sections.entry(section.to_owned()).or_insert(origin);
        self.section_mut(section).insert(option.to_lowercase(), Some(value.to_owned()));
    }

    /// Where a section first appeared.
    #[must_use]
    pub fn section_origin(&self, section: &str) -> Option<&Origin> {
        self.sections.get(section)
    }

    /// Replaces every `%(here)s` by a folder, as it is done once per file when a configuration has an
    /// `[include]` section. A value of `[DEFAULT]` becomes an own value of every section by that.
    pub fn replace_here(&mut self, folder: &str) {
        let own = std::mem::take(&mut self.with_here).into_iter();
        let inherited = self.inherited_with_here();
        for (section, option) in own.chain(inherited) {
            let Some(value) = self.get(&section, &option).filter(|value| value.contains(HERE)) else {
                continue;
            };
            let replaced = value.replace(HERE, folder);
            if replaced.contains(HERE) {
                self.with_here.push((section.clone(), option.clone()));
            }
            self.section_mut(&section).insert(option, Some(replaced));
        }
    }

    /// Sections and options that see a value of `[DEFAULT]` with `%(here)s` in it.
    fn inherited_with_here(&self) -> Vec<(String, String)> {
        let defaults = self.store.get_map_ref().get(DEFAULT_SECTION).into_iter().flatten();
        let with_here: Vec<&String> = defaults
            .filter(|(_, value)| value.as_deref().is_some_and(|value| value.contains(HERE)))
            .map(|(option, _)| option)
            .collect();
        let mut inherited = Vec::new();
        for option in with_here {
            let inheriting = self.sections().filter(|section| self.own(section, option).is_none());
            inherited.extend(inheriting.map(|section| (section.to_owned(), option.clone())));
        }
        inherited
    }

    fn own(&self, section: &str, option: &str) -> Option<&str> {
        self.store.get_map_ref().get(section)?.get(option)?.as_deref()
    }

    fn section_mut(&mut self, section: &str) -> &mut IndexMap<String, Option<String>> {
        self.store.get_mut_map().entry(section.to_owned()).or_default()
    }
}

/// Lines with their ends, which become `\n` whatever they were.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = rest.find(['\n', '\r']) else {
            return Some(std::mem::take(&mut rest).into());
        };
        let ending = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
        let line = &rest[..end];
        let whole = &rest[..end + ending];
        rest = &rest[end + ending..];
        Some(if whole.ends_with('\r') || ending == 2 { format!("{line}\n").into() } else { whole.into() })
    })
}

enum Refused {
    Line,
    NoSection,
}

/// The option whose value may still go on.
struct OpenOption {
    name: String,
    line: usize,
    value: Vec<String>,
}

struct Reader<'a> {
    ini: &'a mut IniFile,
    file: Arc<str>,
    section: Option<String>,
    option: Option<OpenOption>,
    /// Indentation of the last section or option; a line indented deeper continues it.
    indent: usize,
}

impl Reader<'_> {
    fn origin(&self, line: usize) -> Origin {
        Origin { file: Arc::clone(&self.file), line }
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), Refused> {
        let comment = comment_start(line);
        let content = strip(&line[..comment.unwrap_or(line.len())]);
        if content.is_empty() {
            // An empty line belongs to the value it stands in, a comment does not.
            if let (None, Some(option)) = (comment, &mut self.option) {
                option.value.push(String::new());
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|&character| is_space(character)).count();
        if let Some(option) = self.option.as_mut().filter(|_| indent > self.indent) {
            option.value.push(content.to_owned());
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) = section_name(content) {
            self.open_section(number, name);
            return Ok(());
        }
        if self.section.is_none() {
            return Err(Refused::NoSection);
        }
        let Some(delimiter) = content.find(['=', ':']) else {
            return Err(Refused::Line);
        };
        let name = content[..delimiter].trim_end_matches(is_space).to_lowercase();
        self.close_option();
        if name.is_empty() {
            return Err(Refused::Line);
        }
        let value = vec![strip(&content[delimiter + 1..]).to_owned()];
        self.option = Some(OpenOption { name, line: number, value });
        Ok(())
    }

    fn open_section(&mut self, number: usize, name: &str) {
        self.close_option();
        let origin = self.origin(number);
        self.ini.sections.entry(name.to_owned()).or_insert(origin);
        self.ini.section_mut(name);
        self.section = Some(name.to_owned());
    }

    /// Stores the value that was being read.
    fn close_option(&mut self) {
        let (Some(section), Some(option)) = (&self.section, self.option.take()) else {
            return;
        };
        let value = option.value.join("\n").trim_end_matches(is_space).to_owned();
        let origin = self.origin(option.line);
        if section != DEFAULT_SECTION && value.contains(HERE) {
            self.ini.with_here.push((section.clone(), option.name.clone()));
        }
        self.ini.options.insert((section.clone(), option.name.clone()), origin);
        self.ini.section_mut(section).insert(option.name, Some(value));
    }
}

/// `x` of `[x]`: everything to the last bracket; what follows it is not looked at.
fn section_name(content: &str) -> Option<&str> {
    let inner = content.strip_prefix('[')?;
    let end = inner.rfind(']')?;
    Some(&inner[..end]).filter(|name| !name.is_empty())
}

/// Byte index at which a comment begins.
///
/// Both prefixes are followed side by side, one occurrence of each at a time, and the first round that
/// finds a comment decides; a `;` comment behind more plain `;` than there are plain `#` before a
/// `#` comment is therefore part of the value. Files rely on the outcome, so it is kept.
pub(crate) fn comment_start(line: &str) -> Option<usize> {
    if strip(line).starts_with(['#', ';']) {
        return Some(0);
    }
    let begins_comment = |&index: &usize| line[..index].chars().next_back().is_none_or(is_space);
    let mut semicolons = line.match_indices(';').map(|(index, _)| index);
    let mut hashes = line.match_indices('#').map(|(index, _)| index);
    loop {
        let round = [semicolons.next(), hashes.next()];
        if round == [None, None] {
            return None;
        }
        if let Some(start) = round.into_iter().flatten().filter(begins_comment).min() {
            return Some(start);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::IniFile;

    fn read(text: &str) -> IniFile {
        let mut ini = IniFile::default();
        ini.read("test.conf", text).unwrap();
        ini
    }

    #[test]
    fn a_semicolon_without_space_before_it_is_part_of_the_value() {
        let ini = read("[a]\ncommand=sh -c 'a;b' ; comment\nurl = http://h/#x\n");
        assert_eq!(ini.get("a", "command"), Some("sh -c 'a;b'"));
        assert_eq!(ini.get("a", "url"), Some("http://h/#x"));
    }

    #[test]
    fn values_know_their_file_and_line() {
        let ini = read("[a]\n\nx = 1\r\n  2 ; no\n\n[DEFAULT]\ny=3\n");
        assert_eq!(ini.get("a", "x"), Some("1\n2"));
        assert_eq!(ini.origin("a", "x").unwrap().line, 3);
        assert_eq!(ini.origin("a", "y").unwrap().line, 7);
        assert_eq!(ini.section_origin("a").unwrap().line, 1);
        assert_eq!(ini.options("a"), ["x", "y"]);
    }

    #[test]
    fn garbage_is_reported_in_pythons_words() {
        let mut ini = IniFile::default();
        assert_eq!(
            ini.read("f", "[a]\ngarbage\nx=1\n=2\n").unwrap_err().to_string(),
            "Source contains parsing errors: 'f'\n\t[line  2]: 'garbage\\n'\n\t[line  4]: '=2\\n'"
        );
        let error = ini.read("f", "\u{feff}[a]\nx=1\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "File contains no section headers.\nfile: 'f', line: 1\n'\\ufeff[a]\\n'"
        );
        assert_eq!(error.origin().line, 1);
    }

    #[test]
    fn here_is_replaced_in_every_section_that_sees_it() {
        let mut ini = read("[DEFAULT]\ndir=%(here)s/d\n[a]\nx=%(here)s\n[b]\n");
        ini.replace_here("/etc");
        assert_eq!((ini.get("a", "x"), ini.get("b", "dir")), (Some("/etc"), Some("/etc/d")));
    }
}
