"""The control program, started from Python: ``python -m supervisor.supervisorctl``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn


class ControllerPluginBase:
    """What plug-ins of the control program are derived from; `ctl` is the `Controller`."""

    name = ""

    def __init__(self, controller: Any) -> None:
        self.ctl = controller


class DefaultControllerPlugin(ControllerPluginBase):
    """The built-in commands."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run a command, or the shell, with the given arguments or those of the command line.

    Always raises SystemExit, with the code of the program.
    """
    from supervisor._engine import run_supervisorctl

    raise SystemExit(run_supervisorctl([sys.argv[0], *(sys.argv[1:] if args is None else args)]))


if __name__ == "__main__":
    main()
