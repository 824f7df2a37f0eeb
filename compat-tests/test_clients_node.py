"""XML-RPC clients of npm, as they are, over TCP and over a unix socket."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from harness.daemon import Daemon, environment, running
from harness.under_test import REPOSITORY, UnderTest

MODULES = REPOSITORY / ".environments" / "node" / "node_modules"
SCRIPT = REPOSITORY / "compat-tests" / "node" / "call.js"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(
        not MODULES.is_dir(), reason="no .environments/node: npm was missing when environments.py ran"
    ),
]

PROGRAMS = "[program:x]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0\n"


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon that asks for a password over TCP; `x` is stopped between the tests."""
    with running(under_test, PROGRAMS, inet="username = anna\npassword = secret") as daemon:
        yield daemon


def calls(daemon: Daemon, client: str, way: str, *asked: tuple[str, list[Any]]) -> list[Any]:
    """The answers to calls, made one after the other."""
    address = daemon.socket if way == "unix" else str(daemon.port)
    done = subprocess.run(
        ["node", "--no-deprecation", str(SCRIPT), client, address, json.dumps(asked)],
        capture_output=True,
        text=True,
        cwd=daemon.folder,
        env=environment(daemon.mark, {"NODE_PATH": str(MODULES)}),
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("client", "way"),
    [
        ("xmlrpc", "unix"),
        ("xmlrpc", "http"),
        ("homematic-xmlrpc", "unix"),
        ("homematic-xmlrpc", "http"),
        ("node-supervisord", "http"),
    ],
)
def test_a_client_of_npm_starts_looks_and_is_told_of_faults(daemon: Daemon, client: str, way: str) -> None:
    answers = calls(
        daemon,
        client,
        way,
        ("supervisor.getState", []),
        ("supervisor.startProcess", ["x"]),
        ("supervisor.getProcessInfo", ["x"]),
        ("supervisor.getProcessInfo", ["Zürich <&>"]),
        ("supervisor.startProcess", ["x", False]),
        ("supervisor.getAllProcessInfo", []),
        ("supervisor.tailProcessStdoutLog", ["x", 0, 100]),
        ("system.multicall", [[{"methodName": "supervisor.getAPIVersion", "params": []}]]),
        ("system.methodSignature", ["supervisor.startProcess"]),
    )
    daemon.wait_state("x", "RUNNING")
    assert daemon.rpc.stopProcess("x") is True
    state, started, info, unknown, again, infos, tail, several, signature = answers
    assert state == {"statecode": 1, "statename": "RUNNING"}
    assert started is True
    assert (info["name"], info["statename"], info["exitstatus"]) == ("x", "RUNNING", 0)
    assert "BAD_NAME: Zürich <&>" in unknown["fault"][1]
    assert "ALREADY_STARTED: x" in again["fault"][1]
    assert [each["pid"] for each in infos] == [info["pid"]]
    assert tail == ["", 0, False]
    assert several == ["3.0"]
    assert signature == ["boolean", "string", "boolean"]
