"""A configuration or a command line that a program refuses before it has done anything."""

from __future__ import annotations

import re

from harness.daemon import Daemon

ERROR = "Error: "


def refusal(daemon: Daemon, *words: str, program: str = "supervisord") -> str:
    """Start a program, on the daemon's configuration without `words`; it must refuse with exit code 2 at once.

    Returns its message without `Error: `, with `<folder>` for the daemon's folder and `ENV_*` for the names of the
    variables that it lists. Nothing may have been printed or written.
    """
    files = sorted(path.name for path in daemon.folder.rglob("*"))
    result = daemon.run(program, *(words or ("-n", "-c", str(daemon.config))))
    assert (result.code, result.out) == (2, ""), result
    assert sorted(path.name for path in daemon.folder.rglob("*")) == files
    message, hint = result.err.rstrip("\n").rsplit("\n", 1)
    assert hint == f"For help, use {daemon.under_test.program(program)} -h"
    assert message.startswith(ERROR)
    message = message[len(ERROR) :].replace(str(daemon.folder), "<folder>")
    return re.sub(r"\bENV_\w+(, ENV_\w+)+", "ENV_*", message)
