"""Live objects: what a plug-in assigns, inserts and calls inside the daemon is what the daemon goes by."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Prepare
from harness import http
from harness.daemon import Daemon, program
from harness.under_test import UnderTest
from harness.waiting import wait_for
from test_plugin_host import fault, start

PLUGIN = """
[rpcinterface:meddler]
supervisor.rpcinterface_factory = meddler:make_meddler
"""

PROGRAMS = f"""
{PLUGIN}
[program:one]
command = {program("recorder")}
environment = KEPT="yes"
autostart = false
startsecs = 0
startretries = 0

[program:two]
command = sleep 1000
autostart = false
startsecs = 1000

[group:team]
programs = two
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon with the plug-in for all tests that leave it as it was."""
    daemon = Daemon(under_test)
    try:
        start(daemon, PROGRAMS)
        yield daemon
    finally:
        daemon.end()


@pytest.fixture
def meddler(daemon: Daemon) -> Any:
    """The plug-in's namespace."""
    return daemon.server.meddler


def stop(daemon: Daemon, name: str) -> None:
    """Leave a process stopped."""
    if daemon.info(name)["state"] in (10, 20):
        daemon.rpc.stopProcess(name)


def test_an_attribute_of_a_process_is_assigned(daemon: Daemon, meddler: Any) -> None:
    assert meddler.assign("team:two", "spawnerr", "made up") == "made up"
    assert daemon.info("team:two")["spawnerr"] == "made up"
    assert meddler.assign("team:two", "laststop", 1_000_000_000) == 1_000_000_000
    assert daemon.info("team:two")["stop"] == 1_000_000_000
    assert meddler.assign("team:two", "backoff", 3) == 3
    assert meddler.assign("team:two", "backoff", 0) == 0


def test_an_assigned_state_is_the_state(daemon: Daemon, meddler: Any) -> None:
    assert meddler.assign("team:two", "state", 200) == 200
    assert daemon.info("team:two")["statename"] == "FATAL"
    assert meddler.assign("team:two", "state", 0) == 0
    assert daemon.info("team:two")["statename"] == "STOPPED"


def test_an_assigned_start_makes_a_process_running(daemon: Daemon, meddler: Any) -> None:
    daemon.rpc.startProcess("team:two", False)
    daemon.wait_state("team:two", "STARTING")
    meddler.assign("team:two", "laststart", int(time.time()) - 2000)
    daemon.nudge()
    daemon.wait_state("team:two", "RUNNING")
    daemon.rpc.stopProcess("team:two")


def test_a_changed_command_is_what_the_next_start_executes(daemon: Daemon, meddler: Any) -> None:
    report = daemon.folder / "report.json"
    command = f"{program('recorder')} {report} from the plug-in"
    assert meddler.configure("one", "command", command) == command
    assert meddler.setVariable("one", "ADDED", "by the plug-in") == "by the plug-in"
    daemon.rpc.startProcess("one")
    written = daemon.wait_file("report.json")
    assert '"arguments": ["from", "the", "plug-in"]' in written
    assert '"ADDED": "by the plug-in"' in written
    assert '"KEPT": "yes"' in written
    daemon.rpc.stopProcess("one")


def test_a_changed_restart_is_in_force_for_a_process_that_runs(daemon: Daemon, meddler: Any) -> None:
    meddler.configure("one", "command", "sleep 1000")
    daemon.rpc.startProcess("one")
    pid = daemon.info("one")["pid"]
    assert meddler.configure("one", "autorestart", False) is False
    daemon.rpc.signalProcess("one", "KILL")
    daemon.nudge()
    daemon.wait_state("one", "EXITED")
    assert meddler.alwaysRestart("one") is True
    daemon.nudge()
    assert daemon.wait_state("one", "RUNNING")["pid"] != pid
    daemon.rpc.stopProcess("one")


def test_a_process_is_started_and_stopped_by_its_methods(daemon: Daemon, meddler: Any) -> None:
    meddler.configure("one", "command", "sleep 1000")
    meddler.do("one", "spawn", [])
    daemon.nudge()
    daemon.wait_state("one", "RUNNING")
    assert meddler.do("one", "stop", []) == "None"
    daemon.nudge()
    daemon.wait_state("one", "STOPPED")
    assert meddler.do("one", "kill", [15]) == "attempted to kill one with sig SIGTERM but it wasn't running"
    assert meddler.do("one", "signal", [1]) == "attempted to send one sig SIGHUP but it wasn't running"
    assert http.call(daemon.socket, "meddler.do", "one", "give_up", []).status == 500


def test_a_process_is_killed_in_the_moment_of_its_start(daemon: Daemon, meddler: Any) -> None:
    assert meddler.spawnAndKill("team:two") == "killed"
    assert daemon.wait_state("team:two", "STOPPED")["exitstatus"] == -1


def test_a_process_is_signalled_by_its_method(daemon: Daemon, meddler: Any) -> None:
    meddler.configure("one", "command", "sleep 1000")
    meddler.configure("one", "autorestart", False)
    daemon.rpc.startProcess("one")
    assert meddler.do("one", "signal", [9]) == "None"
    daemon.nudge()
    info = daemon.wait_state("one", "EXITED")
    assert (info["exitstatus"], info["spawnerr"]) == (-1, "Bad exit code -1")
    assert meddler.attribute("one", "exitstatus") == -1


def test_a_process_is_written_to_by_its_method(daemon: Daemon, meddler: Any) -> None:
    meddler.configure("one", "command", "cat")
    daemon.rpc.startProcess("one")
    assert meddler.write("one", "hello\n") is True
    wait_for(lambda: daemon.rpc.readProcessStdoutLog("one", 0, 0) == "hello\n", "what cat copies")
    daemon.rpc.stopProcess("one")
    assert http.call(daemon.socket, "meddler.write", "one", "more").status == 500


def test_a_process_goes_to_a_state_with_its_event(daemon: Daemon, meddler: Any) -> None:
    assert meddler.do("team:two", "change_state", [200, True]) == "None"
    assert daemon.info("team:two")["statename"] == "FATAL"
    assert meddler.do("team:two", "change_state", [0, True]) == "None"
    assert daemon.info("team:two")["statename"] == "STOPPED"


OPTIONS = {"command": "sleep 1000", "autostart": "false", "startsecs": "0"}


def test_a_program_is_added_to_a_group_and_taken_out(daemon: Daemon, meddler: Any) -> None:
    several = {**OPTIONS, "numprocs": "2", "process_name": "%(program_name)s_%(process_num)d"}
    assert meddler.addProgram("team", "program:more", several) == ["more_0", "more_1"]
    assert meddler.groups()["team"] == ["more_0", "more_1", "two"]
    daemon.rpc.startProcess("team:more_0")
    info = daemon.info("team:more_0")
    assert (info["statename"], info["group"]) == ("RUNNING", "team")
    assert "more_0-stdout---supervisor-" in info["stdout_logfile"]
    assert meddler.attribute("team:more_0", "pid") == info["pid"]
    daemon.rpc.stopProcess("team:more_0")
    for name in ("more_0", "more_1"):
        assert meddler.dropProcess("team", name) is False
    assert fault(daemon.rpc.getProcessInfo, "team:more_0") == (10, "BAD_NAME: team:more_0")
    assert meddler.groups()["team"] == ["two"]


def test_an_added_program_starts_by_itself(daemon: Daemon, meddler: Any) -> None:
    meddler.addProgram("team", "program:self", {"command": "sleep 1000", "startsecs": "0"})
    daemon.nudge()
    daemon.wait_state("team:self", "RUNNING")
    daemon.rpc.stopProcess("team:self")
    meddler.dropProcess("team", "self")


def test_a_bad_section_is_refused(daemon: Daemon, meddler: Any) -> None:
    code, text = fault(meddler.addProgram, "team", "program:bad", {"autostart": "false"})
    assert code == 2
    assert text.startswith("INCORRECT_PARAMETERS: program section program:bad does not specify a command")
    assert meddler.groups()["team"] == ["two"]


@pytest.mark.parametrize("how", ["method", "mapping", "staged"])
def test_a_group_is_added_and_removed(daemon: Daemon, meddler: Any, how: str) -> None:
    assert meddler.addGroup(how, "team:two", how) is True
    assert meddler.groups()[how] == [how]
    daemon.rpc.startProcess(how, False)
    daemon.wait_state(how, "STARTING")
    assert meddler.removeGroup(how) is False
    daemon.rpc.stopProcess(how)
    if how == "staged":
        assert all("staged" not in part for part in meddler.differences())
        assert how in [entry["group"] for entry in daemon.rpc.getAllConfigInfo()]
        assert daemon.rpc.reloadConfig()[0][2] == [how]
    assert meddler.removeGroup(how) is True
    assert how not in meddler.groups()


def test_attributes_of_the_plug_in_s_own_stay(meddler: Any) -> None:
    assert meddler.mark("team:two") == ["", "", ""]
    assert meddler.mark("team:two") == ["team:two", "team:two", "team:two"]


def test_methods_of_a_base_class_can_be_called_and_are_not_listed(daemon: Daemon, meddler: Any) -> None:
    assert meddler.inherited() == "inherited"
    assert "meddler.inherited" not in daemon.methods()
    assert fault(meddler.noSuchMethod) == (1, "UNKNOWN_METHOD")
    assert fault(meddler.answer) == (1, "UNKNOWN_METHOD")


def test_methods_of_the_plug_in_explain_themselves(daemon: Daemon) -> None:
    system: Any = daemon.server.system
    assert system.methodHelp("meddler.groups") == "The groups and what is in them."
    assert fault(system.methodSignature, "meddler.groups") == (4, "SIGNATURE_UNSUPPORTED")
    answers = system.multicall(
        [
            {"methodName": "meddler.groups", "params": []},
            {"methodName": "meddler.removeGroup", "params": ["nosuch"]},
            {"methodName": "meddler.inherited", "params": []},
        ]
    )
    assert answers[0]["team"] == ["two"]
    assert (answers[1]["faultCode"], answers[2]) == (30, "inherited")


def test_the_standard_methods_are_called_from_inside(daemon: Daemon, meddler: Any) -> None:
    assert meddler.native("getPID", []) == daemon.started_as
    assert meddler.native("getProcessInfo", ["team:two"])["name"] == "two"
    assert fault(meddler.native, "getProcessInfo", ["nosuch"]) == (10, "BAD_NAME: nosuch")
    assert fault(meddler.native, "getProcessInfo", []) == (2, "INCORRECT_PARAMETERS")
    assert fault(meddler.native, "startProcess", ["nosuch"]) == (10, "BAD_NAME: nosuch")
    meddler.configure("one", "command", "sleep 1000")
    assert meddler.native("startProcess", ["one"]) is True
    assert fault(meddler.native, "startProcess", ["one", False]) == (60, "ALREADY_STARTED: one")
    assert meddler.native("stopProcess", ["one"]) is True
    assert daemon.info("one")["statename"] == "STOPPED"
    assert meddler.native("readLog", [0, 5]) == daemon.rpc.readLog(0, 5)


def test_the_standard_methods_are_called_from_a_thread(daemon: Daemon, meddler: Any) -> None:
    assert meddler.nativeFromThread("getPID", []) == daemon.started_as
    meddler.configure("one", "command", "sleep 1000")
    assert meddler.nativeFromThread("startProcess", ["one"]) is True
    assert daemon.info("one")["statename"] == "RUNNING"
    assert meddler.nativeFromThread("stopProcess", ["one"]) is True
    assert meddler.nativeFromThread("stopProcess", ["one"]) == "70 NOT_RUNNING: one"


def test_subscribers_are_told_at_once_and_in_order(meddler: Any) -> None:
    meddler.subscribeTwice()
    meddler.greet("first")
    assert meddler.heard() == ["own first", "any first"]
    meddler.unsubscribe()
    meddler.greet("second")
    assert meddler.heard() == ["own first", "any first", "own second"]


def test_a_listener_gets_events_of_a_plug_in(prepare: Prepare) -> None:
    daemon = prepare()
    heard = daemon.folder / "heard"
    listener = f"[eventlistener:ears]\ncommand = {program('listener', heard)}\nevents = greeting, TICK_3600\n"
    start(daemon, PLUGIN + listener)
    daemon.wait_state("ears", "RUNNING")
    daemon.server.meddler.greet("hello")
    daemon.nudge()
    text = daemon.wait_file("heard")
    assert "eventname:GREETING len:14" in text
    assert "greeting:hello" in text


@pytest.mark.parametrize("event", ["SALUTATION"])
def test_an_event_that_no_plug_in_has_is_refused(prepare: Prepare, event: str) -> None:
    daemon = prepare()
    start(daemon, f"{PLUGIN}[eventlistener:ears]\ncommand = cat\nevents = {event}\n", ready=False)
    assert daemon.wait_end() == 2
    assert f"Error: Unknown event type {event} in [eventlistener:ears] events" in daemon.stderr


def test_a_factory_may_return_nothing(prepare: Prepare) -> None:
    daemon = prepare()
    start(daemon, PROGRAMS.replace(":make_meddler", ":make_none"))
    daemon.wait_log("INFO seen: ['one', 'team']")
    assert [name for name in daemon.methods() if name.startswith("meddler.")] == []
    assert fault(daemon.server.meddler.groups) == (1, "UNKNOWN_METHOD")


@pytest.mark.differs("the original ends with the subscriber's exception")
def test_a_subscriber_that_fails_harms_nobody(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original's daemon ends")
    daemon = prepare()
    start(daemon, PROGRAMS)
    daemon.server.meddler.failOnEvents()
    assert daemon.rpc.startProcess("team:two", False) is True
    failure = "RuntimeError: told to fail at PROCESS_STATE_STARTING"
    wait_for(lambda: failure in daemon.log_text, "the traceback in the main log")
    assert daemon.info("team:two")["statename"] == "STARTING"
