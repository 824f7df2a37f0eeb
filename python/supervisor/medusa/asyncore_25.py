"""Sockets that are told when they can be read and written: a loop for clients (`supervisor.http_client`).

Not the daemon's loop, which is native: what is put into `socket_map` is served by `loop` alone.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import sys
import traceback
from typing import Any

socket_map: dict[int, Any] = {}
"""Who is told, by descriptor."""


def compact_traceback() -> tuple[tuple[str, str, int], Any, Any, str]:
    """Return the exception that is being handled: file, function and line; class; value; where it passed."""
    kind, value, place = sys.exc_info()
    frames = traceback.extract_tb(place)
    if not frames:
        raise AssertionError("there is no exception to tell of")
    told = [(frame.filename, frame.name, frame.lineno or 0) for frame in frames]
    passed = "] [".join("|".join(map(str, each)) for each in told)
    return told[-1], kind, value, f"[{passed}]"


def loop(timeout: float = 30.0, use_poll: bool = False, map: dict[int, Any] | None = None) -> None:
    """Serve what is in a map, `socket_map` unless given, until it is empty.

    `timeout` is how many seconds a wait takes at most; `use_poll` is not looked at.
    """
    served = socket_map if map is None else map
    while served:
        poll(timeout, served)


def poll(timeout: float = 0.0, map: dict[int, Any] | None = None) -> None:
    """Serve what is ready in a map, `socket_map` unless given.

    Waits until something is, `timeout` seconds at most.
    """
    served = socket_map if map is None else map
    with selectors.DefaultSelector() as selector:
        for descriptor, channel in served.items():
            wanted = (selectors.EVENT_READ if channel.readable() else 0) | (
                selectors.EVENT_WRITE if channel.writable() else 0
            )
            if wanted:
                selector.register(descriptor, wanted, channel)
        for key, ready in selector.select(timeout):
            channel = key.data
            try:
                if ready & selectors.EVENT_READ:
                    channel.handle_read_event()
                if ready & selectors.EVENT_WRITE and served.get(key.fd) is channel:
                    channel.handle_write_event()
            except Exception:
                channel.handle_error()


class dispatcher:
    """A socket in a map. Derived classes say what happens by methods whose names begin with ``handle_``."""

    connected: bool | int = False
    connecting = False

    def __init__(self, sock: socket.socket | None = None, map: dict[int, Any] | None = None) -> None:
        self._map = socket_map if map is None else map
        self.socket: Any = None
        if sock is not None:
            sock.setblocking(False)
            self.set_socket(sock)
            self.connected = True

    def set_socket(self, sock: socket.socket) -> None:
        """Serve a socket."""
        self.socket = sock
        self._fileno = sock.fileno()
        self.add_channel()

    def create_socket(self, family: int, type: int) -> None:
        """Make a socket, and serve it."""
        sock = socket.socket(family, type)
        sock.setblocking(False)
        self.set_socket(sock)

    def add_channel(self) -> None:
        """Be in the map."""
        self._map[self._fileno] = self

    def del_channel(self) -> None:
        """Be in the map no more."""
        self._map.pop(self._fileno, None)

    def connect(self, address: Any) -> None:
        """Begin to connect; `handle_connect` is called once it is done. Raises OSError."""
        outcome = self.socket.connect_ex(address)
        if outcome in (0, errno.EISCONN):
            self.connected = True
            self.handle_connect()
        elif outcome in (errno.EINPROGRESS, errno.EWOULDBLOCK):
            self.connecting = True
        else:
            raise OSError(outcome, os.strerror(outcome))

    def readable(self) -> bool:
        """Return whether there is interest in what comes."""
        return not self.connecting

    def writable(self) -> bool:
        """Return whether there is something to send."""
        return True

    def send(self, data: bytes) -> int:
        """Send what there is room for, and return how much that was."""
        try:
            return int(self.socket.send(data))
        except BlockingIOError:
            return 0

    def recv(self, buffer_size: int) -> bytes:
        """Return what came; where the other side is gone, nothing, after `handle_close`."""
        try:
            data: bytes = self.socket.recv(buffer_size)
        except ConnectionResetError:
            data = b""
        if not data:
            self.handle_close()
        return data

    def close(self) -> None:
        """Close the socket."""
        self.del_channel()
        self.socket.close()

    def handle_read_event(self) -> None:
        """Be told that there is something to read."""
        self.handle_read()

    def handle_write_event(self) -> None:
        """Be told that there is room to write, or that the connection is made or has failed."""
        if self.connecting:
            failure = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure:
                raise OSError(failure, os.strerror(failure))
            self.connecting = False
            self.connected = True
            self.handle_connect()
        self.handle_write()

    def handle_connect(self) -> None:
        """Be connected."""

    def handle_read(self) -> None:
        """Read what came."""

    def handle_write(self) -> None:
        """Write what waits."""

    def handle_close(self) -> None:
        """Be told that the other side is gone."""
        self.close()

    def handle_error(self) -> None:
        """Be told of an exception of another of these methods; tells it on standard error and closes."""
        traceback.print_exc(file=sys.stderr)
        self.handle_close()
