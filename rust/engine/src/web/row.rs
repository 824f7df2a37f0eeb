//! One process as a row of the status page, and as what an open page is told of it.

use serde::Serialize;
use supervisor_core::group::Namespec;
use supervisor_core::state::ProcessState;
use supervisor_core::text;

use super::usage::{Usage, Usages};
use super::view::StatusRow;

/// A process as pages show it. The names of its fields are those that the scripts know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The name clients use.
    pub id: String,
    /// Its group's name.
    pub group: String,
    /// Its state in small letters.
    pub state: String,
    /// What is known besides the numbers: what went wrong, or when it stopped.
    pub details: String,
    /// Its pid, 0 when there is none.
    pub pid: i32,
    /// When it was started, in seconds since 1970, while it is RUNNING; else 0.
    pub started: u64,
    /// How often it was started again.
    pub restarts: u64,
    /// Tenths of a percent of a processor.
    pub cpu: Option<u64>,
    /// The same for people.
    pub cpu_text: String,
    /// Resident bytes.
    pub memory: Option<u64>,
    /// The same for people.
    pub memory_text: String,
    /// How long it has been RUNNING, as text. A page counts on by itself.
    #[serde(skip)]
    pub uptime: String,
}

impl StatusRow {
    /// The name clients use.
    #[must_use]
    pub fn namespec(&self) -> String {
        Namespec::join(&self.group, &self.name)
    }
}

impl Row {
    /// Puts together what the daemon and the system know of a process.
    #[must_use]
    pub fn new(row: StatusRow, usages: &Usages) -> Self {
        let usage = Some(row.pid).filter(|pid| *pid != 0).and_then(|pid| usages.get(&pid));
        let is_running = row.state == ProcessState::Running;
        Self {
            id: row.namespec(),
            state: row.state.name().to_lowercase(),
            details: if is_running { String::new() } else { row.description },
            pid: row.pid,
            started: if is_running { row.started } else { 0 },
            restarts: row.restarts,
            cpu: usage.and_then(|usage| usage.cpu),
            cpu_text: usage.and_then(|usage| usage.cpu).map(percent).unwrap_or_default(),
            memory: usage.map(|usage| usage.memory),
            memory_text: usage.map(|Usage { memory, .. }| bytes(*memory)).unwrap_or_default(),
            uptime: row.up.map(text::uptime).unwrap_or_default(),
            group: row.group,
        }
    }

    /// It is in a group of its own, named like it.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.id == self.group
    }

    /// The name that a group's row shows: without the group's.
    #[must_use]
    pub fn short_name(&self) -> &str {
        let prefix = self.id.strip_prefix(self.group.as_str()).and_then(|rest| rest.strip_prefix(':'));
        prefix.unwrap_or(&self.id)
    }
}

/// `12.3 %`, from tenths.
#[must_use]
pub fn percent(tenths: u64) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A size in the unit that fits: `512 KB`, `12.3 MB`.
#[must_use]
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    let mut tenths = size.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || tenths >= 1000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// Text that cannot play tricks: characters that are not seen, or that turn the direction of what follows, are
/// replaced by U+FFFD.
#[must_use]
pub fn visible(text: &str) -> String {
    let is_hidden = |character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.replace(is_hidden, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_the_unit_that_fits() {
        assert_eq!(bytes(0), "0 KB");
        assert_eq!(bytes(900 * 1024), "900 KB");
        assert_eq!(bytes(1024 * 1024 * 25 / 2), "12.5 MB");
        assert_eq!(bytes(300 << 20), "300 MB");
        assert_eq!(bytes(u64::MAX), "1677721 TB");
        assert_eq!(percent(1234), "123.4 %");
    }

    #[test]
    fn characters_that_play_tricks_are_shown_as_what_they_are() {
        assert_eq!(visible("a\u{202e}b\x1b[1m\tc\n"), "a\u{fffd}b\u{fffd}[1m\tc\n");
        assert_eq!(visible("Zürich→你"), "Zürich→你");
    }
}
