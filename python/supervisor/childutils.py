"""What a child of supervisord needs to talk back: events, the XML-RPC interface, captured output.

An event listener in full::

    from supervisor import childutils

    while True:
        headers, payload = childutils.listener.wait()
        ...
        childutils.listener.ok()
"""

from __future__ import annotations

import sys
import time

from supervisor._names import importing
from supervisor.compat import as_bytes, as_string, is_text_stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import xmlrpc.client as xmlrpclib
    from collections.abc import Mapping
    from typing import IO, Any

    from supervisor._transport import SupervisorTransport
else:
    # Not every listener makes calls, and half of its memory would be for that.
    __getattr__ = importing(
        __name__,
        {"SupervisorTransport": "supervisor._transport:SupervisorTransport", "xmlrpclib": "xmlrpc.client"},
    )

READY_FOR_EVENTS_TOKEN = "READY\n"
"""What a listener says when it wants an event."""
RESULT_TOKEN_START = "RESULT "
"""What a listener's answer begins with; the length of the result and the result follow."""
BEGIN_TOKEN = "<!--XSUPERVISOR:BEGIN-->"
"""Begins output that is to be captured as an event."""
END_TOKEN = "<!--XSUPERVISOR:END-->"
"""Ends output that is to be captured as an event."""


def getRPCTransport(env: Mapping[str, str]) -> SupervisorTransport:
    """Return the transport to the daemon that started a process with this environment.

    ``SUPERVISOR_SERVER_URL`` is set by the daemon; ``SUPERVISOR_USERNAME`` and ``SUPERVISOR_PASSWORD`` are
    not, and have to be put into the program's ``environment=`` where the server asks for them. Raises
    KeyError when the daemon has no server.
    """
    from supervisor._transport import SupervisorTransport

    username = env.get("SUPERVISOR_USERNAME", "")
    password = env.get("SUPERVISOR_PASSWORD", "")
    return SupervisorTransport(username, password, env["SUPERVISOR_SERVER_URL"])


def getRPCInterface(env: Mapping[str, str]) -> xmlrpclib.ServerProxy:
    """Return a proxy of the daemon that started a process with this environment."""
    from xmlrpc.client import ServerProxy

    # The proxy accepts http URLs only; where it really connects to is up to the transport.
    return ServerProxy("http://127.0.0.1", getRPCTransport(env))


def get_headers(line: str) -> dict[str, str]:
    """Return the ``key:value`` words of a header line. Raises ValueError for a word without a colon."""
    return dict(_header(word) for word in line.split())


def _header(word: str) -> tuple[str, str]:
    key, colon, value = word.partition(":")
    if not colon:
        raise ValueError(f"not a header: {word!r}")
    return key, value


def eventdata(payload: str) -> tuple[dict[str, str], str]:
    """Split the payload of a log or communication event into its headers and its data."""
    line, data = payload.split("\n", 1)
    return get_headers(line), data


def get_asctime(now: float | None = None) -> str:
    """Return a time (seconds since the epoch, by default the present) the way log lines show it."""
    if now is None:
        now = time.time()
    seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    return f"{seconds},{int((now - int(now)) * 1000):03d}"


class ProcessCommunicationsProtocol:
    """Sends output that the daemon turns into PROCESS_COMMUNICATION events (``stdout_capture_maxbytes``)."""

    def send(self, msg: str | bytes, fp: IO[Any] | None = None) -> None:
        """Write a message between the tokens to a stream of text or of bytes, by default stdout."""
        stream: IO[Any] = sys.stdout if fp is None else fp
        if is_text_stream(stream):
            stream.write(f"{BEGIN_TOKEN}{as_string(msg)}{END_TOKEN}")
        else:
            stream.write(as_bytes(BEGIN_TOKEN) + as_bytes(msg) + as_bytes(END_TOKEN))
        stream.flush()

    def stdout(self, msg: str | bytes) -> None:
        """Send a message through stdout."""
        self.send(msg, sys.stdout)

    def stderr(self, msg: str | bytes) -> None:
        """Send a message through stderr."""
        self.send(msg, sys.stderr)


pcomm = ProcessCommunicationsProtocol()


class EventListenerProtocol:
    """A listener's side of the event protocol. Streams are stdin and stdout unless told otherwise."""

    def wait(self, stdin: IO[str] | None = None, stdout: IO[str] | None = None) -> tuple[dict[str, str], str]:
        """Ask for an event and block until it is there; returns its headers and its payload.

        Raises KeyError at the end of input, when the daemon is gone.
        """
        stream = sys.stdin if stdin is None else stdin
        self.ready(stdout)
        headers = get_headers(stream.readline())
        return headers, stream.read(int(headers["len"]))

    def ready(self, stdout: IO[str] | None = None) -> None:
        """Say that an event is wanted."""
        _say(READY_FOR_EVENTS_TOKEN, stdout)

    def ok(self, stdout: IO[str] | None = None) -> None:
        """Accept the event."""
        self.send("OK", stdout)

    def fail(self, stdout: IO[str] | None = None) -> None:
        """Reject the event: it is sent again, later, to this listener or another of the pool."""
        self.send("FAIL", stdout)

    def send(self, data: str | bytes, stdout: IO[str] | None = None) -> None:
        """Answer with a result of one's own, for a pool that has a ``result_handler``."""
        _say(f"{RESULT_TOKEN_START}{len(as_bytes(data))}\n{as_string(data)}", stdout)


def _say(text: str, stdout: IO[str] | None) -> None:
    stream = sys.stdout if stdout is None else stdout
    stream.write(text)
    stream.flush()


listener = EventListenerProtocol()
