"""What plug-ins read from and write to, output of processes, and how answers of event listeners are judged.

The engine reads the pipes of processes natively. A plug-in that has descriptors of its own watched, by
`supervisord.get_process_map`, may derive their dispatchers from `PDispatcher`; one that replaces
`POutputDispatcher._log` gets the output of processes.

A pool whose `result_handler` is another function than `default_handler` has it called with each event that
was answered and the bytes of the answer. It accepts the event by returning, whatever it returns.
"""

from __future__ import annotations

from supervisor._names import refusing
from supervisor.compat import as_bytes
from supervisor.events import ProcessLogStderrEvent, ProcessLogStdoutEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from supervisor.events import Event

__all__ = [
    "PDispatcher",
    "PEventListenerDispatcher",
    "POutputDispatcher",
    "RejectEvent",
    "default_handler",
]


class PDispatcher:
    """Something that is called when a descriptor is ready. Abstract: says nothing about what it waits for."""

    closed = False

    def __init__(self, process: Any, channel: str, fd: int) -> None:
        self.process = process
        self.channel = channel
        self.fd = fd

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self)} for {self.process} ({self.channel})>"

    def readable(self) -> bool:
        """Return whether `handle_read_event` is to be called when there is something to read."""
        raise NotImplementedError

    def writable(self) -> bool:
        """Return whether `handle_write_event` is to be called when there is room to write."""
        raise NotImplementedError

    def handle_read_event(self) -> None:
        """Read."""
        raise NotImplementedError

    def handle_write_event(self) -> None:
        """Write."""
        raise NotImplementedError

    def handle_error(self) -> None:
        """Say in the main log which exception is being handled, and close."""
        from supervisor.medusa.asyncore_25 import compact_traceback

        _, kind, value, where = compact_traceback()
        self.process.config.options.logger.critical(
            f"uncaptured python exception, closing channel {self!r} ({kind}:{value} {where})"
        )
        self.close()

    def close(self) -> None:
        """Wait for nothing any more; the descriptor stays open."""
        if not self.closed:
            self.process.config.options.logger.debug(f"fd {self.fd} closed, stopped monitoring {self!r}")
            self.closed = True

    def flush(self) -> None:
        """Do nothing."""


_NATIVE = frozenset(
    "fd closed childlog normallog capturelog capturemode output_buffer log_to_mainlog mainlog_level".split()
    + "removelogs reopenlogs record_output toggle_capturemode handle_read_event readable writable".split()
)


def _refusal(name: str) -> str:
    return (
        f"POutputDispatcher.{name} is done by the native engine, which offers no such place to Python code "
        "(see docs/plugins.md)"
    )


class _Refusing(type):
    """Refuses replacements that nobody would call."""

    def __setattr__(cls, name: str, value: object) -> None:
        if name in _NATIVE:
            raise NotImplementedError(_refusal(name))
        super().__setattr__(name, value)


class POutputDispatcher(metaclass=_Refusing):
    """Standard output or standard error of a process, as long as the process runs.

    `_log` can be replaced, on the class: processes that are started from then on have their output given to
    the replacement, as it was read, and nothing of it is logged but what the replacement gives to the
    original `_log`.
    """

    def __init__(self, process: Any, event_type: type) -> None:
        """Take the process, and the class of its log events that tells the channel."""
        self.process = process
        self.event_type = event_type
        self.channel: str = event_type.channel  # type: ignore[attr-defined]
        self._logged: list[bytes] | None = None

    def __getattr__(self, name: str) -> NoReturn:
        if name in _NATIVE:
            raise AttributeError(_refusal(name))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _log(self, data: bytes | str) -> None:
        """Have this logged natively. For a replacement to call, before it returns."""
        if self._logged is None:
            raise RuntimeError(
                "POutputDispatcher._log can be called by what replaced it, while that is called"
            )
        if data:
            self._logged.append(as_bytes(data))

    def _take(self, data: bytes, logged: list[bytes]) -> None:
        """Deal with output, in the way that is in force; what the engine has to log is added to `logged`."""
        self._logged = logged
        try:
            self._log(data)
        finally:
            self._logged = None


_NATIVE_LOG = POutputDispatcher._log

_EVENT_TYPES = {"stdout": ProcessLogStdoutEvent, "stderr": ProcessLogStderrEvent}


def of_channel(process: Any, channel: str) -> POutputDispatcher:
    """Return a dispatcher of `stdout` or `stderr`."""
    return POutputDispatcher(process, _EVENT_TYPES[channel])


def replaced() -> bool:
    """Return whether a plug-in replaced what becomes of output."""
    return POutputDispatcher._log is not _NATIVE_LOG


class PEventListenerDispatcher:
    """What event listeners say; it is read natively, so there are none of these."""

    READY_FOR_EVENTS_TOKEN = b"READY\n"
    """What a listener says when it wants an event."""
    RESULT_TOKEN_START = b"RESULT "
    """What a listener's answer begins with; the length of the result and the result follow."""

    def __init__(self, process: Any, channel: str, fd: int) -> None:
        raise NotImplementedError("what event listeners say is read by the native engine")


class RejectEvent(Exception):
    """Raised by a result handler: the event was not processed and is to be sent again."""


def default_handler(event: Event, response: bytes) -> None:
    """Accept ``OK``, reject anything else."""
    if response != b"OK":
        raise RejectEvent(response)


__getattr__ = refusing(
    __name__,
    ("EventListenerStates", "PInputDispatcher", "find_prefix_at_end", "stripEscapes"),
    "pipes of processes are read and written natively",
)
