"""A result handler that notes what it gets, and judges by a word."""

# Written like the plug-ins of other people: on top of whichever supervisor is installed beside it.
# mypy: ignore-errors

from __future__ import annotations

import os

from supervisor.dispatchers import RejectEvent


def judge(event, result):  # noqa: ANN001, ANN201
    """Accept `fine`, reject `no`, fail at anything else."""
    with open(os.environ["VERDICTS"], "a") as notes:
        notes.write(f"{type(event).__module__}.{type(event).__name__} {event.payload()!r} {result!r}\n")
    if result == b"no":
        raise RejectEvent(result)
    if result != b"fine":
        raise RuntimeError("told to fail")
