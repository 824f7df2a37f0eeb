//! Random texts: inputs of the corpora with changes, and texts made of what the parsers look at.

use std::io::Error;

use fastrand::Rng;
use serde_json::Value;

use crate::parsers::Kind;

/// Pieces of texts, by kind.
const INI: &[&str] = &[
    "[a]",
    "[DEFAULT]",
    "[program:x]",
    "[",
    "]",
    "x=1",
    "X : 2",
    "=",
    ":",
    "\n",
    "\n",
    "\n",
    "\n ",
    "\n\t",
    "\r\n",
    "\r",
    " ;",
    ";",
    " #",
    "#",
    " ",
    "\t",
    "rem",
    "key",
    "value",
    "%(here)s",
    "\u{a0}",
    "\u{85}",
    "\u{1c}",
    "\u{2028}",
    "\u{feff}",
    "\0",
    "İ",
    "ß",
    "é",
    "\u{c}",
    "\\",
];
const WORDS: &[&str] = &[
    "'", "\"", "\\", " ", "\t", "\n", "\r", "#", "a", "b c", "é", "$", "`", ";", "\\\"", "\\'", "''", "\"\"",
    "\u{a0}", "\0", "=", "\\\n", "\u{c}",
];
const EXPAND: &[&str] = &[
    "%",
    "%%",
    "%(here)s",
    "%(process_num)",
    "%(minus)",
    "%(ENV_X)",
    "%(é)",
    "%(a(b))",
    "%(nope)s",
    "%(",
    ")",
    "s",
    "d",
    "i",
    "u",
    "o",
    "x",
    "X",
    "e",
    "f",
    "g",
    "r",
    "a",
    "c",
    "0",
    "5",
    "-",
    "+",
    " ",
    "#",
    ".",
    "*",
    "h",
    "l",
    "L",
    "12",
    ".3",
    "%s",
    "%d",
    "text",
    "é",
    "\n",
    "q",
    "b",
];
const CALL: &[&str] = &[
    "<value>",
    "</value>",
    "<string>",
    "</string>",
    "<int>",
    "</int>",
    "<i4>7</i4>",
    "<boolean>1</boolean>",
    "<double>",
    "</double>",
    "<base64>YWI=</base64>",
    "<nil/>",
    "<array><data>",
    "</data></array>",
    "<struct>",
    "</struct>",
    "<member>",
    "</member>",
    "<name>",
    "</name>",
    "<param>",
    "</param>",
    "<params>",
    "</params>",
    "<params/>",
    "<value><string>a</string></value>",
    "<member><name>a</name><value>b</value></member>",
    "<methodName>x.y</methodName>",
    "<other>",
    "</other>",
    "<a b='c'/>",
    "&lt;",
    "&amp;",
    "&#65;",
    "&#x1F600;",
    "&bogus;",
    "<![CDATA[",
    "]]>",
    "<!-- c -->",
    "<?p i?>",
    "<?xml version='1.0'?>",
    " ",
    "\n",
    "\r\n",
    "\t",
    "1",
    "-5",
    "_",
    "1.5",
    "1e400",
    "nan",
    "é",
    "🦀",
    "\0",
    "\u{fffe}",
    "<",
    ">",
    "&",
    "'",
    "\"",
    "/",
];
const ENVIRONMENT: &[&str] = &[
    "A", "B_1", "=", "=", ",", ",", "\"", "'", "\\", "1", "a b", "/x:y", "#", "\n", " ", "é", "×", "ÿ",
    "\"x,y\"", "'z'", "\\\"", "%", ";", "", "-+.()", "中", "\0",
];

/// Longest text, in pieces.
const MOST_PIECES: usize = 24;

/// Most digits in a row in a format.
const LONGEST_NUMBER: usize = 3;

/// A source of random texts.
pub struct Texts {
    random: Rng,
    seeds: Vec<(Kind, Vec<String>)>,
}

impl Texts {
    /// The texts of a seed: the same seed gives the same ones.
    pub fn new(seed: u64) -> std::io::Result<Self> {
        let seeds =
            Kind::ALL.into_iter().map(|kind| Ok((kind, corpus(kind)?))).collect::<Result<_, Error>>()?;
        Ok(Self { random: Rng::with_seed(seed), seeds })
    }

    /// Another text for a parser.
    pub fn next(&mut self, kind: Kind) -> String {
        loop {
            let text = self.any(kind);
            let text = if kind == Kind::Expand { without_long_numbers(&text) } else { text };
            if is_compared(kind, &text) {
                return text;
            }
        }
    }

    fn any(&mut self, kind: Kind) -> String {
        // A call made of nothing but pieces is hardly ever one.
        if kind != Kind::Call && self.random.bool() {
            let pieces = pieces(kind);
            let count = self.random.usize(..MOST_PIECES);
            return (0..count).map(|_| pieces[self.random.usize(..pieces.len())]).collect();
        }
        let mut text = self.seed(kind);
        for _ in 0..self.random.usize(1..6) {
            self.change(kind, &mut text);
        }
        text.into_iter().collect()
    }

    fn seed(&mut self, kind: Kind) -> Vec<char> {
        let seeds = self.seeds.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, seeds)| seeds);
        let seed = if seeds.is_empty() { "" } else { &seeds[self.random.usize(..seeds.len())] };
        seed.chars().collect()
    }

    /// Puts a piece in, takes some characters out, doubles them, or goes on with another text.
    fn change(&mut self, kind: Kind, text: &mut Vec<char>) {
        let start = self.random.usize(..=text.len());
        let end = (start + self.random.usize(..5)).min(text.len());
        match self.random.u8(..5) {
            0 | 1 => {
                let pieces = pieces(kind);
                let piece = pieces[self.random.usize(..pieces.len())];
                text.splice(start..start, piece.chars());
            }
            2 => drop(text.drain(start..end)),
            3 => {
                let again: Vec<char> = text[start..end].to_vec();
                text.splice(start..start, again);
            }
            _ => {
                let other = self.seed(kind);
                let from = self.random.usize(..=other.len());
                text.truncate(start);
                text.extend(&other[from..]);
            }
        }
    }
}

/// Whether a text is compared at all: a long number in a format fills memory, and ours has a limit on purpose. Of
/// calls, ours reads `<i8>`, does not expand what a DTD declares, and is strict about times.
pub fn is_compared(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Expand => without_long_numbers(text) == text,
        Kind::Call => !["<!", "i8", "dateTime"].into_iter().any(|known| {
            text.match_indices(known).any(|(at, _)| known != "<!" || text[at..].starts_with("<!D"))
        }),
        _ => true,
    }
}

/// The text with at most three digits in a row.
fn without_long_numbers(text: &str) -> String {
    let mut digits = 0;
    let short = text.chars().filter(|character| {
        digits = if character.is_ascii_digit() { digits + 1 } else { 0 };
        digits <= LONGEST_NUMBER
    });
    short.collect()
}

fn pieces(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Ini => INI,
        Kind::Words => WORDS,
        Kind::Expand => EXPAND,
        Kind::Environment => ENVIRONMENT,
        Kind::Call => CALL,
    }
}

/// The inputs of a corpus: of each case its `input`, or its first part.
fn corpus(kind: Kind) -> Result<Vec<String>, Error> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let text = std::fs::read_to_string(format!("{root}/{}", kind.corpus()))?;
    let cases: Vec<Value> = serde_json::from_str(&text)?;
    let input = |case: &Value| Some(case.get("input").or_else(|| case.get(0))?.as_str()?.to_owned());
    Ok(cases.iter().filter_map(input).collect())
}
