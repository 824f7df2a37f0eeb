"""The sample configuration, printed from Python: ``python -m supervisor.confecho``."""

from __future__ import annotations

import sys


def main() -> None:
    """Print the sample configuration on stdout."""
    from supervisor._engine import run_echo

    code = run_echo(sys.argv)
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
