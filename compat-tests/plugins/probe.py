"""A plug-in that does what people's plug-ins do, and tells about it over XML-RPC."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204, N802

from __future__ import annotations

import os
import threading
import time

from supervisor import events
from supervisor.http import NOT_DONE_YET
from supervisor.process import Subprocess
from supervisor.states import ProcessStates, SupervisorStates, getProcessStateDescription
from supervisor.xmlrpc import Faults, RPCError

SPAWNED = []
CHANGES = []
TICKS = []

original_spawn = Subprocess.spawn


def spawn(self):
    """Takes the place of `Subprocess.spawn`: notes the name, and lets a process called `vetoed` never start."""
    SPAWNED.append(self.config.name)
    if self.config.name == "vetoed":
        return None
    return original_spawn(self)


class Probe:
    """The namespace `probe`."""

    def __init__(self, supervisord, settings):
        self.supervisord = supervisord
        self.settings = settings

    def getSettings(self):
        """The other options of the section."""
        return self.settings

    def echo(self, value):
        """The argument."""
        return value

    def processes(self):
        """What can be read of the processes."""
        return [
            {
                "group": group.config.name,
                "name": process.config.name,
                "command": process.config.command,
                "pid": process.pid,
                "state": process.state,
                "statename": getProcessStateDescription(process.get_state()),
                "running": process.state == ProcessStates.RUNNING,
                "key": f"{group_name}/{process_name}",
            }
            for group_name, group in sorted(self.supervisord.process_groups.items())
            for process_name, process in sorted(group.processes.items())
        ]

    def mood(self):
        """The state of the daemon, by both ways."""
        return [self.supervisord.options.mood, self.supervisord.get_state()]

    def shutDown(self):
        """Shut the daemon down by an assignment."""
        self.supervisord.options.mood = SupervisorStates.SHUTDOWN
        return True

    def startAnew(self):
        """Restart the daemon by an assignment."""
        self.supervisord.options.mood = SupervisorStates.RESTARTING
        return True

    def later(self, times):
        """An answer that is ready when it has been asked for `times` times in vain."""
        asked = []

        def ready():
            asked.append(None)
            if len(asked) <= times:
                return NOT_DONE_YET
            return {"asked": len(asked)}

        ready.delay = 0.01
        ready.rpcinterface = self
        return ready

    def laterRefused(self):
        """A deferred answer that ends in a fault."""
        asked = []

        def ready():
            asked.append(None)
            if len(asked) == 1:
                return NOT_DONE_YET
            raise RPCError(Faults.NOT_RUNNING, "after a while")

        ready.delay = 0.01
        return ready

    def laterFailed(self):
        """A deferred answer that ends in an exception."""

        def ready():
            raise RuntimeError("told to fail later")

        ready.delay = 0.01
        return ready

    def changes(self):
        """The state changes seen so far."""
        return list(CHANGES)

    def spawned(self):
        """The names of the processes for which the replaced `spawn` was called."""
        return list(SPAWNED)

    def ticks(self):
        """What is told when five seconds have passed."""
        return list(TICKS)

    def refuse(self):
        """A fault of the usual kind."""
        raise RPCError(Faults.BAD_NAME, "told to")

    def refuseBriefly(self):
        """A fault without more."""
        raise RPCError(Faults.FAILED)

    def refuseUnknown(self):
        """A fault with a code of its own."""
        raise RPCError(777, "our own")

    def fail(self):
        """Something unexpected."""
        raise RuntimeError("told to fail")

    def _hidden(self):
        """Not for everybody."""
        return True


def note(event):
    """Called at each change of a state."""
    process = event.process
    CHANGES.append(
        {
            "event": events.getEventNameByType(event.__class__),
            "name": process.config.name,
            "group": process.group.config.name,
            "from": getProcessStateDescription(event.from_state),
            "pid": process.pid,
        }
    )


def count(path):
    """Count on in a file, for ever."""
    number = 0
    while True:
        number += 1
        with open(f"{path}.new", "w") as file:
            file.write(str(number))
        os.rename(f"{path}.new", path)
        time.sleep(0.001)


def make_probe(supervisord, **settings):
    """The factory."""
    Subprocess.spawn = spawn
    events.subscribe(events.ProcessStateEvent, note)
    events.subscribe(events.Tick5Event, lambda event: TICKS.append([event.when, event.payload()]))
    if "counter" in settings:
        threading.Thread(target=count, args=(settings["counter"],), daemon=True).start()
    return Probe(supervisord, settings)


def make_nothing(supervisord, **settings):
    """A factory that fails."""
    raise RuntimeError("told to fail at the start")
