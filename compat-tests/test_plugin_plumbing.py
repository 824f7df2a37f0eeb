"""Plug-ins that arrange the descriptors of children, and that look after their output."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import Prepare
from harness.daemon import Daemon, program
from harness.events import listener, wait_events
from harness.under_test import UnderTest
from harness.waiting import wait_for
from test_plugin_hooks import section
from test_plugin_host import start


def begin(daemon: Daemon, way: str, programs: str) -> None:
    """Start a daemon whose plug-in replaces something in one of its ways."""
    plugin = f"[rpcinterface:plumber]\nsupervisor.rpcinterface_factory = plumber:make_plumber\nway = {way}\n"
    start(daemon, f"{plugin}\n{programs}")


def report(daemon: Daemon) -> dict[str, Any]:
    """What the program `recorder` found."""
    found: dict[str, Any] = json.loads(daemon.wait_file("report.json"))
    return found


def recorder(daemon: Daemon, *options: str) -> str:
    """The program that tells what it got."""
    return section("one", program("recorder", daemon.folder / "report.json"), *options)


def test_a_child_gets_a_descriptor_of_the_plug_in(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, "hand_socket", recorder(daemon))
    found = report(daemon)
    assert found["descriptors"] == {"0": "pipe", "1": "pipe", "2": "pipe", "20": "socket"}
    assert found["same_output"] is False


def test_a_child_keeps_the_standard_error_of_the_daemon(prepare: Prepare) -> None:
    daemon = prepare()
    log = daemon.folder / "one.err"
    printer = section("one", program("printer", "out", "err to all"), f"stderr_logfile = {log}")
    begin(daemon, "keep_stderr", printer + f"stdout_logfile = {daemon.folder}/one.out\n")
    assert daemon.wait_file("one.out") == "out"
    assert "err to all" in daemon.stderr
    assert log.read_text() == ""


@pytest.mark.parametrize("redirect", [False, True])
def test_a_replacement_that_calls_the_original_changes_nothing(prepare: Prepare, redirect: bool) -> None:
    daemon = prepare()
    begin(daemon, "do_as_usual", recorder(daemon, f"redirect_stderr = {redirect}"))
    found = report(daemon)
    assert found["descriptors"] == {"0": "pipe", "1": "pipe", "2": "pipe"}
    assert found["same_output"] is redirect


def test_a_replacement_that_fails_starts_no_program(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, "fail_to_prepare", section("one", "sleep 1000", "autorestart = false"))
    assert daemon.wait_state("one", "EXITED")["exitstatus"] == 127
    assert "supervisor: child process was not spawned\n" in daemon.stderr


def test_a_descriptor_that_is_not_there_starts_no_program(prepare: Prepare) -> None:
    daemon = prepare()
    log = daemon.folder / "one.err"
    begin(
        daemon,
        "name_missing",
        section("one", "sleep 1000", "autorestart = false", f"stderr_logfile = {log}"),
    )
    assert daemon.wait_state("one", "EXITED")["exitstatus"] == 127
    assert log.read_text() == "supervisor: child process was not spawned\n"


@pytest.mark.parametrize(("way", "expected"), [("fail_to_prepare", None), ("fail_for_sockets", 127)])
def test_fastcgi_programs_have_a_method_of_their_own(
    prepare: Prepare, way: str, expected: int | None
) -> None:
    daemon = prepare()
    socket = f"[fcgi-program:one]\nsocket = unix://{daemon.folder}/fcgi.sock\nautorestart = false\n"
    begin(
        daemon,
        way,
        f"{socket}startsecs = 0\ncommand = {program('recorder', daemon.folder / 'report.json')}\n",
    )
    if expected is None:
        assert report(daemon)["descriptors"] == {"0": "socket", "1": "pipe", "2": "pipe"}
    else:
        assert daemon.wait_state("one", "EXITED")["exitstatus"] == expected


def test_what_a_child_writes_goes_through_the_plug_in(prepare: Prepare) -> None:
    daemon = prepare()
    logs = [f"stdout_logfile = {daemon.folder}/one.out", f"stderr_logfile = {daemon.folder}/one.err"]
    begin(daemon, "forward_output", section("one", program("printer", "to out", "to err"), *logs))
    assert daemon.wait_file("one.out") == "TO OUT"
    assert daemon.wait_file("one.err") == "TO ERR"
    daemon.wait_log("CRIT one stdout True: to out")
    daemon.wait_log("CRIT one stderr True: to err")


def test_all_that_a_child_wrote_before_its_end_is_logged(prepare: Prepare) -> None:
    daemon = prepare()
    one = section(
        "one",
        "/bin/sh -c 'seq 1 3000; echo end'",
        "autorestart = false",
        f"stdout_logfile = {daemon.folder}/one.out",
    )
    begin(daemon, "forward_output", one)
    daemon.wait_log("CRIT one stdout True: end")
    daemon.wait_state("one", "EXITED")
    lines = [*map(str, range(1, 3001)), "END"]
    assert daemon.wait_file("one.out").splitlines() == lines


def test_events_are_made_of_what_the_plug_in_logs(prepare: Prepare) -> None:
    daemon = prepare()
    one = section("one", program("printer", "to out"), "stdout_events_enabled = true")
    begin(daemon, "forward_output", listener("ear", "PROCESS_LOG") + one)
    (event,) = wait_events(daemon, 1, "PROCESS_LOG_STDOUT")
    assert event.payload.endswith("\nTO OUT")


def test_what_the_plug_in_keeps_is_not_logged(prepare: Prepare) -> None:
    daemon = prepare()
    out = daemon.folder / "one.out"
    begin(
        daemon,
        "swallow_output",
        section("one", "/bin/sh -c 'echo kept'", "autorestart = false", f"stdout_logfile = {out}"),
    )
    daemon.wait_state("one", "EXITED")
    assert out.read_text() == ""


def test_a_plug_in_that_fails_at_output_loses_none(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original reads no more of that output")
    daemon = prepare()
    begin(
        daemon,
        "fail_to_log",
        section("one", program("printer", "to out"), f"stdout_logfile = {daemon.folder}/one.out"),
    )
    assert daemon.wait_file("one.out") == "to out"
    wait_for(lambda: "RuntimeError: told to fail" in daemon.log_text, "the traceback")


def test_a_handler_hears_the_main_log_besides_the_usual(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, "hear_lines", section("one", "sleep 1000", "autostart = false"))
    plumber: Any = daemon.server.plumber
    plumber.say("by the plug-in")
    daemon.rpc.startProcess("one")
    line = f"spawned: 'one' with pid {daemon.wait_state('one', 'RUNNING')['pid']}"
    daemon.wait_log(f"INFO {line}")
    daemon.wait_log("INFO by the plug-in")
    wait_for(lambda: f"20 {line}" in plumber.kept(), "the line in the plug-in")
    assert "20 by the plug-in" in plumber.kept()
    daemon.rpc.stopProcess("one")
    assert daemon.stop() == 0
    assert daemon.log_text.count("stopped: one (terminated by SIGTERM)") == 1
    assert daemon.stdout.splitlines()[-1] == "closed"


def test_a_handler_that_fails_is_said(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original ends")
    daemon = prepare()
    begin(daemon, "hear_lines", section("fail", "sleep 1000", "autostart = false"))
    daemon.rpc.startProcess("fail")
    wait_for(lambda: "RuntimeError: told to fail" in daemon.log_text, "the traceback")
    assert daemon.info("fail")["statename"] == "RUNNING"


def test_what_is_done_natively_says_so(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original does it in Python")
    daemon = prepare()
    one = section("one", "/bin/sh -c 'echo kept'", "autorestart = false")
    begin(daemon, "swallow_output", one)
    daemon.wait_state("one", "EXITED")
    plumber: Any = daemon.server.plumber
    texts = plumber.refused("normallog")
    assert len(texts) == 2
    assert all(text.startswith("POutputDispatcher.normallog is done by the native") for text in texts)
    assert len(plumber.late()) == 3
