"""The XML-RPC methods: results, keys, types, and faults with their codes and strings."""

from __future__ import annotations

import os
import re
import signal
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import Supervise
from harness import http
from harness.daemon import Daemon, program, running
from harness.under_test import UnderTest
from harness.waiting import wait_for

PROGRAMS = f"""
[program:up]
command = {program("printer", "0123456789", "errors")}
startsecs = 0
stdout_logfile = %(here)s/up.out
stderr_logfile = %(here)s/up.err

[program:idle]
command = sleep 1000
autostart = false
stdout_logfile = NONE
stderr_logfile = NONE

[program:missing]
command = %(here)s/none
autostart = false
startretries = 0

[program:folder]
command = %(here)s
autostart = false

[program:crasher]
command = {program("exiter", 3, 0)}
autostart = false
startretries = 0
startsecs = 10

[program:pair]
command = sleep 1000
process_name = %(program_name)s_%(process_num)d
numprocs = 2
autostart = false
startsecs = 0

[program:low]
command = sleep 1000
autostart = false
startsecs = 0
priority = 900

[program:high]
command = sleep 1000
autostart = false
startsecs = 0
priority = 1

[group:both]
programs = low, high
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon for all tests of this file; each leaves the programs as it found them."""
    with running(under_test, PROGRAMS, supervisord="identifier = tested", inet="") as daemon:
        daemon.wait_state("up", "RUNNING")
        wait_for(lambda: (daemon.folder / "up.err").read_text() == "errors", "the output of up")
        yield daemon


def fault(call: Callable[..., Any], *params: Any) -> tuple[int, str]:
    """The fault that this call is answered with."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*params)
    return caught.value.faultCode, caught.value.faultString


# About the daemon


def test_get_state(daemon: Daemon) -> None:
    assert daemon.rpc.getState() == {"statecode": 1, "statename": "RUNNING"}


def test_get_pid(daemon: Daemon) -> None:
    assert daemon.rpc.getPID() == daemon.started_as


def test_get_identification(daemon: Daemon) -> None:
    assert daemon.rpc.getIdentification() == "tested"


def test_the_identifier_is_supervisor_by_default(under_test: UnderTest) -> None:
    with running(under_test, "") as plain:
        assert plain.rpc.getIdentification() == "supervisor"


@pytest.mark.parametrize("method", ["getAPIVersion", "getVersion"])
def test_get_api_version(daemon: Daemon, method: str) -> None:
    assert getattr(daemon.rpc, method)() == "3.0"


def test_get_supervisor_version(daemon: Daemon, under_test: UnderTest) -> None:
    assert under_test.version.fullmatch(daemon.rpc.getSupervisorVersion())


SLICE = [
    "supervisor.addProcessGroup",
    "supervisor.getAPIVersion",
    "supervisor.getAllConfigInfo",
    "supervisor.getAllProcessInfo",
    "supervisor.getIdentification",
    "supervisor.getPID",
    "supervisor.getProcessInfo",
    "supervisor.getState",
    "supervisor.getSupervisorVersion",
    "supervisor.getVersion",
    "supervisor.readLog",
    "supervisor.readMainLog",
    "supervisor.readProcessLog",
    "supervisor.readProcessStderrLog",
    "supervisor.readProcessStdoutLog",
    "supervisor.reloadConfig",
    "supervisor.removeProcessGroup",
    "supervisor.restart",
    "supervisor.shutdown",
    "supervisor.signalAllProcesses",
    "supervisor.signalProcess",
    "supervisor.signalProcessGroup",
    "supervisor.startAllProcesses",
    "supervisor.startProcess",
    "supervisor.startProcessGroup",
    "supervisor.stopAllProcesses",
    "supervisor.stopProcess",
    "supervisor.stopProcessGroup",
    "supervisor.tailProcessLog",
    "supervisor.tailProcessStderrLog",
    "supervisor.tailProcessStdoutLog",
    "system.listMethods",
    "system.methodHelp",
    "system.methodSignature",
    "system.multicall",
]

LATER = [
    "supervisor.clearAllProcessLogs",
    "supervisor.clearLog",
    "supervisor.clearProcessLog",
    "supervisor.clearProcessLogs",
    "supervisor.sendProcessStdin",
    "supervisor.sendRemoteCommEvent",
]


def test_list_methods_names_what_is_there_in_order(daemon: Daemon) -> None:
    names = daemon.methods()
    assert names == sorted(names)
    assert [name for name in names if name in SLICE] == SLICE


@pytest.mark.not_yet("F: the methods that the first slice leaves out")
def test_list_methods_names_all_41(daemon: Daemon) -> None:
    assert daemon.methods() == sorted(SLICE + LATER)


# About processes


def test_get_process_info_of_a_running_process(daemon: Daemon) -> None:
    before = int(time.time())
    info = daemon.info("up")
    assert info == {
        "name": "up",
        "group": "up",
        "start": info["start"],
        "stop": 0,
        "now": info["now"],
        "state": 20,
        "statename": "RUNNING",
        "spawnerr": "",
        "exitstatus": 0,
        "logfile": f"{daemon.folder}/up.out",
        "stdout_logfile": f"{daemon.folder}/up.out",
        "stderr_logfile": f"{daemon.folder}/up.err",
        "pid": info["pid"],
        "description": info["description"],
    }
    assert before <= info["now"] <= time.time()
    assert 0 < info["start"] <= info["now"]
    uptime = info["now"] - info["start"]
    shown = f"{uptime // 3600}:{uptime // 60 % 60:02d}:{uptime % 60:02d}"
    assert info["description"] == f"pid {info['pid']}, uptime {shown}"


def test_get_process_info_of_a_process_that_never_ran(daemon: Daemon) -> None:
    info = daemon.info("idle")
    assert info == {
        "name": "idle",
        "group": "idle",
        "start": 0,
        "stop": 0,
        "now": info["now"],
        "state": 0,
        "statename": "STOPPED",
        "spawnerr": "",
        "exitstatus": 0,
        "logfile": "",
        "stdout_logfile": "",
        "stderr_logfile": "",
        "pid": 0,
        "description": "Not started",
    }


def test_every_value_of_a_process_info_is_an_int_or_a_text(daemon: Daemon) -> None:
    body = http.call(daemon.socket, "supervisor.getProcessInfo", "up").body.decode()
    assert set(re.findall(r"<value><(\w+)>", body)) == {"struct", "string", "int"}


def test_an_automatic_log_is_named_after_the_process_and_the_identifier(daemon: Daemon) -> None:
    info = daemon.info("missing")
    for channel in ("stdout", "stderr"):
        assert re.fullmatch(
            rf"{daemon.folder}/missing-{channel}---tested-[A-Za-z0-9_]{{8}}\.log", info[f"{channel}_logfile"]
        )
    assert info["logfile"] == info["stdout_logfile"]


def test_get_all_process_info_is_sorted_by_group_and_name(daemon: Daemon) -> None:
    infos = daemon.rpc.getAllProcessInfo()
    assert [(info["group"], info["name"]) for info in infos] == [
        ("both", "high"),
        ("both", "low"),
        ("crasher", "crasher"),
        ("folder", "folder"),
        ("idle", "idle"),
        ("missing", "missing"),
        ("pair", "pair_0"),
        ("pair", "pair_1"),
        ("up", "up"),
    ]
    assert all(info.keys() == daemon.info("up").keys() for info in infos)


@pytest.mark.parametrize("name", ["both:low", "pair:pair_1", "up", "up:up"])
def test_a_process_is_addressed_by_group_and_name(daemon: Daemon, name: str) -> None:
    assert daemon.info(name)["name"] == name.rpartition(":")[2]


@pytest.mark.parametrize("name", ["nobody", "low", "both:up", "nogroup:up", "both:*", "both", "up:", ""])
def test_get_process_info_of_an_unknown_name(daemon: Daemon, name: str) -> None:
    assert fault(daemon.rpc.getProcessInfo, name) == (10, f"BAD_NAME: {name}")


# Start and stop


def test_start_waits_until_the_process_runs_and_stop_until_it_is_gone(daemon: Daemon) -> None:
    assert daemon.rpc.startProcess("idle") is True
    assert daemon.state("idle") == "RUNNING"
    assert daemon.rpc.stopProcess("idle") is True
    assert daemon.state("idle") == "STOPPED"


def test_start_without_waiting_answers_at_once(daemon: Daemon) -> None:
    assert daemon.rpc.startProcess("idle", False) is True
    daemon.wait_state("idle", "STARTING")
    assert daemon.rpc.stopProcess("idle", False) is True
    daemon.wait_state("idle", "STOPPED")


def test_start_of_a_running_process(daemon: Daemon) -> None:
    assert fault(daemon.rpc.startProcess, "up") == (60, "ALREADY_STARTED: up")


def test_start_of_an_unknown_process(daemon: Daemon) -> None:
    assert fault(daemon.rpc.startProcess, "nobody") == (10, "BAD_NAME: nobody")
    assert fault(daemon.rpc.startProcess, "both:nobody") == (10, "BAD_NAME: both:nobody")


def test_start_of_an_unknown_group(daemon: Daemon) -> None:
    assert fault(daemon.rpc.startProcess, "nobody:*") == (10, "BAD_NAME: nobody:*")


def test_start_of_a_missing_file(daemon: Daemon) -> None:
    assert fault(daemon.rpc.startProcess, "missing") == (
        20,
        f"NO_FILE: can't find command '{daemon.folder}/none'",
    )
    assert daemon.info("missing")["start"] == 0


def test_start_of_what_cannot_be_executed(daemon: Daemon) -> None:
    assert fault(daemon.rpc.startProcess, "folder") == (
        21,
        f"NOT_EXECUTABLE: command at '{daemon.folder}' is a directory",
    )


def test_start_of_a_process_that_ends_too_quickly(daemon: Daemon) -> None:
    code, text = fault(daemon.rpc.startProcess, "crasher")
    assert (code, text) in [(50, "SPAWN_ERROR: crasher"), (40, "ABNORMAL_TERMINATION: crasher")]
    daemon.wait_state("crasher", "FATAL")


def test_stop_of_a_stopped_process(daemon: Daemon) -> None:
    assert fault(daemon.rpc.stopProcess, "idle") == (70, "NOT_RUNNING: idle")


def test_stop_of_an_unknown_process(daemon: Daemon) -> None:
    assert fault(daemon.rpc.stopProcess, "nobody") == (10, "BAD_NAME: nobody")


OK = {"status": 80, "description": "OK"}


def test_a_group_is_started_by_priority_and_stopped_likewise(daemon: Daemon) -> None:
    both = [{"name": "high", "group": "both", **OK}, {"name": "low", "group": "both", **OK}]
    since = len(daemon.log_lines())
    assert sorted(daemon.rpc.startProcessGroup("both"), key=str) == sorted(both, key=str)
    assert daemon.rpc.startProcessGroup("both") == []
    pids = [(name, daemon.wait_state(f"both:{name}", "RUNNING")["pid"]) for name in ("high", "low")]
    assert sorted(daemon.rpc.stopProcessGroup("both"), key=str) == sorted(both, key=str)
    assert daemon.rpc.stopProcessGroup("both") == []
    daemon.expect_log(
        [f"INFO spawned: '{name}' with pid {pid}" for name, pid in pids],
        only="spawned: '(high|low)'",
        since=since,
    )


def test_start_and_stop_of_a_group_by_a_star(daemon: Daemon) -> None:
    started = daemon.rpc.startProcess("pair:*")
    assert sorted(item["name"] for item in started) == ["pair_0", "pair_1"]
    assert all((item["group"], item["status"], item["description"]) == ("pair", 80, "OK") for item in started)
    for number in range(2):
        daemon.wait_state(f"pair:pair_{number}", "RUNNING")
    stopped = daemon.rpc.stopProcess("pair:*")
    assert sorted(item["name"] for item in stopped) == ["pair_0", "pair_1"]


def test_a_group_without_waiting(daemon: Daemon) -> None:
    started = daemon.rpc.startProcessGroup("pair", False)
    assert sorted(item["name"] for item in started) == ["pair_0", "pair_1"]
    for number in range(2):
        daemon.wait_state(f"pair:pair_{number}", "RUNNING")
    stopped = daemon.rpc.stopProcessGroup("pair", False)
    assert sorted(item["name"] for item in stopped) == ["pair_0", "pair_1"]
    daemon.wait_state("pair:pair_0", "STOPPED")
    daemon.wait_state("pair:pair_1", "STOPPED")


@pytest.mark.parametrize("method", ["startProcessGroup", "stopProcessGroup"])
def test_an_unknown_group(daemon: Daemon, method: str) -> None:
    assert fault(getattr(daemon.rpc, method), "nobody") == (10, "BAD_NAME: nobody")


# Signals


@pytest.mark.parametrize("number", ["CONT", "SIGCONT", "cont", "18"])
def test_signal_process(daemon: Daemon, number: str) -> None:
    assert daemon.rpc.signalProcess("up", number) is True


@pytest.mark.parametrize("name", ["NONSENSE", "SIGNONSENSE", "999", ""])
def test_signal_process_with_a_bad_signal(daemon: Daemon, name: str) -> None:
    assert fault(daemon.rpc.signalProcess, "up", name) == (11, f"BAD_SIGNAL: {name}")


def test_signal_process_that_does_not_run(daemon: Daemon) -> None:
    assert fault(daemon.rpc.signalProcess, "idle", "CONT") == (70, "NOT_RUNNING: idle")


def test_signal_process_that_does_not_exist(daemon: Daemon) -> None:
    assert fault(daemon.rpc.signalProcess, "nobody", "CONT") == (10, "BAD_NAME: nobody")


def test_a_bad_signal_for_a_stopped_process_is_a_bad_signal(daemon: Daemon) -> None:
    assert fault(daemon.rpc.signalProcess, "idle", "NONSENSE") == (11, "BAD_SIGNAL: NONSENSE")


# Logs


@pytest.mark.parametrize(
    ("offset", "length", "answer"),
    [
        (0, 100, ["0123456789", 10, False]),
        (0, 4, ["6789", 10, True]),
        (4, 100, ["0123456789", 10, False]),
        (10, 0, ["", 10, False]),
        (9, 100, ["0123456789", 10, False]),
        (10, 100, ["", 10, False]),
        (100, 5, ["", 10, False]),
        (0, 0, ["", 10, True]),
    ],
)
def test_tail_process_stdout_log(daemon: Daemon, offset: int, length: int, answer: list[Any]) -> None:
    assert daemon.rpc.tailProcessStdoutLog("up", offset, length) == answer


def test_tail_process_log_is_another_name(daemon: Daemon) -> None:
    assert daemon.rpc.tailProcessLog("up", 0, 100) == ["0123456789", 10, False]


def test_tail_process_stderr_log(daemon: Daemon) -> None:
    assert daemon.rpc.tailProcessStderrLog("up", 0, 100) == ["errors", 6, False]
    assert daemon.rpc.tailProcessStderrLog("up", 0, 3) == ["ors", 6, True]


@pytest.mark.parametrize("method", ["tailProcessStdoutLog", "tailProcessStderrLog"])
def test_the_tail_of_no_log_is_empty(daemon: Daemon, method: str) -> None:
    assert getattr(daemon.rpc, method)("idle", 0, 100) == ["", 0, False]


@pytest.mark.parametrize("method", ["tailProcessStdoutLog", "tailProcessStderrLog"])
@pytest.mark.parametrize("name", ["nobody", "both:*"])
def test_the_tail_of_an_unknown_process(daemon: Daemon, method: str, name: str) -> None:
    assert fault(getattr(daemon.rpc, method), name, 0, 100) == (10, f"BAD_NAME: {name}")


def test_read_log_from_the_start(daemon: Daemon) -> None:
    text = daemon.log_text
    assert daemon.rpc.readLog(0, 50) == text[:50]
    assert daemon.rpc.readLog(10, 20) == text[10:30]
    assert daemon.rpc.readLog(0, 0)[: len(text)] == text


def test_read_log_from_the_end(daemon: Daemon) -> None:
    # A line of an earlier test may still be on its way.
    wait_for(lambda: daemon.rpc.readLog(-10, 0) == daemon.log_text[-10:], "the end of the main log")


def test_read_main_log_is_another_name(daemon: Daemon) -> None:
    assert daemon.rpc.readMainLog(0, 50) == daemon.log_text[:50]


@pytest.mark.parametrize(("offset", "length"), [(0, -1), (-5, 3), (-5, -3)])
def test_read_log_with_bad_arguments(daemon: Daemon, offset: int, length: int) -> None:
    assert fault(daemon.rpc.readLog, offset, length) == (3, "BAD_ARGUMENTS")


def test_read_log_beyond_the_end_is_empty(daemon: Daemon) -> None:
    assert daemon.rpc.readLog(10_000_000, 5) == ""


def test_read_log_of_a_log_that_is_gone(under_test: UnderTest) -> None:
    with running(under_test, "") as daemon:
        daemon.log.unlink()
        assert fault(daemon.rpc.readLog, 0, 10) == (20, f"NO_FILE: {daemon.log}")


# Wrong calls


@pytest.mark.parametrize(
    "name",
    [
        "supervisor.nothing",
        "nothing.getState",
        "getState",
        "supervisor._update",
        "supervisor.supervisord.options",
        "supervisor.__init__",
        "system._listMethods",
        "supervisor.",
        ".getState",
    ],
)
def test_an_unknown_method(daemon: Daemon, name: str) -> None:
    answer = http.call(daemon.socket, name)
    assert answer.status == 200
    assert answer.body.decode() == xmlrpc.client.dumps(xmlrpc.client.Fault(1, "UNKNOWN_METHOD"))


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("getState", (1,)),
        ("getProcessInfo", ()),
        ("getProcessInfo", ("up", "up")),
        ("startProcess", ("up", True, True)),
        ("readLog", (1,)),
        ("tailProcessStdoutLog", ("up",)),
    ],
)
def test_a_wrong_number_of_arguments(daemon: Daemon, name: str, params: tuple[Any, ...]) -> None:
    assert fault(getattr(daemon.rpc, name), *params) == (2, "INCORRECT_PARAMETERS")


# Answers that wait


def test_other_requests_are_answered_while_one_waits(under_test: UnderTest) -> None:
    with running(
        under_test, "[program:slow]\ncommand = sleep 1000\nstartsecs = 2\nautostart = false"
    ) as daemon:
        connection = http.Connection(daemon.socket)
        body = xmlrpc.client.dumps(("slow",), "supervisor.startProcess")
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        asked = 0
        while daemon.wait_state("slow", "STOPPED", "STARTING", "RUNNING")["statename"] != "RUNNING":
            asked += 1
        assert asked > 1
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.read().decode() == xmlrpc.client.dumps((True,), methodresponse=True)
        connection.close()


def test_a_start_that_waits_is_answered_when_the_process_is_stopped_by_another(under_test: UnderTest) -> None:
    with running(
        under_test, "[program:slow]\ncommand = sleep 1000\nstartsecs = 600\nautostart = false"
    ) as daemon:
        connection = http.Connection(daemon.socket)
        body = xmlrpc.client.dumps(("slow",), "supervisor.startProcess")
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        daemon.wait_state("slow", "STARTING")
        daemon.rpc.stopProcess("slow")
        answer = connection.getresponse().read().decode()
        assert answer == xmlrpc.client.dumps(xmlrpc.client.Fault(40, "ABNORMAL_TERMINATION: slow"))
        connection.close()


def test_two_stops_that_wait_are_both_answered(under_test: UnderTest) -> None:
    config = (
        f"[program:x]\ncommand = {program('stubborn', '%(here)s/ready')}\nstartsecs = 0\nstopwaitsecs = 1"
    )
    with running(under_test, config) as daemon:
        daemon.wait_file("ready")
        daemon.wait_state("x", "RUNNING")
        connection = http.Connection(daemon.socket)
        body = xmlrpc.client.dumps(("x",), "supervisor.stopProcess")
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        daemon.wait_state("x", "STOPPING")
        assert fault(daemon.rpc.stopProcess, "x") == (70, "NOT_RUNNING: x")
        answer = connection.getresponse().read().decode()
        assert answer == xmlrpc.client.dumps((True,), methodresponse=True)
        connection.close()


def test_start_all_and_stop_all_touch_only_what_does_not_run_or_runs(under_test: UnderTest) -> None:
    programs = "".join(
        f"[program:{name}]\ncommand = {command}\nautostart = false\nstartsecs = 0\npriority = {priority}\n"
        for name, command, priority in [("b", "sleep 1000", 3), ("a", "sleep 1000", 7), ("c", "/none", 5)]
    )
    with running(under_test, programs) as daemon:
        daemon.rpc.startProcess("a")
        started = daemon.rpc.startAllProcesses()
        for name in ("a", "b"):
            daemon.wait_state(name, "RUNNING")
        assert sorted(started, key=lambda item: str(item["name"])) == [
            {"name": "b", "group": "b", "status": 80, "description": "OK"},
            {"name": "c", "group": "c", "status": 20, "description": "NO_FILE: can't find command '/none'"},
        ]
        stopped = daemon.rpc.stopAllProcesses()
        assert sorted(item["name"] for item in stopped) == ["a", "b"]
        assert all((item["status"], item["description"]) == (80, "OK") for item in stopped)
        assert daemon.rpc.stopAllProcesses() == []


def test_start_all_without_waiting(under_test: UnderTest) -> None:
    with running(
        under_test, "[program:x]\ncommand = sleep 1000\nautostart = false\nstartsecs = 600"
    ) as daemon:
        assert daemon.rpc.startAllProcesses(False) == [{"name": "x", "group": "x", **OK}]
        assert daemon.state("x") == "STARTING"


# Shutdown and restart


def test_shutdown_answers_true_and_ends_the_daemon(under_test: UnderTest) -> None:
    with running(under_test, "") as daemon:
        assert daemon.rpc.shutdown() is True
        assert daemon.wait_end() == 0


def test_during_shutdown_every_method_is_refused(under_test: UnderTest) -> None:
    config = (
        f"[program:x]\ncommand = {program('stubborn', '%(here)s/ready')}\nstartsecs = 0\nstopwaitsecs = 600"
    )
    with running(under_test, config) as daemon:
        daemon.wait_file("ready")
        pid = daemon.wait_state("x", "RUNNING")["pid"]
        assert daemon.rpc.shutdown() is True
        refused: list[tuple[str, tuple[Any, ...]]] = [
            ("getState", ()),
            ("getPID", ()),
            ("getIdentification", ()),
            ("getAPIVersion", ()),
            ("getSupervisorVersion", ()),
            ("getAllProcessInfo", ()),
            ("getProcessInfo", ("x",)),
            ("startProcess", ("x",)),
            ("stopProcess", ("x",)),
            ("startAllProcesses", ()),
            ("stopAllProcesses", ()),
            ("startProcessGroup", ("x",)),
            ("stopProcessGroup", ("x",)),
            ("signalProcess", ("x", "CONT")),
            ("tailProcessStdoutLog", ("x", 0, 0)),
            ("tailProcessStderrLog", ("x", 0, 0)),
            ("readLog", (0, 0)),
            ("shutdown", ()),
            ("restart", ()),
        ]
        for method, params in refused:
            assert fault(getattr(daemon.rpc, method), *params) == (6, "SHUTDOWN_STATE"), method
        assert "supervisor.getState" in daemon.methods()
        os.kill(pid, signal.SIGKILL)
        assert daemon.wait_end() == 0


def test_restart_answers_true_and_starts_anew_in_the_same_process(under_test: UnderTest) -> None:
    with running(under_test, "[program:x]\ncommand = sleep 1000\nstartsecs = 0") as daemon:
        first = daemon.wait_state("x", "RUNNING")["pid"]
        assert daemon.rpc.restart() is True
        daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
        assert daemon.wait_state("x", "RUNNING")["pid"] != first
        assert daemon.rpc.getPID() == daemon.started_as


# Several calls in one request


def test_several_calls_are_made_one_after_the_other(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0\nautostart = false")
    calls: list[dict[str, Any]] = [
        {"methodName": "supervisor.startProcess", "params": ["x"]},
        {"methodName": "supervisor.getProcessInfo", "params": ["x"]},
        {"methodName": "supervisor.startProcess", "params": ["x"]},
        {"methodName": "supervisor.stopAllProcesses"},
        {"methodName": "supervisor.getProcessInfo", "params": ["x"]},
    ]
    server: Any = daemon.server
    started, running, again, stopped, after = server.system.multicall(calls)
    assert started is True
    assert running["statename"] == "RUNNING"
    assert again == {"faultCode": 60, "faultString": "ALREADY_STARTED: x"}
    assert stopped == [{"name": "x", "group": "x", "status": 80, "description": "OK"}]
    assert after["statename"] == "STOPPED"


def test_what_is_wrong_with_a_call_among_several_is_told_in_its_place(daemon: Daemon) -> None:
    server: Any = daemon.server
    calls: list[dict[str, Any]] = [
        {"methodName": "system.multicall", "params": [[]]},
        {"params": []},
        {"methodName": "supervisor.nothing", "params": []},
        {"methodName": "supervisor.getPID", "params": [1]},
        {"methodName": "supervisor.getAPIVersion"},
    ]
    assert server.system.multicall(calls) == [
        {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS: Recursive system.multicall forbidden"},
        {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS: No methodName"},
        {"faultCode": 1, "faultString": "UNKNOWN_METHOD"},
        {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
        "3.0",
    ]
    assert server.system.multicall([]) == []
