"""XML-RPC: fault codes, and the transport that reaches the daemon over a unix socket or http."""

from __future__ import annotations

import base64
import socket
from typing import Any

from supervisor.compat import as_bytes, httplib, urlparse, xmlrpclib

__all__ = [
    "Faults",
    "RPCError",
    "SupervisorTransport",
    "UnixStreamHTTPConnection",
    "capped_int",
    "getFaultDescription",
    "gettags",
    "httplib",
    "xmlrpc_marshal",
    "xmlrpclib",
]


class Faults:
    """The codes of XML-RPC faults; plug-ins may add their own as attributes."""

    UNKNOWN_METHOD = 1
    INCORRECT_PARAMETERS = 2
    BAD_ARGUMENTS = 3
    SIGNATURE_UNSUPPORTED = 4
    SHUTDOWN_STATE = 6
    BAD_NAME = 10
    BAD_SIGNAL = 11
    NO_FILE = 20
    NOT_EXECUTABLE = 21
    FAILED = 30
    ABNORMAL_TERMINATION = 40
    SPAWN_ERROR = 50
    ALREADY_STARTED = 60
    NOT_RUNNING = 70
    SUCCESS = 80
    ALREADY_ADDED = 90
    STILL_RUNNING = 91
    CANT_REREAD = 92


def getFaultDescription(code: int) -> str:
    """Return the name of a fault code, ``UNKNOWN`` for a number that is none."""
    # Looked up each time: plug-ins add codes. Names with underscores are Python's own.
    known = (name for name, value in vars(Faults).items() if value == code and not name.startswith("_"))
    return next(known, "UNKNOWN")


class RPCError(Exception):
    """Raised by an RPC method: becomes a fault of this code, with the name of the code as its text."""

    def __init__(self, code: int, extra: object = None) -> None:
        super().__init__(code, extra)
        self.code = code
        self.text = getFaultDescription(code)
        if extra is not None:
            self.text = f"{self.text}: {extra}"

    def __str__(self) -> str:
        return f"code={self.code!r}, text={self.text!r}"


def capped_int(value: float | str) -> int:
    """Return the integer nearest to the value among those that XML-RPC can carry (32 bits, signed)."""
    return max(xmlrpclib.MININT, min(int(value), xmlrpclib.MAXINT))


def xmlrpc_marshal(value: Any) -> str:
    """Return the XML of an answer: a fault when the value is one, a single return value otherwise."""
    if isinstance(value, xmlrpclib.Fault):
        return xmlrpclib.dumps(value)
    return xmlrpclib.dumps(value if isinstance(value, tuple) else (value,), methodresponse=True)


class UnixStreamHTTPConnection(httplib.HTTPConnection):
    """HTTP over a unix socket; ``socketfile`` is its path and has to be set before the first request."""

    socketfile: str

    def connect(self) -> None:
        """Connect to the socket; raises OSError like any connection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.connect(self.socketfile)
        except OSError:
            self.sock.close()
            raise


class SupervisorTransport(xmlrpclib.Transport):
    """Transport for ``xmlrpc.client.ServerProxy`` that knows unix sockets and Basic authentication.

    The proxy's own URL is not used: ``ServerProxy("http://127.0.0.1", SupervisorTransport(None, None,
    "unix:///run/supervisor.sock"))``. One connection is kept for all requests of a transport.
    """

    connection: httplib.HTTPConnection | None = None
    verbose = False

    def __init__(
        self, username: str | None = None, password: str | None = None, serverurl: str | None = None
    ) -> None:
        """Take credentials (sent when both are given) and a URL, ``http://host[:port]`` or ``unix://path``.

        Raises ValueError for any other URL.
        """
        super().__init__()
        self.username = username
        self.password = password
        self.serverurl = serverurl
        self.headers: dict[str, str] = {}
        if serverurl is None or not serverurl.startswith(("http://", "unix://")):
            raise ValueError(f"Unknown protocol for serverurl {serverurl}")
        self._url = serverurl

    def _get_connection(self) -> httplib.HTTPConnection:
        """Return a new connection to the server, not connected yet."""
        if self._url.startswith("unix://"):
            # The name goes into the Host header, where a path has no place.
            connection = UnixStreamHTTPConnection("localhost")
            connection.socketfile = self._url[len("unix://") :]
            return connection
        parsed = urlparse.urlparse(self._url)
        return httplib.HTTPConnection(parsed.hostname or "", parsed.port or httplib.HTTP_PORT)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def request(  # type: ignore[override]  # a request may be text, as in the original
        self, host: Any, handler: str, request_body: str | bytes, verbose: bool = False
    ) -> tuple[Any, ...]:
        """Send a request and return the values of the answer.

        Raises ``ProtocolError`` with the status for an answer other than 200 (401: the credentials are
        wrong), ``Fault`` for a fault, OSError or ``HTTPException`` when the connection fails. After any
        of them but a fault the connection is made anew by the next request.
        """
        try:
            data = self._exchange(str(host), handler, as_bytes(request_body))
        except BaseException:
            self.close()
            raise
        parser, unmarshaller = self.getparser()
        parser.feed(data)
        parser.close()
        values: tuple[Any, ...] = unmarshaller.close()
        return values

    def _exchange(self, host: str, handler: str, body: bytes) -> bytes:
        """Send a body and return that of the answer."""
        if self.connection is None:
            self.connection = self._get_connection()
            self.headers = {"User-Agent": self.user_agent, "Content-Type": "text/xml", "Accept": "text/xml"}
            if self.username is not None and self.password is not None:
                credentials = base64.b64encode(as_bytes(f"{self.username}:{self.password}"))
                self.headers["Authorization"] = f"Basic {credentials.decode('ascii')}"
        self.headers["Content-Length"] = str(len(body))
        self.connection.request("POST", handler, body, self.headers)
        response = self.connection.getresponse()
        if response.status != httplib.OK:
            raise xmlrpclib.ProtocolError(host + handler, response.status, response.reason, {})
        return response.read()


Tag = tuple[int, "str | None", "str | None", "str | None", str]
"""A tag of a docstring: its line, its name, a type, a name (``@param string name``), and its text."""


def gettags(comment: str) -> list[Tag]:
    """Read the ``@param``/``@return`` tags of an RPC method's docstring.

    ``system.methodSignature`` is made from them. The first entry has no tag and holds the text before the
    first one; a part that a tag lacks is empty; lines of text lose their margins, empty ones are left out.
    """
    tags: list[Tag] = []
    head: tuple[int, str | None, str | None, str | None] = (0, None, None, None)
    text: list[str] = []
    for number, line in enumerate(comment.split("\n")):
        stripped = line.strip()
        if stripped.startswith("@"):
            tags.append((*head, "\n".join(text)))
            parts = stripped.split(None, 3)
            text = parts[3:]
            tag, datatype, name = (*parts, "", "")[:3]
            head = (number, tag[1:], datatype, name)
        elif stripped:
            text.append(stripped)
    tags.append((*head, "\n".join(text)))
    return tags


def __getattr__(name: str) -> Any:
    # Its module imports this one.
    if name == "SystemNamespaceRPCInterface":
        from supervisor.rpcinterface import SystemNamespaceRPCInterface

        return SystemNamespaceRPCInterface
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
