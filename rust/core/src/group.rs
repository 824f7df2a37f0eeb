//! Groups of processes, and the orders in which they start and stop (parity 9, traps 4).

use serde::{Deserialize, Serialize};

use crate::config::ListenerSettings;
use crate::effect::ProcessId;

/// A `[group:x]`, or the group of a program that no `[group:x]` lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Lower starts first and stops last.
    pub priority: i64,
    /// Its processes in the order of the configuration, in which they start with the daemon.
    pub processes: Vec<ProcessId>,
    /// What makes it a pool of event listeners, if it is one.
    pub listener: Option<ListenerSettings>,
    /// The configuration has not been read again since it was added.
    pub(crate) is_as_staged: bool,
}

/// A name in a client's call: `group:process`, `group:*`, or a name that is both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespec<'a> {
    /// The group.
    pub group: &'a str,
    /// The process; none for all of the group.
    pub process: Option<&'a str>,
}

impl<'a> Namespec<'a> {
    /// Takes a name apart. `x` means the process `x` of the group `x`; `g:` and `g:*` mean all of `g`.
    #[must_use]
    pub fn parse(name: &'a str) -> Self {
        match name.split_once(':') {
            Some((group, "" | "*")) => Self { group, process: None },
            Some((group, process)) => Self { group, process: Some(process) },
            None => Self { group: name, process: Some(name) },
        }
    }

    /// Puts a name together as clients see it: `x` alone where group and process have the same name.
    #[must_use]
    pub fn join(group: &str, process: &str) -> String {
        if group == process { group.to_owned() } else { format!("{group}:{process}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_clients_write_them() {
        assert_eq!(Namespec::parse("web"), Namespec { group: "web", process: Some("web") });
        assert_eq!(Namespec::parse("web:one"), Namespec { group: "web", process: Some("one") });
        assert_eq!(Namespec::parse("web:*"), Namespec { group: "web", process: None });
        assert_eq!(Namespec::parse("web:"), Namespec { group: "web", process: None });
        assert_eq!(Namespec::parse("a:b:c"), Namespec { group: "a", process: Some("b:c") });
    }

    #[test]
    fn names_are_put_together_as_clients_see_them() {
        assert_eq!(Namespec::join("web", "web"), "web");
        assert_eq!(Namespec::join("web", "one"), "web:one");
    }
}
