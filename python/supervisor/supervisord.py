"""The daemon, started from Python: ``python -m supervisor.supervisord``.

The native program hands over to this module when the configuration names Python code; it is the same
engine, with an interpreter around it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from supervisor.states import SupervisorStates

__all__ = ["SupervisorStates", "main"]


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
