"""The program that runs a command and passes signals on to the process in its pid file.

From Python: ``python -m supervisor.pidproxy <pidfile> <command> [argument ...]``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from supervisor import _engine


class PidProxy:
    """A command line: `pidfile`, and the command with its arguments in `cmdargs`."""

    def __init__(self, args: Sequence[str]) -> None:
        """Take a program's name, the pid file, the command and its arguments; usage and exit without them."""
        self._args = list(args)
        if len(args) < 3:
            raise SystemExit(_engine.run_pidproxy(self._args))
        self.pidfile = args[1]
        self.cmdargs = self._args[2:]
        self.abscmd = os.path.abspath(self.cmdargs[0])

    def go(self) -> None:
        """Run the command until it ends. Raises SystemExit with the code unless it is 0."""
        code = _engine.run_pidproxy(self._args)
        if code:
            raise SystemExit(code)


def main() -> None:
    """Run the command of the command line until it ends. Raises SystemExit with the code unless it is 0."""
    PidProxy(sys.argv).go()


if __name__ == "__main__":
    main()
