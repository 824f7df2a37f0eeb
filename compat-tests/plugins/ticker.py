"""A plug-in that subscribes to ticks and tells which came."""

# Written like the plug-ins of other people: on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, ANN204

from __future__ import annotations

from supervisor import events


class Ticker:
    """The namespace `ticker`."""

    def __init__(self, supervisord):
        self.supervisord = supervisord
        self.seen = []
        events.subscribe(events.TickEvent, self._on_tick)

    def _on_tick(self, event):
        self.seen.append([type(event).__name__, event.when, event.supervisord is self.supervisord])

    def ticks(self):
        """The ticks so far."""
        return self.seen


def make_ticker(supervisord):
    """The factory."""
    return Ticker(supervisord)
