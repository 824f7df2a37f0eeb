"""The program that runs a command and passes signals on to the process in its pid file.

From Python: ``python -m supervisor.pidproxy <pidfile> <command> [argument ...]``.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command of the command line until it ends. Raises SystemExit with the code unless it is 0."""
    from supervisor._engine import run_pidproxy

    code = run_pidproxy(sys.argv)
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
