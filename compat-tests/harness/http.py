"""Requests over a unix socket or TCP with nothing but the standard library, every one with a time limit."""

from __future__ import annotations

import base64
import http.client
import io
import socket
import xmlrpc.client
from dataclasses import dataclass
from typing import Any, Union

#: Seconds that one request may take; a request that waits for a process stays well below.
LIMIT = 30.0

#: Where a server listens: the path of a unix socket, or a port of 127.0.0.1.
Address = Union[str, int]


def connect(address: Address, limit: float = LIMIT) -> socket.socket:
    """A connected stream socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(limit)
    try:
        connection.connect(address if isinstance(address, str) else ("127.0.0.1", address))
    except OSError:
        connection.close()
        raise
    return connection


class Connection(http.client.HTTPConnection):
    """An HTTP connection to an `Address`."""

    def __init__(self, address: Address) -> None:
        super().__init__("localhost", timeout=LIMIT)
        self.address = address

    def connect(self) -> None:
        """Open the socket; called by the base class."""
        self.sock = connect(self.address)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; header names are in lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


def basic(username: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def ask(
    address: Address, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request on a connection of its own."""
    connection = Connection(address)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.reason, names, response.read())
    finally:
        connection.close()


def call(address: Address, method: str, *params: Any, headers: dict[str, str] | None = None) -> Answer:
    """One XML-RPC call as a raw HTTP answer."""
    body = xmlrpc.client.dumps(params, method).encode()
    return ask(address, "POST", "/RPC2", body, {"Content-Type": "text/xml", **(headers or {})})


def exchange(address: Address, request: bytes) -> bytes:
    """Send these very bytes, and read until the server closes the connection."""
    with connect(address) as connection:
        connection.sendall(request)
        answer = io.BytesIO()
        while chunk := connection.recv(65536):
            answer.write(chunk)
        return answer.getvalue()


class Transport(xmlrpc.client.Transport):
    """xmlrpc.client's transport, to an `Address`, optionally with Basic authentication."""

    def __init__(self, address: Address, headers: dict[str, str] | None = None) -> None:
        super().__init__(headers=list((headers or {}).items()))
        self.address = address
        self.open: Connection | None = None

    def make_connection(self, host: Any) -> Connection:
        """The connection for the next request; kept between requests, as the base class does."""
        if self.open is None:
            self.open = Connection(self.address)
        return self.open

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self.open is not None:
            self.open.close()
            self.open = None


def proxy(address: Address, headers: dict[str, str] | None = None) -> xmlrpc.client.ServerProxy:
    """An XML-RPC proxy on an `Address`; None is not allowed, for no answer may contain it."""
    return xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=Transport(address, headers))
