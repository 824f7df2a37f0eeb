"""Stopping: signals, SIGKILL after stopwaitsecs, whole process groups, the order at shutdown."""

from __future__ import annotations

import os
import signal

import pytest

from conftest import Prepare, Supervise
from harness.daemon import program
from harness.processes import is_alive
from harness.waiting import wait_for


def test_stop_sends_sigterm_and_waits_for_the_end(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.rpc.stopProcess("x") is True
    assert not is_alive(pid)
    info = daemon.info("x")
    assert (info["statename"], info["exitstatus"]) == ("STOPPED", -1)
    daemon.wait_log("WARN stopped: x (terminated by SIGTERM)")


def test_a_stop_that_ends_with_an_expected_code_is_no_warning(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sh -c 'trap "exit 0" TERM; echo ready >%(here)s/ready; while :; do sleep 0.01; done'
        startsecs = 0
        stopasgroup = false
        """
    )
    daemon.wait_file("ready")
    daemon.rpc.stopProcess("x")
    daemon.wait_log("INFO stopped: x (exit status 0)")
    assert daemon.info("x")["exitstatus"] == 0


@pytest.mark.parametrize(
    ("setting", "name"), [("INT", "SIGINT"), ("SIGUSR1", "SIGUSR1"), ("hup", "SIGHUP"), ("12", "SIGUSR2")]
)
def test_stopsignal_is_what_is_sent(supervise: Supervise, setting: str, name: str) -> None:
    daemon = supervise(f"[program:x]\ncommand = sleep 1000\nstartsecs = 0\nstopsignal = {setting}")
    daemon.wait_state("x", "RUNNING")
    daemon.rpc.stopProcess("x")
    daemon.wait_log(f"WARN stopped: x (terminated by {name})")


def test_a_program_that_ignores_sigterm_is_killed_after_stopwaitsecs(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', 'ready')}\ndirectory = %(here)s\nstartsecs = 0\nstopwaitsecs = 1"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.rpc.stopProcess("x") is True
    assert not is_alive(pid)
    daemon.wait_log("WARN stopped: x (terminated by SIGKILL)")
    lines = daemon.log_lines()
    assert lines[lines.index("INFO waiting for x to stop") + 1 :][-2:] == [
        f"WARN killing 'x' ({pid}) with SIGKILL",
        "WARN stopped: x (terminated by SIGKILL)",
    ]


def test_a_program_that_is_being_stopped_is_stopping(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', 'ready')}\ndirectory = %(here)s\nstartsecs = 0\nstopwaitsecs = 600"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.rpc.stopProcess("x", False) is True
    info = daemon.wait_state("x", "STOPPING")
    assert (info["state"], info["pid"], info["description"]) == (40, pid, "")
    os.kill(pid, signal.SIGKILL)
    daemon.wait_state("x", "STOPPED")


def test_stop_of_a_starting_program_works(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 600")
    daemon.wait_state("x", "STARTING")
    assert daemon.rpc.stopProcess("x") is True
    assert daemon.state("x") == "STOPPED"


def family(supervise: Supervise, more: str, *arguments: str) -> tuple[int, int, list[str]]:
    """Stop a program that has a child of its own; the pids of both, and the log lines since the stop."""
    daemon = supervise(
        f"[program:x]\ncommand = {program('family', 'pids', *arguments)}\ndirectory = %(here)s\n"
        f"startsecs = 0\nstopwaitsecs = 1\n{more}",
        supervisord="loglevel = debug",
    )
    parent, child = map(int, daemon.wait_file("pids").split())
    daemon.wait_state("x", "RUNNING")
    daemon.rpc.stopProcess("x")
    wait_for(lambda: not is_alive(parent), "the end of the parent")
    daemon.wait_log("WARN stopped: x (terminated by SIGTERM)")
    lines = [line for line in daemon.log_lines() if line.startswith("DEBG killing x ")]
    if "polite" in arguments and "group" in more:
        wait_for(lambda: not is_alive(child), "the end of the child")
    survived = is_alive(child)
    if survived:
        os.kill(child, signal.SIGKILL)
        wait_for(lambda: not is_alive(child), "the end of the child")
    return parent, 0 if not survived else child, lines


def test_without_stopasgroup_a_child_of_the_program_lives_on(supervise: Supervise) -> None:
    parent, survivor, lines = family(supervise, "", "polite")
    assert survivor
    assert lines == [f"DEBG killing x (pid {parent}) with signal SIGTERM"]


def test_stopasgroup_signals_the_whole_process_group(supervise: Supervise) -> None:
    parent, survivor, lines = family(supervise, "stopasgroup = true", "polite")
    assert not survivor
    assert lines == [f"DEBG killing x (pid {parent}) process group with signal SIGTERM"]


def test_killasgroup_kills_the_whole_process_group_after_stopwaitsecs(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("family", "pids", "stubborn")}
        directory = %(here)s
        startsecs = 0
        stopwaitsecs = 1
        stopsignal = CONT
        killasgroup = true
        """,
        supervisord="loglevel = debug",
    )
    parent, child = map(int, daemon.wait_file("pids").split())
    daemon.wait_state("x", "RUNNING")
    daemon.rpc.stopProcess("x")
    wait_for(lambda: not is_alive(child), "the end of the child")
    daemon.expect_log(
        [
            f"DEBG killing x (pid {parent}) with signal SIGCONT",
            f"DEBG killing x (pid {parent}) process group with signal SIGKILL",
        ],
        only="^DEBG killing x ",
    )


def test_stopasgroup_without_killasgroup_is_refused(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = sleep 1000\nstopasgroup = true\nkillasgroup = false")
    daemon.start(ready=False)
    assert daemon.wait_end() == 2
    assert daemon.stderr.splitlines()[0] == (
        "Error: Cannot set stopasgroup=true and killasgroup=false in section 'program:x' "
        f"(file: '{daemon.config}')"
    )


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_a_signal_shuts_the_daemon_down_in_order(supervise: Supervise, name: str) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0", inet="")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    daemon.signal(getattr(signal, name))
    assert daemon.wait_end() == 0
    daemon.wait_log(f"WARN received {name} indicating exit request")
    assert not is_alive(pid)
    assert not daemon.pidfile.exists()
    assert daemon.sockets() == []


def test_shutdown_stops_higher_priority_numbers_first_and_waits_for_each(supervise: Supervise) -> None:
    daemon = supervise(
        "".join(
            f"[program:{name}]\ncommand = sleep 1000\nstartsecs = 0\npriority = {priority}\n"
            for name, priority in [("middle", 20), ("last", 5), ("first", 300)]
        )
    )
    for name in ("middle", "last", "first"):
        daemon.wait_state(name, "RUNNING")
    daemon.stop()
    assert [line for line in daemon.log_lines() if "stopped: " in line] == [
        f"WARN stopped: {name} (terminated by SIGTERM)" for name in ("first", "middle", "last")
    ]


def test_start_up_follows_priority(supervise: Supervise) -> None:
    daemon = supervise(
        "".join(
            f"[program:{name}]\ncommand = sleep 1000\nstartsecs = 0\npriority = {priority}\n"
            for name, priority in [("middle", 20), ("first", 5), ("last", 300)]
        )
    )
    for name in ("middle", "first", "last"):
        daemon.wait_state(name, "RUNNING")
    pids = {name: daemon.info(name)["pid"] for name in ("first", "middle", "last")}
    daemon.expect_log(
        [f"INFO spawned: '{name}' with pid {pid}" for name, pid in pids.items()], only="spawned: "
    )


def test_shutdown_waits_for_a_stubborn_program_and_says_so(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', 'ready')}\ndirectory = %(here)s\nstartsecs = 0\nstopwaitsecs = 2"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.stop() == 0
    lines = daemon.log_lines()
    assert "INFO waiting for x to die" in lines
    assert lines[-2:] == [f"WARN killing 'x' ({pid}) with SIGKILL", "WARN stopped: x (terminated by SIGKILL)"]


def test_while_it_shuts_down_requests_are_answered_with_a_fault(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', 'ready')}\ndirectory = %(here)s\nstartsecs = 0\nstopwaitsecs = 600"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    daemon.rpc.shutdown()
    daemon.wait_log("INFO waiting for x to die")
    refused = daemon.ctl("shutdown")
    assert (refused.code, refused.out) == (0, "ERROR: already shutting down\n")
    os.kill(pid, signal.SIGKILL)
    assert daemon.wait_end() == 0


def test_sighup_while_shutting_down_is_ignored(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', 'ready')}\ndirectory = %(here)s\nstartsecs = 0\nstopwaitsecs = 600"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    daemon.signal(signal.SIGTERM)
    daemon.wait_log("WARN received SIGTERM indicating exit request")
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("WARN ignored SIGHUP indicating restart request (shutdown in progress)")
    os.kill(pid, signal.SIGKILL)
    assert daemon.wait_end() == 0


def test_shutdown_turns_a_program_in_back_off_into_fatal_and_ends(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('exiter', 1, 0)}\nstartretries = 1000\nstartsecs = 10"
    )
    daemon.wait_state("x", "BACKOFF")
    assert daemon.stop() == 0
    assert "with SIGKILL" not in daemon.log_text


@pytest.mark.parametrize("how", ["command", "signal"])
def test_shutdown_by_any_way_leaves_no_files(supervise: Supervise, how: str) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    daemon.wait_state("x", "RUNNING")
    if how == "command":
        assert daemon.ctl("shutdown").out == "Shut down\n"
        assert daemon.wait_end() == 0
    else:
        assert daemon.stop() == 0
    left = sorted(path.name for path in daemon.folder.iterdir())
    automatic = [name for name in left if name.startswith("x-std")]
    assert [name for name in left if name not in automatic] == [
        "err",
        "out",
        "supervisord.conf",
        "supervisord.log",
    ]
    assert sorted(name.split("---")[0] for name in automatic) == ["x-stderr", "x-stdout"]
