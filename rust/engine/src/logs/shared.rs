//! What the tasks of one lane share.

use std::cell::{Cell, RefCell};

use std::sync::Arc;

use tokio::sync::Notify;

use super::file::LogFile;
use super::intake::{Buffer, new_buffer};
use super::main_thread::MainLines;
use super::output::Attached;
use super::stall::Health;
use super::syslog::Syslog;
use super::watch::Followers;

/// A child log that its task and a request to reopen logs both use; `None` for output that is not logged.
pub(crate) type SharedLog = RefCell<Option<LogFile>>;

/// State of a lane. Borrows never last over an `await`.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) lines: MainLines,
    pub(crate) health: Arc<Health>,
    /// System log for child output.
    pub(crate) syslog: RefCell<Syslog>,
    /// One buffer for all pipes.
    pub(crate) buffer: RefCell<Box<Buffer>>,
    /// And one for what is left of it without escape sequences.
    pub(crate) stripped: RefCell<Vec<u8>>,
    /// The pipes being read.
    pub(crate) attached: RefCell<Vec<Attached>>,
    pub(crate) followers: Followers,
    /// The system log has lines that wait for it.
    pub(crate) blocked: Notify,
    last_number: Cell<u64>,
}

impl Shared {
    pub(crate) fn new(lines: MainLines, health: Arc<Health>) -> Self {
        Self {
            lines,
            health,
            syslog: RefCell::default(),
            buffer: RefCell::new(new_buffer()),
            stripped: RefCell::default(),
            attached: RefCell::default(),
            followers: Followers::default(),
            blocked: Notify::new(),
            last_number: Cell::new(0),
        }
    }

    /// A number that no other attached pipe of this lane has.
    pub(crate) fn next_number(&self) -> u64 {
        self.last_number.set(self.last_number.get() + 1);
        self.last_number.get()
    }

    /// Sends output of a process to the system log.
    pub(crate) fn to_syslog(&self, prefix: &str, text: &[u8]) {
        let mut syslog = self.syslog.borrow_mut();
        syslog.send(prefix, text);
        if syslog.blocked().is_some() {
            self.blocked.notify_one();
        }
    }
}
