"""Deferred answers, and the names of the HTTP server's parts as plug-ins look for them.

Requests are answered natively. `options.httpservers` has an object for each server, through which a plug-in
finds the namespaces of the XML-RPC interface; a handler that it puts there is not called.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from supervisor.supervisord import Namespaces, Supervisor


class NOT_DONE_YET:  # the name that plug-ins import
    """Returned by a deferred answer, a callable with an attribute `delay`, to be asked again after it."""


class logtail_handler:
    """Answers with the log of a process as it grows."""

    path = "/logtail"

    def __init__(self, supervisord: Supervisor) -> None:
        self.supervisord = supervisord


class mainlogtail_handler:
    """Answers with the main log as it grows."""

    path = "/mainlogtail"

    def __init__(self, supervisord: Supervisor) -> None:
        self.supervisord = supervisord


class supervisor_auth_handler:
    """Asks for a user's name and password before `handler` answers."""

    def __init__(self, dict: dict[str, str], handler: Any, realm: str = "default") -> None:
        self.dict = dict
        self.handler = handler
        self.realm = realm


class _RPCHandler:
    """Answers calls; `rpcinterface` has the namespaces."""

    path = "/RPC2"

    def __init__(self, rpcinterface: Namespaces) -> None:
        self.rpcinterface = rpcinterface


class _Page:
    """Answers with the pages."""


class _Socket:
    """The server's socket, which is the engine's."""

    def shutdown(self, how: int) -> None:
        """Do nothing: the engine closes it when everything is stopped."""

    def close(self) -> None:
        """Do nothing, for the same reason."""


class _Server:
    """A server, whose `handlers` are looked through from the first to the last."""

    def __init__(self, config: dict[str, Any], supervisord: Supervisor) -> None:
        parts: list[Any] = [
            _RPCHandler(supervisord._namespaces),
            logtail_handler(supervisord),
            mainlogtail_handler(supervisord),
            _Page(),
            _Page(),
        ]
        username, password = config["username"], config["password"]
        if username:
            parts = [supervisor_auth_handler({username: password}, part) for part in parts]
        self.handlers: list[Any] = parts
        self.socket = _Socket()


def make_servers(
    configs: list[dict[str, Any]], supervisord: Supervisor
) -> list[tuple[dict[str, Any], _Server]]:
    """Return what `options.httpservers` holds: each server's configuration and the server."""
    return [(config, _Server(config, supervisord)) for config in configs]
