"""Conversations over a socket: what comes is cut at terminators, what is sent waits for room."""

from __future__ import annotations

import socket
from typing import Any, Union

from supervisor.compat import as_bytes
from supervisor.medusa import asyncore_25 as asyncore

Terminator = Union[bytes, int, None]
"""What ends a piece: bytes, a number of bytes, or nothing ever (None, 0)."""

_CHUNK = 4096


class async_chat(asyncore.dispatcher):
    """A socket of which `collect_incoming_data` gets what comes and `found_terminator` is told of ends."""

    def __init__(self, conn: socket.socket | None = None, map: dict[int, Any] | None = None) -> None:
        super().__init__(conn, map)
        self.ac_in_buffer = b""
        self.ac_out_buffer = b""
        self.terminator: Terminator = None

    def collect_incoming_data(self, data: bytes) -> None:
        """Take what came."""
        raise NotImplementedError("must be implemented in subclass")

    def found_terminator(self) -> None:
        """Be told that a piece is complete."""
        raise NotImplementedError("must be implemented in subclass")

    def set_terminator(self, term: Terminator) -> None:
        """Say what ends the next piece."""
        self.terminator = term

    def get_terminator(self) -> Terminator:
        """Return what ends the next piece."""
        return self.terminator

    def handle_read(self) -> None:
        """Take what came apart."""
        self.ac_in_buffer += self.recv(_CHUNK)
        while self.ac_in_buffer and self._take_piece():
            pass

    def _take_piece(self) -> bool:
        """Take what can be taken, and return whether there may be more."""
        buffer, end = self.ac_in_buffer, self.terminator
        if not end:
            self.ac_in_buffer = b""
            self.collect_incoming_data(buffer)
            return False
        if isinstance(end, int):
            taken = buffer[:end]
            self.ac_in_buffer = buffer[end:]
            self.terminator = end - len(taken)
            self.collect_incoming_data(taken)
            if not self.terminator:
                self.found_terminator()
            return True
        piece, found, rest = buffer.partition(end)
        if found:
            self.ac_in_buffer = rest
            if piece:
                self.collect_incoming_data(piece)
            self.found_terminator()
            return True
        kept = find_prefix_at_end(buffer, end)
        self.ac_in_buffer = buffer[len(buffer) - kept :]
        if kept < len(buffer):
            self.collect_incoming_data(buffer[: len(buffer) - kept])
        return False

    def push(self, data: str | bytes) -> None:
        """Send text or bytes once there is room."""
        self.ac_out_buffer += as_bytes(data)

    def writable(self) -> bool:
        """Return whether something waits, the connection included."""
        return self.connecting or bool(self.ac_out_buffer)

    def handle_write(self) -> None:
        """Send what waits."""
        sent = self.send(self.ac_out_buffer) if self.ac_out_buffer else 0
        self.ac_out_buffer = self.ac_out_buffer[sent:]


def find_prefix_at_end(haystack: bytes, needle: bytes) -> int:
    """Return how many bytes at the end of the first are the beginning of the second, which is not in it."""
    length = len(needle) - 1
    while length and not haystack.endswith(needle[:length]):
        length -= 1
    return length
