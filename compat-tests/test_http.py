"""The HTTP servers seen from below: status lines, error pages, authentication, bodies to the byte."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
import xmlrpc.client
from collections.abc import Iterator

import pytest

from conftest import Prepare, Supervise
from harness import http
from harness.daemon import Daemon, running
from harness.http import Address
from harness.under_test import UnderTest

PROGRAMS = """
[program:x]
command = sleep 1000
startsecs = 0
stdout_logfile = NONE
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """An open daemon on both servers."""
    with running(under_test, PROGRAMS, inet="") as daemon:
        daemon.wait_state("x", "RUNNING")
        yield daemon


@pytest.fixture(params=["unix", "http"])
def address(daemon: Daemon, request: pytest.FixtureRequest) -> Address:
    """Where the daemon listens."""
    return daemon.socket if request.param == "unix" else daemon.port


@pytest.fixture(scope="module", params=["plain", "sha"])
def guarded(under_test: UnderTest, request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that asks for a name and a password, which contains a colon."""
    digest = hashlib.sha1(b"se:cret", usedforsecurity=False).hexdigest()
    access = f"username = anna\npassword = {'{SHA}' + digest if request.param == 'sha' else 'se:cret'}\n"
    with running(under_test, "", unix=access, inet=access) as daemon:
        yield daemon


def rpc_request(method: str, *params: object) -> bytes:
    """The body of a call."""
    return xmlrpc.client.dumps(params, method).encode()  # type: ignore[arg-type]


def error_page(code: int, reason: str) -> str:
    """The page that the original answers an error with."""
    return (
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n"
        f"<p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    )


def test_the_status_line_and_the_headers_of_an_answer(address: Address) -> None:
    answer = http.call(address, "supervisor.getAPIVersion")
    assert (answer.status, answer.reason) == (200, "OK")
    assert answer.headers["content-type"] == "text/xml"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])


def test_the_raw_status_line(address: Address) -> None:
    body = rpc_request("supervisor.getAPIVersion")
    head = f"POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    raw = http.exchange(address, head.encode() + body)
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("supervisor.getAPIVersion", ()),
        ("supervisor.getState", ()),
        ("supervisor.getPID", ()),
        ("supervisor.tailProcessStdoutLog", ("x", 0, 10)),
        ("supervisor.signalProcess", ("x", "CONT")),
        ("supervisor.startProcessGroup", ("x",)),
        ("supervisor.readLog", (0, 40)),
    ],
)
def test_an_answer_is_what_python_would_write(
    daemon: Daemon, method: str, params: tuple[object, ...]
) -> None:
    body = http.call(daemon.socket, method, *params).body.decode()
    (value,), _ = xmlrpc.client.loads(body)
    assert body == xmlrpc.client.dumps((value,), methodresponse=True)


def test_the_key_order_of_a_process_info(daemon: Daemon) -> None:
    body = http.call(daemon.socket, "supervisor.getProcessInfo", "x").body.decode()
    assert re.findall("<name>(.*?)</name>", body) == [
        "name", "group", "start", "stop", "now", "state", "statename", "spawnerr",
        "exitstatus", "logfile", "stdout_logfile", "stderr_logfile", "pid", "description",
    ]  # fmt: skip
    (value,), _ = xmlrpc.client.loads(body)
    assert body == xmlrpc.client.dumps((value,), methodresponse=True)


def test_a_fault_is_what_python_would_write(daemon: Daemon) -> None:
    body = http.call(daemon.socket, "supervisor.getProcessInfo", "<&>").body.decode()
    assert body == xmlrpc.client.dumps(xmlrpc.client.Fault(10, "BAD_NAME: <&>"))


def test_text_outside_ascii_goes_both_ways(daemon: Daemon) -> None:
    answer = http.call(daemon.socket, "supervisor.getProcessInfo", "Zürich→")
    assert answer.body.decode() == xmlrpc.client.dumps(xmlrpc.client.Fault(10, "BAD_NAME: Zürich→"))
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"<?xml version='1.0'?><methodCall><methodName>supervisor.getState</methodName>",
        b"<methodCall><params></params></methodCall>",
        b"<methodCall><methodName></methodName></methodCall>",
        b"<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value><int>one</int></value></param></params></methodCall>",
    ],
    ids=["no xml", "cut off", "no name", "empty name", "bad value"],
)
def test_a_malformed_call_is_a_bad_request(daemon: Daemon, body: bytes) -> None:
    answer = http.ask(daemon.socket, "POST", "/RPC2", body, {"Content-Type": "text/xml"})
    assert (answer.status, answer.reason) == (400, "Bad Request")


@pytest.mark.differs("an empty body is answered; the original waits for ever")
def test_an_empty_call_is_a_bad_request(daemon: Daemon, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original never answers")
    assert http.ask(daemon.socket, "POST", "/RPC2", b"", {"Content-Length": "0"}).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"<methodCall><methodName>supervisor.getAPIVersion</methodName></methodCall>",
        b"<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.getAPIVersion</methodName>\n<params/>\n</methodCall>\n",
    ],
    ids=["no params", "white space"],
)
def test_an_unusual_call_is_understood(daemon: Daemon, body: bytes) -> None:
    answer = http.ask(daemon.socket, "POST", "/RPC2", body)
    assert answer.body.decode() == xmlrpc.client.dumps(("3.0",), methodresponse=True)


@pytest.mark.parametrize(
    "value",
    [b"x", b"<string>x</string>", b"<base64>eA==</base64>", b"<string>&#120;</string>"],
    ids=["untyped", "string", "base64", "character reference"],
)
def test_a_text_argument_may_be_written_in_these_ways(daemon: Daemon, value: bytes) -> None:
    body = (
        b"<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value>"
        + value
        + b"</value></param></params></methodCall>"
    )
    answer = http.ask(daemon.socket, "POST", "/RPC2", body)
    (info,), _ = xmlrpc.client.loads(answer.body.decode())
    assert isinstance(info, dict)
    assert info["name"] == "x"


@pytest.mark.parametrize("kind", ["i4", "int"])
def test_an_int_argument_may_be_written_in_these_ways(daemon: Daemon, kind: str) -> None:
    value = (
        f"<param><value><{kind}>0</{kind}></value></param><param><value><{kind}>4</{kind}></value></param>"
    )
    body = f"<methodCall><methodName>supervisor.readLog</methodName><params>{value}</params></methodCall>"
    answer = http.ask(daemon.socket, "POST", "/RPC2", body.encode())
    assert answer.body.decode() == xmlrpc.client.dumps((daemon.log_text[:4],), methodresponse=True)


def test_a_path_that_does_not_exist(address: Address) -> None:
    answer = http.ask(address, "GET", "/nothing/here")
    assert (answer.status, answer.reason) == (404, "Not Found")
    assert answer.headers["content-type"] == "text/html"
    assert answer.body.decode() == error_page(404, "Not Found")


def test_get_of_the_rpc_path_is_a_bad_request(address: Address) -> None:
    answer = http.ask(address, "GET", "/RPC2")
    assert (answer.status, answer.reason) == (400, "Bad Request")
    assert answer.body.decode() == error_page(400, "Bad Request")


@pytest.mark.parametrize("path", ["/logtail/nobody", "/logtail/x", "/logtail/x/stdin", "/logtail/x/stdout"])
def test_a_log_that_does_not_exist(daemon: Daemon, path: str) -> None:
    assert http.ask(daemon.socket, "GET", path).status == 404


def test_several_requests_on_one_connection(address: Address) -> None:
    connection = http.Connection(address)
    for _ in range(3):
        connection.request("POST", "/RPC2", rpc_request("supervisor.getAPIVersion"))
        response = connection.getresponse()
        assert response.status == 200
        assert response.read().decode() == xmlrpc.client.dumps(("3.0",), methodresponse=True)
    connection.close()


def test_a_request_that_comes_in_pieces(address: Address) -> None:
    body = rpc_request("supervisor.getAPIVersion")
    head = (
        f"POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    with http.connect(address) as connection:
        for position in range(0, len(head + body), 7):
            connection.sendall((head + body)[position : position + 7])
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.endswith(xmlrpc.client.dumps(("3.0",), methodresponse=True).encode())


def test_http_1_0_is_answered_and_closed(address: Address) -> None:
    body = rpc_request("supervisor.getAPIVersion")
    raw = http.exchange(
        address, f"POST /RPC2 HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    assert raw.partition(b"\r\n\r\n")[2].decode() == xmlrpc.client.dumps(("3.0",), methodresponse=True)


def test_a_client_that_leaves_early_harms_nobody(address: Address, daemon: Daemon) -> None:
    for request in (b"", b"POST /RPC2 HT", b"POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<meth"):
        with http.connect(address) as connection:
            connection.sendall(request)
    assert daemon.rpc.getState()["statename"] == "RUNNING"


# Names and passwords


def test_without_a_password_everything_is_refused(guarded: Daemon) -> None:
    for address in (guarded.socket, guarded.port):
        for path in ("/RPC2", "/", "/index.html", "/logtail/x", "/mainlogtail", "/nothing"):
            answer = http.ask(address, "GET", path)
            assert (answer.status, answer.reason) == (401, "Unauthorized")
            assert answer.headers["www-authenticate"] == 'Basic realm="default"'
            assert answer.headers["content-type"] == "text/html"
            assert answer.body.decode() == error_page(401, "Unauthorized")


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong"), ("anna", ""), ("otto", "se:cret"), ("", "se:cret"), ("Anna", "se:cret")],
)
def test_a_wrong_name_or_password_is_refused(guarded: Daemon, name: str, password: str) -> None:
    answer = http.call(guarded.socket, "supervisor.getState", headers=http.basic(name, password))
    assert answer.status == 401


def test_the_hash_itself_is_no_password(guarded: Daemon) -> None:
    digest = hashlib.sha1(b"se:cret", usedforsecurity=False).hexdigest()
    for password in (digest, "{SHA}" + digest):
        assert (
            http.call(guarded.socket, "supervisor.getState", headers=http.basic("anna", password)).status
            == 401
        )


def test_the_right_name_and_password_open(guarded: Daemon) -> None:
    for address in (guarded.socket, guarded.port):
        answer = http.call(address, "supervisor.getState", headers=http.basic("anna", "se:cret"))
        assert answer.status == 200
        assert xmlrpc.client.loads(answer.body.decode())[0] == ({"statecode": 1, "statename": "RUNNING"},)


@pytest.mark.differs("a password that cannot be decoded is refused; in the original it is an internal error")
@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic bm9jb2xvbg==", "Bearer abc"])
def test_a_malformed_authorization_opens_nothing(guarded: Daemon, under_test: UnderTest, header: str) -> None:
    answer = http.call(guarded.socket, "supervisor.getState", headers={"Authorization": header})
    assert answer.status in ((400, 401) if under_test.ours else (400, 401, 500))
    assert guarded.is_running


def test_a_guarded_server_is_not_complained_of(guarded: Daemon) -> None:
    assert "without any HTTP authentication checking" not in guarded.log_text


def test_every_open_server_is_complained_of(daemon: Daemon) -> None:
    complaints = [line for line in daemon.log_lines() if "authentication" in line]
    assert sorted(complaints) == [
        "CRIT Server 'inet_http_server' running without any HTTP authentication checking",
        "CRIT Server 'unix_http_server' running without any HTTP authentication checking",
    ]


@pytest.mark.parametrize("given", ["username = anna", "password = secret"])
@pytest.mark.parametrize("kind", ["unix", "inet"])
def test_a_name_without_a_password_is_refused(prepare: Prepare, given: str, kind: str) -> None:
    daemon = prepare()
    if kind == "unix":
        daemon.configure("", unix=given)
    else:
        daemon.configure("", inet=given)
    daemon.start(ready=False)
    assert daemon.wait_end() == 2
    assert daemon.stderr.startswith(
        f"Error: Section [{kind}_http_server] contains incomplete authentication: If a username or a password is "
        "specified, both the username and password must be specified\n"
    )


# The socket file


def test_the_socket_belongs_to_its_owner_alone_by_default(daemon: Daemon) -> None:
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o700


def test_chmod_of_the_socket(supervise: Supervise) -> None:
    daemon = supervise("", unix="chmod = 0766")
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o766


@pytest.mark.needs_root
def test_chown_of_the_socket(supervise: Supervise) -> None:
    daemon = supervise("", unix="chown = nobody")
    assert os.stat(daemon.socket).st_uid == pwd.getpwnam("nobody").pw_uid


def test_no_temporary_name_of_the_socket_is_left(daemon: Daemon) -> None:
    assert daemon.sockets() == ["s.sock"]
