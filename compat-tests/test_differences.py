"""Where ours differs on purpose (docs/differences.md): what each of the two does."""

from __future__ import annotations

import datetime
import json
import os
import signal
import xml.parsers.expat
import xmlrpc.client
from pathlib import Path

import pytest

from conftest import Supervise
from harness import http
from harness.daemon import Daemon, program
from harness.waiting import wait_for

# Timing


@pytest.mark.differs("an exit is noticed when it happens, not at the next look once a second")
def test_a_crash_is_followed_by_the_next_start_at_once(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    os.kill(pid, signal.SIGKILL)
    daemon.wait_log_match(rf"INFO spawned: 'x' with pid (?!{pid}$)\d+")
    daemon.wait_state("x", "RUNNING")
    times = [
        datetime.datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f")
        for line in daemon.log_text.splitlines()
        if "exited: x" in line or "spawned: 'x'" in line
    ]
    _first_start, exited, second_start = times
    assert (second_start - exited).total_seconds() < (0.5 if daemon.under_test.ours else 3)


@pytest.mark.differs("an exit within startsecs is always a failed start; the original may look too late")
def test_a_quick_exit_never_counts_as_running(supervise: Supervise) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('exiter', 1, 0)}\nstartretries = 1\nstartsecs = 1")
    daemon.wait_log("INFO gave up: x entered FATAL state, too many start retries too quickly")
    failures = daemon.log_lines().count("WARN exited: x (exit status 1; not expected)")
    if daemon.under_test.ours:
        assert failures == 2
        assert "success: x" not in daemon.log_text
    else:
        assert failures >= 2


@pytest.mark.differs(
    "a stop between fork and exec is delivered; the original may lose it and kills after stopwaitsecs"
)
def test_a_stop_right_after_a_start_is_not_lost(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sleep 1000\nstartsecs = 0\nautostart = false\nstopwaitsecs = 1"
    )
    for _ in range(10 if daemon.under_test.ours else 1):
        daemon.rpc.startProcess("x", False)
        assert daemon.rpc.stopProcess("x") is True
    if daemon.under_test.ours:
        assert "SIGKILL" not in daemon.log_text


def deaf(daemon: Daemon, name: str) -> str:
    """What the program that only notes SIGTERM has noted."""
    return (daemon.folder / name).read_text()


def two_deaf_programs(supervise: Supervise, *priorities: int) -> tuple[Daemon, dict[str, int]]:
    """A daemon with two programs that note SIGTERM and live on, `a` and `b`; and their pids."""
    daemon = supervise(
        "".join(
            f"[program:{name}]\ncommand = {program('trapper', f'%(here)s/{name}', 'SIGTERM')}\n"
            f"startsecs = 0\nstopwaitsecs = 600\npriority = {priority}\n"
            for name, priority in zip("ab", priorities)
        )
    )
    pids = {}
    for name in "ab":
        daemon.wait_file(name)
        pids[name] = int(daemon.wait_state(name, "RUNNING")["pid"])
    return daemon, pids


@pytest.mark.differs("equal priorities are stopped side by side")
def test_at_shutdown_equal_priorities_are_told_together(supervise: Supervise) -> None:
    daemon, pids = two_deaf_programs(supervise, 5, 5)
    daemon.signal(signal.SIGTERM)

    def told() -> list[str]:
        daemon.nudge()
        return [name for name in "ab" if "SIGTERM" in deaf(daemon, name)]

    if daemon.under_test.ours:
        wait_for(lambda: told() == ["a", "b"], "SIGTERM for both")
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
    else:
        (first,) = wait_for(told, "SIGTERM for one")
        os.kill(pids.pop(first), signal.SIGKILL)
        wait_for(lambda: len(told()) == 2, "SIGTERM for the other")
        (other,) = pids.values()
        os.kill(other, signal.SIGKILL)
    assert daemon.wait_end() == 0


def test_at_shutdown_a_lower_priority_number_waits_for_the_higher_ones(supervise: Supervise) -> None:
    daemon, pids = two_deaf_programs(supervise, 5, 6)
    daemon.signal(signal.SIGTERM)
    wait_for(lambda: daemon.nudge() and "SIGTERM" in deaf(daemon, "b"), "SIGTERM for b")
    assert deaf(daemon, "a") == "ready\n"
    assert daemon.methods()
    assert deaf(daemon, "a") == "ready\n"
    os.kill(pids["b"], signal.SIGKILL)
    wait_for(lambda: daemon.nudge() and "SIGTERM" in deaf(daemon, "a"), "SIGTERM for a")
    os.kill(pids["a"], signal.SIGKILL)
    assert daemon.wait_end() == 0


# Configuration


@pytest.mark.differs("environment= is quoted as in a shell")
@pytest.mark.parametrize(
    ("text", "theirs", "ours"),
    [
        ('A="a"b', "a", "ab"),
        (r'A="x\"y"', "x\\", 'x"y'),
    ],
)
def test_quotes_within_a_value_of_the_environment(
    supervise: Supervise, text: str, theirs: str, ours: str
) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('recorder', '%(here)s/report')}\nstartsecs = 0\nenvironment = {text}\n"
    )
    report = json.loads(daemon.wait_file("report"))
    assert report["environment"]["A"] == (ours if daemon.under_test.ours else theirs)


# XML-RPC and HTTP


def talker(supervise: Supervise, data: bytes) -> Daemon:
    """A daemon with a process `x` whose log contains these bytes."""
    daemon = supervise(
        "[program:x]\ncommand = sleep 1000\nautostart = false\nstdout_logfile = %(here)s/x.log\n"
    )
    Path(daemon.folder / "x.log").write_bytes(data)
    return daemon


@pytest.mark.differs("control characters become U+FFFD; in the original no client can read the answer")
def test_control_characters_in_a_log(supervise: Supervise) -> None:
    daemon = talker(supervise, b"a\x01b\x1bc\td\n")
    if daemon.under_test.ours:
        assert daemon.rpc.tailProcessStdoutLog("x", 0, 100) == ["a\ufffdb\ufffdc\td\n", 8, False]
    else:
        with pytest.raises(xml.parsers.expat.ExpatError):
            daemon.rpc.tailProcessStdoutLog("x", 0, 100)


@pytest.mark.differs("bytes that are no UTF-8 become U+FFFD; in the original they are an internal error")
def test_bytes_that_are_no_text_in_a_log(supervise: Supervise) -> None:
    daemon = talker(supervise, b"a\xffb")
    answer = http.call(daemon.socket, "supervisor.tailProcessStdoutLog", "x", 0, 100)
    if daemon.under_test.ours:
        assert xmlrpc.client.loads(answer.body.decode())[0] == (["a\ufffdb", 3, False],)
    else:
        assert answer.status == 500


@pytest.mark.differs("cuts fall between characters; in the original they are an internal error")
def test_a_cut_within_a_character(supervise: Supervise) -> None:
    daemon = talker(supervise, "äöü".encode())
    answer = http.call(daemon.socket, "supervisor.tailProcessStdoutLog", "x", 0, 3)
    if daemon.under_test.ours:
        assert xmlrpc.client.loads(answer.body.decode())[0] == (["ü", 6, True],)
    else:
        assert answer.status == 500


@pytest.mark.differs("the server names itself")
def test_the_name_of_the_server(supervise: Supervise) -> None:
    daemon = supervise("")
    server = http.call(daemon.socket, "supervisor.getState").headers["server"]
    assert server.startswith("supervisor-rs") if daemon.under_test.ours else server == "Medusa/1.12"
