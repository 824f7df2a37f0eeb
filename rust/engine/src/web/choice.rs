//! Which rows a status page shows, and in which order: what its filter form says. A page with scripts does the same
//! by itself; this is for those without, and for addresses that people keep.

use std::cmp::Reverse;

use super::form::Form;
use super::row::Row;

/// How rows are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// By state.
    State,
    /// The longest first.
    Uptime,
    /// The most first.
    Cpu,
    /// The most first.
    Memory,
    /// The most first.
    Restarts,
}

impl Sort {
    /// Every order: its word in forms, and what people read.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Name, "name", "by name"),
        (Self::State, "state", "by state"),
        (Self::Uptime, "uptime", "by uptime"),
        (Self::Cpu, "cpu", "by CPU"),
        (Self::Memory, "memory", "by memory"),
        (Self::Restarts, "restarts", "by restarts"),
    ];

    /// Its word in forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(sort, ..)| *sort == self).map_or("", |(_, word, _)| word)
    }
}

/// What a filter form says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// A part of the name.
    pub query: String,
    /// A state in small letters; empty for any.
    pub state: String,
    /// The order.
    pub sort: Sort,
}

impl Choice {
    /// From the fields of a request.
    #[must_use]
    pub fn of(form: &Form) -> Self {
        let text = |name| form.get(name).unwrap_or_default().to_owned();
        let word = form.get("sort").unwrap_or_default();
        let sort = Sort::ALL.iter().find(|(_, known, _)| *known == word).map(|(sort, ..)| *sort);
        Self { query: text("q"), state: text("state"), sort: sort.unwrap_or_default() }
    }

    /// Whether a row is shown.
    #[must_use]
    pub fn fits(&self, row: &Row) -> bool {
        (self.state.is_empty() || row.state == self.state)
            && (self.query.is_empty() || row.id.to_lowercase().contains(&self.query.to_lowercase()))
    }

    /// Puts rows that are sorted by name into the chosen order.
    pub fn sort(&self, rows: &mut [Row]) {
        match self.sort {
            Sort::Name => {}
            Sort::State => rows.sort_by(|a, b| a.state.cmp(&b.state)),
            Sort::Uptime => rows.sort_by_key(|row| if row.started == 0 { u64::MAX } else { row.started }),
            Sort::Cpu => rows.sort_by_key(|row| Reverse(row.cpu)),
            Sort::Memory => rows.sort_by_key(|row| Reverse(row.memory)),
            Sort::Restarts => rows.sort_by_key(|row| Reverse(row.restarts)),
        }
    }
}
