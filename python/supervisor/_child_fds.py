"""What a replaced `Subprocess._prepare_child_fds` does to the descriptors of a child.

It runs in the daemon, before there is a child: what it has done by `options.dup2` and `options.close_fd` is
written down, and the child does it.
"""

from __future__ import annotations

Step = tuple[str, int, int]
"""What is done, by the names that `rust/python/src/plugins.rs` knows, and the descriptors it is done with."""


class ChildDescriptors:
    """The steps of one start, in their order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def usual(self) -> None:
        """Do what is done where nothing is replaced."""
        self.steps.append(("usual", 0, 0))

    def dup2(self, frm: int, to: int) -> None:
        """Make `to` the same as `frm`, for the program to have."""
        self.steps.append(("dup2", int(frm), int(to)))

    def close(self, fd: int) -> None:
        """Close a descriptor, if it is open."""
        fd = int(fd)
        what, first, last = self.steps[-1] if self.steps else ("", 0, 0)
        if what == "close" and fd == last + 1:
            # Nearly all of a thousand are closed, one after the other.
            self.steps[-1] = (what, first, fd)
        else:
            self.steps.append(("close", fd, fd))

    def give_up(self) -> None:
        """Start no program."""
        self.steps.append(("give_up", 0, 0))
