//! Taking terminal escape sequences out of child output (`strip_ansi`).

const ESCAPE: u8 = 0x1b;

/// Final bytes that end a sequence: those that the original knows.
const FINAL_BYTES: &[u8] = b"HfABCDRsuJKhlpm";

/// Removes sequences from `ESC [` to a final byte, also those cut by the end of a read.
///
/// Differs from the original only there: its memory ends with each read, so that the rest of a cut sequence,
/// or text after it, was lost or shown.
#[derive(Debug, Default)]
pub(crate) struct Stripper {
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// An escape byte came last; it is not yet clear whether it begins a sequence.
    Escape,
    Sequence,
}

impl Stripper {
    /// The text of the next bytes.
    pub(crate) fn strip(&mut self, data: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(data.len());
        for &byte in data {
            self.state = match (self.state, byte) {
                (State::Sequence, _) if FINAL_BYTES.contains(&byte) => State::Text,
                (State::Sequence, _) | (State::Escape, b'[') => State::Sequence,
                (State::Text, ESCAPE) => State::Escape,
                (State::Escape, ESCAPE) => {
                    text.push(ESCAPE);
                    State::Escape
                }
                (State::Escape, _) => {
                    text.extend([ESCAPE, byte]);
                    State::Text
                }
                (State::Text, _) => {
                    text.push(byte);
                    State::Text
                }
            };
        }
        text
    }

    /// What was held back, at the end of the output.
    pub(crate) fn finish(&mut self) -> &'static [u8] {
        if std::mem::take(&mut self.state) == State::Escape { &[ESCAPE] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_go_and_text_stays() {
        let mut stripper = Stripper::default();
        assert_eq!(stripper.strip(b"\x1b[34mHello, World\x1b[0m!"), b"Hello, World!");
        assert_eq!(stripper.strip(b"a\x1bc\x1b\x1b[1;31mb"), b"a\x1bc\x1bb");
        assert_eq!(stripper.strip(b"plain"), b"plain");
    }

    #[test]
    fn a_sequence_cut_anywhere_by_a_read_is_still_one() {
        let whole = b"one \x1b[1;34mtwo\x1b[0m three";
        for cut in 0..=whole.len() {
            let mut stripper = Stripper::default();
            let (head, tail) = whole.split_at(cut);
            let text = [stripper.strip(head), stripper.strip(tail)].concat();
            assert_eq!(text, b"one two three", "cut at {cut}");
        }
    }

    #[test]
    fn a_lone_escape_byte_at_the_end_is_text() {
        let mut stripper = Stripper::default();
        assert_eq!(stripper.strip(b"end\x1b"), b"end");
        assert_eq!(stripper.finish(), b"\x1b");
        assert_eq!(stripper.finish(), b"");
    }
}
