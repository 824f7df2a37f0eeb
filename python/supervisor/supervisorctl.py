"""The control program, started from Python: ``python -m supervisor.supervisorctl``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run a command, or the shell, with the given arguments or those of the command line.

    Always raises SystemExit, with the code of the program.
    """
    from supervisor._engine import run_supervisorctl

    raise SystemExit(run_supervisorctl([sys.argv[0], *(sys.argv[1:] if args is None else args)]))


if __name__ == "__main__":
    main()
