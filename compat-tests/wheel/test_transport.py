"""``supervisor.xmlrpc.SupervisorTransport``, against a server that writes down what it is sent."""

from __future__ import annotations

import base64
import http.server
import json
import socket
import socketserver
import threading
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from wheel.fresh import Environment

CLIENT = """
import json, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
transport = SupervisorTransport({username!r}, {password!r}, {url!r})
proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport)
answers = []
for method in {methods!r}:
    try:
        answers.append(getattr(proxy.supervisor, method)("\\u00fc"))
    except Exception as why:
        answers.append([type(why).__name__, getattr(why, "errcode", getattr(why, "faultCode", None))])
print(json.dumps(answers))
"""


@dataclass
class Server:
    """A server's URL and the requests it has seen."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    """Echoes the argument; the method's name says what else to do."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, Any]]

    def do_POST(self) -> None:
        """Answer a call."""
        values, method = xmlrpc.client.loads(self.rfile.read(int(self.headers["Content-Length"])))
        credentials = (self.headers["Authorization"] or "").replace("Basic ", "")
        self.seen.append(
            {
                "path": self.path,
                "credentials": base64.b64decode(credentials).decode(),
                "type": self.headers["Content-Type"],
                "connection": id(self),
            }
        )
        if method == "supervisor.refuse":
            self.send_error(401)
            return
        if method == "supervisor.hang_up":
            self.close_connection = True
            return
        fault = method == "supervisor.fault"
        answer: Any = xmlrpc.client.Fault(10, "BAD_NAME") if fault else values
        body = xmlrpc.client.dumps(answer, methodresponse=True).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if method == "supervisor.cut_off":
            self.close_connection = True
            body = body[:10]
        self.wfile.write(body)

    def address_string(self) -> str:
        """Name the client; one of a unix socket has no name."""
        return "client"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write nothing."""


class Threading(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server of a family that is chosen when it is made."""

    daemon_threads = True

    def __init__(self, family: socket.AddressFamily, address: Any, handler: type[Handler]) -> None:
        self.address_family = family
        super().__init__(address, handler)


@pytest.fixture(params=["unix", "inet"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server on a unix socket and one on loopback."""
    found = Server()
    handler = type("Handler", (Handler,), {"seen": found.requests})
    if request.param == "unix":
        path = tmp_path / "rpc.sock"
        running = Threading(socket.AF_UNIX, str(path), handler)
        found.url = f"unix://{path}"
    else:
        running = Threading(socket.AF_INET, ("127.0.0.1", 0), handler)
        found.url = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield found
    running.shutdown()
    thread.join()
    running.server_close()


def ask(
    environment: Environment,
    url: str,
    *methods: str,
    username: str | None = None,
    password: str | None = None,
) -> Any:
    """Return the answers to calls of one proxy."""
    code = CLIENT.format(url=url, methods=methods, username=username, password=password)
    return json.loads(environment.run_python(code))


def test_text_arrives_and_comes_back(installed: Environment, server: Server) -> None:
    assert ask(installed, server.url, "echo") == ["ü"]
    (request,) = server.requests
    assert request["path"] == "/RPC2"
    assert request["type"] == "text/xml"
    assert request["credentials"] == ""


def test_credentials_are_sent_when_both_are_given(installed: Environment, server: Server) -> None:
    ask(installed, server.url, "echo", username="user", password="p:ü" * 30)
    ask(installed, server.url, "echo", username="user")
    assert [request["credentials"] for request in server.requests] == ["user:" + "p:ü" * 30, ""]


def test_one_connection_serves_all_calls(installed: Environment, server: Server) -> None:
    ask(installed, server.url, "echo", "fault", "echo")
    assert len({request["connection"] for request in server.requests}) == 1


def test_a_fault_is_a_fault(installed: Environment, server: Server) -> None:
    assert ask(installed, server.url, "fault") == [["Fault", 10]]


def test_a_refusal_carries_its_status_and_the_next_call_works(installed: Environment, server: Server) -> None:
    assert ask(installed, server.url, "refuse", "echo") == [["ProtocolError", 401], "ü"]


def test_a_lost_connection_is_an_error_and_the_next_call_works(
    installed: Environment, server: Server
) -> None:
    assert ask(installed, server.url, "hang_up", "echo") == [["RemoteDisconnected", None], "ü"]


def test_an_answer_that_is_cut_off_is_an_error_and_the_next_call_works(
    installed: Environment, server: Server
) -> None:
    assert ask(installed, server.url, "cut_off", "echo") == [["IncompleteRead", None], "ü"]


def test_a_missing_socket_is_the_error_of_the_system(installed: Environment, tmp_path: Path) -> None:
    assert ask(installed, f"unix://{tmp_path}/none.sock", "echo") == [["FileNotFoundError", None]]


@pytest.mark.parametrize("url", ["https://localhost:9001", "localhost:9001", None])
def test_other_urls_are_refused(installed: Environment, url: str | None) -> None:
    code = (
        "from supervisor.xmlrpc import SupervisorTransport\n"
        f"try: SupervisorTransport('', '', {url!r})\n"
        "except ValueError as why: print(why)"
    )
    assert installed.run_python(code).strip() == f"Unknown protocol for serverurl {url}"


def test_the_environment_of_a_child_leads_to_its_daemon(installed: Environment, server: Server) -> None:
    code = (
        "from supervisor.childutils import getRPCInterface\n"
        f"env = {{'SUPERVISOR_SERVER_URL': {server.url!r}, 'SUPERVISOR_USERNAME': 'u', 'SUPERVISOR_PASSWORD': 'p'}}\n"
        "print(getRPCInterface(env).supervisor.echo('x'))"
    )
    assert installed.run_python(code).strip() == "x"
    assert server.requests[0]["credentials"] == "u:p"
