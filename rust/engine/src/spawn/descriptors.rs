//! How a child's descriptors are arranged where a plug-in wants it otherwise than usual.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::ParentEnds;
use super::prepare::ChildEnds;

/// Something that a child does to its descriptors before it becomes its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptorStep {
    /// What it does where no plug-in says otherwise: the standard descriptors are the pipes, and all others are closed
    /// on exec.
    Usual,
    /// Make `to` the same as `from`, open across exec. Where that fails there is no program.
    Duplicate {
        /// Open in the daemon, or made by a step before.
        from: i32,
        /// What it is to be.
        to: i32,
    },
    /// Close all of these, as far as they are open.
    Close {
        /// The lowest.
        first: i32,
        /// The highest.
        last: i32,
    },
    /// The plug-in failed: there is no program.
    GiveUp,
}

/// The numbers of the pipes of a process that is about to be started, by the original's names for them: the child's
/// ends, then the daemon's. A pipe that there is not has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PipeNumbers {
    /// Its name, and its number.
    pub by_name: [(&'static str, Option<RawFd>); 6],
}

impl PipeNumbers {
    pub(super) fn of(child: &ChildEnds, parent: &ParentEnds) -> Self {
        let number = |end: &OwnedFd| end.as_raw_fd();
        Self {
            by_name: [
                ("child_stdin", Some(number(&child.stdin))),
                ("child_stdout", Some(number(&child.stdout))),
                ("child_stderr", child.stderr.as_ref().map(number)),
                ("stdin", parent.stdin.as_ref().map(number)),
                ("stdout", Some(number(&parent.stdout))),
                ("stderr", parent.stderr.as_ref().map(number)),
            ],
        }
    }
}
