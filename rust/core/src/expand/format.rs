//! Python's `%` formatting of a text with a dictionary, and the original's errors around it.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::text::{ascii, repr};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A string.
    Text(String),
    /// A whole number: `process_num`, `numprocs`.
    Number(i64),
}

/// Names that may be used in `%(name)s`, in the order they became known.
pub type Expansions = IndexMap<String, Term>;

/// `text % names` for an option, names of later layers hiding those of earlier ones.
///
/// # Errors
/// The original's text: for an unknown name it tells the known ones, for a malformed directive Python's
/// reason; both show the whole text and the option.
pub fn expand(text: &str, layers: &[&Expansions], option: &str) -> Result<String, String> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    Formatter::new(text, layers).run().map_err(|problem| match problem {
        Problem::UnknownName(name) => {
            let known: BTreeSet<&str> =
                layers.iter().flat_map(|layer| layer.keys().map(String::as_str)).collect();
            format!(
                "Format string {} for {} contains names ({}) which cannot be expanded. Available names: {}",
                repr(text),
                repr(option),
                repr(&name),
                Vec::from_iter(known).join(", ")
            )
        }
        Problem::BadFormat(reason) => {
            format!("Format string {} for {} is badly formatted: {reason}", repr(text), repr(option))
        }
    })
}

enum Problem {
    UnknownName(String),
    BadFormat(String),
}

impl Problem {
    fn bad(reason: &str) -> Self {
        Self::BadFormat(reason.to_owned())
    }

    fn not_enough_arguments() -> Self {
        Self::bad("not enough arguments for format string")
    }

    fn incomplete() -> Self {
        Self::bad("incomplete format")
    }
}

/// The argument of the directive at hand. Python formats with the dictionary itself as long as no
/// name was given, which is what `date +%s` in a command comes to.
#[derive(Clone)]
enum Argument {
    Term(Term),
    Dictionary,
}

impl Argument {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Term(Term::Text(_)) => "str",
            Self::Term(Term::Number(_)) => "int",
            Self::Dictionary => "dict",
        }
    }
}

/// Flags, width and precision of a directive.
#[derive(Default)]
struct Directive {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// A formatted value before it is padded: sign, base prefix, digits or text.
struct Piece {
    sign: &'static str,
    prefix: String,
    body: String,
    numeric: bool,
}

struct Formatter<'a> {
    text: Vec<char>,
    position: usize,
    layers: &'a [&'a Expansions],
    argument: Option<Argument>,
    result: String,
}

impl<'a> Formatter<'a> {
    fn new(text: &str, layers: &'a [&'a Expansions]) -> Self {
        Self {
            text: text.chars().collect(),
            position: 0,
            layers,
            argument: Some(Argument::Dictionary),
            result: String::with_capacity(text.len()),
        }
    }

    fn run(mut self) -> Result<String, Problem> {
        while let Some(character) = self.next() {
            if character == '%' {
                self.directive()?;
            } else {
                self.result.push(character);
            }
        }
        Ok(self.result)
    }

    fn next(&mut self) -> Option<char> {
        let character = self.text.get(self.position).copied();
        self.position += usize::from(character.is_some());
        character
    }

    fn required(&mut self) -> Result<char, Problem> {
        self.next().ok_or_else(Problem::incomplete)
    }

    fn look_up(&self, name: &str) -> Option<&Term> {
        self.layers.iter().rev().find_map(|layer| layer.get(name))
    }

    /// Reads one directive behind its `%` and writes what it stands for.
    fn directive(&mut self) -> Result<(), Problem> {
        if self.text.get(self.position) == Some(&'%') {
            self.position += 1;
            self.result.push('%');
            return Ok(());
        }
        if self.text.get(self.position) == Some(&'(') {
            self.position += 1;
            let name = self.name()?;
            let term = self.look_up(&name).cloned().ok_or(Problem::UnknownName(name))?;
            self.argument = Some(Argument::Term(term));
        }
        let mut directive = Directive::default();
        let mut character = loop {
            let character = self.required()?;
            match character {
                '-' => directive.left = true,
                '+' => directive.plus = true,
                ' ' => directive.space = true,
                '#' => directive.alternate = true,
                '0' => directive.zero = true,
                other => break other,
            }
        };
        if character == '*' {
            let width = self.star()?;
            directive.left |= width < 0;
            directive.width = to_size(width.saturating_abs());
            character = self.required()?;
        } else if character.is_ascii_digit() {
            (directive.width, character) = self.digits(character, "width too big")?;
        }
        if character == '.' {
            character = self.required()?;
            let precision = if character == '*' {
                let precision = self.star()?.max(0);
                character = self.required()?;
                to_size(precision)
            } else if character.is_ascii_digit() {
                let (precision, next) = self.digits(character, "precision too big")?;
                character = next;
                precision
            } else {
                0
            };
            directive.precision = Some(precision);
        }
        if matches!(character, 'h' | 'l' | 'L') {
            character = self.required()?;
        }
        let argument = self.argument.take().ok_or_else(Problem::not_enough_arguments)?;
        let piece = self.convert(character, &directive, &argument)?;
        self.write(&directive, &piece);
        Ok(())
    }

    /// The name in parentheses, which may contain balanced parentheses itself.
    fn name(&mut self) -> Result<String, Problem> {
        let mut depth = 1;
        let mut name = String::new();
        while let Some(character) = self.next() {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(name);
            }
            name.push(character);
        }
        Err(Problem::bad("incomplete format key"))
    }

    fn star(&mut self) -> Result<i64, Problem> {
        match self.argument.take().ok_or_else(Problem::not_enough_arguments)? {
            Argument::Term(Term::Number(number)) => Ok(number),
            Argument::Term(Term::Text(_)) | Argument::Dictionary => Err(Problem::bad("* wants int")),
        }
    }

    /// A number that begins with `first`, and the character behind it.
    fn digits(&mut self, first: char, too_big: &str) -> Result<(usize, char), Problem> {
        let mut value = 0_usize;
        let mut character = first;
        while let Some(digit) = character.to_digit(10) {
            value = value * 10 + digit as usize;
            // Python's bound is the address space; what a file can sensibly ask for is far below.
            if value > MAXIMUM_WIDTH {
                return Err(Problem::bad(too_big));
            }
            character = self.required()?;
        }
        Ok((value, character))
    }

    fn convert(
        &self,
        conversion: char,
        directive: &Directive,
        argument: &Argument,
    ) -> Result<Piece, Problem> {
        match conversion {
            's' | 'r' | 'a' => Ok(Piece::text(&self.as_text(conversion, argument), directive.precision)),
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => match argument {
                Argument::Term(Term::Number(number)) => Ok(whole_number(conversion, directive, *number)),
                other => Err(Problem::BadFormat(format!(
                    "%{conversion} format: {} is required, not {}",
                    if matches!(conversion, 'o' | 'x' | 'X') { "an integer" } else { "a real number" },
                    other.type_name()
                ))),
            },
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => match argument {
                Argument::Term(Term::Number(number)) => Ok(real_number(conversion, directive, *number)),
                other => Err(Problem::BadFormat(format!("must be real number, not {}", other.type_name()))),
            },
            'c' => as_character(argument).map(|character| Piece::text(&character.to_string(), None)),
            other => {
                let shown = if (' '..'\u{80}').contains(&other) { other } else { '?' };
                Err(Problem::BadFormat(format!(
                    "unsupported format character '{shown}' (0x{:x}) at index {}",
                    u32::from(other),
                    self.position - 1
                )))
            }
        }
    }

    fn as_text(&self, conversion: char, argument: &Argument) -> String {
        match argument {
            Argument::Term(Term::Number(number)) => number.to_string(),
            Argument::Term(Term::Text(text)) => match conversion {
                's' => text.clone(),
                'r' => repr(text),
                _ => ascii(text),
            },
            Argument::Dictionary => {
                let mut merged: IndexMap<&str, &Term> = IndexMap::new();
                for (name, term) in self.layers.iter().flat_map(|layer| layer.iter()) {
                    merged.insert(name, term);
                }
                let shown: Vec<String> = merged
                    .iter()
                    .map(|(name, term)| match term {
                        Term::Text(text) => format!("{}: {}", repr(name), repr(text)),
                        Term::Number(number) => format!("{}: {number}", repr(name)),
                    })
                    .collect();
                format!("{{{}}}", shown.join(", "))
            }
        }
    }

    /// Pads a piece to the directive's width.
    fn write(&mut self, directive: &Directive, piece: &Piece) {
        let length = piece.sign.len() + piece.prefix.len() + piece.body.chars().count();
        let padding = directive.width.saturating_sub(length);
        let zeros = piece.numeric && directive.zero;
        if !zeros && !directive.left {
            self.pad(' ', padding);
        }
        self.result.push_str(piece.sign);
        self.result.push_str(&piece.prefix);
        if zeros && !directive.left {
            self.pad('0', padding);
        }
        self.result.push_str(&piece.body);
        if directive.left {
            self.pad(' ', padding);
        }
    }

    fn pad(&mut self, fill: char, count: usize) {
        self.result.extend(std::iter::repeat_n(fill, count));
    }
}

/// Widest field that is filled; a wider one is an error rather than a gigabyte of blanks.
const MAXIMUM_WIDTH: usize = 1 << 20;

fn to_size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0).min(MAXIMUM_WIDTH)
}

impl Piece {
    fn text(text: &str, precision: Option<usize>) -> Self {
        let body = text.chars().take(precision.unwrap_or(usize::MAX)).collect();
        Self { sign: "", prefix: String::new(), body, numeric: false }
    }
}

fn as_character(argument: &Argument) -> Result<char, Problem> {
    match argument {
        Argument::Term(Term::Number(number)) => u32::try_from(*number)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| Problem::bad("%c arg not in range(0x110000)")),
        Argument::Term(Term::Text(text)) => {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(Problem::bad("%c requires int or char")),
            }
        }
        Argument::Dictionary => Err(Problem::bad("%c requires int or char")),
    }
}

fn sign(directive: &Directive, number: i64) -> &'static str {
    match number {
        ..0 => "-",
        _ if directive.plus => "+",
        _ if directive.space => " ",
        _ => "",
    }
}

fn whole_number(conversion: char, directive: &Directive, number: i64) -> Piece {
    let magnitude = number.unsigned_abs();
    let (prefix, digits) = match conversion {
        'o' => ("0o", format!("{magnitude:o}")),
        'x' => ("0x", format!("{magnitude:x}")),
        'X' => ("0X", format!("{magnitude:X}")),
        _ => ("", magnitude.to_string()),
    };
    let prefix = if directive.alternate { prefix } else { "" };
    let minimum = directive.precision.unwrap_or(0);
    Piece {
        sign: sign(directive, number),
        prefix: prefix.to_owned(),
        body: format!("{digits:0>minimum$}"),
        numeric: true,
    }
}

/// `%e`, `%f` and `%g` of a whole number.
#[expect(clippy::cast_precision_loss, reason = "Python turns the integer into a double as well")]
fn real_number(conversion: char, directive: &Directive, number: i64) -> Piece {
    let value = number.unsigned_abs() as f64;
    let precision = directive.precision.unwrap_or(6);
    let body = match conversion.to_ascii_lowercase() {
        'f' => fixed(value, precision, directive.alternate),
        'e' => scientific(value, precision, directive.alternate),
        _ => general(value, precision.max(1), directive.alternate),
    };
    let body = if conversion.is_ascii_uppercase() { body.to_ascii_uppercase() } else { body };
    Piece { sign: sign(directive, number), prefix: String::new(), body, numeric: true }
}

fn fixed(value: f64, precision: usize, alternate: bool) -> String {
    let point = if alternate && precision == 0 { "." } else { "" };
    format!("{value:.precision$}{point}")
}

fn scientific(value: f64, precision: usize, alternate: bool) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if alternate && precision == 0 { "." } else { "" };
    format!("{mantissa}{point}e+{exponent:0>2}")
}

fn general(value: f64, digits: usize, alternate: bool) -> String {
    let text = format!("{value:.0$e}", digits - 1);
    let exponent = text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0_usize);
    if exponent < digits {
        let plain = fixed(value, digits - 1 - exponent, alternate);
        return if alternate { plain } else { without_trailing_zeros(&plain).to_owned() };
    }
    let long = scientific(value, digits - 1, alternate);
    match long.split_once('e') {
        Some((mantissa, exponent)) if !alternate => {
            format!("{}e{exponent}", without_trailing_zeros(mantissa))
        }
        _ => long,
    }
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Expansions, Term, expand};

    fn names() -> Expansions {
        Expansions::from([
            ("here".to_owned(), Term::Text("/etc".to_owned())),
            ("process_num".to_owned(), Term::Number(3)),
        ])
    }

    #[test]
    fn widths_and_flags_are_those_of_python() {
        let expanded = |text| expand(text, &[&names()], "command").unwrap_or_else(|error| error);
        assert_eq!(expanded("%(process_num)02d|%(process_num)-4d|%(process_num)+x"), "03|3   |+3");
        assert_eq!(expanded("100%% of %(here)r"), "100% of '/etc'");
        assert_eq!(expanded("%(process_num).2f %(process_num)g"), "3.00 3");
    }

    #[test]
    fn an_unknown_name_tells_the_known_ones() {
        assert_eq!(
            expand("%(nope)s", &[&names()], "program:x.command"),
            Err("Format string '%(nope)s' for 'program:x.command' contains names ('nope') which cannot be \
                 expanded. Available names: here, process_num"
                .to_owned())
        );
    }

    #[test]
    fn a_malformed_directive_tells_pythons_reason() {
        let reason = |text| expand(text, &[&names()], "x").err().unwrap_or_default();
        assert!(reason("a%").ends_with("is badly formatted: incomplete format"));
        assert!(reason("%(here").ends_with("is badly formatted: incomplete format key"));
        assert!(reason("5%y").ends_with("unsupported format character 'y' (0x79) at index 2"));
        assert!(reason("%(here)d").ends_with("%d format: a real number is required, not str"));
    }
}
