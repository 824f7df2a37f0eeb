"""Events as the listener of `programs/listener.py` received them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from harness.daemon import Daemon, program
from harness.waiting import wait_for


@dataclass(frozen=True)
class Event:
    """One event: its header line, the header's words, the payload, and who received it."""

    header: str
    headers: dict[str, str]
    payload: str
    pid: int

    @property
    def name(self) -> str:
        """The type."""
        return self.headers["eventname"]

    @property
    def plain(self) -> str:
        """The type and the payload, with `N` for pids and times."""
        return f"{self.name} " + re.sub(r"\b(pid|when):\d+", r"\1:N", self.payload)


def listener(
    name: str, events: str, *words: str, log: str = "events", buffer_size: int = 1000, more: str = ""
) -> str:
    """A section for a listener that writes what it receives to a file in the daemon's folder."""
    command = program("listener", f"%(here)s/{log}", *words)
    return (
        f"[eventlistener:{name}]\ncommand = {command}\nevents = {events}\nstartsecs = 0\n"
        f"buffer_size = {buffer_size}\n{more}\n"
    )


def received(daemon: Daemon, log: str = "events") -> list[Event]:
    """All events so far."""
    path = daemon.folder / log
    text = path.read_text() if path.exists() else ""
    # The last line may not be written to its end yet.
    lines = text[: text.rfind("\n") + 1].splitlines()
    return [Event(**json.loads(line)) for line in lines]


def wait_events(daemon: Daemon, count: int, only: str = "", log: str = "events") -> list[Event]:
    """Wait for as many events that contain a pattern in what `plain` shows; those."""

    def look() -> list[Event]:
        daemon.nudge()
        found = [event for event in received(daemon, log) if re.search(only, event.plain)]
        return found if len(found) >= count else []

    return wait_for(look, f"{count} events like {only!r}")


def wait_ready(daemon: Daemon, log: str = "events") -> None:
    """Wait until a listener that subscribes to REMOTE_COMMUNICATION has got a message and accepted it."""
    daemon.rpc.sendRemoteCommEvent("ready", "")
    wait_events(daemon, 1, "type:ready", log)
