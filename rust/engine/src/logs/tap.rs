//! What of a stream's output goes elsewhere than to its logs: to the core, captured text and what PROCESS_LOG events tell
//! (parity 5); and to a plug-in that decides itself what becomes of output, all of it before any log.

use std::fmt;
use std::sync::Arc;

use supervisor_core::capture::{Capture, Piece};
use supervisor_core::config::OutputSettings;
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_core::input::Input;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What a log thread tells the loop.
#[derive(Debug)]
pub enum Told {
    /// Something for the core.
    Core(Input),
    /// Output whose stream a plug-in looks after.
    Plugin(PluginOutput),
}

/// Output that a plug-in is to be given, in place of the log.
#[derive(Debug)]
pub struct PluginOutput {
    /// Whose output it is.
    pub process: ProcessId,
    /// Of which stream.
    pub channel: Channel,
    /// What was read.
    pub data: Vec<u8>,
    /// It was written between the tokens of capture mode.
    is_captured: bool,
    back: mpsc::UnboundedSender<Written>,
}

impl PluginOutput {
    /// Has the log thread log this, in the way in which it logs what no plug-in looks after. `room` is what the output
    /// took; it is free when that is done.
    pub fn log(&self, data: Vec<u8>, room: Option<Room>) {
        // The thread may have ended; then there is no log either.
        let _ = self.back.send(Written { data, is_captured: self.is_captured, _room: room });
    }
}

/// What a plug-in wants logged.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) data: Vec<u8>,
    pub(crate) is_captured: bool,
    _room: Option<Room>,
}

/// Reads of all streams together that the core may have before it.
const READS: usize = 64;

/// The room that what is on its way to the core takes there; it is free when this is dropped.
pub type Room = Arc<OwnedSemaphorePermit>;

/// Hands output to the loop. Cheap to clone.
#[derive(Clone)]
pub struct ToCore {
    tell: Arc<dyn Fn(Told, Option<Room>) + Send + Sync>,
    reads: Arc<Semaphore>,
}

impl fmt::Debug for ToCore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ToCore").finish_non_exhaustive()
    }
}

impl ToCore {
    /// `tell` is called on a log thread and must not wait.
    #[must_use]
    pub fn new(tell: impl Fn(Told, Option<Room>) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), reads: Arc::new(Semaphore::new(READS)) }
    }
}

/// What the core, or a plug-in, asked for of one stream.
#[derive(Debug)]
pub struct Tap {
    process: ProcessId,
    channel: Channel,
    capture: Option<Capture>,
    has_log_events: bool,
    core: ToCore,
    room: Option<Room>,
    /// Where a plug-in looks after the stream: the way back to its log.
    back: Option<mpsc::UnboundedSender<Written>>,
    written: Option<mpsc::UnboundedReceiver<Written>>,
}

impl Tap {
    /// What the settings of a stream ask for, if they do, or a plug-in that looks after output.
    #[must_use]
    pub fn of(
        process: ProcessId,
        channel: Channel,
        settings: &OutputSettings,
        core: &ToCore,
        has_plugin: bool,
    ) -> Option<Self> {
        let capture = (settings.capture_maxbytes > 0).then(|| Capture::new(settings.capture_maxbytes));
        let has_log_events = settings.events_enabled;
        if capture.is_none() && !has_log_events && !has_plugin {
            return None;
        }
        let (back, written) = has_plugin.then(mpsc::unbounded_channel).unzip();
        Some(Self {
            process,
            channel,
            capture,
            has_log_events,
            core: core.clone(),
            room: None,
            back,
            written,
        })
    }

    /// Waits until the core has room for a read. Not to be called while the tap is borrowed.
    pub(crate) fn room(&self) -> impl Future<Output = Option<Room>> + use<> {
        let reads = Arc::clone(&self.core.reads);
        async move { reads.acquire_owned().await.ok().map(Arc::new) }
    }

    /// What is told from now on takes this room.
    pub(crate) fn take(&mut self, room: Option<Room>) {
        self.room = room;
    }

    /// Takes in what was read, and gives it back in pieces for the logs.
    pub(crate) fn feed(&mut self, data: &[u8]) -> Vec<Piece> {
        match &mut self.capture {
            Some(capture) => capture.feed(data),
            None => vec![Piece::Plain(data.to_vec())],
        }
    }

    /// What was held back, at the end of the stream.
    pub(crate) fn finish(&mut self) -> Vec<Piece> {
        self.capture.as_mut().map(Capture::finish).unwrap_or_default()
    }

    /// Whether a plug-in looks after the stream: it gets all output, as it was read, before any log.
    pub(crate) fn has_plugin(&self) -> bool {
        self.back.is_some()
    }

    /// What the plug-in wants logged; ends after [`Self::close`], when nothing is under way any more.
    pub(crate) fn written(&mut self) -> Option<mpsc::UnboundedReceiver<Written>> {
        self.written.take()
    }

    /// Nothing is told any more.
    pub(crate) fn close(&mut self) {
        self.back = None;
    }

    /// Gives a piece to the plug-in, or to the core what was captured.
    pub(crate) fn hand_over(&self, piece: Piece) {
        let (data, is_captured) = match piece {
            Piece::Plain(data) => (data, false),
            Piece::Inside(data) => (data, true),
            captured @ Piece::Captured(_) => return self.tell(captured),
        };
        if let Some(back) = self.back.clone() {
            let (process, channel) = (self.process, self.channel);
            let output = PluginOutput { process, channel, data, is_captured, back };
            (self.core.tell)(Told::Plugin(output), self.room.clone());
        }
    }

    /// Tells the core of a piece.
    pub(crate) fn tell(&self, piece: Piece) {
        let (process, channel) = (self.process, self.channel);
        let input = match piece {
            Piece::Captured(data) => Input::Captured { process, channel, data },
            Piece::Plain(data) | Piece::Inside(data) if self.has_log_events => {
                Input::Output { process, channel, data }
            }
            Piece::Plain(_) | Piece::Inside(_) => return,
        };
        (self.core.tell)(Told::Core(input), self.room.clone());
    }
}
