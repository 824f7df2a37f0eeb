"""Calls as clients of all kinds write them: types, text, content types, and what HTTP allows around them."""

from __future__ import annotations

import gzip
import random
import re
import xmlrpc.client
from collections.abc import Iterator
from http.client import RemoteDisconnected
from typing import Any

import pytest

from conftest import Supervise
from harness import http
from harness.daemon import Daemon, free_port, running
from harness.http import Address
from harness.under_test import UnderTest


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon without programs, on both servers."""
    with running(under_test, "", inet="") as daemon:
        yield daemon


@pytest.fixture(params=["unix", "http"])
def address(daemon: Daemon, request: pytest.FixtureRequest) -> Address:
    """Where the daemon listens."""
    return daemon.socket if request.param == "unix" else daemon.port


def body_of(value: str) -> bytes:
    """A call of `getProcessInfo`, whose fault says which name was understood."""
    return (
        "<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param>"
        f"<value>{value}</value></param></params></methodCall>"
    ).encode()


def understood(daemon: Daemon, body: bytes, headers: dict[str, str] | None = None) -> str:
    """The name that was understood."""
    answer = http.ask(daemon.socket, "POST", "/RPC2", body, headers)
    assert answer.status == 200
    with pytest.raises(xmlrpc.client.Fault) as caught:
        xmlrpc.client.loads(answer.body.decode())
    name, _, text = caught.value.faultString.partition(": ")
    assert name == "BAD_NAME"
    return text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<string>a</string>", "a"),
        ("a", "a"),
        ("<string> a </string>", " a "),
        (" a ", " a "),
        ("<string></string>", ""),
        ("<string/>", ""),
        ("", ""),
        ("<string>a&lt;b&gt;&amp;&quot;&apos;</string>", "a<b>&\"'"),
        ("<string>&#97;&#x62;&#8594;</string>", "ab→"),
        ("<string><![CDATA[<a>&amp;]]></string>", "<a>&amp;"),
        ("<string>a<![CDATA[b]]>c</string>", "abc"),
        ("<![CDATA[a]]>", "a"),
        ("<string>a<!-- no -->b</string>", "ab"),
        ("<string>a<?no?>b</string>", "ab"),
        ("<string kind='x' other=\"y\">a</string>", "a"),
        ("\n  <string>a</string>\n", "a"),
        ("<string>a\r\nb</string>", "a\nb"),
        ("<base64>w6Q=</base64>", "ä"),
        ("<base64>\n w6\n Q=\n</base64>", "ä"),
        ("<unknown>a</unknown>", "a"),
        ("<i8>12</i8>", "12"),
        ("<string>日本 🦀</string>", "日本 🦀"),
    ],
)
def test_text_is_understood_however_it_is_written(daemon: Daemon, value: str, text: str) -> None:
    if value == "<i8>12</i8>" and daemon.under_test.ours:
        pytest.skip("a number here, see test_differences.py and the core")
    assert understood(daemon, body_of(value)) == text


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "<?xml version='1.0'?>{}",
        '<?xml version="1.0" encoding="UTF-8"?>\n{}\n',
        "<?xml version='1.0'?><!-- before -->{}<!-- after -->",
        "<?xml version='1.0'?><!DOCTYPE methodCall>{}",
        "\n{}",
    ],
)
def test_what_stands_around_a_call(daemon: Daemon, around: str) -> None:
    assert understood(daemon, around.format(body_of("a").decode()).encode()) == "a"


def test_random_text_arrives_as_it_was_sent_and_comes_back_the_same(daemon: Daemon) -> None:
    """What Python's writer writes is read, and Python's reader reads what is written."""
    chooser = random.Random(1)  # noqa: S311
    alphabet = "ab <>&'\"]]>\\/%:\t\n" + "äöü€→日本🦀\u2028\ufffd\u0085\u00a0"
    for _ in range(60):
        text = "".join(chooser.choices(alphabet, k=chooser.randrange(40)))
        body = xmlrpc.client.dumps((text,), "supervisor.getProcessInfo").encode()
        assert understood(daemon, body) == text


def test_members_of_a_struct_and_values_of_an_array_arrive(daemon: Daemon) -> None:
    server: Any = daemon.server
    more = {"x": [1.5, {}, [], {"": ["a"]}]}
    calls = [
        {"more": more, "params": [], "methodName": "supervisor.getAPIVersion"},
        {"params": ["a", 0], "methodName": "supervisor.readProcessLog", "more": more},
    ]
    assert server.system.multicall(calls) == [
        "3.0",
        {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
    ]


@pytest.mark.parametrize("depth", [1, 45, 150])
def test_arrays_may_be_nested(daemon: Daemon, depth: int) -> None:
    value = "<value><array><data>" * depth + "</data></array></value>" * depth
    body = (
        "<methodCall><methodName>supervisor.sendRemoteCommEvent</methodName><params><param><value>a</value></param>"
        f"<param>{value}</param></params></methodCall>"
    )
    answer = http.ask(daemon.socket, "POST", "/RPC2", body.encode())
    assert answer.body.decode() == xmlrpc.client.dumps((True,), methodresponse=True)


@pytest.mark.differs("more than 200 arrays in each other are refused")
@pytest.mark.parametrize("depth", [300, 20_000])
def test_arrays_may_not_be_nested_without_end(daemon: Daemon, under_test: UnderTest, depth: int) -> None:
    value = "<array><data><value>" * depth + "</value></data></array>" * depth
    answer = http.ask(daemon.socket, "POST", "/RPC2", body_of(value))
    assert answer.status == (400 if under_test.ours else 500)
    assert daemon.rpc.getState()["statename"] == "RUNNING"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/xml; charset=utf-8"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json"},
        {"Content-Type": "nonsense"},
        {"Accept-Encoding": "gzip"},
        {"Accept": "application/json"},
    ],
    ids=str,
)
def test_the_type_of_the_content_does_not_matter(daemon: Daemon, headers: dict[str, str]) -> None:
    assert understood(daemon, body_of("a"), headers) == "a"


@pytest.mark.differs("a compressed call is 415; the original closes the connection without a word")
def test_a_compressed_call_is_refused(daemon: Daemon, under_test: UnderTest) -> None:
    body, headers = gzip.compress(body_of("a")), {"Content-Encoding": "gzip"}
    if under_test.ours:
        assert http.ask(daemon.socket, "POST", "/RPC2", body, headers).status == 415
    else:
        with pytest.raises(RemoteDisconnected):
            http.ask(daemon.socket, "POST", "/RPC2", body, headers)


def post(body: bytes, *headers: str, version: str = "1.1") -> bytes:
    """A whole request."""
    lines = [f"POST /RPC2 HTTP/{version}", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_requests_that_come_at_once_are_answered_in_order(address: Address) -> None:
    names = ["one", "two", "three"]
    requests = [post(body_of(name), *(["Connection: close"] if name == "three" else [])) for name in names]
    answers = http.exchange(address, b"".join(requests)).decode()
    assert re.findall(r"BAD_NAME: (\w+)", answers) == names
    assert answers.count("HTTP/1.1 200 OK\r\n") == 3


def test_a_client_that_asks_whether_to_go_on_is_answered(address: Address) -> None:
    request = post(body_of("a"), "Expect: 100-continue", "Connection: close")
    assert b"BAD_NAME: a<" in http.exchange(address, request)


def test_http_1_0_may_keep_the_connection(address: Address) -> None:
    with http.connect(address) as connection, connection.makefile("rb") as stream:
        for name in ("one", "two"):
            connection.sendall(post(body_of(name), "Connection: Keep-Alive", version="1.0"))
            head = b"".join(iter(stream.readline, b"\r\n")).decode().lower()
            assert head.startswith("http/1.0 200 ok\r\n") and "connection: keep-alive\r\n" in head
            length = re.search(r"content-length: (\d+)", head)
            assert length and f"BAD_NAME: {name}" in stream.read(int(length[1])).decode()


@pytest.mark.differs("a body in chunks is read; the original does not know where it ends")
def test_a_call_in_chunks(daemon: Daemon, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original never answers")
    body = body_of("a")
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 50]), body[at : at + 50]) for at in range(0, len(body), 50)
    )
    head = b"POST /RPC2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"BAD_NAME: a<" in http.exchange(daemon.socket, head + chunks + b"0\r\n\r\n")


def test_several_servers_of_each_kind_answer(supervise: Supervise) -> None:
    ports = [free_port(), free_port()]
    sections = "".join(
        f"[inet_http_server:{name}]\nport = 127.0.0.1:{port}\n" for name, port in zip("ab", ports)
    ) + "".join(f"[unix_http_server:{name}]\nfile = %(here)s/{name}.sock\n" for name in "ab")
    daemon = supervise(sections)
    addresses: list[Address] = [daemon.socket, *ports]
    addresses += [str(daemon.folder / f"{name}.sock") for name in "ab"]
    for address in addresses:
        assert http.call(address, "supervisor.getState").status == 200
    assert daemon.sockets() == ["a.sock", "b.sock", "s.sock"]
    assert daemon.stop() == 0
    assert daemon.sockets() == []
