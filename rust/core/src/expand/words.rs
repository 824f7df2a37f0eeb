//! Python's `shlex`: shell words of a command, and the `KEY=value,…` lists of `environment=`.
//!
//! Commands are split as `shlex.split` does (POSIX rules, no comments); `environment=` lists by the
//! POSIX lexer with `/ . + - ( ) :` added to the word characters (parity 1, traps 4). Existing crates
//! differ from both: they take `#` for a comment and undo other escapes.

use std::str::Chars;

use thiserror::Error;

/// A quotation or an escape that does not end; the texts are Python's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WordsError {
    /// The text ends inside quotes.
    #[error("No closing quotation")]
    NoClosingQuotation,
    /// The text ends behind a backslash.
    #[error("No escaped character")]
    NoEscapedCharacter,
}

/// Splits a command line into words, as `shlex.split(text)`.
///
/// # Errors
/// An open quotation or a backslash at the very end.
pub fn split(text: &str) -> Result<Vec<String>, WordsError> {
    Lexer::new(text, Dialect::Command).collect()
}

/// Reads a `KEY=value,KEY2="v,2"` list; a later value of a key replaces the earlier one in its place.
///
/// What stands between two entries is not looked at, as in the original: any one token separates.
///
/// # Errors
/// The text of the original: an open quotation, or anything but `KEY = value` triplets.
pub fn key_value_list(text: &str) -> Result<Vec<(String, String)>, String> {
    let tokens: Vec<String> = Lexer::new(text, Dialect::KeyValueList)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for entry in tokens.chunks(4) {
        let [key, equals, value, ..] = entry else {
            return Err(unexpected_end(text));
        };
        if equals != "=" {
            return Err(unexpected_end(text));
        }
        match pairs.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => old.clone_from(value),
            None => pairs.push((key.clone(), value.clone())),
        }
    }
    Ok(pairs)
}

fn unexpected_end(text: &str) -> String {
    format!("Unexpected end of key/value pairs in value '{text}'")
}

/// What the lexer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Words end at white space only and `#` is an ordinary character.
    Command,
    /// Words end at every character that is not a word character and `#` begins a comment.
    KeyValueList,
}

impl Dialect {
    fn begins_comment(self, character: char) -> bool {
        self == Self::KeyValueList && character == '#'
    }

    fn is_word(self, character: char) -> bool {
        match self {
            Self::Command => true,
            Self::KeyValueList => {
                character.is_ascii_alphanumeric()
                    || "_/.+-():".contains(character)
                    // Latin-1 letters belong to Python's list of word characters, other scripts do not.
                    || ('À'..='ÿ').contains(&character) && !matches!(character, '×' | '÷')
            }
        }
    }
}

/// Where the lexer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Word,
    Quoted(char),
    /// Behind a backslash; the quotation it stands in, if any.
    Escaped(Option<char>),
    End,
}

struct Lexer<'a> {
    rest: Chars<'a>,
    dialect: Dialect,
    state: State,
    /// A character that ended a word and is a token by itself.
    pushed_back: Option<char>,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { rest: text.chars(), dialect, state: State::Between, pushed_back: None }
    }

    fn skip_line(&mut self) {
        let _ = self.rest.by_ref().find(|&character| character == '\n');
    }

    fn token(&mut self) -> Result<Option<String>, WordsError> {
        if let Some(character) = self.pushed_back.take() {
            return Ok(Some(character.to_string()));
        }
        let mut token = String::new();
        let mut quoted = false;
        while self.state != State::End {
            let next = self.rest.next();
            match (self.state, next) {
                (State::Between | State::Word, None) => self.state = State::End,
                (State::Quoted(_), None) => return Err(WordsError::NoClosingQuotation),
                (State::Escaped(_), None) => return Err(WordsError::NoEscapedCharacter),
                (State::Between | State::Word, Some(' ' | '\t' | '\r' | '\n')) => {
                    self.state = State::Between;
                    if !token.is_empty() || quoted {
                        break;
                    }
                }
                (state @ (State::Between | State::Word), Some(c)) if self.dialect.begins_comment(c) => {
                    self.skip_line();
                    self.state = State::Between;
                    if state == State::Word && (!token.is_empty() || quoted) {
                        break;
                    }
                }
                (State::Between | State::Word, Some('\\')) => self.state = State::Escaped(None),
                (State::Between | State::Word, Some(quote @ ('\'' | '"'))) => {
                    quoted = true;
                    self.state = State::Quoted(quote);
                }
                (State::Between | State::Word, Some(c)) if self.dialect.is_word(c) => {
                    token.push(c);
                    self.state = State::Word;
                }
                (State::Between, Some(c)) => {
                    token.push(c);
                    break;
                }
                (State::Word, Some(c)) => {
                    self.state = State::Between;
                    if token.is_empty() && !quoted {
                        token.push(c);
                    } else {
                        self.pushed_back = Some(c);
                    }
                    break;
                }
                (State::Quoted(quote), Some(c)) if c == quote => self.state = State::Word,
                (State::Quoted('"'), Some('\\')) => self.state = State::Escaped(Some('"')),
                (State::Quoted(_), Some(c)) => token.push(c),
                (State::Escaped(inside), Some(c)) => {
                    // Inside double quotes a backslash is undone before itself and the quote only.
                    if inside.is_some_and(|quote| c != quote && c != '\\') {
                        token.push('\\');
                    }
                    token.push(c);
                    self.state = inside.map_or(State::Word, State::Quoted);
                }
                (State::End, _) => break,
            }
        }
        Ok(if token.is_empty() && !quoted { None } else { Some(token) })
    }
}

impl Iterator for Lexer<'_> {
    type Item = Result<String, WordsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.token().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{WordsError, key_value_list, split};

    #[test]
    fn a_hash_in_a_command_is_no_comment() {
        assert_eq!(
            split("echo #foo 'a b' \"c\\\"d\\$\" ''"),
            Ok(vec_of(&["echo", "#foo", "a b", "c\"d\\$", ""]))
        );
        assert_eq!(split("echo 'a"), Err(WordsError::NoClosingQuotation));
        assert_eq!(split("echo a\\"), Err(WordsError::NoEscapedCharacter));
    }

    #[test]
    fn escaped_quotes_work_in_environment_lists() {
        let pairs = key_value_list(r#"A="x\"y",B='1,2', C=/usr/bin:/bin,D="","#);
        let expected = [("A", "x\"y"), ("B", "1,2"), ("C", "/usr/bin:/bin"), ("D", "")];
        assert_eq!(pairs, Ok(expected.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()));
    }

    #[test]
    fn a_list_that_ends_early_is_refused_in_the_originals_words() {
        let error = key_value_list("A=1,B").err();
        assert_eq!(error.as_deref(), Some("Unexpected end of key/value pairs in value 'A=1,B'"));
    }

    fn vec_of(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}
