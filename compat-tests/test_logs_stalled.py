"""Logs on a disk that does not answer: whoever has nothing to do with it notices nothing, and no program stops.

Everything asked for inside `frozen` has to be answered there: the disk answers only afterwards.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Prepare
from harness.daemon import Daemon
from harness.disks import frozen, image_disk
from harness.talking import HEARD, say, talker, wait_content
from harness.under_test import UnderTest
from harness.waiting import wait_for

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.differs("a log on a disk that does not answer holds up itself only"),
]

#: More than pipes and the memory for a stalled log hold.
FLOOD = 3_000_000

OTHER = talker("other", "stdout_logfile = %(here)s/other.log")


@pytest.fixture
def daemon(prepare: Prepare, under_test: UnderTest) -> Daemon:
    """A daemon that is not started yet."""
    if not under_test.ours:
        pytest.skip("the original stands still until the disk answers")
    return prepare()


@pytest.fixture
def disk(daemon: Daemon) -> Iterator[Path]:
    """A disk of its own in the daemon's folder."""
    with image_disk(daemon.folder / "disk") as folder:
        yield folder
        daemon.stop()


def flood(settings: str = "") -> str:
    """The section of a program that writes much once there is a file `go`, and then makes the file `done`."""
    return (
        "[program:flood]\ncommand = sh -c 'while [ ! -e %(here)s/go ]; do sleep 0.02; done; "
        f"head -c {FLOOD} /dev/zero; echo > %(here)s/done; exec sleep 1000'\n"
        f"startsecs = 0\nstdout_logfile = %(here)s/disk/flood.log\nstdout_logfile_maxbytes = 0\n{settings}\n"
    )


def about_the_disk(daemon: Daemon) -> list[str]:
    """The lines of the main log about a file system."""
    return [line for line in daemon.log_lines() if "the file system of log " in line]


@pytest.mark.parametrize("heard", HEARD)
def test_everybody_goes_on_and_the_loss_is_counted(daemon: Daemon, disk: Path, heard: str) -> None:
    daemon.configure(talker("near", "stdout_logfile = %(here)s/disk/near.log") + flood(heard) + OTHER)
    daemon.start()
    say(daemon, "near", b"one ")
    wait_content(disk / "near.log", b"one ")
    daemon.wait_state("flood", "RUNNING")
    with frozen(disk):
        say(daemon, "near", b"two ")
        say(daemon, "other", b"as ever")
        wait_content(daemon.folder / "other.log", b"as ever")
        daemon.write("go", "")
        # It could not write so much if nobody read it.
        daemon.wait_file("done")
        assert daemon.rpc.stopProcess("flood") is True
        assert daemon.rpc.stopProcess("other") is True
        assert daemon.rpc.startProcess("other") is True
        assert daemon.state("near") == "RUNNING"
        wait_for(lambda: about_the_disk(daemon), "the line about it")
        say(daemon, "near", b"three ")
    answers = daemon.wait_log_match(r"WARN the file system of log .* answers again, (\d+) bytes were lost")
    wait_for(
        lambda: (disk / "flood.log").stat().st_size + int(answers[1]) == FLOOD, "what was kept of the flood"
    )
    say(daemon, "near", b"four")
    wait_content(disk / "near.log", b"one two three four")
    assert len(about_the_disk(daemon)) == 2
    assert re.fullmatch(
        rf"ERRO the file system of log {disk}/(near|flood)\.log does not answer", about_the_disk(daemon)[0]
    )


def test_a_main_log_that_stalls_holds_up_nobody_and_loses_no_line(daemon: Daemon, disk: Path) -> None:
    daemon.configure(OTHER)
    log = disk / "main.log"
    daemon.config.write_text(daemon.config.read_text().replace(str(daemon.log), str(log)))
    daemon.start(ready=False)
    say(daemon, "other", b"before ")
    wait_content(daemon.folder / "other.log", b"before ")
    with frozen(disk):
        for _ in range(3):
            assert daemon.rpc.stopProcess("other") is True
            assert daemon.rpc.startProcess("other") is True
        say(daemon, "other", b"meanwhile")
        wait_content(daemon.folder / "other.log", b"before meanwhile")
    wait_for(lambda: log.read_text().count(" INFO spawned: 'other' with pid ") == 4, "all lines")
    assert log.read_text().count(" stopped: other (") == 3
    assert " were lost" not in log.read_text()


def test_opening_and_emptying_a_log_hold_up_only_who_asks(daemon: Daemon, disk: Path) -> None:
    daemon.configure(
        talker("new", "stdout_logfile = %(here)s/disk/new.log\nautostart = false")
        + talker("near", "stdout_logfile = %(here)s/disk/near.log")
        + OTHER
    )
    daemon.start()
    say(daemon, "near", b"one")
    wait_content(disk / "near.log", b"one")
    asking = [
        threading.Thread(target=daemon.rpc.startProcess, args=("new",)),
        threading.Thread(target=daemon.rpc.clearProcessLogs, args=("near",)),
    ]
    with frozen(disk):
        for thread in asking:
            thread.start()
        daemon.wait_state("new", "STARTING")
        assert daemon.rpc.stopProcess("other") is True
        assert daemon.rpc.startProcess("other") is True
        assert daemon.rpc.readProcessStdoutLog("near", 0, 0) == "one"
        say(daemon, "other", b"as ever")
        wait_content(daemon.folder / "other.log", b"as ever")
    for thread in asking:
        thread.join()
    say(daemon, "new", b"text")
    wait_content(disk / "new.log", b"text")
    say(daemon, "near", b"two")
    wait_content(disk / "near.log", b"two")


def test_a_reload_does_not_wait_for_a_disk(daemon: Daemon, disk: Path) -> None:
    daemon.configure(flood("autostart = false") + OTHER)
    daemon.start()
    daemon.rpc.startProcess("flood")
    say(daemon, "other", b"one ")
    wait_content(daemon.folder / "other.log", b"one ")
    with frozen(disk):
        daemon.write("go", "")
        daemon.wait_file("done")
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: daemon.log_text.count("supervisord started with pid") == 2, "the second life")
        say(daemon, "other", b"two")
        wait_content(daemon.folder / "other.log", b"one two")
        daemon.wait_log_match(
            rf"WARN the file system of log {disk}/flood.log does not answer, \d+ bytes were lost"
        )
