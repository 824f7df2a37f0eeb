//! `str.strip()`, `repr()` and `int()` as Python has them.

use std::fmt::Write as _;

/// Whether Python's `str.isspace()` holds: Unicode white space and the four ASCII separators.
#[must_use]
pub fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// The text without white space at either end, as `str.strip()` returns it.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Python's `repr()` of a string: quotes, and escapes for everything that is not printable.
///
/// Messages of the original show values this way, so its exact form is behaviour.
#[must_use]
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c == quote => {
                shown.push('\\');
                shown.push(c);
            }
            c if is_printable(c) => shown.push(c),
            c => escape(&mut shown, c),
        }
    }
    shown.push(quote);
    shown
}

/// A text with every character beyond ASCII escaped: Python's `ascii()` is this of a `repr()`.
#[must_use]
pub fn escape_beyond_ascii(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            shown.push(character);
        } else {
            escape(&mut shown, character);
        }
    }
    shown
}

/// Python's `repr()` of a list of strings.
#[must_use]
pub fn repr_list<S: AsRef<str>>(items: &[S]) -> String {
    let shown: Vec<String> = items.iter().map(|item| repr(item.as_ref())).collect();
    format!("[{}]", shown.join(", "))
}

/// Appends the shortest of Python's numeric escapes.
fn escape(shown: &mut String, character: char) {
    let code = u32::from(character);
    // Writing to a string cannot fail.
    let _ = match code {
        0..=0xff => write!(shown, "\\x{code:02x}"),
        0x100..=0xffff => write!(shown, "\\u{code:04x}"),
        _ => write!(shown, "\\U{code:08x}"),
    };
}

/// Python's `str.isprintable()` of one character.
fn is_printable(character: char) -> bool {
    // The standard library decides by the same Unicode categories when it debug-prints. Behind
    // another character it leaves combining marks alone, as Python does.
    let pair = String::from_iter(['x', character]);
    pair.escape_debug().count() == 2 || matches!(character, '"' | '\'' | '\\')
}

/// Python's `int(text, base)` for base 8 and 10; `None` where Python raises `ValueError`.
///
/// White space around, a sign, single underscores between digits, the prefix `0o` in base 8 and the
/// decimal digits of every script are accepted. Numbers beyond 128 bits become the nearest that fits.
#[must_use]
pub fn integer(text: &str, base: u32) -> Option<i128> {
    let text = strip(text);
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let without_prefix =
        if base == 8 { unsigned.strip_prefix("0o").or_else(|| unsigned.strip_prefix("0O")) } else { None };
    let digits = match without_prefix {
        Some(rest) => rest.strip_prefix('_').unwrap_or(rest),
        None => unsigned,
    };
    let mut value: i128 = 0;
    let mut after_digit = false;
    for character in digits.chars() {
        if character == '_' {
            if !after_digit {
                return None;
            }
            after_digit = false;
            continue;
        }
        let digit = decimal_digit(character).filter(|digit| *digit < base)?;
        value = value.saturating_mul(i128::from(base)).saturating_add(i128::from(digit));
        after_digit = true;
    }
    if !after_digit {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// Whether it is a decimal digit of any script, as Python's `\d` sees it.
#[must_use]
pub fn is_digit(character: char) -> bool {
    decimal_digit(character).is_some()
}

/// The value of a decimal digit of any script.
fn decimal_digit(character: char) -> Option<u32> {
    if character.is_ascii() {
        return character.to_digit(10);
    }
    let code = u32::from(character);
    DIGIT_ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)).map(|&zero| code - zero)
}

/// The digit zero of every script beyond ASCII (Unicode category Nd); nine more follow each.
const DIGIT_ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50,
    0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
    0x1e2f0, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests {
    use super::{escape_beyond_ascii, integer, repr, strip};

    #[test]
    fn repr_chooses_the_quote_that_needs_no_escape() {
        assert_eq!(repr("a'b"), "\"a'b\"");
        assert_eq!(repr("a'b\"c"), "'a\\'b\"c'");
        assert_eq!(repr("tab\tnul\0é\u{feff}\u{301}"), "'tab\\tnul\\x00é\\ufeff\u{301}'");
        assert_eq!(escape_beyond_ascii("aé\u{1f600}"), "a\\xe9\\U0001f600");
    }

    #[test]
    fn integers_are_those_of_python() {
        assert_eq!(integer(" 1_000 ", 10), Some(1000));
        assert_eq!(integer("-٣", 10), Some(-3));
        assert_eq!(integer("0o22", 8), Some(18));
        assert_eq!(integer("-0_7", 8), Some(-7));
        for bad in ["", " ", "_1", "1_", "1__0", "0x10", "- 5", "1.0", "+"] {
            assert_eq!(integer(bad, 10), None, "{bad}");
        }
        assert_eq!(integer("8", 8), None);
    }

    #[test]
    fn strip_knows_the_ascii_separators() {
        assert_eq!(strip("\u{1c} a\u{a0}b \u{85}"), "a\u{a0}b");
    }
}
