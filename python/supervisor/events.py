"""Events inside the daemon: their classes, and who is told of them.

Callbacks run on the thread of the daemon's loop, in the order in which they subscribed.
"""

from __future__ import annotations

from supervisor.compat import as_string
from supervisor.states import getProcessStateDescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from supervisor.process import Subprocess

    Callback = Callable[[Any], Any]

callbacks: list[tuple[type, Callback]] = []
"""Who subscribed: the class of events, and what to call."""


def subscribe(type: type, callback: Callback) -> None:  # the parameter's name is the original's
    """Have something called with each event of a class or of one derived from it."""
    callbacks.append((type, callback))


def unsubscribe(type: type, callback: Callback) -> None:  # the parameter's name is the original's
    """Undo a subscription; raises ValueError for one that is not there."""
    callbacks.remove((type, callback))


def notify(event: object) -> None:
    """Tell everybody who subscribed to the class of an event, or to one that it is derived from.

    Inside the daemon, event listeners that want its type are told, too.
    """
    tell(event)
    for pass_on in _forwards:
        pass_on(event)


_forwards: list[Callback] = []


def forward(callback: Callback) -> None:
    """Have something called with each event that a plug-in tells of, for event listeners."""
    _forwards.append(callback)


def tell(event: object) -> None:
    """Tell those who subscribed, and no event listener."""
    for subscribed, callback in callbacks[:]:
        if isinstance(event, subscribed):
            callback(event)


def clear() -> None:
    """Forget all subscriptions, and who passes events on."""
    callbacks.clear()
    _forwards.clear()


class Event:
    """Any event."""

    def payload(self) -> str:
        """Return what a listener process gets to read."""
        return ""


class SupervisorStateChangeEvent(Event):
    """The daemon changes its state."""


class SupervisorRunningEvent(SupervisorStateChangeEvent):
    """The daemon is up."""


class SupervisorStoppingEvent(SupervisorStateChangeEvent):
    """The daemon begins to stop everything."""


class ProcessGroupEvent(Event):
    """The groups change."""

    def __init__(self, group: str) -> None:
        self.group = group

    def payload(self) -> str:
        """Return the group's name."""
        return f"groupname:{self.group}\n"


class ProcessGroupAddedEvent(ProcessGroupEvent):
    """A group was added."""


class ProcessGroupRemovedEvent(ProcessGroupEvent):
    """A group was removed."""


class EventRejectedEvent:
    """A listener refused an event; no event itself, so that no listener hears of it. It is never sent."""

    def __init__(self, process: Subprocess, event: object) -> None:
        self.process = process
        self.event = event


class ProcessStateEvent(Event):
    """A process changes its state.

    While callbacks run, the process shows the state and the pid of this event.
    """

    def __init__(self, process: Subprocess, from_state: int, expected: bool = True) -> None:
        self.process = process
        self.from_state = from_state
        self.expected = expected
        self.extra_values = self.get_extra_values()

    def get_extra_values(self) -> list[tuple[str, Any]]:
        """Return what the payload has behind process, group and former state."""
        return []

    def payload(self) -> str:
        """Return process, group and former state, and what the kind of event adds."""
        values = [
            ("processname", self.process.config.name),
            ("groupname", self.process.group.config.name),
            ("from_state", getProcessStateDescription(self.from_state)),
            *self.extra_values,
        ]
        return " ".join(f"{name}:{value}" for name, value in values)


class _WithPid(ProcessStateEvent):
    def get_extra_values(self) -> list[tuple[str, Any]]:
        return [("pid", self.process.pid)]


class _WithTries(ProcessStateEvent):
    def get_extra_values(self) -> list[tuple[str, Any]]:
        return [("tries", self.process.backoff)]


class ProcessStateStartingOrBackoffEvent(_WithTries):
    """A process is being started, or waits for the next try."""


class ProcessStateStartingEvent(ProcessStateStartingOrBackoffEvent):
    """A process is being started."""


class ProcessStateBackoffEvent(ProcessStateStartingOrBackoffEvent):
    """A start failed."""


class ProcessStateRunningEvent(_WithPid):
    """A process is up."""


class ProcessStateStoppingEvent(_WithPid):
    """A process was told to stop."""


class ProcessStateStoppedEvent(_WithPid):
    """A process that was told to stop is gone."""


class ProcessStateExitedEvent(ProcessStateEvent):
    """A process ended by itself."""

    def get_extra_values(self) -> list[tuple[str, Any]]:
        """Return whether the exit code was expected, and the pid."""
        return [("expected", int(self.expected)), ("pid", self.process.pid)]


class ProcessStateFatalEvent(ProcessStateEvent):
    """A process was given up."""


class ProcessStateUnknownEvent(ProcessStateEvent):
    """A signal could not be delivered."""


def _text(data: bytes | str) -> str:
    """Return output as a payload shows it."""
    try:
        return as_string(data)
    except UnicodeDecodeError:
        return f"Undecodable: {data!r}"


class ProcessLogEvent(Event):
    """A process wrote something."""

    channel: str = ""

    def __init__(self, process: Subprocess, pid: int, data: bytes | str) -> None:
        self.process = process
        self.pid = pid
        self.data = data

    def payload(self) -> str:
        """Return process, group, pid and stream, and what was written."""
        name, group = self.process.config.name, self.process.group.config.name
        head = f"processname:{name} groupname:{group} pid:{self.pid} channel:{self.channel}"
        return f"{head}\n{_text(self.data)}"


class ProcessLogStdoutEvent(ProcessLogEvent):
    """A process wrote to its standard output."""

    channel = "stdout"


class ProcessLogStderrEvent(ProcessLogEvent):
    """A process wrote to its standard error."""

    channel = "stderr"


class ProcessCommunicationEvent(Event):
    """A process wrote something between the tokens of capture mode."""

    BEGIN_TOKEN = b"<!--XSUPERVISOR:BEGIN-->"
    END_TOKEN = b"<!--XSUPERVISOR:END-->"
    channel: str = ""

    def __init__(self, process: Subprocess, pid: int, data: bytes | str) -> None:
        self.process = process
        self.pid = pid
        self.data = data

    def payload(self) -> str:
        """Return process, group and pid, and what was written."""
        name, group = self.process.config.name, self.process.group.config.name
        return f"processname:{name} groupname:{group} pid:{self.pid}\n{_text(self.data)}"


class ProcessCommunicationStdoutEvent(ProcessCommunicationEvent):
    """A process said something through its standard output."""

    channel = "stdout"


class ProcessCommunicationStderrEvent(ProcessCommunicationEvent):
    """A process said something through its standard error."""

    channel = "stderr"


class RemoteCommunicationEvent(Event):
    """A client said something."""

    def __init__(self, type: str, data: str) -> None:  # the parameter's name is the original's
        self.type = type
        self.data = data

    def payload(self) -> str:
        """Return the kind of message and the message."""
        return f"type:{self.type}\n{self.data}"


class TickEvent(Event):
    """The clock went over a multiple of a period."""

    period: int = 0

    def __init__(self, when: int, supervisord: Any) -> None:
        self.when = when
        self.supervisord = supervisord

    def payload(self) -> str:
        """Return that multiple."""
        return f"when:{self.when}"


class Tick5Event(TickEvent):
    """Five seconds passed."""

    period = 5


class Tick60Event(TickEvent):
    """A minute passed."""

    period = 60


class Tick3600Event(TickEvent):
    """An hour passed."""

    period = 3600


TICK_EVENTS: list[type[TickEvent]] = [Tick5Event, Tick60Event, Tick3600Event]
"""The ticks, the shortest period first."""


def wanted_ticks() -> list[int]:
    """Return the periods of the ticks that somebody subscribed to."""
    subscribed = tuple(each for each, _ in callbacks[:])
    return [tick.period for tick in TICK_EVENTS if issubclass(tick, subscribed)]


class EventTypes:
    """Classes of events by the names that listeners subscribe to."""

    EVENT = Event
    PROCESS_STATE = ProcessStateEvent
    PROCESS_STATE_STOPPED = ProcessStateStoppedEvent
    PROCESS_STATE_EXITED = ProcessStateExitedEvent
    PROCESS_STATE_STARTING = ProcessStateStartingEvent
    PROCESS_STATE_STOPPING = ProcessStateStoppingEvent
    PROCESS_STATE_BACKOFF = ProcessStateBackoffEvent
    PROCESS_STATE_FATAL = ProcessStateFatalEvent
    PROCESS_STATE_RUNNING = ProcessStateRunningEvent
    PROCESS_STATE_UNKNOWN = ProcessStateUnknownEvent
    PROCESS_COMMUNICATION = ProcessCommunicationEvent
    PROCESS_COMMUNICATION_STDOUT = ProcessCommunicationStdoutEvent
    PROCESS_COMMUNICATION_STDERR = ProcessCommunicationStderrEvent
    PROCESS_LOG = ProcessLogEvent
    PROCESS_LOG_STDOUT = ProcessLogStdoutEvent
    PROCESS_LOG_STDERR = ProcessLogStderrEvent
    REMOTE_COMMUNICATION = RemoteCommunicationEvent
    SUPERVISOR_STATE_CHANGE = SupervisorStateChangeEvent
    SUPERVISOR_STATE_CHANGE_RUNNING = SupervisorRunningEvent
    SUPERVISOR_STATE_CHANGE_STOPPING = SupervisorStoppingEvent
    TICK = TickEvent
    TICK_5 = Tick5Event
    TICK_60 = Tick60Event
    TICK_3600 = Tick3600Event
    PROCESS_GROUP = ProcessGroupEvent
    PROCESS_GROUP_ADDED = ProcessGroupAddedEvent
    PROCESS_GROUP_REMOVED = ProcessGroupRemovedEvent


def getEventNameByType(requested: type) -> str | None:
    """Return the name of a class of events, or None for one that has none."""
    return next((name for name, known in vars(EventTypes).items() if known is requested), None)


def register(name: str, event: type) -> None:
    """Give a class of events a name."""
    setattr(EventTypes, name, event)
