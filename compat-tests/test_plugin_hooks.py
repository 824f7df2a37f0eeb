"""Methods that a plug-in replaces inside the daemon are called in place of the daemon's own."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from conftest import Prepare
from harness.daemon import Daemon, program
from harness.under_test import UnderTest
from harness.waiting import wait_for
from test_plugin_host import fault, start


def begin(daemon: Daemon, settings: str, programs: str) -> None:
    """Start a daemon whose plug-in replaces something."""
    plugin = "[rpcinterface:meddler]\nsupervisor.rpcinterface_factory = meddler:make_meddler\n"
    start(daemon, f"{plugin}{settings}\n{programs}")


def section(name: str, command: str, *options: str) -> str:
    """A program that is RUNNING as soon as it is started."""
    lines = [f"[program:{name}]", f"command = {command}", "startsecs = 0", *options]
    return "\n".join(lines) + "\n"


def wait_call(daemon: Daemon, call: str) -> list[str]:
    """Wait until a replaced method was called; all calls until then."""

    def look() -> list[str]:
        daemon.nudge()
        meddler: Any = daemon.server.meddler
        calls: list[str] = meddler.calls()
        return calls if call in calls else []

    return wait_for(look, f"the call {call!r}")


def test_a_replaced_transition_decides_what_becomes_of_a_process(prepare: Prepare) -> None:
    daemon = prepare()
    programs = section("free", "sleep 1000") + section("held", "sleep 1000")
    begin(daemon, "replace = transition", programs)
    daemon.wait_state("free", "RUNNING")
    wait_call(daemon, "transition free")
    wait_call(daemon, "transition held")
    assert daemon.info("held")["statename"] == "STARTING"
    daemon.rpc.stopProcess("held")
    assert daemon.info("held")["statename"] == "STOPPED"
    daemon.rpc.signalProcess("free", "KILL")
    daemon.nudge()
    wait_for(lambda: daemon.nudge() and "exited: free" in daemon.log_text, "the end of the first process")
    daemon.wait_state("free", "RUNNING")


def test_a_replaced_finish_sees_how_processes_end(prepare: Prepare) -> None:
    daemon = prepare()
    programs = section("ending", program("exiter", 3, 0), "autorestart = false")
    begin(daemon, "replace = finish", programs + section("stopped", "sleep 1000", "autostart = false"))
    calls = wait_call(daemon, "finished ending EXITED")
    assert calls == ["finish ending True 768", "finished ending EXITED"]
    assert daemon.info("ending")["exitstatus"] == 3
    daemon.rpc.startProcess("stopped")
    # The original loses a signal that comes before the program is executed.
    daemon.wait_exec(daemon.info("stopped")["pid"])
    daemon.rpc.stopProcess("stopped")
    meddler: Any = daemon.server.meddler
    assert meddler.calls()[2:] == ["finish stopped True 15", "finished stopped STOPPED"]


def test_a_replaced_spawn_as_child_may_change_the_environment(prepare: Prepare) -> None:
    daemon = prepare()
    report = daemon.folder / "report.json"
    begin(daemon, "replace = spawn_as_child", section("one", program("recorder", report)))
    environment = json.loads(daemon.wait_file("report.json"))["environment"]
    assert environment["FROM_PLUGIN"] == "one"


def test_a_replaced_get_signal_decides_which_signals_are_heeded(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, "replace = get_signal", section("one", "sleep 1000"))
    pid = daemon.wait_state("one", "RUNNING")["pid"]
    daemon.signal(signal.SIGHUP)
    wait_call(daemon, "SIGHUP")
    assert daemon.info("one")["pid"] == pid
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0
    assert "WARN received SIGTERM indicating exit request" in daemon.log_lines()


def test_a_replaced_method_of_the_standard_namespace_is_called_for_clients(prepare: Prepare) -> None:
    daemon = prepare()
    programs = section("free", "sleep 1000", "autostart = false")
    begin(daemon, "replace = start_process", programs + section("barred", "sleep 1000", "autostart = false"))
    assert fault(daemon.rpc.startProcess, "barred") == (30, "FAILED: barred")
    assert daemon.rpc.startProcess("free") is True
    assert fault(daemon.rpc.startProcess, "free") == (60, "ALREADY_STARTED: free")
    answers = daemon.server.system.multicall(
        [
            {"methodName": "supervisor.stopProcess", "params": ["free"]},
            {"methodName": "supervisor.startProcess", "params": ["free"]},
            {"methodName": "supervisor.startProcess", "params": ["barred"]},
        ]
    )
    assert answers == [True, True, {"faultCode": 30, "faultString": "FAILED: barred"}]
    told: Any = daemon.server.system.methodHelp("supervisor.startProcess")
    assert told.startswith("Starts a process unless it is barred.")
    assert daemon.server.system.methodSignature("supervisor.startProcess") == ["boolean", "string"]


def retries(daemon: Daemon) -> dict[str, int]:
    """How often each process of the configuration is tried."""
    return {info["name"]: info["startretries"] for info in daemon.rpc.getAllConfigInfo()}


def test_a_replaced_reading_of_sections_is_called_when_they_are_read_again(prepare: Prepare) -> None:
    daemon = prepare()
    programs = section("one", "sleep 1000", "environment = A=1") + section("two", "sleep 1000")
    programs += "[group:team]\nprograms = two\n"
    begin(daemon, "replace = sections", programs)
    assert retries(daemon) == {"one": 3, "two": 3}
    assert daemon.rpc.reloadConfig() == [[[], ["one", "team"], []]]
    assert retries(daemon) == {"one": 42, "two": 42}
    config = daemon.config.read_text()
    daemon.config.write_text(config.replace("command = sleep 1000\n", "command = refused\n", 1))
    code, text = fault(daemon.rpc.reloadConfig)
    assert (code, text) == (
        92,
        f"CANT_REREAD: no such command in section 'program:one' (file: {str(daemon.config)!r})",
    )
    daemon.config.write_text(config)
    daemon.rpc.restart()
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
    wait_for(lambda: retries(daemon) == {"one": 42, "two": 42}, "the next life")
    assert daemon.rpc.reloadConfig() == [[[], [], []]]


def test_descriptors_of_a_plug_in_are_read_by_it(prepare: Prepare) -> None:
    daemon = prepare()
    pipe = daemon.folder / "pipe"
    os.mkfifo(pipe)
    begin(daemon, f"pipe = {pipe}", "")
    for text in ("one", "two", "bad", "end"):
        pipe.write_text(text)
        wait_call(daemon, f"read {text}")
    assert daemon.server.meddler.calls() == ["read one", "read two", "read bad", "error", "read end"]


def test_a_descriptor_that_a_thread_adds_later_is_read_at_once(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, f"folder = {daemon.folder}", "")
    # The daemon has nothing to do, and no other reason to look.
    os.mkfifo(daemon.folder / "late")
    (daemon.folder / "late").write_text("from a thread")
    assert daemon.wait_file("copied") == "from a thread"


def test_a_map_that_cannot_be_told_is_said_once(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original ends")
    daemon = prepare()
    begin(daemon, "mapless = yes", section("one", "sleep 1000"))
    daemon.wait_state("one", "RUNNING")
    wait_for(lambda: "RuntimeError: told to have no map" in daemon.log_text, "the traceback")
    assert daemon.server.meddler.calls() == []
    assert daemon.server.meddler.calls() == []
    assert daemon.log_text.count("Traceback") == 1


def test_a_method_that_cannot_be_replaced_says_so(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original replaces anything")
    daemon = prepare()
    begin(daemon, "", "")
    for name in ("_spawn_as_parent", "drain", "set_uid"):
        text = str(daemon.server.meddler.refuseNamed(name))
        assert text.startswith(f"Subprocess.{name} is done by the native engine")
