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
