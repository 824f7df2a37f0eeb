//! Which of the standard streams are terminals, and what only a person gets: editing, colour, hints.

use std::env;
use std::io::{IsTerminal, stderr, stdin, stdout};

/// Which standard streams are terminals. The default is none, as for a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminals {
    /// Standard input is one.
    pub input: bool,
    /// Standard output is one.
    pub output: bool,
    /// Standard error is one.
    pub errors: bool,
}

impl Terminals {
    /// Those of this process.
    #[must_use]
    pub fn detect() -> Self {
        Self { input: stdin().is_terminal(), output: stdout().is_terminal(), errors: stderr().is_terminal() }
    }

    /// Whether lines can be edited.
    pub(super) fn edit(self) -> bool {
        self.input && self.output
    }

    /// Whether output may have colours: only on a terminal that has them, and unless `NO_COLOR` is set.
    pub(super) fn colour(self) -> bool {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        self.output && set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb")
    }
}
