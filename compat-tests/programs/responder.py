"""`responder.py`: a FastCGI program (FCGI_RESPONDER) that answers every request on the socket it finds as its input.

The answer tells its pid, the request's variable GREETING and what came on the request's input.
"""

import os
import socket
import struct

HEADER = struct.Struct("!BBHHBx")
END, PARAMS, STDIN, STDOUT = 3, 4, 5, 6


def read_exactly(connection: socket.socket, length: int) -> bytes:
    """That many bytes; fewer only where the client ended."""
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            break
        data += piece
    return data


def length_at(data: bytes, at: int) -> "tuple[int, int]":
    """The length of a name or a value that is written at a position, and where it ends."""
    if data[at] < 128:
        return data[at], at + 1
    return int(struct.unpack_from("!I", data, at)[0]) & 0x7FFFFFFF, at + 4


def variables(data: bytes) -> "dict[str, str]":
    """The name-value pairs of a request."""
    found = {}
    at = 0
    while at < len(data):
        name_length, at = length_at(data, at)
        value_length, at = length_at(data, at)
        name = data[at : at + name_length].decode()
        found[name] = data[at + name_length : at + name_length + value_length].decode()
        at += name_length + value_length
    return found


def record(kind: int, request: int, content: bytes) -> bytes:
    """One record of the protocol."""
    return HEADER.pack(1, kind, request, len(content), 0) + content


def answer(connection: socket.socket) -> None:
    """Read one request to its end and answer it."""
    streams = {PARAMS: b"", STDIN: b""}
    while True:
        header = read_exactly(connection, HEADER.size)
        if len(header) < HEADER.size:
            return
        _, kind, request, length, padding = HEADER.unpack(header)
        content = read_exactly(connection, length)
        read_exactly(connection, padding)
        if kind in streams:
            streams[kind] += content
        if kind == STDIN and not length:
            break
    greeting = variables(streams[PARAMS]).get("GREETING", "")
    text = f"Content-Type: text/plain\r\n\r\n{os.getpid()} {greeting} {streams[STDIN].decode()}"
    connection.sendall(
        record(STDOUT, request, text.encode())
        + record(STDOUT, request, b"")
        + record(END, request, struct.pack("!IBxxx", 0, 0))
    )


listener = socket.socket(fileno=os.dup(0))
listener.setblocking(True)
while True:
    client, _ = listener.accept()
    with client:
        answer(client)
