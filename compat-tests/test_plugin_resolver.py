"""What the plug-ins of Knot Resolver do: its logs, readiness, signals and starts, together in one daemon."""

from __future__ import annotations

import signal
from typing import Any

from conftest import Prepare
from harness.daemon import Daemon, program
from harness.waiting import wait_for
from test_plugin_host import fault, start

PLUGINS = """
[rpcinterface:logging]
supervisor.rpcinterface_factory = resolver:make_logging
target = FOLDER/told

[rpcinterface:signals]
supervisor.rpcinterface_factory = resolver:make_signals

[rpcinterface:readiness]
supervisor.rpcinterface_factory = resolver:make_readiness

[rpcinterface:quick]
supervisor.rpcinterface_factory = resolver:make_quick
"""

PROGRAMS = f"""
[program:manager]
command = {program("notifier", "READY=1")}
environment = X-TYPE=notify
startsecs = 60
stdout_logfile = NONE
stderr_logfile = NONE

[program:late]
command = sleep 1000
environment = X-TYPE=notify
autostart = false
startsecs = 1
startretries = 0
autorestart = false

[program:plain]
command = {program("notifier")}
autostart = false
startsecs = 0
stdout_logfile = NONE
redirect_stderr = true
"""


def begin(prepare: Prepare) -> Daemon:
    """A daemon with all of them, whose manager is ready."""
    daemon = prepare()
    start(daemon, PLUGINS.replace("FOLDER", str(daemon.folder)) + PROGRAMS, ready=False)
    (daemon.folder / "told").touch()
    wait_told(daemon, f"daemon[INFO] supervisord started with pid {daemon.started_as}")
    daemon.wait_state("manager", "RUNNING")
    return daemon


def wait_told(daemon: Daemon, line: str) -> None:
    """Wait for a line in the plug-in's own log."""
    told = daemon.folder / "told"
    wait_for(lambda: daemon.nudge() and line in told.read_text().splitlines(), f"{line!r} in the log")


def test_a_process_is_running_when_it_says_so(prepare: Prepare) -> None:
    daemon = begin(prepare)
    wait_told(daemon, "daemon[INFO] ready: manager")


def test_a_process_that_says_nothing_is_given_up(prepare: Prepare) -> None:
    daemon = begin(prepare)
    daemon.rpc.startProcess("late", False)
    daemon.wait_state("late", "FATAL")
    wait_told(daemon, "daemon[WARN] no word of late")


def test_the_main_log_is_where_the_plug_in_has_it(prepare: Prepare) -> None:
    daemon = begin(prepare)
    pid = daemon.info("manager")["pid"]
    wait_told(daemon, f"daemon[INFO] spawned: 'manager' with pid {pid}")
    told = (daemon.folder / "told").read_text()
    assert "daemon[INFO] RPC interface 'quick' initialized\n" in told
    assert daemon.log_lines()[-1].endswith("INFO the last line in the usual place")
    assert daemon.stop() == 0
    ending = (daemon.folder / "told").read_text().splitlines()
    assert "daemon[WARN] received SIGTERM indicating exit request" in ending
    assert ending[-1] == "daemon[WARN] stopped: manager (terminated by SIGTERM)"
    assert "started with pid" not in daemon.log_text


def test_what_children_write_is_there_too(prepare: Prepare) -> None:
    daemon = begin(prepare)
    wait_told(daemon, "child manager/stdout: up")
    wait_told(daemon, "child manager/stderr: trouble")
    daemon.rpc.startProcess("plain")
    wait_told(daemon, "child plain/stdout: trouble")


def test_a_signal_is_passed_on(prepare: Prepare) -> None:
    daemon = begin(prepare)
    pid = daemon.info("manager")["pid"]
    wait_told(daemon, "child manager/stdout: up")
    daemon.signal(signal.SIGHUP)
    wait_told(daemon, "daemon[INFO] SIGHUP is passed on")
    wait_told(daemon, "child manager/stdout: got SIGHUP")
    assert daemon.info("manager")["pid"] == pid


def test_a_start_is_answered_when_the_process_runs(prepare: Prepare) -> None:
    daemon = begin(prepare)
    quick: Any = daemon.server.quick
    assert quick.startProcess("plain") is True
    assert daemon.info("plain")["statename"] == "RUNNING"
    assert fault(quick.startProcess, "plain") == (60, "ALREADY_STARTED: plain")
