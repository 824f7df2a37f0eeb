//! The sockets of the servers, to be shut down at once and from any thread.
//!
//! A plug-in may wait, on the loop's own thread, for a thread that waits for an answer of this daemon: it has the
//! servers closed before. The loop cannot do that, for it is what waits.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nix::sys::socket::{Shutdown, shutdown};
use tokio::sync::watch;

use super::bind::Socket;

/// Listening sockets and open connections. Cheap to clone; keeps none of them open.
#[derive(Debug, Clone, Default)]
pub struct Sockets {
    open: Arc<Mutex<Open>>,
    closing: Arc<watch::Sender<bool>>,
}

#[derive(Debug, Default)]
struct Open {
    listeners: Vec<Weak<Socket>>,
    connections: BTreeMap<u64, Weak<OwnedFd>>,
}

impl Sockets {
    /// Ends all connections and refuses new ones. Who listens and serves notices as if all clients had left.
    pub fn shut_down(&self) {
        // Nobody is told of a unix socket in non-blocking mode that it was shut down.
        self.closing.send_replace(true);
        let open = self.lock();
        // What is not connected any more needs nothing.
        for socket in open.listeners.iter().filter_map(Weak::upgrade) {
            let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
        }
        for socket in open.connections.values().filter_map(Weak::upgrade) {
            let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
        }
    }

    /// Becomes true when they are shut down.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub(super) fn listen(&self, socket: &Arc<Socket>) {
        let mut open = self.lock();
        open.listeners.retain(|known| known.strong_count() > 0);
        open.listeners.push(Arc::downgrade(socket));
    }

    pub(super) fn connect(&self, number: u64, socket: Weak<OwnedFd>) {
        self.lock().connections.insert(number, socket);
    }

    pub(super) fn disconnect(&self, number: u64) {
        self.lock().connections.remove(&number);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
