//! Text as Python writes and reads it, where the original's output shows through.

/// A string as Python's `repr` shows it.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            _ if character == quote => {
                shown.push('\\');
                shown.push(character);
            }
            _ if character.is_control() => shown.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => shown.push(character),
        }
    }
    shown.push(quote);
    shown
}

/// Reads an integer as Python's `int` does: a sign, digits, single underscores between them. What does
/// not fit into 64 bits becomes the nearest number that does.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let groups_are_digits =
        digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !groups_are_digits {
        return None;
    }
    let number = digits.replace('_', "").parse().unwrap_or(i64::MAX);
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_python_does() {
        assert_eq!(quoted("x"), "'x'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(quoted("a\n\u{1b}\\"), "'a\\n\\x1b\\\\'");
    }

    #[test]
    fn integers_are_read_as_python_does() {
        assert_eq!(integer("100"), Some(100));
        assert_eq!(integer("+1_000"), Some(1000));
        assert_eq!(integer("-5"), Some(-5));
        assert_eq!(integer("99999999999999999999"), Some(i64::MAX));
        for bad in ["", "-", "1__0", "_1", "1_", "1.5", "x", "--1"] {
            assert_eq!(integer(bad), None, "{bad:?}");
        }
    }
}
