"""The daemon, started from Python: ``python -m supervisor.supervisord``.

The native program hands over to this module when the configuration names Python code; it is the same
engine, with an interpreter around it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from supervisor._live import LiveOptions
from supervisor.process import ProcessGroups
from supervisor.states import SupervisorStates

__all__ = ["Supervisor", "SupervisorStates", "main"]


class Supervisor:
    """The daemon as plug-ins see it: what their factory gets as its first argument."""

    def __init__(self, options: LiveOptions) -> None:
        self.options = options
        self.process_groups: ProcessGroups = options._groups

    def get_state(self) -> int:
        """Return the state of the daemon, a number of `SupervisorStates`."""
        return self.options.mood


def main(args: Sequence[str] | None = None) -> None:
    """Run the daemon until it ends, with the given arguments or those of the command line.

    Raises SystemExit with the code of the program unless it is 0.
    """
    from supervisor._engine import run_supervisord

    code = run_supervisord([sys.argv[0], *(sys.argv[1:] if args is None else args)])
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
