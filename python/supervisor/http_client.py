"""A client for the log streams of the server: ``GET`` over http or a unix socket, told as it comes.

::

    handler = HTTPHandler(Listener())
    handler.get("unix:///run/supervisor.sock", "/logtail/web/stdout")
    asyncore_25.loop()
"""

from __future__ import annotations

import base64
import socket
import sys
from collections.abc import Callable
from typing import Any

from supervisor.compat import as_bytes, as_string, urlparse
from supervisor.medusa import asynchat_25 as asynchat

CR = b"\r"
LF = b"\n"
CRLF = CR + LF

OK = 200
UNAUTHORIZED = 401


class Listener:
    """Who is told: prints what comes, and errors on standard error. Each method gets the URL first."""

    def status(self, url: Any, status: Any) -> None:
        """Be told the status of the answer."""

    def error(self, url: Any, error: Any) -> None:
        """Be told why there is no answer, or no more of it."""
        sys.stderr.write(f"{url} {error}\n")

    def response_header(self, url: Any, name: Any, value: Any) -> None:
        """Be told a header."""

    def done(self, url: Any) -> None:
        """Be told that the answer is complete."""

    def feed(self, url: Any, data: str | bytes) -> None:
        """Be told a piece of the answer."""
        try:
            text = as_string(data)
        except UnicodeDecodeError:
            text = f"Undecodable: {data!r}"
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            raise ValueError(
                f"Unable to write Unicode to stdout because it has encoding {sys.stdout.encoding}"
            ) from None
        sys.stdout.flush()

    def close(self, url: Any) -> None:
        """Be told that the connection is closed."""


class HTTPHandler(asynchat.async_chat):
    """One request and its answer; `part` is what a terminator ends next."""

    user_agent = "Supervisor HTTP Client"

    def __init__(
        self,
        listener: Any,
        username: str | None = "",
        password: str | None = None,
        conn: socket.socket | None = None,
        map: dict[int, Any] | None = None,
    ) -> None:
        super().__init__(conn, map)
        self.listener = listener
        self.username = username
        self.password = password
        self.buffer: Any = b""
        self.set_terminator(CRLF)
        self.connected = 0
        self.part: Callable[[], Any] = self.status_line
        self.length = 0
        self.encoding: bytes | None = None
        self.url: str | None = None
        self.error_handled = False

    def get(self, serverurl: str, path: str = "") -> None:
        """Ask a server, ``http://host[:port]`` or ``unix:///path``, for a path.

        Raises AssertionError for a second request, NotImplementedError for another URL, OSError.
        """
        if self.url is not None:
            raise AssertionError("Already doing a get")
        self.url = serverurl + path
        parsed = urlparse.urlparse(self.url)
        if parsed.scheme not in ("http", "unix"):
            raise NotImplementedError(f"no such scheme: {parsed.scheme}")
        self.host = parsed.netloc
        hostname, _, port = self.host.partition(":")
        self.port = int(port or 80)
        self.path = path
        if parsed.scheme == "http":
            self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
            self.connect((hostname, self.port))
        else:
            self.create_socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.connect(serverurl[len("unix://") :])

    def close(self) -> None:
        """Close the connection."""
        self.listener.close(self.url)
        self.connected = 0
        if self.socket is not None:
            self.del_channel()
            self.socket.close()
        self.url = "CLOSED"

    def header(self, name: str, value: str) -> None:
        """Send a header."""
        self.push(f"{name}: {value}")
        self.push(CRLF)

    def handle_error(self) -> None:
        """Tell of an exception, the first time, and close."""
        if self.error_handled:
            return
        kind, value, _ = sys.exc_info()
        self.listener.error(self.url, f"Cannot connect, error: {kind} ({value})")
        self.part = self.ignore
        self.close()
        self.error_handled = True

    def handle_connect(self) -> None:
        """Send the request."""
        self.connected = 1
        self.push(f"GET {self.path} HTTP/1.1")
        self.push(CRLF)
        self.header("Host", self.host)
        self.header("Accept-Encoding", "chunked")
        self.header("Accept", "*/*")
        self.header("User-agent", self.user_agent)
        if self.password:
            credentials = base64.b64encode(as_bytes(f"{self.username}:{self.password}"))
            self.header("Authorization", f"Basic {as_string(credentials)}")
        self.push(CRLF)
        self.push(CRLF)

    def feed(self, data: Any) -> None:
        """Tell a piece of the answer."""
        self.listener.feed(self.url, data)

    def collect_incoming_data(self, data: Any) -> None:
        """Keep what came; of an answer's body, tell it."""
        self.buffer = self.buffer + data
        if self.part == self.body:
            self.feed(self.buffer)
            self.buffer = b""

    def found_terminator(self) -> None:
        """Take a piece."""
        self.part()
        self.buffer = b""

    def ignore(self) -> None:
        """Take a piece that is of no interest."""
        self.buffer = b""

    def status_line(self) -> tuple[Any, int, Any]:
        """Take the first line; raises ValueError where it is none. Returns version, status and reason."""
        words: list[Any] = self.buffer.split(None, 2)
        version, status, reason = words
        if not version.startswith(b"HTTP/"):
            raise ValueError(self.buffer)
        self.listener.status(self.url, int(status))
        if int(status) == OK:
            self.part = self.headers
        else:
            self.part = self.ignore
            self.listener.error(self.url, f"Cannot read, status code {int(status)}")
            self.close()
        return version, int(status), reason

    def headers(self) -> None:
        """Take a header, or the empty line behind the last."""
        if not self.buffer:
            if self.encoding == b"chunked":
                self.part = self.chunked_size
            else:
                self.part = self.body
                self.set_terminator(self.length)
            return
        name, _, value = self.buffer.partition(b":")
        if not name or not value:
            return
        name, value = name.lower(), value.strip()
        if name == b"transfer-encoding":
            self.encoding = value
        elif name == b"content-length":
            self.length = int(value)
        self.response_header(name, value)

    def response_header(self, name: bytes, value: bytes) -> None:
        """Tell a header."""
        self.listener.response_header(self.url, name, value)

    def body(self) -> None:
        """Take the end of a body of known length."""
        self.done()
        self.close()

    def done(self) -> None:
        """Tell that the answer is complete."""
        self.listener.done(self.url)

    def chunked_size(self) -> None:
        """Take the size of the next piece, in hexadecimal; 0 is behind the last."""
        if not self.buffer:
            return
        size = int(self.buffer.split()[0], 16)
        if size == 0:
            self.part = self.trailer
        else:
            self.set_terminator(size)
            self.part = self.chunked_body
        self.length += size

    def chunked_body(self) -> None:
        """Take a piece of the body, and tell it."""
        self.set_terminator(CRLF)
        self.part = self.chunked_size
        self.feed(self.buffer)

    def trailer(self) -> None:
        """Take a line behind the last piece."""
        if self.buffer in (b"", CRLF):
            self._finish()

    def _finish(self) -> None:
        self.done()
        self.close()
