//! What a listener says on its standard output: the states of one listener, byte by byte (parity 5).
//!
//! | state | it says | then |
//! |---|---|---|
//! | ACKNOWLEDGED | `READY\n` | READY |
//! | READY | nothing, until it is sent an event | BUSY |
//! | BUSY | `RESULT <length>\n` and as many bytes | ACKNOWLEDGED, or UNKNOWN where the handler failed |
//! | UNKNOWN | whatever it likes | nothing more, until it is started again |
//!
//! Anything else is a violation of the protocol: UNKNOWN. As in the original, nothing is judged in ACKNOWLEDGED
//! until there are as many bytes as `READY\n` has, and any seven bytes stand for `RESULT `. Unlike there, a
//! negative length is a violation, and so is a line without an end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::expand::integer;
use crate::text::decoded;

const READY: &[u8] = b"READY\n";
const RESULT_START: &[u8] = b"RESULT ";
/// Longest line that says how long a result is.
const MAX_LINE: usize = 64 * 1024;
/// Bytes of a result that are kept for who judges it; those beyond are passed over.
const MAX_RESULT: usize = 1024 * 1024;

/// Where a listener stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListenerState {
    /// It has started, or has done with an event, and has not asked for one.
    Acknowledged,
    /// It wants an event.
    Ready,
    /// It works at an event.
    Busy,
    /// It violated the protocol.
    Unknown,
}

impl fmt::Display for ListenerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Ready => "READY",
            Self::Busy => "BUSY",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// What follows from a listener's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It went from one state to another.
    Went(ListenerState, ListenerState),
    /// Its result line is none: this is the line. The event has not been processed.
    BadResultLine(String),
    /// This is its result; [`Listener::judge`] has to follow before it is listened to again.
    Result(Vec<u8>),
}

/// What a result handler says of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The event was processed.
    Accepted,
    /// It is to be sent again.
    Rejected,
    /// The handler itself failed: it is to be sent again, and the listener gets no more.
    Failed,
}

/// The verdict of the default handler: `OK` is accepted.
#[must_use]
pub fn judge_by_default(result: &[u8]) -> Verdict {
    if result == b"OK" { Verdict::Accepted } else { Verdict::Rejected }
}

/// One listener's side of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    state: ListenerState,
    unread: Vec<u8>,
    /// Bytes of the result that are still to come, once its length is known.
    outstanding: Option<u64>,
    result: Vec<u8>,
}

impl Default for Listener {
    fn default() -> Self {
        let state = ListenerState::Acknowledged;
        Self { state, unread: Vec::new(), outstanding: None, result: Vec::new() }
    }
}

impl Listener {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> ListenerState {
        self.state
    }

    /// It is sent an event.
    pub fn send(&mut self) {
        self.state = ListenerState::Busy;
    }

    /// The event could not be sent after all.
    pub fn take_back(&mut self) {
        if self.state == ListenerState::Busy {
            self.state = ListenerState::Ready;
        }
    }

    /// It wrote something; [`Self::next_heard`] says what follows.
    pub fn hear(&mut self, data: &[u8]) {
        if self.state != ListenerState::Unknown {
            self.unread.extend_from_slice(data);
        }
    }

    /// What follows next from what was heard; nothing when that is all.
    pub fn next_heard(&mut self) -> Option<Heard> {
        if self.unread.is_empty() && self.outstanding != Some(0) {
            return None;
        }
        match self.state {
            ListenerState::Unknown => {
                self.unread.clear();
                None
            }
            ListenerState::Acknowledged if self.unread.len() < READY.len() => None,
            ListenerState::Acknowledged if self.unread.starts_with(READY) => {
                self.unread.drain(..READY.len());
                Some(self.go(ListenerState::Ready))
            }
            ListenerState::Acknowledged | ListenerState::Ready => Some(self.violate()),
            ListenerState::Busy if self.outstanding.is_none() => match self.read_line() {
                Some(Ok(length)) => {
                    self.outstanding = Some(length);
                    self.next_heard()
                }
                Some(Err(line)) => {
                    self.unread.clear();
                    Some(Heard::BadResultLine(line))
                }
                None => None,
            },
            ListenerState::Busy => self.read_result(),
        }
    }

    /// The length that the result line tells, or the line if it tells none; nothing while it is not complete.
    fn read_line(&mut self) -> Option<Result<u64, String>> {
        let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') else {
            return (self.unread.len() > MAX_LINE).then(|| {
                let beginning = self.unread.get(..80).unwrap_or_default();
                Err(decoded(beginning))
            });
        };
        let line: Vec<u8> = self.unread.drain(..=end).take(end).collect();
        let length = line.get(RESULT_START.len()..).and_then(|text| std::str::from_utf8(text).ok());
        let length = length.and_then(|text| integer(text, 10)).and_then(|number| u64::try_from(number).ok());
        Some(length.ok_or_else(|| decoded(&line)))
    }

    fn read_result(&mut self) -> Option<Heard> {
        let outstanding = self.outstanding?;
        let taken = usize::try_from(outstanding).unwrap_or(usize::MAX).min(self.unread.len());
        let room = MAX_RESULT - self.result.len();
        let kept = self.unread.drain(..taken).take(room);
        self.result.extend(kept);
        let outstanding = outstanding - u64::try_from(taken).unwrap_or(outstanding);
        self.outstanding = Some(outstanding);
        if outstanding > 0 {
            return None;
        }
        self.outstanding = None;
        Some(Heard::Result(std::mem::take(&mut self.result)))
    }

    /// The verdict on its result: it has done with the event.
    pub fn judge(&mut self, verdict: Verdict) -> Heard {
        match verdict {
            Verdict::Accepted | Verdict::Rejected => self.go(ListenerState::Acknowledged),
            Verdict::Failed => self.violate(),
        }
    }

    /// It gets no more events until it is started again.
    pub fn violate(&mut self) -> Heard {
        self.unread.clear();
        self.go(ListenerState::Unknown)
    }

    fn go(&mut self, to: ListenerState) -> Heard {
        Heard::Went(std::mem::replace(&mut self.state, to), to)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;

    /// The states it goes through with this output; an event is sent whenever it is READY and `events` are left.
    fn run(parts: &[&[u8]], mut events: usize) -> (Vec<ListenerState>, Vec<Vec<u8>>, Vec<String>) {
        let mut listener = Listener::default();
        let (mut states, mut results, mut bad) = (vec![listener.state()], Vec::new(), Vec::new());
        for part in parts {
            listener.hear(part);
            loop {
                if listener.state() == ListenerState::Ready && events > 0 {
                    events -= 1;
                    listener.send();
                }
                let heard = listener.next_heard();
                let next = match heard {
                    None => break,
                    Some(Heard::Result(result)) => {
                        let verdict = judge_by_default(&result);
                        results.push(result);
                        Some(listener.judge(verdict))
                    }
                    Some(Heard::BadResultLine(line)) => {
                        bad.push(line);
                        Some(listener.violate())
                    }
                    went => went,
                };
                if let Some(Heard::Went(_, to)) = next {
                    states.push(to);
                }
            }
        }
        (states, results, bad)
    }

    use ListenerState::{Acknowledged, Ready, Unknown};

    #[test]
    fn results_are_framed_wherever_the_reads_cut_them() {
        let output = b"READY\nRESULT 2\nOKREADY\nRESULT 4\nFAILREADY\nRESULT 0\nREADY\n";
        let states = vec![Acknowledged, Ready, Acknowledged, Ready, Acknowledged, Ready, Acknowledged, Ready];
        let expected = (states, vec![b"OK".to_vec(), b"FAIL".to_vec(), Vec::new()], Vec::new());
        for first in 0..=output.len() {
            for second in first..=output.len() {
                let parts = [&output[..first], &output[first..second], &output[second..]];
                assert_eq!(run(&parts, 3), expected, "cut at {first} and {second}");
            }
        }
        let single: Vec<&[u8]> = output.chunks(1).collect();
        assert_eq!(run(&single, 3), expected);
    }

    #[test]
    fn anything_but_ready_is_a_violation_once_there_are_six_bytes() {
        assert_eq!(run(&[b"ready"], 1).0, [Acknowledged]);
        assert_eq!(run(&[b"ready", b"\n"], 1).0, [Acknowledged, Unknown]);
        assert_eq!(run(&[b"hello world"], 1).0, [Acknowledged, Unknown]);
        assert_eq!(run(&[b"hello world", b"READY\n"], 1).0, [Acknowledged, Unknown]);
    }

    #[test]
    fn to_talk_while_it_is_ready_is_a_violation() {
        assert_eq!(run(&[b"READY\nREADY\n"], 0).0, [Acknowledged, Ready, Unknown]);
        assert_eq!(run(&[b"READY\n", b"x"], 0).0, [Acknowledged, Ready, Unknown]);
    }

    #[test]
    fn lines_that_tell_no_length_are_violations() {
        for line in ["RESULT", "RESULT x", "RESULT -1", "", "OK", "RESULT 2.0", "RESULT 99999999999999999999"]
        {
            let output = format!("READY\n{line}\nOK");
            let (states, _, bad) = run(&[output.as_bytes()], 1);
            assert_eq!(states, [Acknowledged, Ready, Unknown], "{line:?}");
            assert_eq!(bad, [line.to_owned()]);
        }
        assert_eq!(run(&[b"READY\nRESULT \xff\n"], 1).2, ["Undecodable: b'RESULT \\xff'"]);
    }

    #[test]
    fn a_line_that_never_ends_is_a_violation_and_takes_no_memory() {
        let long = vec![b'x'; MAX_LINE];
        assert_eq!(run(&[b"READY\n", &long], 1).0, [Acknowledged, Ready]);
        assert_eq!(run(&[b"READY\n", &long, b"x"], 1).0, [Acknowledged, Ready, Unknown]);
    }

    #[test]
    fn any_seven_bytes_stand_for_the_word_and_python_reads_the_number() {
        for line in ["RESULT 2", "ANSWER:2", "RESULT  2 ", "RESULT +2", "RESULT 0_2"] {
            let output = format!("READY\n{line}\nOK");
            let (states, results, _) = run(&[output.as_bytes()], 1);
            assert_eq!(states, [Acknowledged, Ready, Acknowledged], "{line:?}");
            assert_eq!(results, [b"OK"]);
        }
    }

    #[test]
    fn a_huge_result_is_passed_over_and_rejected() {
        let size = 3 * MAX_RESULT;
        let head = format!("READY\nRESULT {size}\n");
        let output = vec![b'x'; size];
        let mut parts: Vec<&[u8]> = vec![head.as_bytes()];
        parts.extend(output.chunks(65536));
        parts.push(b"READY\n");
        let (states, results, _) = run(&parts, 1);
        assert_eq!(states, [Acknowledged, Ready, Acknowledged, Ready]);
        assert_eq!(results.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_RESULT]);
    }
}
