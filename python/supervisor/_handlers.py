"""The HTTP servers as plug-ins see them.

Requests are answered natively. `options.httpservers` has an object for each server whose `handlers` stand for
what the engine does; a handler that a plug-in puts there is called, and so is what replaces a method here.
"""

from __future__ import annotations

import os

from supervisor import _engine
from supervisor.http import NOT_DONE_YET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from supervisor._requests import Request
    from supervisor.loggers import Logger
    from supervisor.supervisord import Namespaces, Supervisor

# How much of a log those who follow it get to see first, in bytes.
_HEAD = 1024


class tail_f_producer:
    """A log from `head` bytes before its end, and what is added to it.

    `sz` is where what was not sent yet begins, in bytes. An answer of nothing else is sent by the engine,
    which calls nothing here. Raises OSError where there is no such file.
    """

    delay = 0.1

    def __init__(self, request: object, filename: str, head: int) -> None:
        self.filename = filename
        self._open()
        self.sz = max(self._size() - head, 0)

    def __del__(self) -> None:
        if "file" in vars(self):
            self.file.close()

    def more(self) -> str | bytes | type[NOT_DONE_YET]:
        """Return what was added, ``NOT_DONE_YET`` for nothing."""
        try:
            self._follow()
            size = self._size()
        except (OSError, ValueError):
            # The file was closed.
            return b""
        if size < self.sz:
            self.sz = 0
            return "==> File truncated <==\n"
        if size == self.sz:
            return NOT_DONE_YET
        self.file.seek(self.sz)
        data = self.file.read(size - self.sz)
        self.sz += len(data)
        return data

    def _open(self) -> None:
        self.file = open(self.filename, "rb")  # noqa: SIM115  # it is followed
        self.sz = 0

    def _follow(self) -> None:
        """Go on with the new file where a log was rotated."""
        try:
            there = os.stat(self.filename)
        except OSError:
            return
        if not os.path.samestat(there, os.fstat(self.file.fileno())):
            self.file.close()
            self._open()

    def _size(self) -> int:
        return os.fstat(self.file.fileno()).st_size


def followed(outgoing: list[Any]) -> tuple[str, int] | None:
    """Return the log that a body is, and how many bytes before its end it begins; None for any other body."""
    if len(outgoing) != 1 or type(outgoing[0]) is not tail_f_producer or is_patched(tail_f_producer):
        return None
    producer: tail_f_producer = outgoing[0]
    return producer.filename, max(producer._size() - producer.sz, 0)


class _TailHandler:
    """Answers requests below `path` with a log that grows."""

    path = ""

    def __init__(self, supervisord: Supervisor) -> None:
        self.supervisord = supervisord

    def match(self, request: Request) -> bool:
        """Return whether the request is for this path, or below it."""
        path: str = request.uri.partition("?")[0]
        return path == self.path or path.startswith(f"{self.path}/")

    def _send(self, request: Request, log: object) -> None:
        """Answer with a log, 404 where it is none or not there yet."""
        from supervisor.medusa.http_date import build_http_date

        try:
            if not isinstance(log, str):
                raise FileNotFoundError
            producer = tail_f_producer(request, log, _HEAD)
            changed = os.stat(log).st_mtime
        except OSError:
            request.error(404)
            return
        request["Last-Modified"] = build_http_date(changed)
        request["Content-Type"] = "text/plain;charset=utf-8"
        request["X-Accel-Buffering"] = "no"
        request.push(producer)
        request.done()


class logtail_handler(_TailHandler):
    """Answers ``/logtail/NAME`` and ``/logtail/NAME/stderr`` with the log of a process as it grows."""

    IDENT = "Logtail HTTP Request Handler"
    path = "/logtail"

    def handle_request(self, request: Request) -> None:
        """Answer a request."""
        from supervisor.options import split_namespec

        if request.command != "GET":
            request.error(400)
            return
        name, _, channel = request.split_uri()[0][len(self.path) :].strip("/").partition("/")
        group_name, process_name = split_namespec(name)
        group = self.supervisord.process_groups.get(group_name)
        process = None if group is None or process_name is None else group.processes.get(process_name)
        if process is None or channel not in ("", "stdout", "stderr"):
            request.error(404)
        else:
            self._send(request, getattr(process.config, f"{channel or 'stdout'}_logfile"))


class mainlogtail_handler(_TailHandler):
    """Answers ``/mainlogtail`` with the main log as it grows."""

    IDENT = "Main Logtail HTTP Request Handler"
    path = "/mainlogtail"

    def handle_request(self, request: Request) -> None:
        """Answer a request."""
        if request.command != "GET":
            request.error(400)
        else:
            self._send(request, self.supervisord.options.logfile)


class supervisor_auth_handler:
    """Asks for a user's name and password before `handler` answers.

    The passwords of users are as in a configuration, also ``{SHA}`` and a digest. A server that has a user
    asks for that one before, whatever its handlers are.
    """

    def __init__(self, dict: dict[str, str], handler: Any, realm: str = "default") -> None:
        self.dict = dict
        self.handler = handler
        self.realm = realm

    def match(self, request: Request) -> Any:
        """Return what the handler says."""
        return self.handler.match(request)

    def handle_request(self, request: Request) -> None:
        """Have the handler answer a request of one of the users."""
        status = _engine.check_authorization(request.get_header("authorization"), list(self.dict.items()))
        if status == 200:
            self.handler.handle_request(request)
            return
        if status == 401:
            request["Connection"] = "close"
            request["WWW-Authenticate"] = f'Basic realm="{self.realm}"'
        request.error(status)


class _RPCHandler:
    """Answers calls; `rpcinterface` has the namespaces."""

    IDENT = "Supervisor XML-RPC Handler"
    path = "/RPC2"

    def __init__(self, rpcinterface: Namespaces) -> None:
        self.rpcinterface = rpcinterface

    def match(self, request: Request) -> bool:
        """Return whether the request is for this path, or below it."""
        return request._kind == "rpc"

    def handle_request(self, request: Request) -> None:
        """Leave the request to the engine."""
        request._leave("rpc")


class _Socket:
    """The server's socket, which is the engine's."""

    def shutdown(self, how: int) -> None:
        """Do nothing: the engine closes it when everything is stopped."""

    def close(self) -> None:
        """Do nothing, for the same reason."""


class _Log:
    """The main log as servers write it."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def log(self, ip: str, message: str) -> None:
        """Write a line: an error where it speaks of one."""
        write = self._logger.error if "error" in message.lower() else self._logger.trace
        write(f"{ip}:{message}".rstrip("\n"))


class Server:
    """A server, whose `handlers` are looked through from the first to the last."""

    SERVER_IDENT = "supervisor-rs"

    def __init__(self, config: dict[str, Any], supervisord: Supervisor) -> None:
        from supervisor.web import _Files, supervisor_ui_handler

        parts = (
            ("rpc", _RPCHandler(supervisord._namespaces)),
            ("logtail", logtail_handler(supervisord)),
            ("mainlogtail", mainlogtail_handler(supervisord)),
            ("pages", supervisor_ui_handler(supervisord)),
            ("files", _Files()),
        )
        username, password = config["username"], config["password"]
        handlers: list[Any] = [part for _, part in parts]
        if username:
            handlers = [supervisor_auth_handler({username: password}, part) for part in handlers]
        self.handlers = handlers
        # As they were made; a wrapper is the engine's as long as what it wraps is.
        self._made = list(handlers)
        self._kinds: dict[int, tuple[str, Any]] = {id(part): (kind, part) for kind, part in parts}
        self._config = config
        self.socket = _Socket()
        self.ip = self.port = config["file"] if "file" in config else config["port"]
        if "file" not in config:
            self.ip = config["host"]
        self.logger = _Log(supervisord.options.logger)

    @property
    def server_name(self) -> str:
        """The name of the host as the configuration has it, else this machine's."""
        if "file" in self._config:
            return "<unix domain socket>"
        return self._config["host"] or os.uname().nodename

    def install_handler(self, handler: Any, back: bool | int = False) -> None:
        """Put a handler before the others, or behind them."""
        self.handlers.insert(len(self.handlers) if back else 0, handler)

    def remove_handler(self, handler: Any) -> None:
        """Take a handler away; raises ValueError where it is not there."""
        self.handlers.remove(handler)

    def log_info(self, message: str, type: str = "info") -> None:
        """Write a line to the main log: an error where it speaks of one."""
        self.logger.log(str(self.ip), message)

    def kinds(self) -> list[str]:
        """Return the kinds of the handlers, empty text for a plug-in's; nothing where all are as made."""
        found = [self._kind(handler) for handler in self.handlers]
        return [] if found == [kind for kind, _ in self._kinds.values()] else found

    def _kind(self, handler: Any) -> str:
        """Return the kind of one of the engine's handlers, empty text for a plug-in's."""
        if type(handler) is supervisor_auth_handler and any(handler is made for made in self._made):
            if is_patched(supervisor_auth_handler) or not _HANDLES.isdisjoint(vars(handler)):
                return ""
            handler = handler.handler
        kind, _ = self._kinds.get(id(handler), ("", None))
        return "" if is_patched(type(handler)) or not _HANDLES.isdisjoint(vars(handler)) else kind


_HANDLES = {"match", "handle_request"}

_PRISTINE: dict[type, dict[str, Any]] = {}


def note_pristine(classes: Iterable[type]) -> None:
    """Remember classes as they are: what a plug-in assigns to them later is in force."""
    _PRISTINE.update((each, dict(vars(each))) for each in classes)


def is_patched(cls: type) -> bool:
    """Return whether a class is not one of those, or something was assigned to it."""
    return dict(vars(cls)) != _PRISTINE.get(cls)


note_pristine(
    [
        tail_f_producer,
        _TailHandler,
        logtail_handler,
        mainlogtail_handler,
        supervisor_auth_handler,
        _RPCHandler,
    ]
)


def make_servers(
    configs: list[dict[str, Any]], supervisord: Supervisor
) -> list[tuple[dict[str, Any], Server]]:
    """Return what `options.httpservers` holds: each server's configuration and the server."""
    return [(config, Server(config, supervisord)) for config in configs]
