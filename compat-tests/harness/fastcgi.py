"""A FastCGI client that is just large enough for the tests."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping

HEADER = struct.Struct("!BBHHBx")
BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
REQUEST = 1


def record(kind: int, content: bytes) -> bytes:
    """One record of the protocol."""
    return HEADER.pack(1, kind, REQUEST, len(content), 0) + content


def pair(name: str, value: str) -> bytes:
    """A variable, whose name and value are shorter than 128 bytes."""
    raw_name, raw_value = name.encode(), value.encode()
    return bytes([len(raw_name), len(raw_value)]) + raw_name + raw_value


def request(address: str | tuple[str, int], variables: Mapping[str, str], body: bytes = b"") -> str:
    """Ask the program at a unix socket's path or a host and port; what it wrote, headers included."""
    kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(kind) as connection:
        connection.settimeout(10)
        connection.connect(address)
        pairs = b"".join(pair(name, value) for name, value in variables.items())
        connection.sendall(record(BEGIN, struct.pack("!HB5x", 1, 0)) + record(PARAMS, pairs) + record(PARAMS, b""))
        connection.sendall((record(STDIN, body) if body else b"") + record(STDIN, b""))
        stream = connection.makefile("rb")
        output = b""
        while True:
            _, answered, _, length, padding = HEADER.unpack(stream.read(HEADER.size))
            content = stream.read(length)
            stream.read(padding)
            if answered == STDOUT:
                output += content
            elif answered == END:
                return output.decode()
