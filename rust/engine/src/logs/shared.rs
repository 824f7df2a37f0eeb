//! What the tasks of the log thread share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::SystemTime;

use supervisor_core::config::LogLevel;
use tokio::sync::Notify;

use super::file::LogFile;
use super::main_log::MainLogWriter;
use super::output::Attached;
use super::syslog::Syslog;
use super::watch::Followers;

/// Bytes read from a pipe at a time; as much as a pipe holds by default.
pub(crate) const BUFFER: usize = 64 * 1024;

/// A child log that its task and a request to reopen logs both use; `None` for output that is not logged.
pub(crate) type SharedLog = Rc<RefCell<Option<LogFile>>>;

/// State of the log thread. Borrows never last over an `await`.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) main: RefCell<MainLogWriter>,
    /// System log for child output.
    pub(crate) syslog: RefCell<Syslog>,
    /// One buffer for all pipes.
    pub(crate) buffer: RefCell<Vec<u8>>,
    /// The pipes being read.
    pub(crate) attached: RefCell<Vec<Attached>>,
    pub(crate) followers: Followers,
    /// The main log or the system log has lines that wait for a reader.
    pub(crate) blocked: Notify,
    last_number: Cell<u64>,
}

impl Shared {
    pub(crate) fn new(main: MainLogWriter) -> Self {
        Self {
            main: RefCell::new(main),
            syslog: RefCell::default(),
            buffer: RefCell::new(vec![0; BUFFER]),
            attached: RefCell::default(),
            followers: Followers::default(),
            blocked: Notify::new(),
            last_number: Cell::new(0),
        }
    }

    /// A number that no other attached pipe of this thread has.
    pub(crate) fn next_number(&self) -> u64 {
        self.last_number.set(self.last_number.get() + 1);
        self.last_number.get()
    }

    /// Writes a line of the main log.
    pub(crate) fn record(&self, time: SystemTime, level: LogLevel, message: &str) {
        let mut main = self.main.borrow_mut();
        main.record(time, level, message);
        if !main.blocked().is_empty() {
            self.blocked.notify_one();
        }
        if let Some(path) = main.path() {
            self.followers.wake(path);
        }
    }

    /// Writes a line of the main log whose time is now.
    pub(crate) fn line(&self, level: LogLevel, message: &str) {
        self.record(SystemTime::now(), level, message);
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
