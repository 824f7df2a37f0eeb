//! Capture mode: output between two tokens, which becomes an event (parity 5).
//!
//! A pure machine for one stream: bytes in, pieces out, wherever the reads cut the tokens. As in the original it
//! holds back what may be the beginning of a token, and everything as long as no more bytes wait than the token
//! has: up to 24 bytes. What is held back when the stream ends is no longer held back.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// Begins captured output.
pub const BEGIN_TOKEN: &[u8] = b"<!--XSUPERVISOR:BEGIN-->";
/// Ends captured output.
pub const END_TOKEN: &[u8] = b"<!--XSUPERVISOR:END-->";

/// Look for the tokens. To make one of these takes longer than to look through a few lines.
static BEGIN_FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(BEGIN_TOKEN));
static END_FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(END_TOKEN));

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Outside of the tokens: for the log.
    Plain(Vec<u8>),
    /// Between the tokens, as it comes.
    Inside(Vec<u8>),
    /// The end token came: the newest bytes between the tokens.
    Captured(Vec<u8>),
}

/// What one stream is in the middle of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    maxbytes: usize,
    is_inside: bool,
    held_back: Vec<u8>,
    captured: Vec<u8>,
}

impl Capture {
    /// A stream at its beginning, of whose captured output the newest `maxbytes` are kept.
    #[must_use]
    pub fn new(maxbytes: u64) -> Self {
        let maxbytes = usize::try_from(maxbytes).unwrap_or(usize::MAX);
        Self { maxbytes, is_inside: false, held_back: Vec::new(), captured: Vec::new() }
    }

    /// Takes in what was read.
    pub fn feed(&mut self, data: &[u8]) -> Vec<Piece> {
        self.held_back.extend_from_slice(data);
        // A token alone waits for what follows it, as in the original.
        self.give_out(|rest, token| rest.len() > token.len(), longest_beginning)
    }

    /// The stream is at its end: gives out what was held back.
    pub fn finish(&mut self) -> Vec<Piece> {
        self.give_out(|_, _| true, |_, _| 0)
    }

    /// Gives out what is held back: up to each token, and behind the last one all but as many bytes as `keep` says;
    /// as long as what is left may be looked at.
    fn give_out(
        &mut self,
        may_look: impl Fn(&[u8], &[u8]) -> bool,
        keep: impl Fn(&[u8], &[u8]) -> usize,
    ) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut data = std::mem::take(&mut self.held_back);
        let mut rest = data.as_slice();
        while may_look(rest, self.token()) {
            let token = self.token();
            let Some(place) = self.finder().find(rest) else {
                let kept;
                (rest, kept) = rest.split_at(rest.len() - keep(rest, token));
                self.put(rest, &mut pieces);
                rest = kept;
                break;
            };
            let (before, after) = rest.split_at(place);
            self.put(before, &mut pieces);
            self.pass_token(&mut pieces);
            rest = after.get(token.len()..).unwrap_or_default();
        }
        let given_out = data.len() - rest.len();
        data.drain(..given_out);
        self.held_back = data;
        pieces
    }

    fn token(&self) -> &'static [u8] {
        if self.is_inside { END_TOKEN } else { BEGIN_TOKEN }
    }

    fn finder(&self) -> &'static Finder<'static> {
        if self.is_inside { &END_FINDER } else { &BEGIN_FINDER }
    }

    fn pass_token(&mut self, pieces: &mut Vec<Piece>) {
        self.is_inside = !self.is_inside;
        if !self.is_inside {
            pieces.push(Piece::Captured(std::mem::take(&mut self.captured)));
        }
    }

    fn put(&mut self, data: &[u8], pieces: &mut Vec<Piece>) {
        if data.is_empty() {
            return;
        }
        if self.is_inside {
            self.captured.extend_from_slice(data);
            let surplus = self.captured.len().saturating_sub(self.maxbytes);
            self.captured.drain(..surplus);
            pieces.push(Piece::Inside(data.to_vec()));
        } else {
            pieces.push(Piece::Plain(data.to_vec()));
        }
    }
}

/// How many bytes at the end of `data` are the beginning of `token`, but not all of it.
fn longest_beginning(data: &[u8], token: &[u8]) -> usize {
    let longest = token.len().saturating_sub(1).min(data.len());
    (0..=longest)
        .rev()
        .find(|length| token.get(..*length).is_some_and(|beginning| data.ends_with(beginning)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that was fed, by kind: plain, inside, captured.
    fn run(capture: &mut Capture, parts: &[&[u8]]) -> (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) {
        let mut pieces: Vec<Piece> = parts.iter().flat_map(|part| capture.feed(part)).collect();
        pieces.extend(capture.finish());
        let (mut plain, mut inside, mut captured) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Plain(data) => plain.extend(data),
                Piece::Inside(data) => inside.extend(data),
                Piece::Captured(data) => captured.push(data),
            }
        }
        (plain, inside, captured)
    }

    const OUTPUT: &[u8] = b"before<!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END-->between<!--XSUPE\
        <!--XSUPERVISOR:BEGIN--><!--XSUPERVISOR:END-->after<!--";

    #[test]
    fn tokens_are_found_wherever_the_reads_cut_them() {
        let expected =
            (b"beforebetween<!--XSUPEafter<!--".to_vec(), b"one".to_vec(), vec![b"one".to_vec(), Vec::new()]);
        for first in 0..=OUTPUT.len() {
            for second in first..=OUTPUT.len() {
                let parts = [&OUTPUT[..first], &OUTPUT[first..second], &OUTPUT[second..]];
                assert_eq!(run(&mut Capture::new(100), &parts), expected, "cut at {first} and {second}");
            }
        }
        let single: Vec<&[u8]> = OUTPUT.chunks(1).collect();
        assert_eq!(run(&mut Capture::new(100), &single), expected);
    }

    #[test]
    fn up_to_twenty_four_bytes_are_held_back() {
        let mut capture = Capture::new(100);
        assert_eq!(capture.feed(&[b'x'; 24]), []);
        assert_eq!(capture.feed(b"y<!-"), [Piece::Plain([&[b'x'; 24][..], b"y"].concat())]);
        assert_eq!(capture.finish(), [Piece::Plain(b"<!-".to_vec())]);
    }

    #[test]
    fn an_end_token_alone_waits_for_what_follows_it_or_for_the_end() {
        let mut capture = Capture::new(100);
        assert_eq!(capture.feed(BEGIN_TOKEN), []);
        assert_eq!(capture.feed(END_TOKEN), []);
        assert_eq!(capture.feed(b"\n"), [Piece::Captured(Vec::new())]);
        assert_eq!(capture.finish(), [Piece::Plain(b"\n".to_vec())]);
        let (_, _, captured) = run(&mut capture, &[BEGIN_TOKEN, b"x", END_TOKEN]);
        assert_eq!(captured, [b"x"]);
    }

    #[test]
    fn the_newest_bytes_are_kept_whatever_the_size_of_the_pieces() {
        for size in [1, 3, 7, 1000] {
            let mut capture = Capture::new(10);
            let text: Vec<u8> = (0..200).map(|number| b'a' + number % 26).collect();
            let output = [BEGIN_TOKEN, &text, END_TOKEN, b"."].concat();
            let parts: Vec<&[u8]> = output.chunks(size).collect();
            let (plain, inside, captured) = run(&mut capture, &parts);
            assert_eq!((plain, inside), (b".".to_vec(), text.clone()));
            assert_eq!(captured, [text[190..].to_vec()]);
        }
    }

    #[test]
    fn what_was_begun_and_never_ended_is_no_event() {
        let (plain, inside, captured) =
            run(&mut Capture::new(10), &[b"x<!--XSUPERVISOR:BEGIN-->lost<!--XSUPERVISOR:EN"]);
        assert_eq!((plain, inside.len(), captured.len()), (b"x".to_vec(), 4 + 18, 0));
    }
}
