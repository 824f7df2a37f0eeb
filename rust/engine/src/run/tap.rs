//! What of a stream's output goes elsewhere than to its log: to the core, captured text and what PROCESS_LOG events tell
//! (parity 5); and to a plug-in that decides itself what becomes of output, all of it before any log.

use std::borrow::Cow;

use supervisor_core::capture::{Capture, Piece};
use supervisor_core::config::OutputSettings;
use supervisor_core::effect::{Channel, ProcessId};
use tokio::sync::mpsc;

use super::message::Room;
use crate::logs::Stripper;

/// Output that a plug-in is to be given, in place of the log.
#[derive(Debug)]
pub(crate) struct PluginOutput {
    /// Whose output it is.
    pub(crate) process: ProcessId,
    /// Of which stream.
    pub(crate) channel: Channel,
    /// What was read.
    pub(crate) data: Vec<u8>,
    /// It was written between the tokens of capture mode.
    pub(crate) is_captured: bool,
    pub(crate) back: mpsc::UnboundedSender<Written>,
}

impl PluginOutput {
    /// Has this logged, and the core told of it, in the way in which it is done without a plug-in. `room` is what the
    /// output took; it is free when that is done.
    pub(crate) fn log(&self, data: Vec<u8>, room: Option<Room>) {
        // The stream may have been given up; then there is no log either.
        let _ = self.back.send(Written { data, is_captured: self.is_captured, _room: room });
    }
}

/// What a plug-in wants logged.
#[derive(Debug)]
pub(crate) struct Written {
    data: Vec<u8>,
    is_captured: bool,
    _room: Option<Room>,
}

/// What the core, or a plug-in, asked for of one stream of a program.
#[derive(Debug)]
pub(crate) struct Tap {
    stripper: Option<Stripper>,
    capture: Option<Capture>,
    /// Everything becomes PROCESS_LOG events.
    pub(crate) has_log_events: bool,
    /// Where a plug-in looks after the stream, which then gets all output as it was read: the way back to its log.
    pub(crate) back: Option<mpsc::UnboundedSender<Written>>,
    written: Option<mpsc::UnboundedReceiver<Written>>,
}

impl Tap {
    /// What the settings of a stream ask for, if they do, or a plug-in that looks after output.
    pub(crate) fn of(settings: &OutputSettings, strip_ansi: bool, has_plugin: bool) -> Option<Self> {
        let capture = (settings.capture_maxbytes > 0).then(|| Capture::new(settings.capture_maxbytes));
        let has_log_events = settings.events_enabled;
        let stripper = strip_ansi.then(Stripper::default);
        let (back, written) = has_plugin.then(mpsc::unbounded_channel).unzip();
        (capture.is_some() || has_log_events || has_plugin).then_some(Self {
            stripper,
            capture,
            has_log_events,
            back,
            written,
        })
    }

    /// What the plug-in wants logged: asked for once.
    pub(crate) fn written(&mut self) -> Option<mpsc::UnboundedReceiver<Written>> {
        self.written.take()
    }

    /// Takes in what was read, and gives it back in pieces.
    pub(crate) fn feed(&mut self, data: &[u8]) -> Vec<Piece> {
        let text = if self.back.is_some() { Cow::Borrowed(data) } else { self.strip(data) };
        self.cut(&text)
    }

    /// What was held back, at the end of the stream; with a plug-in once more when that has no more to be logged and
    /// the way back is closed.
    pub(crate) fn finish(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.back.is_none() {
            let held_back = self.stripper.as_mut().map(Stripper::finish).unwrap_or_default();
            pieces = self.cut(held_back);
        }
        pieces.extend(self.capture.iter_mut().flat_map(Capture::finish));
        pieces
    }

    /// The piece that is to be logged for a plug-in.
    pub(crate) fn piece(&mut self, written: &Written) -> Option<Piece> {
        let text = self.strip(&written.data);
        match text.is_empty() {
            true => None,
            false if written.is_captured => Some(Piece::Inside(text.into_owned())),
            false => Some(Piece::Plain(text.into_owned())),
        }
    }

    fn strip<'a>(&mut self, data: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(stripper) = &mut self.stripper else { return Cow::Borrowed(data) };
        let mut text = Vec::with_capacity(data.len());
        stripper.strip(data, &mut text);
        Cow::Owned(text)
    }

    fn cut(&mut self, text: &[u8]) -> Vec<Piece> {
        match &mut self.capture {
            _ if text.is_empty() => Vec::new(),
            Some(capture) => capture.feed(text),
            None => vec![Piece::Plain(text.to_vec())],
        }
    }
}
