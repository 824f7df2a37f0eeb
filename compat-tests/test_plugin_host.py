"""Plug-ins: Python code that the configuration names runs inside the daemon, with everything it needs there."""

from __future__ import annotations

import signal
import xmlrpc.client
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Prepare
from harness import http
from harness.daemon import Daemon, program
from harness.under_test import UnderTest
from harness.waiting import wait_for

PLUGINS = {"PYTHONPATH": str(Path(__file__).resolve().parent / "plugins")}

PROGRAMS = f"""
[rpcinterface:probe]
supervisor.rpcinterface_factory = probe:make_probe
counter = %(ENV_COUNTER)s
greeting = hello

[program:up]
command = {program("sleeper")}
startsecs = 0

[program:idle]
command = sleep 1000
autostart = false
startsecs = 0

[program:vetoed]
command = sleep 1000
autostart = false
startsecs = 0

[program:member]
command = sleep 1000
autostart = false

[group:team]
programs = member
"""


def start(daemon: Daemon, programs: str = PROGRAMS, *, ready: bool = True) -> None:
    """Start a daemon that finds the plug-ins."""
    daemon.configure(programs)
    daemon.start(env={**PLUGINS, "COUNTER": str(daemon.folder / "counter")}, ready=ready)


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon with the plug-in for all tests that leave it as it was."""
    daemon = Daemon(under_test)
    try:
        start(daemon)
        daemon.wait_state("up", "RUNNING")
        yield daemon
    finally:
        problems = daemon.end()
    assert not problems, problems


@pytest.fixture
def probe(daemon: Daemon) -> Any:
    """The plug-in's own namespace."""
    return daemon.server.probe


def fault(call: Callable[..., Any], *params: Any) -> tuple[int, str]:
    """The fault that this call is answered with."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*params)
    return caught.value.faultCode, caught.value.faultString


def test_the_daemon_says_that_the_plug_in_is_there(daemon: Daemon) -> None:
    lines = [line for line in daemon.log_lines() if "RPC interface" in line]
    assert lines == [
        "INFO RPC interface 'supervisor' initialized",
        "INFO RPC interface 'probe' initialized",
    ]
    assert daemon.rpc.getPID() == daemon.started_as


def test_the_factory_gets_the_other_options_of_its_section(daemon: Daemon, probe: Any) -> None:
    assert probe.getSettings() == {"counter": f"{daemon.folder}/counter", "greeting": "hello"}


@pytest.mark.parametrize("value", ["text → ü", 7, True, 1.5, ["a", ["b", 2]], {"k": {"l": [1]}}, ""])
def test_values_go_both_ways(probe: Any, value: Any) -> None:
    answer = probe.echo(value)
    assert answer == value
    assert type(answer) is type(value)


def test_its_methods_are_listed_but_hidden_ones_are_not(daemon: Daemon) -> None:
    names = daemon.methods()
    assert [name for name in names if name.startswith("probe.")] == [
        f"probe.{name}"
        for name in sorted(
            "changes echo fail getSettings later laterFailed laterRefused mood processes refuse refuseBriefly "
            "refuseUnknown shutDown spawned startAnew ticks".split()
        )
    ]
    assert fault(daemon.server.probe._hidden) == (1, "UNKNOWN_METHOD")


def test_it_reads_groups_and_processes(daemon: Daemon, probe: Any) -> None:
    found = probe.processes()
    assert [entry["key"] for entry in found] == ["idle/idle", "team/member", "up/up", "vetoed/vetoed"]
    up = next(entry for entry in found if entry["name"] == "up")
    assert up == {
        "group": "up",
        "name": "up",
        "command": program("sleeper"),
        "pid": daemon.info("up")["pid"],
        "state": 20,
        "statename": "RUNNING",
        "running": True,
        "key": "up/up",
    }
    assert {entry["name"]: entry["pid"] for entry in found if entry["name"] != "up"} == {
        "idle": 0,
        "member": 0,
        "vetoed": 0,
    }


def test_it_sees_that_a_process_has_changed(daemon: Daemon, probe: Any) -> None:
    daemon.rpc.startProcess("idle")
    info = daemon.wait_state("idle", "RUNNING")
    entry = next(entry for entry in probe.processes() if entry["name"] == "idle")
    assert (entry["statename"], entry["pid"]) == ("RUNNING", info["pid"])
    daemon.rpc.stopProcess("idle")
    entry = next(entry for entry in probe.processes() if entry["name"] == "idle")
    assert (entry["statename"], entry["pid"]) == ("STOPPED", 0)


def test_it_reads_the_state_of_the_daemon(probe: Any) -> None:
    assert probe.mood() == [1, 1]


def test_a_deferred_answer_comes_when_it_is_ready(probe: Any) -> None:
    assert probe.later(3) == {"asked": 4}
    assert probe.later(0) == {"asked": 1}


def test_other_requests_are_answered_while_a_deferred_one_waits(daemon: Daemon) -> None:
    connection = http.Connection(daemon.socket)
    connection.request(
        "POST", "/RPC2", xmlrpc.client.dumps((4,), "probe.later"), {"Content-Type": "text/xml"}
    )
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    assert daemon.server.probe.echo("meanwhile") == "meanwhile"
    answer = connection.getresponse().read().decode()
    assert answer == xmlrpc.client.dumps(({"asked": 5},), methodresponse=True)
    connection.close()


def test_a_deferred_answer_may_be_a_fault(probe: Any) -> None:
    assert fault(probe.laterRefused) == (70, "NOT_RUNNING: after a while")


def test_a_deferred_answer_that_fails_is_an_internal_error(daemon: Daemon) -> None:
    assert http.call(daemon.socket, "probe.laterFailed").status == 500
    assert daemon.rpc.getState()["statename"] == "RUNNING"


def test_an_rpc_error_is_a_fault(probe: Any) -> None:
    assert fault(probe.refuse) == (10, "BAD_NAME: told to")
    assert fault(probe.refuseBriefly) == (30, "FAILED")
    assert fault(probe.refuseUnknown) == (777, "UNKNOWN: our own")


def test_a_wrong_number_of_arguments_is_a_fault(probe: Any) -> None:
    assert fault(probe.echo) == (2, "INCORRECT_PARAMETERS")
    assert fault(probe.echo, 1, 2) == (2, "INCORRECT_PARAMETERS")


def test_an_exception_is_an_internal_error_that_the_daemon_survives(daemon: Daemon) -> None:
    answer = http.call(daemon.socket, "probe.fail")
    assert (answer.status, answer.reason) == (500, "Internal Server Error")
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    line = daemon.wait_log_match(
        r"(?s)CRIT Handling XML-RPC request with data .* raised an unexpected exception: .*"
    )
    assert "RuntimeError: told to fail" in line[0]


def test_a_thread_of_the_plug_in_runs_while_the_daemon_waits(daemon: Daemon) -> None:
    counter = daemon.folder / "counter"
    wait_for(counter.exists, "the counter")
    first = int(counter.read_text())
    # Nothing is asked of the daemon meanwhile: it sleeps in its loop.
    wait_for(lambda: int(counter.read_text()) >= first + 100, "a hundred turns of the thread")


def test_a_subscriber_sees_every_change_in_order(daemon: Daemon, probe: Any) -> None:
    before = len(probe.changes())
    daemon.rpc.startProcess("idle")
    pid = daemon.wait_state("idle", "RUNNING")["pid"]
    daemon.rpc.stopProcess("idle")
    seen = [change for change in probe.changes()[before:] if change["name"] == "idle"]
    assert [(change["event"], change["from"], change["group"]) for change in seen] == [
        ("PROCESS_STATE_STARTING", "STOPPED", "idle"),
        ("PROCESS_STATE_RUNNING", "STARTING", "idle"),
        ("PROCESS_STATE_STOPPING", "RUNNING", "idle"),
        ("PROCESS_STATE_STOPPED", "STOPPING", "idle"),
    ]
    assert [change["pid"] for change in seen[1:]] == [pid, pid, pid]


def test_a_subscriber_sees_an_exit_that_nobody_asked_for(daemon: Daemon, probe: Any) -> None:
    before = len(probe.changes())
    pid = daemon.wait_state("up", "RUNNING")["pid"]
    daemon.rpc.signalProcess("up", "KILL")
    wait_for(lambda: daemon.info("up")["pid"] not in (0, pid), "the next process")
    daemon.wait_state("up", "RUNNING")
    seen = [change["event"] for change in probe.changes()[before:] if change["name"] == "up"]
    assert seen == ["PROCESS_STATE_EXITED", "PROCESS_STATE_STARTING", "PROCESS_STATE_RUNNING"]


def test_a_subscriber_hears_the_clock(probe: Any) -> None:
    when, payload = wait_for(probe.ticks, "a tick")[0]
    assert when % 5 == 0
    assert payload == f"when:{when}"


def test_a_replaced_spawn_is_called_for_every_start(daemon: Daemon, probe: Any) -> None:
    assert probe.spawned()[0] == "up"
    before = len(probe.spawned())
    daemon.rpc.startProcess("idle")
    daemon.wait_state("idle", "RUNNING")
    daemon.rpc.stopProcess("idle")
    assert probe.spawned()[before:] == ["idle"]


def test_a_replaced_spawn_decides_whether_there_is_a_start(daemon: Daemon, probe: Any) -> None:
    daemon.rpc.startProcess("vetoed", False)
    assert probe.spawned()[-1] == "vetoed"
    assert daemon.state("vetoed") == "STOPPED"


def test_supervisorctl_works_beside_a_plug_in(daemon: Daemon) -> None:
    assert daemon.ctl("pid").out == f"{daemon.started_as}\n"
    assert daemon.ctl("status", "idle").code == 3


def test_an_assignment_to_the_mood_shuts_down(prepare: Prepare) -> None:
    daemon = prepare()
    start(daemon)
    daemon.wait_state("up", "RUNNING")
    assert daemon.server.probe.shutDown() is True
    assert daemon.wait_end() == 0
    assert not daemon.pidfile.exists()


def test_an_assignment_to_the_mood_restarts(prepare: Prepare) -> None:
    daemon = prepare()
    start(daemon)
    before = daemon.wait_state("up", "RUNNING")["pid"]
    assert daemon.server.probe.startAnew() is True
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
    assert daemon.wait_state("up", "RUNNING")["pid"] != before
    assert daemon.log_lines().count("INFO RPC interface 'probe' initialized") == 2
    assert daemon.server.probe.echo("again") == "again"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals_work_with_a_plug_in(prepare: Prepare, name: str) -> None:
    daemon = prepare()
    start(daemon)
    daemon.wait_state("up", "RUNNING")
    daemon.signal(getattr(signal, name))
    if name == "SIGTERM":
        assert daemon.wait_end() == 0
    else:
        daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
        daemon.wait_state("up", "RUNNING")


def refused(daemon: Daemon, section: str) -> str:
    """The error that a configuration with this plug-in section ends in."""
    start(daemon, f"[rpcinterface:probe]\n{section}\n", ready=False)
    assert daemon.wait_end() == 2
    return daemon.stderr.splitlines()[-2]


@pytest.mark.differs("the reason of the failed import follows, as in 4.4.0")
@pytest.mark.parametrize("spec", ["no_such_module:make", "probe:no_such_name"])
def test_a_factory_that_cannot_be_found(prepare: Prepare, spec: str, under_test: UnderTest) -> None:
    message = refused(prepare(), f"supervisor.rpcinterface_factory = {spec}")
    expected = f"Error: {spec} cannot be resolved within [rpcinterface:probe]"
    assert message.startswith(expected) if under_test.ours else message == expected


def test_a_section_without_a_factory(prepare: Prepare) -> None:
    assert refused(prepare(), "greeting = hello") == (
        "Error: section [rpcinterface:probe] does not specify a supervisor.rpcinterface_factory"
    )


@pytest.mark.differs("the socket that was made already is removed again")
def test_a_factory_that_fails(prepare: Prepare) -> None:
    daemon = prepare()
    message = refused(daemon, "supervisor.rpcinterface_factory = probe:make_nothing")
    assert message == "Error: Could not make probe rpc interface"
    assert "RuntimeError: told to fail at the start" in daemon.log_text
    assert daemon.sockets() == ([] if daemon.under_test.ours else ["s.sock"])


def test_ticks_come_to_a_plug_in_that_subscribed_where_no_listener_does(prepare: Prepare) -> None:
    daemon = prepare()
    start(daemon, "[rpcinterface:ticker]\nsupervisor.rpcinterface_factory = ticker:make_ticker\n")

    def ticks() -> list[Any]:
        daemon.nudge()
        answer: Any = daemon.server.ticker.ticks()
        return [tick for tick in answer if tick[0] == "Tick5Event"][:1]

    name, when, is_its_daemon = wait_for(ticks, "a tick")[0]
    assert (name, when % 5, is_its_daemon) == ("Tick5Event", 0, True)
