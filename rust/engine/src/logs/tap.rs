//! What of a stream's output goes to the core: captured text, and what PROCESS_LOG events tell (parity 5).

use std::fmt;
use std::sync::Arc;

use supervisor_core::capture::{Capture, Piece};
use supervisor_core::config::OutputSettings;
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_core::input::Input;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Reads of all streams together that the core may have before it.
const READS: usize = 64;

/// The room that what is on its way to the core takes there; it is free when this is dropped.
pub type Room = Arc<OwnedSemaphorePermit>;

/// Hands output to the core. Cheap to clone.
#[derive(Clone)]
pub struct ToCore {
    tell: Arc<dyn Fn(Input, Option<Room>) + Send + Sync>,
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
    pub fn new(tell: impl Fn(Input, Option<Room>) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), reads: Arc::new(Semaphore::new(READS)) }
    }
}

/// What the core asked for of one stream.
#[derive(Debug)]
pub struct Tap {
    process: ProcessId,
    channel: Channel,
    capture: Option<Capture>,
    has_log_events: bool,
    core: ToCore,
    room: Option<Room>,
}

impl Tap {
    /// What the settings of a stream ask for, if they do.
    #[must_use]
    pub fn of(
        process: ProcessId,
        channel: Channel,
        settings: &OutputSettings,
        core: &ToCore,
    ) -> Option<Self> {
        let capture = (settings.capture_maxbytes > 0).then(|| Capture::new(settings.capture_maxbytes));
        let has_log_events = settings.events_enabled;
        if capture.is_none() && !has_log_events {
            return None;
        }
        Some(Self { process, channel, capture, has_log_events, core: core.clone(), room: None })
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
        (self.core.tell)(input, self.room.clone());
    }
}
