"""Waiting for a state, never for a time: every wait has a deadline and says what it waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

#: Seconds after which a state that has not come counts as never coming; a loaded machine is no failure.
DEADLINE = 30.0

Seen = TypeVar("Seen")


class StateNotReachedError(AssertionError):
    """The awaited state did not come before the deadline."""


def wait_for(look: Callable[[], Seen], what: str, deadline: float = DEADLINE) -> Seen:
    """Call `look` until it returns something true, and return that.

    Raises `StateNotReachedError`, which names `what` and the last thing seen, after `deadline` seconds.
    """
    end = time.monotonic() + deadline
    pause = 0.002
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= end:
            raise StateNotReachedError(f"{what}: not within {deadline:g} s; last seen: {seen!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.04)
