//! What the pages show, as plain data: what the daemon tells, before anything of it is HTML.

use std::path::PathBuf;

use supervisor_core::effect::Channel;
use supervisor_core::history::{Change, End};
use supervisor_core::process::Moment;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::Value;

/// What the status page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPage {
    /// Name of this daemon.
    pub identifier: String,
    /// The version as clients see it.
    pub version: String,
    /// State of the daemon.
    pub mood: Mood,
    /// Now, on the wall clock, in seconds since 1970.
    pub now: u64,
    /// All processes, in any order; the page sorts them by group and name.
    pub rows: Vec<StatusRow>,
}

/// A process on the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: String,
    /// Its state.
    pub state: ProcessState,
    /// As in `getProcessInfo`.
    pub description: String,
    /// Its pid, 0 when there is none.
    pub pid: i32,
    /// Seconds since it was started, while it is RUNNING.
    pub up: Option<u64>,
    /// When it was started, on the wall clock, in seconds since 1970; 0 for never.
    pub started: u64,
    /// How often it was started again.
    pub restarts: u64,
}

/// What the page of a process shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessPage {
    /// As on the status page.
    pub row: StatusRow,
    /// The members of `getProcessInfo`.
    pub info: Vec<(String, Value)>,
    /// The members of `getAllConfigInfo`, as far as they are about this process, with the values it runs with.
    pub config: Vec<(String, Value)>,
    /// Its last changes of state, newest first.
    pub changes: Vec<Change>,
    /// Its last ends, newest first.
    pub ends: Vec<End>,
    /// A person may write to its standard input: it is neither a socket nor the channel of an event listener.
    pub takes_lines: bool,
    /// The streams that are logged to a file.
    pub logs: Vec<Channel>,
}

/// What the page about the daemon shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutPage {
    /// Name of this daemon.
    pub identifier: String,
    /// The version as clients see it.
    pub version: String,
    /// State of the daemon.
    pub mood: Mood,
    /// Its pid.
    pub pid: u32,
    /// When it began to start processes.
    pub started: Option<Moment>,
    /// Now.
    pub now: Moment,
    /// The configuration file and those that it includes.
    pub files: Vec<PathBuf>,
    /// Where the main log is, if it is a file.
    pub main_log: Option<PathBuf>,
    /// Where the pid is written.
    pub pidfile: PathBuf,
    /// How many groups and processes there are.
    pub groups: usize,
    /// How many processes there are.
    pub processes: usize,
    /// Where HTTP servers listen, as in the configuration.
    pub servers: Vec<String>,
}
