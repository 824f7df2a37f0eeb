"""States of processes, of the daemon and of event listeners, as numbers.

The numbers are those of XML-RPC answers and event payloads. Imports nothing, so that everything may
import it.
"""

from __future__ import annotations


class ProcessStates:
    """What a process is doing."""

    STOPPED = 0
    STARTING = 10
    RUNNING = 20
    BACKOFF = 30
    STOPPING = 40
    EXITED = 100
    FATAL = 200
    UNKNOWN = 1000


class SupervisorStates:
    """The mood of the daemon; it ends below ``RESTARTING`` and starts afresh at it."""

    FATAL = 2
    RUNNING = 1
    RESTARTING = 0
    SHUTDOWN = -1


class EventListenerStates:
    """Where an event listener is in its conversation with the daemon."""

    READY = 10
    """It has said ``READY`` and waits for an event."""
    BUSY = 20
    """It has been given an event and has not answered yet."""
    ACKNOWLEDGED = 30
    """It has answered, or has just been started."""
    UNKNOWN = 40
    """It has said something that is no part of the protocol, and gets no more events."""


STOPPED_STATES = (
    ProcessStates.STOPPED,
    ProcessStates.EXITED,
    ProcessStates.FATAL,
    ProcessStates.UNKNOWN,
)
"""There is nothing to wait for when the daemon ends."""

RUNNING_STATES = (ProcessStates.RUNNING, ProcessStates.BACKOFF, ProcessStates.STARTING)
"""A request to start is refused with ``ALREADY_STARTED``."""

SIGNALLABLE_STATES = (ProcessStates.RUNNING, ProcessStates.STARTING, ProcessStates.STOPPING)
"""There is a process that a signal can be sent to."""


def _names_by_code(states: type) -> dict[int, str]:
    """Return the names of a class of states by their numbers."""
    # Python 3.13 keeps a number of its own in every class, under a name with underscores.
    return {code: name for name, code in vars(states).items() if not name.startswith("_")}


# Read by packages that list the states, hence kept under these names.
_process_states_by_code = _names_by_code(ProcessStates)
_supervisor_states_by_code = _names_by_code(SupervisorStates)
_eventlistener_states_by_code = _names_by_code(EventListenerStates)


def getProcessStateDescription(code: int) -> str | None:
    """Return the name of a process state, or None for a number that is none."""
    return _process_states_by_code.get(code)


def getSupervisorStateDescription(code: int) -> str | None:
    """Return the name of a state of the daemon, or None for a number that is none."""
    return _supervisor_states_by_code.get(code)


def getEventListenerStateDescription(code: int) -> str | None:
    """Return the name of a state of an event listener, or None for a number that is none."""
    return _eventlistener_states_by_code.get(code)
