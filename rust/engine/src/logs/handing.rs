//! Output that another thread has read, on its way to the thread that writes its log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::stall::Health;

/// Pieces of one stream that may be on their way.
const PIECES: usize = 2;

/// How often somebody whose pieces are not taken asks whether the disk is stuck.
const LOOK: Duration = Duration::from_secs(1);

/// Hands the output of one stream to its log, which is at its end when this is dropped.
#[derive(Debug)]
pub(crate) struct Handing {
    pieces: mpsc::Sender<Vec<u8>>,
    health: Arc<Health>,
}

impl Handing {
    /// For a log on the file system of this health; what is handed over comes out of the other end.
    pub(crate) fn new(health: Arc<Health>) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (pieces, taken) = mpsc::channel(PIECES);
        (Self { pieces, health }, taken)
    }

    /// Hands over what is in `piece`, and waits for room as long as the log is merely behind. While its disk is stuck,
    /// what finds no room is lost and counted. Until it has gone it stays in `piece`, should this be given up.
    pub(crate) async fn wait(&self, piece: &mut Vec<u8>) {
        while !piece.is_empty() && !self.health.is_stuck() {
            match timeout(LOOK, self.pieces.reserve()).await {
                Ok(Ok(room)) => room.send(std::mem::take(piece)),
                // A lane that has ended takes nothing any more.
                Ok(Err(_)) => piece.clear(),
                Err(_) => {}
            }
        }
        self.health.lose(self.try_now(piece));
    }

    /// Hands over what is in `piece` if there is room; else it is lost. Returns how many bytes are.
    pub(crate) fn try_now(&self, piece: &mut Vec<u8>) -> usize {
        match std::mem::take(piece) {
            piece if piece.is_empty() => 0,
            piece => self.pieces.try_send(piece).err().map_or(0, |error| error.into_inner().len()),
        }
    }
}
