"""A program on a terminal: a pseudo-terminal, what is typed on it, and what its screen shows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pexpect
import pyte

from harness.daemon import Daemon, environment
from harness.waiting import DEADLINE, wait_for

LINES, COLUMNS = 60, 100

#: Keys, as a terminal sends them.
TAB, ENTER, UP, LEFT, HOME, CTRL_C, CTRL_D = "\t", "\r", "\x1b[A", "\x1b[D", "\x01", "\x03", "\x04"


class Terminal:
    """A program that runs on a terminal of 60 lines."""

    def __init__(self, child: pexpect.spawn) -> None:
        self.child = child
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)

    def look(self) -> list[str]:
        """The lines of the screen, without what is blank at the end."""
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF, OSError):
            while True:
                self.stream.feed(self.child.read_nonblocking(65536, timeout=0))
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip("\n").split("\n")

    def type(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def wait(self, seen: Callable[[list[str]], object], what: str) -> list[str]:
        """Wait until the screen is as wanted; its lines."""

        def look() -> list[str]:
            shown[:] = self.look()
            return shown if seen(shown) else []

        shown: list[str] = []
        try:
            return wait_for(look, what)
        except AssertionError as why:
            text = "\n".join(shown)
            raise AssertionError(f"{why}\nthe screen:\n{text}") from None

    def wait_screen(self, expected: str) -> None:
        """Wait until the screen shows exactly this."""
        wanted = expected.strip("\n").split("\n")
        self.wait(lambda lines: lines == wanted, f"a screen:\n{expected}\n")

    def wait_line(self, line: str) -> list[str]:
        """Wait until the last line is this one, such as a prompt with what was typed; all lines."""
        return self.wait(lambda lines: lines[-1] == line, f"the last line {line!r}")

    def wait_end(self) -> int:
        """Wait for the end of the program; its exit code, or less than 0 for a signal."""
        wait_for(lambda: self.look() and not self.child.isalive(), "the end of the program")
        self.look()
        if self.child.signalstatus is not None:
            return -int(self.child.signalstatus)
        return int(self.child.exitstatus)

    @property
    def colours(self) -> set[str]:
        """The colours of what is shown, apart from the usual."""
        return {
            str(character.fg)
            for line in self.screen.buffer.values()
            for character in line.values()
            if character.fg != "default"
        }


@contextlib.contextmanager
def terminal(daemon: Daemon, *words: str, env: dict[str, str] | None = None) -> Iterator[Terminal]:
    """`supervisorctl -c <config> words...` on a terminal; killed when the block ends."""
    child = pexpect.spawn(
        daemon.under_test.program("supervisorctl"),
        ["-c", str(daemon.config), *words],
        cwd=str(daemon.folder),
        env=environment(daemon.mark, {"TERM": "xterm", "INPUTRC": "/dev/null", **(env or {})}),
        dimensions=(LINES, COLUMNS),
        timeout=DEADLINE,
    )
    child.delaybeforesend = None
    try:
        yield Terminal(child)
    finally:
        child.close(force=True)
