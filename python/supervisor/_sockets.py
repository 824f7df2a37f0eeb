"""Addresses of sockets: the classes of `supervisor.datatypes` for them."""

from __future__ import annotations

import os
import socket
from typing import Any

from supervisor.datatypes import inet_address, port_number


class SocketAddress:
    """An address with its family: a path (anything with a slash, or without a colon), else host and port."""

    family: int
    address: str | tuple[str, int]

    def __init__(self, s: str) -> None:
        if "/" in s or ":" not in s:
            self.family = socket.AF_UNIX
            self.address = s
        else:
            self.family = socket.AF_INET
            self.address = inet_address(s)


class SocketConfig:
    """Where a program listens; two are equal when their URLs are."""

    url = ""
    backlog: int | None = None

    def __repr__(self) -> str:
        return f"<{type(self)} at {id(self)} for {self.url}>"

    def __str__(self) -> str:
        return str(self.url)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SocketConfig) and self.url == other.url

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.url)

    def get_backlog(self) -> int | None:
        """Return how many connections may wait, None for the system's limit."""
        return self.backlog

    def addr(self) -> Any:
        """Return the address as `socket.bind` takes it."""
        raise NotImplementedError

    def create_and_bind(self) -> socket.socket:
        """Return a socket bound to the address. Raises OSError, and ValueError for owner and permissions."""
        raise NotImplementedError


class InetStreamSocketConfig(SocketConfig):
    """A TCP address, ``tcp://host:port``."""

    def __init__(self, host: str, port: str | int, *, backlog: int | None = None) -> None:
        self.host = host.lower()
        self.port = port_number(port)
        self.url = f"tcp://{self.host}:{self.port}"
        self.backlog = backlog

    def addr(self) -> tuple[str, int]:
        """Return host and port."""
        return self.host, self.port

    def create_and_bind(self) -> socket.socket:
        """Return a socket bound to the port, which may just have been in use."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(self.addr())
        except BaseException:
            sock.close()
            raise
        return sock


class UnixStreamSocketConfig(SocketConfig):
    """A unix socket, ``unix://path``, with permission bits and owner, each left alone when None."""

    def __init__(
        self,
        path: str,
        *,
        mode: int | None = None,
        owner: tuple[int, int] | None = None,
        backlog: int | None = None,
    ) -> None:
        self.path = path
        self.url = f"unix://{path}"
        self.mode = mode
        self.owner = owner
        self.backlog = backlog

    def addr(self) -> str:
        """Return the path."""
        return self.path

    def get_mode(self) -> int | None:
        """Return the permission bits."""
        return self.mode

    def get_owner(self) -> tuple[int, int] | None:
        """Return the ids of user and group."""
        return self.owner

    def create_and_bind(self) -> socket.socket:
        """Return a socket bound to the path; what was there is removed."""
        self._remove()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(self.path)
            self._set_owner()
            self._set_mode()
        except BaseException:
            sock.close()
            self._remove()
            raise
        return sock

    def _remove(self) -> None:
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _set_owner(self) -> None:
        if self.owner is not None:
            try:
                os.chown(self.path, *self.owner)
            except Exception as why:
                raise ValueError(f"Could not change ownership of socket file: {why}") from None

    def _set_mode(self) -> None:
        if self.mode is not None:
            try:
                os.chmod(self.path, self.mode)
            except Exception as why:
                raise ValueError(f"Could not change permissions of socket file: {why}") from None


# Their texts name them as other packages import them.
for _class in (SocketAddress, SocketConfig, InetStreamSocketConfig, UnixStreamSocketConfig):
    _class.__module__ = "supervisor.datatypes"
