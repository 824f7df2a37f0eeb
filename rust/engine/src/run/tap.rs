//! What of a stream's output goes to the core, and what to the log: escape sequences taken out, captured text kept
//! apart (parity 5).

use supervisor_core::capture::{Capture, Piece};
use supervisor_core::config::OutputSettings;

use crate::logs::Stripper;

/// What the core asked for of one stream of a program.
#[derive(Debug)]
pub(crate) struct Tap {
    stripper: Option<Stripper>,
    capture: Option<Capture>,
    /// Everything becomes PROCESS_LOG events.
    pub(crate) has_log_events: bool,
}

impl Tap {
    /// What the settings of a stream ask for, if they do.
    pub(crate) fn of(settings: &OutputSettings, strip_ansi: bool) -> Option<Self> {
        let capture = (settings.capture_maxbytes > 0).then(|| Capture::new(settings.capture_maxbytes));
        let has_log_events = settings.events_enabled;
        let stripper = strip_ansi.then(Stripper::default);
        (capture.is_some() || has_log_events).then_some(Self { stripper, capture, has_log_events })
    }

    /// Takes in what was read, and gives it back in pieces.
    pub(crate) fn feed(&mut self, data: &[u8]) -> Vec<Piece> {
        match &mut self.stripper {
            Some(stripper) => {
                let mut text = Vec::with_capacity(data.len());
                stripper.strip(data, &mut text);
                self.cut(&text)
            }
            None => self.cut(data),
        }
    }

    /// What was held back, at the end of the stream.
    pub(crate) fn finish(&mut self) -> Vec<Piece> {
        let held_back = self.stripper.as_mut().map(Stripper::finish).unwrap_or_default();
        let mut pieces = self.cut(held_back);
        pieces.extend(self.capture.iter_mut().flat_map(Capture::finish));
        pieces
    }

    fn cut(&mut self, text: &[u8]) -> Vec<Piece> {
        match &mut self.capture {
            _ if text.is_empty() => Vec::new(),
            Some(capture) => capture.feed(text),
            None => vec![Piece::Plain(text.to_vec())],
        }
    }
}
