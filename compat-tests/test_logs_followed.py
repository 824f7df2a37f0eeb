"""Following a log over HTTP: what becomes of it when the file is emptied or replaced, and when nobody reads."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from conftest import Prepare, Supervise
from harness import http
from harness.daemon import Daemon
from harness.talking import say, talker, wait_content
from harness.waiting import wait_for

READERS = 1000


class Reader:
    """A client that follows the log of `a`, and takes what has come when it is asked."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.connection = http.connect(daemon.socket)
        self.connection.sendall(b"GET /logtail/a HTTP/1.1\r\nHost: x\r\n\r\n")
        self.data = b""

    def has(self, text: bytes) -> bool:
        """Whether this has come, in one piece."""
        self.daemon.nudge()
        self.connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while piece := self.connection.recv(65536):
                self.data += piece
        return text in self.data

    def wait(self, text: bytes) -> None:
        """Wait until this has come."""
        wait_for(lambda: self.has(text), f"{text!r} to be followed")


@pytest.mark.differs("a follower is told that the log was emptied")
def test_a_log_that_is_emptied_is_said_to_be_and_followed_on(prepare: Prepare) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original means to say it, and sends nothing any more")
    daemon.configure(talker("a", "stdout_logfile = %(here)s/a.log"))
    daemon.start()
    say(daemon, "a", b"before it is emptied\n")
    wait_content(daemon.folder / "a.log", b"before it is emptied\n")
    reader = Reader(daemon)
    reader.wait(b"before it is emptied\n")
    os.truncate(daemon.folder / "a.log", 0)
    reader.wait(b"==> File truncated <==\n")
    say(daemon, "a", b"after\n")
    reader.wait(b"after\n")
    reader.connection.close()


def test_a_log_that_is_replaced_is_followed_on(supervise: Supervise) -> None:
    daemon = supervise(talker("a", "stdout_logfile = %(here)s/a.log"))
    log = daemon.folder / "a.log"
    say(daemon, "a", b"in the old one\n")
    wait_content(log, b"in the old one\n")
    reader = Reader(daemon)
    reader.wait(b"in the old one\n")
    log.rename(daemon.folder / "moved")
    daemon.signal(signal.SIGUSR2)
    wait_for(lambda: daemon.nudge() and log.exists(), "a new log")
    say(daemon, "a", b"in the new one, which is longer\n")
    reader.wait(b"in the new one, which is longer\n")
    reader.connection.close()


@pytest.mark.differs("a thousand clients that follow a log and do not read it harm nobody")
def test_a_thousand_readers_that_do_not_read_harm_nobody(prepare: Prepare) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original looks at every reader's file again and again")
    daemon.configure(
        talker("a", "stdout_logfile = %(here)s/a.log\nstdout_logfile_maxbytes = 0"),
        supervisord="minfds = 8192",
    )
    daemon.start()
    daemon.wait_state("a", "RUNNING")
    say(daemon, "a", b"begin\n")
    wait_content(daemon.folder / "a.log", b"begin\n")
    with contextlib.ExitStack() as stack:
        readers = [Reader(daemon) for _ in range(READERS)]
        for reader in readers:
            stack.enter_context(contextlib.closing(reader.connection))
        for reader in readers:
            reader.wait(b"begin\n")
        written = b"begin\n"
        for number in range(20):
            data = f"{number:03} ".encode() * 4000
            say(daemon, "a", data)
            written += data
            wait_content(daemon.folder / "a.log", written)
        assert daemon.rpc.stopProcess("a") is True
        assert daemon.rpc.startProcess("a") is True
        # One that begins to read at last finds the end of it.
        readers[READERS // 2].wait(b"019 ")
    assert daemon.state("a") == "RUNNING"
