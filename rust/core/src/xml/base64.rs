//! Base64 as Python's `base64` module has it, for values and for HTTP's basic authentication.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bytes on a line of `encodebytes`, before encoding.
const LINE: usize = 57;

/// Decodes as `decodebytes` does: characters outside the alphabet (line breaks above all) do not count, padding
/// must be complete. `None` where Python raises an error.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
            .with_decode_allow_trailing_bits(true),
    );
    let counts = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    ENGINE.decode(text.bytes().filter(counts).collect::<Vec<u8>>()).ok()
}

/// Appends `bytes` to `out` as `encodebytes` writes them: lines of 76 characters, each with a line break.
pub fn encode_lines(bytes: &[u8], out: &mut String) {
    for line in bytes.chunks(LINE) {
        STANDARD.encode_string(line, out);
        out.push('\n');
    }
}
