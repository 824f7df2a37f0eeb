"""What may be pushed to a request in place of bytes."""

from __future__ import annotations

from typing import IO

_PIECE = 64 * 1024


class file_producer:
    """A file, open for reading bytes, in pieces; it is closed at its end."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.done = False

    def more(self) -> bytes:
        """Return the next piece, nothing at the end."""
        data = b"" if self.done else self.file.read(_PIECE)
        if not data and not self.done:
            self.done = True
            self.file.close()
        return data


class simple_producer:
    """Text or bytes in pieces."""

    def __init__(self, data: str | bytes, buffer_size: int = 1024) -> None:
        self.data = data
        self.buffer_size = buffer_size

    def more(self) -> str | bytes:
        """Return the next piece, nothing at the end."""
        piece, self.data = self.data[: self.buffer_size], self.data[self.buffer_size :]
        return piece
