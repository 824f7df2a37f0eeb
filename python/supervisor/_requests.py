"""A request as handlers of plug-ins see it, and what they answer: the names of medusa that they use."""

from __future__ import annotations

import posixpath
import re
import time

from supervisor.compat import as_bytes
from supervisor.http import NOT_DONE_YET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from supervisor._handlers import Server
    from supervisor._serving import Asked

# Path, parameters, query and fragment.
_URI = re.compile(r"([^;?#]*)(;[^?#]*)?(\?[^#]*)?(#.*)?", re.DOTALL)

# A body goes to the client in pieces of about so many bytes.
_PIECE = 64 * 1024

# How long a producer that names no time is left alone.
_DELAY = 0.1

# Headers whose names in an environment do not begin with HTTP_.
_PLAIN = {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE", "connection": "CONNECTION_TYPE"}


class Channel:
    """The client's connection. `addr` is its address and port, empty over a unix socket."""

    def __init__(self, server: Server, addr: tuple[str, int] | str) -> None:
        self.server = server
        self.addr = addr
        self.creation_time = int(time.time())
        self.current_request: Request | None = None
        self.producers: list[Any] = []

    def push_with_producer(self, producer: Any) -> None:
        """Have the `more` of a producer called until it returns nothing.

        It answers by the request's own methods; ``NOT_DONE_YET`` has it called again after its `delay`.
        """
        self.producers.append(producer)

    def close_when_done(self) -> None:
        """Do nothing: connections are the engine's."""

    def set_terminator(self, term: object) -> None:
        """Do nothing: the engine reads the whole body."""


class Request:
    """A request, and the answer to it: status, headers by their names, and what `push` adds to the body.

    `command` is its method, `uri` its path, unquoted, with its query, `header` a list of lines, `version` the
    version of HTTP.
    """

    reply_code = 200
    collector: Any = None

    def __init__(self, channel: Channel, asked: Asked) -> None:
        from urllib.parse import unquote

        _, self._kind, self.command, target, self.version, self.header, self._body, _ = asked
        self.channel = channel
        self.request = f"{self.command} {target} HTTP/{self.version}"
        path, mark, query = target.partition("?")
        self.uri = unquote(path) + mark + query
        self.outgoing: list[Any] = []
        self.reply_headers: dict[str, Any] = {}
        self._is_native = False
        self._is_done = False
        self._is_error = False
        # Called when a request that was kept is answered.
        self._tell: Callable[[], None] | None = None

    # The request

    def split_uri(self) -> tuple[str, str | None, str | None, str | None]:
        """Return path, parameters, query and fragment with their marks, None for what is not there."""
        match = _URI.fullmatch(self.uri)
        if match is None:
            raise ValueError("Broken URI")
        path, params, query, fragment = match.groups()
        return path, params, query, fragment

    def get_header(self, header: str) -> str | None:
        """Return the value of the first header of this name, in any case, or None."""
        beginning = f"{header.lower()}: "
        for line in self.header:
            if line.lower().startswith(beginning):
                value: str = line[len(beginning) :]
                return value
        return None

    def get_header_with_regex(self, head_reg: re.Pattern[str], group: int) -> str:
        """Return the group of the first header that the expression matches whole, else empty text."""
        from supervisor.medusa.http_server import get_header

        return get_header(head_reg, self.header, group)

    def cgi_environment(self) -> dict[str, Any]:
        """Return the request as the variables of a CGI program."""
        path, params, query, _ = self.split_uri()
        server = self.channel.server
        place = "/" + (path + (params or "")).lstrip("/")
        env: dict[str, Any] = {
            "REQUEST_METHOD": self.command.upper(),
            "SERVER_PORT": str(server.port),
            "SERVER_NAME": server.server_name,
            "SERVER_SOFTWARE": server.SERVER_IDENT,
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "channel.creation_time": self.channel.creation_time,
            "SCRIPT_NAME": "",
            "PATH_INFO": place,
            "PATH_TRANSLATED": posixpath.normpath(place),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REMOTE_ADDR": self.channel.addr[0] if self.channel.addr else "127.0.0.1",
        }
        if query and query != "?":
            env["QUERY_STRING"] = query[1:]
        for line in self.header:
            name, _, value = line.partition(":")
            value = value.strip()
            if value:
                variable = "HTTP_" + name.replace("-", "_").upper()
                env.setdefault(_PLAIN.get(name.lower(), variable), value)
        return env

    def get_server_url(self) -> str:
        """Return the address at which the client found the server, without a slash at its end."""
        env = self.cgi_environment()
        host = str(env.get("HTTP_HOST", f"{env['SERVER_NAME']}:{env['SERVER_PORT']}")).strip()
        return f"http://{host[:-3] if host.endswith(':80') else host}"

    # The answer

    def __setitem__(self, key: str, value: object) -> None:
        self.reply_headers[key] = value

    def __getitem__(self, key: str) -> Any:
        return self.reply_headers[key]

    def __contains__(self, key: object) -> bool:
        return key in self.reply_headers

    def has_key(self, key: str) -> bool:
        """Return whether the answer has a header."""
        return key in self.reply_headers

    def push(self, thing: Any) -> None:
        """Add text, bytes or a producer to the body.

        The `more` of a producer returns bytes, nothing at the end, or ``NOT_DONE_YET`` to be called again
        after `delay` seconds.
        """
        self.outgoing.append(as_bytes(thing) if isinstance(thing, str) else thing)

    def error(self, code: int) -> None:
        """Answer with a status, and with a page that says so in place of what was pushed."""
        self.reply_code = code
        self._is_error = True
        self.done()

    reply_now = error

    def done(self, *arg: Any, **kw: Any) -> None:
        """Send the answer. Without this the client waits; it may be called later, also on a thread."""
        self._is_done = True
        self.channel.current_request = None
        if self._tell is not None:
            self._tell()

    def log_info(self, msg: str, level: str = "info") -> None:
        """Do nothing."""

    def _leave(self, kind: str) -> None:
        """Leave the request to the engine's own handler, which is one of this kind."""
        if kind == self._kind:
            self._is_native = True
        else:
            self.error(404)

    def _next_piece(self) -> bytes | type[NOT_DONE_YET]:
        """Return the next piece of the body, nothing at its end; `_delay` says when to ask again."""
        if len(self.outgoing) == 1 and isinstance(self.outgoing[0], bytes):
            whole: bytes = self.outgoing.pop()
            return whole
        piece = bytearray()
        while self.outgoing and len(piece) < _PIECE:
            first = self.outgoing[0]
            if isinstance(first, (bytes, bytearray)):
                data: Any = self.outgoing.pop(0)
            else:
                data = first.more()
                if data is NOT_DONE_YET:
                    self._delay = float(getattr(first, "delay", _DELAY))
                    return bytes(piece) if piece else NOT_DONE_YET
                if not data:
                    self.outgoing.pop(0)
            piece += as_bytes(data or b"")
        return bytes(piece)
