"""The methods that read, tail and empty logs: offsets, lengths, faults, order."""

from __future__ import annotations

import os
import xmlrpc.client
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, program, running
from harness.talking import say, talker, wait_content
from harness.under_test import UnderTest
from harness.waiting import wait_for

TEN = "0123456789"


@pytest.fixture(scope="module")
def reading(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon for the tests that only read; both streams of `x` are the ten digits."""
    programs = f"""
        [program:x]
        command = {program("printer", TEN, TEN)}
        startsecs = 0
        stdout_logfile = %(here)s/x.out
        stderr_logfile = %(here)s/x.err

        [program:none]
        command = sleep 1000
        autostart = false
        stdout_logfile = NONE
        stderr_logfile = NONE

        [program:never]
        command = sleep 1000
        autostart = false
        stdout_logfile = %(here)s/never.out
        stderr_logfile = %(here)s/never.err

        [program:folder]
        command = sleep 1000
        autostart = false
        stdout_logfile = %(here)s/folder.out
        stderr_logfile = %(here)s/folder.out

        [program:pipe]
        command = sleep 1000
        autostart = false
        stdout_logfile = /dev/null
        stderr_logfile = /dev/null
        """
    with running(under_test, programs) as daemon:
        (daemon.folder / "folder.out").mkdir()
        wait_content(daemon.folder / "x.out", TEN.encode())
        wait_content(daemon.folder / "x.err", TEN.encode())
        yield daemon


def fault(call: Callable[..., Any], *params: Any) -> tuple[int, str]:
    """The fault that this call is answered with."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*params)
    return caught.value.faultCode, caught.value.faultString


READ = ["readProcessStdoutLog", "readProcessLog", "readProcessStderrLog"]
TAIL = ["tailProcessStdoutLog", "tailProcessLog", "tailProcessStderrLog"]

PARTS = [
    (0, 0, TEN),
    (0, 4, "0123"),
    (3, 4, "3456"),
    (3, 0, "3456789"),
    (8, 4, "89"),
    (10, 0, ""),
    (10, 1, ""),
    (99, 0, ""),
    (99, 5, ""),
    (-1, 0, "9"),
    (-3, 0, "789"),
    (-10, 0, TEN),
    (-99, 0, TEN),
    (0, 2147483647, TEN),
    (-2147483648, 0, TEN),
    ("2", "3", "234"),
]


@pytest.mark.parametrize("method", READ)
@pytest.mark.parametrize(("offset", "length", "text"), PARTS)
def test_a_part_of_a_log(reading: Daemon, method: str, offset: int, length: int, text: str) -> None:
    assert getattr(reading.rpc, method)("x", offset, length) == text
    assert getattr(reading.rpc, method)("x:x", offset, length) == text


@pytest.mark.parametrize("method", [*READ, "readLog", "readMainLog"])
@pytest.mark.parametrize(("offset", "length"), [(-3, 1), (-3, -1), (0, -1), (5, -5), (99, -1)])
def test_offsets_and_lengths_that_mean_nothing(
    reading: Daemon, method: str, offset: int, length: int
) -> None:
    names = [] if method in ("readLog", "readMainLog") else ["x"]
    assert fault(getattr(reading.rpc, method), *names, offset, length) == (3, "BAD_ARGUMENTS")


@pytest.mark.parametrize("method", ["readLog", "readMainLog"])
@pytest.mark.parametrize(
    ("offset", "length"), [(0, 0), (0, 30), (7, 9), (7, 0), (10**6, 0), (10**6, 3), (-10, 0), (-(10**6), 0)]
)
def test_a_part_of_the_main_log(reading: Daemon, method: str, offset: int, length: int) -> None:
    def agrees() -> bool:
        answer = getattr(reading.rpc, method)(offset, length)
        whole = reading.log_text
        if offset < 0:
            return bool(answer == whole[offset:])
        return bool(answer == (whole[offset : offset + length] if length else whole[offset:]))

    wait_for(agrees, "the same part of the main log")


TAILS = [
    (0, 0, "", True),
    (0, 1, "9", True),
    (0, 4, "6789", True),
    (0, 10, TEN, False),
    (0, 100, TEN, False),
    (3, 2, "89", True),
    (3, 7, "3456789", False),
    (3, 8, "23456789", False),
    (9, 0, "", True),
    (9, 1, "9", False),
    (9, 5, "56789", False),
    (10, 0, "", False),
    (10, 5, "", False),
    (99, 5, "", False),
    (-1, 5, "56789", True),
    (-5, 20, TEN, False),
    (-20, 5, "56789", True),
    (-20, 100, TEN, False),
    (0, -1, "", True),
    (20, -5, "", False),
    (20, -12, "", True),
    (-3, -3, "", True),
]


@pytest.mark.parametrize("method", TAIL)
@pytest.mark.parametrize(("offset", "length", "text", "overflow"), TAILS)
def test_the_tail_of_a_log(
    reading: Daemon, method: str, offset: int, length: int, text: str, overflow: bool
) -> None:
    assert getattr(reading.rpc, method)("x", offset, length) == [text, 10, overflow]


@pytest.mark.parametrize("method", READ)
def test_a_log_that_is_not_there_cannot_be_read(reading: Daemon, method: str) -> None:
    stream = "err" if "Stderr" in method else "out"
    read = getattr(reading.rpc, method)
    assert fault(read, "none", 0, 0) == (20, "NO_FILE")
    assert fault(read, "never", 0, 0) == (20, f"NO_FILE: {reading.folder}/never.{stream}")
    assert fault(read, "folder", 0, 0) == (30, "FAILED")
    # Only a file that is there is asked whether the numbers mean anything.
    assert fault(read, "none", -1, -1) == (20, "NO_FILE")
    for name in ("nobody", "x:nobody", "x:*", ""):
        assert fault(read, name, 0, 0) == (10, f"BAD_NAME: {name}")


@pytest.mark.parametrize("method", TAIL)
def test_the_tail_of_a_log_that_is_not_there_is_nothing(reading: Daemon, method: str) -> None:
    tail = getattr(reading.rpc, method)
    assert tail("none", 5, 5) == ["", 0, False]
    assert tail("never", 5, 5) == ["", 0, False]
    assert tail("folder", 5, 5) == ["", 5, False]
    assert fault(tail, "nobody", 0, 0) == (10, "BAD_NAME: nobody")


@pytest.mark.parametrize("method", [*READ, *TAIL])
def test_how_many_arguments_there_must_be(reading: Daemon, method: str) -> None:
    for arguments in ((), ("x",), ("x", 0), ("x", 0, 0, 0)):
        assert fault(getattr(reading.rpc, method), *arguments) == (2, "INCORRECT_PARAMETERS")


# Emptying


CLEARED = talker("a", "stdout_logfile = %(here)s/a.log") + talker(
    "b", "stderr_logfile = %(here)s/b.log\nstdout_logfile = NONE\n", stderr=True
)


@pytest.mark.parametrize("method", ["clearProcessLogs", "clearProcessLog"])
@pytest.mark.parametrize("name", ["a", "b"])
def test_clearing_begins_a_new_file(supervise: Supervise, method: str, name: str) -> None:
    daemon = supervise(CLEARED)
    log = daemon.folder / f"{name}.log"
    say(daemon, name, b"before\n")
    wait_content(log, b"before\n")
    old = log.stat().st_ino
    with open(log, "rb") as kept:
        assert getattr(daemon.rpc, method)(name) is True
        assert log.read_bytes() == b""
        say(daemon, name, b"after\n")
        wait_content(log, b"after\n")
        assert kept.read() == b"before\n"
        assert log.stat().st_ino != old


def test_clearing_the_log_of_a_process_that_does_not_run_does_nothing(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("exiter", 0, 0)}
        startsecs = 0
        autostart = false
        stdout_logfile = %(here)s/x.log
        """
    )
    daemon.write("x.log", "old")
    assert daemon.rpc.clearProcessLogs("x") is True
    assert (daemon.folder / "x.log").read_text() == "old"


def test_clearing_a_log_that_was_removed_makes_it_again(supervise: Supervise) -> None:
    daemon = supervise(CLEARED)
    log = daemon.folder / "a.log"
    daemon.wait_state("a", "RUNNING")
    log.unlink()
    assert daemon.rpc.clearProcessLogs("a") is True
    say(daemon, "a", b"after")
    wait_content(log, b"after")


def test_clearing_a_log_that_cannot_be_removed_fails(supervise: Supervise) -> None:
    daemon = supervise(CLEARED)
    log = daemon.folder / "a.log"
    daemon.wait_state("a", "RUNNING")
    log.unlink()
    log.mkdir()
    assert fault(daemon.rpc.clearProcessLogs, "a") == (30, "FAILED: a")
    assert fault(daemon.rpc.clearProcessLogs, "a:a") == (30, "FAILED: a:a")


@pytest.mark.parametrize("method", ["clearProcessLogs", "clearProcessLog"])
@pytest.mark.parametrize("name", ["nobody", "x:nobody", "x:*", ""])
def test_clearing_the_logs_of_nobody(reading: Daemon, method: str, name: str) -> None:
    assert fault(getattr(reading.rpc, method), name) == (10, f"BAD_NAME: {name}")


def test_clearing_all_logs_answers_for_each_process_by_priority(supervise: Supervise) -> None:
    daemon = supervise(
        talker("late", "priority = 900\nstdout_logfile = %(here)s/late.log")
        + talker("early", "priority = 1\nstdout_logfile = %(here)s/early.log")
        + talker("bad", "priority = 5\nstdout_logfile = %(here)s/bad.log")
        + "[program:idle]\ncommand = sleep 1000\nautostart = false\npriority = 3\n"
        + "[group:g]\nprograms = late\npriority = 2\n"
    )
    for name in ("late", "early", "bad"):
        say(daemon, name, b"text")
        wait_content(daemon.folder / f"{name}.log", b"text")
    (daemon.folder / "bad.log").unlink()
    (daemon.folder / "bad.log").mkdir()

    def result(group: str, name: str, status: int = 80, description: str = "OK") -> dict[str, Any]:
        return {"name": name, "group": group, "status": status, "description": description}

    assert daemon.rpc.clearAllProcessLogs() == [
        result("early", "early"),
        result("g", "late"),
        result("idle", "idle"),
        result("bad", "bad", 30, "FAILED: bad"),
    ]
    for name in ("late", "early"):
        assert (daemon.folder / f"{name}.log").read_bytes() == b""


def test_clearing_all_logs_of_no_processes(supervise: Supervise) -> None:
    assert supervise("").rpc.clearAllProcessLogs() == []


def test_clearing_the_main_log(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0\n")
    with open(daemon.log, "rb") as kept:
        assert daemon.rpc.clearLog() is True
        assert daemon.log_text == ""
        # In the foreground there are two places that are opened again: standard output and the file.
        assert kept.read().decode().count(" INFO reopening log file\n") == 2
    daemon.rpc.startProcess("x")
    wait_for(lambda: "spawned: 'x'" in daemon.log_text, "a line in the new file")
    assert daemon.stdout.count(" INFO reopening log file\n") == 2


def test_clearing_the_main_log_of_a_daemon_in_the_background(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.start(foreground=False)
    with open(daemon.log, "rb") as kept:
        assert daemon.rpc.clearLog() is True
        assert kept.read().decode().count(" INFO reopening log file\n") == 1
    assert daemon.log_text == ""
    daemon.rpc.shutdown()
    wait_for(lambda: not daemon.leftovers(), "the end of supervisord")


def test_clearing_a_main_log_that_is_gone(supervise: Supervise) -> None:
    daemon = supervise("")
    daemon.log.unlink()
    assert fault(daemon.rpc.clearLog) == (20, "NO_FILE")


def test_clearing_a_main_log_that_cannot_be_removed(supervise: Supervise) -> None:
    daemon = supervise("")
    daemon.log.unlink()
    daemon.log.mkdir()
    try:
        assert fault(daemon.rpc.clearLog) == (30, "FAILED")
    finally:
        daemon.log.rmdir()


def test_a_main_log_that_is_the_system_log_has_no_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.config.write_text(daemon.config.read_text().replace(str(daemon.log), "syslog"))
    daemon.start(ready=False)
    wait_for(lambda: os.path.exists(daemon.socket) and "supervisord started" in daemon.stdout, "the start")
    assert fault(daemon.rpc.readLog, 0, 0) == (20, "NO_FILE: syslog")
    assert fault(daemon.rpc.clearLog) == (20, "NO_FILE")
    assert not (daemon.folder / "syslog").exists()


@pytest.mark.parametrize("method", ["readProcessLog", "clearProcessLog", "clearProcessLogs"])
def test_old_and_new_names_are_listed(reading: Daemon, method: str) -> None:
    assert f"supervisor.{method}" in reading.methods()
