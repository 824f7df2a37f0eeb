"""Clients in Python: nothing but xmlrpc.client, the package's own transport, the programs run as modules."""

from __future__ import annotations

import json
import re
import subprocess
import xmlrpc.client
from collections.abc import Iterator

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, Result, environment, running
from harness.under_test import UnderTest

PROGRAMS = "[program:x]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0\n"


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon that asks for a password on both servers; `x` is stopped between the tests."""
    access = "username = anna\npassword = secret"
    with running(under_test, PROGRAMS, unix=access, inet=access) as daemon:
        yield daemon


def python(daemon: Daemon, code: str, *arguments: str) -> Result:
    """Run Python code in the environment of the installation under test."""
    done = subprocess.run(
        [daemon.under_test.program("python"), "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=daemon.folder,
        env=environment(daemon.mark),
        timeout=30,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_a_client_with_nothing_but_xmlrpc_client(daemon: Daemon) -> None:
    server = xmlrpc.client.ServerProxy(f"http://anna:secret@127.0.0.1:{daemon.port}/RPC2")
    with server:
        assert server.supervisor.startProcess("x") is True
        infos = server.supervisor.getAllProcessInfo()
        assert isinstance(infos, list)
        assert [(info["name"], info["statename"]) for info in infos] == [("x", "RUNNING")]
        daemon.settle()
        assert server.supervisor.stopProcess("x") is True
        with pytest.raises(xmlrpc.client.Fault) as caught:
            server.supervisor.stopProcess("x")
        assert (caught.value.faultCode, caught.value.faultString) == (70, "NOT_RUNNING: x")


def test_a_client_without_the_password_gets_a_protocol_error(daemon: Daemon) -> None:
    with xmlrpc.client.ServerProxy(f"http://127.0.0.1:{daemon.port}/RPC2") as server:
        with pytest.raises(xmlrpc.client.ProtocolError) as caught:
            server.supervisor.getState()
        assert (caught.value.errcode, caught.value.errmsg) == (401, "Unauthorized")


TRANSPORT = """
import json, sys, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
transport = SupervisorTransport("anna", sys.argv[2], sys.argv[1])
server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
try:
    server.supervisor.startProcess("x")
    states = [info["statename"] for info in server.supervisor.getAllProcessInfo()]
    import time
    pid, deadline = server.supervisor.getProcessInfo("x")["pid"], time.monotonic() + 20
    while b"sleep" not in open(f"/proc/{pid}/cmdline", "rb").read() and time.monotonic() < deadline:
        pass
    server.supervisor.stopProcess("x")
    print(json.dumps(states))
except xmlrpc.client.ProtocolError as error:
    print(json.dumps(error.errcode))
"""


@pytest.mark.parametrize("way", ["unix", "http"])
def test_a_client_with_the_packages_own_transport(daemon: Daemon, way: str) -> None:
    url = f"unix://{daemon.socket}" if way == "unix" else f"http://127.0.0.1:{daemon.port}"
    good = python(daemon, TRANSPORT, url, "secret")
    assert (good.err, json.loads(good.out)) == ("", ["RUNNING"])
    bad = python(daemon, TRANSPORT, url, "wrong")
    assert (bad.err, json.loads(bad.out)) == ("", 401)


def test_the_transport_refuses_other_urls(daemon: Daemon) -> None:
    result = python(daemon, TRANSPORT, "ftp://nowhere", "secret")
    assert result.code == 1
    assert result.err.endswith("ValueError: Unknown protocol for serverurl ftp://nowhere\n")


def test_supervisorctl_runs_as_a_module(supervise: Supervise) -> None:
    daemon = supervise(PROGRAMS)
    done = subprocess.run(
        [
            daemon.under_test.program("python"),
            "-m",
            "supervisor.supervisorctl",
            "-c",
            str(daemon.config),
            "pid",
        ],
        capture_output=True,
        text=True,
        cwd=daemon.folder,
        env=environment(daemon.mark),
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{daemon.started_as}\n")


def test_supervisord_runs_as_a_module(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(PROGRAMS)
    with open(daemon.folder / "out", "wb") as out, open(daemon.folder / "err", "wb") as err:
        daemon.child = subprocess.Popen(
            [
                daemon.under_test.program("python"),
                "-m",
                "supervisor.supervisord",
                "-n",
                "-c",
                str(daemon.config),
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=daemon.folder,
            env=environment(daemon.mark),
            start_new_session=True,
        )
    daemon.started_as = daemon.child.pid
    daemon.wait_ready()
    assert daemon.rpc.getPID() == daemon.started_as
    assert daemon.stop() == 0


def test_the_module_prints_its_version(prepare: Prepare, under_test: UnderTest) -> None:
    done = subprocess.run(
        [under_test.program("python"), "-m", "supervisor.supervisord", "--version"],
        capture_output=True,
        text=True,
        cwd=prepare().folder,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    assert under_test.version.fullmatch(done.stdout.strip())


def test_a_child_finds_the_daemon_by_its_environment(supervise: Supervise, under_test: UnderTest) -> None:
    code = (
        "import os, sys; from supervisor.childutils import getRPCInterface; "
        "rpc = getRPCInterface(os.environ); "
        "print(rpc.supervisor.getProcessInfo(os.environ['SUPERVISOR_PROCESS_NAME'])['pid'] == os.getpid())"
    )
    daemon = supervise(
        f'[program:x]\ncommand = {under_test.program("python")} -c "{code}"\nstartsecs = 0\n'
        "stdout_logfile = %(here)s/said\n"
    )
    assert daemon.wait_file("said") == "True\n"


def test_the_numbers_of_states_and_faults_are_public(daemon: Daemon) -> None:
    result = python(
        daemon,
        "from supervisor.states import ProcessStates, RUNNING_STATES; from supervisor.xmlrpc import Faults; "
        "print(ProcessStates.RUNNING, ProcessStates.FATAL, RUNNING_STATES, Faults.NOT_RUNNING, Faults.BAD_NAME)",
    )
    assert re.sub(r"\s+", " ", result.out) == "20 200 (20, 30, 10) 70 10 "
