//! Where in a file's text something stands.

use crate::expand::{is_space, strip};
use crate::ini::{comment_start, lines};

/// What to look for at an option or a section.
pub(super) enum Wanted<'a> {
    /// The whole line, without white space around it.
    Line,
    /// The name of an option.
    Name,
    /// The value of an option, or a part of it.
    Value(&'a str),
}

/// A place in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Line, from 1.
    pub(super) line: usize,
    /// Character of the line, from 1.
    pub(super) column: usize,
    /// Number of characters, at least 1.
    pub(super) length: usize,
    /// The line, without its end.
    pub(super) source: String,
}

/// Finds something at the option or section that begins at `line`.
///
/// A value is looked for on the lines that continue the option too; one that does not stand there as it is
/// (`%(here)s` may have been replaced) has the place of what is written instead.
pub(super) fn find(text: &str, line: usize, wanted: &Wanted<'_>) -> Option<Place> {
    let mut following = lines(text).enumerate().skip(line.checked_sub(1)?);
    let (index, first) = following.next()?;
    let content = first.trim_end_matches(is_space);
    let start = content.len() - content.trim_start_matches(is_space).len();
    let value = match wanted {
        Wanted::Line => return Some(place(index, &first, start, content.len())),
        Wanted::Name => {
            let end = content.find(['=', ':']).unwrap_or(content.len());
            let end = content[..end].trim_end_matches(is_space).len();
            return Some(place(index, &first, start, end));
        }
        Wanted::Value(value) => *value,
    };
    let Some(delimiter) = content.find(['=', ':']) else {
        return Some(place(index, &first, start, content.len()));
    };
    // The first line of a value: the others have lost their indentation.
    let needle = value.lines().map(strip).find(|line| !line.is_empty()).unwrap_or_default();
    if !needle.is_empty() {
        if let Some(found) = word_in(&content[delimiter + 1..], needle) {
            let start = delimiter + 1 + found;
            return Some(place(index, &first, start, start + needle.len()));
        }
        let continues = |text: &str| text.starts_with(is_space) || comment_start(text) == Some(0);
        for (index, line) in following.take_while(|(_, line)| continues(line)) {
            let end = comment_start(&line).unwrap_or(line.len());
            if let Some(start) = word_in(&line[..end], needle) {
                return Some(place(index, &line, start, start + needle.len()));
            }
        }
    }
    let end = comment_start(&first).unwrap_or(content.len()).min(content.len());
    let end = first[..end].trim_end_matches(is_space).len();
    let start = (delimiter + 1).min(end);
    let start = end - first[start..end].trim_start_matches(is_space).len();
    Some(place(index, &first, start, end))
}

/// Where a text stands as a word of its own, or else where it stands at all.
fn word_in(text: &str, needle: &str) -> Option<usize> {
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    let alone = |start: &usize| {
        !text[..*start].ends_with(is_word) && !text[start + needle.len()..].starts_with(is_word)
    };
    text.match_indices(needle).map(|(start, _)| start).find(alone).or_else(|| text.find(needle))
}

/// A place by bytes of a line; `index` counts lines from 0.
fn place(index: usize, line: &str, start: usize, end: usize) -> Place {
    let characters = |text: &str| text.chars().count();
    Place {
        line: index + 1,
        column: characters(&line[..start]) + 1,
        length: characters(&line[start..end.max(start)]).max(1),
        source: line.trim_end_matches(['\n', '\r']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Wanted, find};

    const TEXT: &str = "[a]\nprograms = bc, b ; b\nx: é %s\r\nlist =\n  one\n  # two\n  two ; two\nlast";

    fn at(line: usize, wanted: &Wanted<'_>) -> (usize, usize, usize) {
        let place = find(TEXT, line, wanted).unwrap();
        (place.line, place.column, place.length)
    }

    #[test]
    fn values_are_found_on_their_line_and_on_those_that_continue_it() {
        assert_eq!(at(2, &Wanted::Value("b")), (2, 16, 1));
        assert_eq!(at(2, &Wanted::Value("bc, b")), (2, 12, 5));
        assert_eq!(at(3, &Wanted::Value("%s")), (3, 6, 2));
        assert_eq!(at(4, &Wanted::Value("\none\ntwo")), (5, 3, 3));
        assert_eq!(at(4, &Wanted::Value("two")), (7, 3, 3));
    }

    #[test]
    fn what_is_not_there_has_the_place_of_what_is() {
        assert_eq!(at(2, &Wanted::Value("elsewhere")), (2, 12, 5));
        assert_eq!(at(4, &Wanted::Value("elsewhere")), (4, 7, 1));
        assert_eq!(find(TEXT, 9, &Wanted::Line), None);
    }

    #[test]
    fn lines_and_names_are_without_the_white_space_around_them() {
        assert_eq!(at(1, &Wanted::Line), (1, 1, 3));
        assert_eq!(at(2, &Wanted::Name), (2, 1, 8));
        assert_eq!(find(TEXT, 3, &Wanted::Line).unwrap().source, "x: é %s");
        assert_eq!(at(8, &Wanted::Name), (8, 1, 4));
    }
}
