//! Which characters XML 1.0 allows.

/// Stands in for a character that cannot be written into XML.
pub const REPLACEMENT: char = '\u{FFFD}';

/// Whether `character` may stand in an XML 1.0 document, as itself or as a reference.
#[must_use]
pub fn is_legal(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

/// The first character of `text` that may not stand in an XML 1.0 document.
#[must_use]
pub fn first_illegal(text: &str) -> Option<char> {
    // Nearly every text is done with here: U+FFFE and U+FFFF begin with 0xEF. Without an early end, many bytes are
    // looked at in one instruction.
    let is_suspect = |byte| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xEF;
    if !text.bytes().fold(false, |found, byte| found | is_suspect(byte)) {
        return None;
    }
    text.chars().find(|&character| !is_legal(character))
}
