//! Taking terminal escape sequences out of child output (`strip_ansi`).

use memchr::memchr;

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
    /// Puts the text of the next bytes into `text`, in place of what was there.
    pub(crate) fn strip(&mut self, mut data: &[u8], text: &mut Vec<u8>) {
        text.clear();
        while let Some((&byte, rest)) = data.split_first() {
            match (self.state, byte) {
                (State::Text, ESCAPE) => self.state = State::Escape,
                (State::Text, _) => {
                    // Most output is plain.
                    let (plain, behind) = data.split_at(memchr(ESCAPE, data).unwrap_or(data.len()));
                    text.extend_from_slice(plain);
                    data = behind;
                    continue;
                }
                (State::Escape, b'[') => self.state = State::Sequence,
                (State::Escape, ESCAPE) => text.push(ESCAPE),
                (State::Escape, _) => {
                    text.extend([ESCAPE, byte]);
                    self.state = State::Text;
                }
                (State::Sequence, _) if FINAL_BYTES.contains(&byte) => self.state = State::Text,
                (State::Sequence, _) => {}
            }
            data = rest;
        }
    }

    /// What was held back, at the end of the output.
    pub(crate) fn finish(&mut self) -> &'static [u8] {
        if std::mem::take(&mut self.state) == State::Escape { &[ESCAPE] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(stripper: &mut Stripper, data: &[u8]) -> Vec<u8> {
        let mut text = b"what was there".to_vec();
        stripper.strip(data, &mut text);
        text
    }

    #[test]
    fn sequences_go_and_text_stays() {
        let mut stripper = Stripper::default();
        assert_eq!(strip(&mut stripper, b"\x1b[34mHello, World\x1b[0m!"), b"Hello, World!");
        assert_eq!(strip(&mut stripper, b"a\x1bc\x1b\x1b[1;31mb"), b"a\x1bc\x1bb");
        assert_eq!(strip(&mut stripper, b"plain"), b"plain");
    }

    #[test]
    fn a_sequence_cut_anywhere_by_a_read_is_still_one() {
        let whole = b"one \x1b[1;34mtwo\x1b[0m three";
        for cut in 0..=whole.len() {
            let mut stripper = Stripper::default();
            let (head, tail) = whole.split_at(cut);
            let text = [strip(&mut stripper, head), strip(&mut stripper, tail)].concat();
            assert_eq!(text, b"one two three", "cut at {cut}");
        }
    }

    #[test]
    fn a_lone_escape_byte_at_the_end_is_text() {
        let mut stripper = Stripper::default();
        assert_eq!(strip(&mut stripper, b"end\x1b"), b"end");
        assert_eq!(stripper.finish(), b"\x1b");
        assert_eq!(stripper.finish(), b"");
    }
}
