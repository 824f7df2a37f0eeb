"""Listening sockets that are there for as long as somebody uses them.

The daemon manages those of FastCGI programs natively; this is for plug-ins that want the same.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from supervisor.datatypes import SocketConfig


class Proxy:
    """Stands for an object, and calls something when it is gone itself."""

    def __init__(self, object: Any, *, on_delete: Callable[[], Any] | None = None) -> None:
        self.object = object
        self.on_delete = on_delete

    def __del__(self) -> None:
        if self.on_delete is not None:
            self.on_delete()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.object, name)

    def _get(self) -> Any:
        return self.object


class ReferenceCounter:
    """Counts users, and calls something for the first and after the last."""

    def __init__(self, *, on_non_zero: Callable[[], Any], on_zero: Callable[[], Any]) -> None:
        self.on_non_zero = on_non_zero
        self.on_zero = on_zero
        self.ref_count = 0

    def get_count(self) -> int:
        """Return how many there are."""
        return self.ref_count

    def increment(self) -> None:
        """Count one more."""
        if self.ref_count == 0:
            self.on_non_zero()
        self.ref_count += 1

    def decrement(self) -> None:
        """Count one less; raises RuntimeError where there is none."""
        if self.ref_count <= 0:
            raise RuntimeError("Illegal operation: cannot decrement below zero")
        self.ref_count -= 1
        if self.ref_count == 0:
            self.on_zero()


class SocketManager:
    """One socket, made for its first user and closed after its last."""

    def __init__(self, socket_config: SocketConfig, *, logger: Any = None) -> None:
        self.socket_config = socket_config
        self.logger = logger
        self.socket: Any = None
        self.prepared = False
        self.ref_ctr = ReferenceCounter(on_zero=self._close, on_non_zero=self._prepare_socket)

    def __repr__(self) -> str:
        return f"<{type(self)} at {id(self)} for {self.socket_config.url}>"

    def config(self) -> SocketConfig:
        """Return what the socket is made by."""
        return self.socket_config

    def is_prepared(self) -> bool:
        """Return whether the socket is there."""
        return self.prepared

    def get_socket(self) -> Proxy:
        """Return the socket; who lets go of what is returned uses it no more. Raises OSError."""
        self.ref_ctr.increment()
        self._require_prepared()
        return Proxy(self.socket, on_delete=self.ref_ctr.decrement)

    def get_socket_ref_count(self) -> int:
        """Return how many use it; raises RuntimeError while there is no socket."""
        self._require_prepared()
        return self.ref_ctr.get_count()

    def _require_prepared(self) -> None:
        if not self.prepared:
            raise RuntimeError("Socket has not been prepared")

    def _prepare_socket(self) -> None:
        if self.prepared:
            return
        self._tell("Creating")
        self.socket = self.socket_config.create_and_bind()
        self.socket.listen(self.socket_config.get_backlog() or socket.SOMAXCONN)
        self.prepared = True

    def _close(self) -> None:
        self._require_prepared()
        self._tell("Closing")
        self.socket.close()
        self.prepared = False

    def _tell(self, what: str) -> None:
        if self.logger is not None:
            self.logger.info(f"{what} socket {self.socket_config}")
