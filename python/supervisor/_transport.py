"""XML-RPC over a unix socket or http, for Python's own client: `supervisor.xmlrpc` has these classes."""

from __future__ import annotations

import base64
import http.client as httplib
import socket
import urllib.parse as urlparse
import xmlrpc.client as xmlrpclib
from typing import Any

from supervisor.compat import as_bytes


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
