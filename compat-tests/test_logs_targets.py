"""Logs that are no files: the daemon's own output, named pipes, terminals, sockets, the system log."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import tty
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, environment, program
from harness.talking import say, talker, wait_content
from harness.waiting import wait_for

SYSLOG = Path("/dev/log")

TARGETS = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]


def start_into(daemon: Daemon, stdout: int, *options: str) -> None:
    """Start supervisord in the foreground with this descriptor as its standard output."""
    command = [daemon.under_test.program("supervisord"), "-n", "-c", str(daemon.config), *options]
    with open(daemon.folder / "err", "ab") as err:
        daemon.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=err,
            cwd=daemon.folder,
            env=environment(daemon.mark),
            start_new_session=True,
        )
    daemon.started_as = daemon.child.pid
    daemon.wait_ready()


class Collector:
    """Reads what comes out of a descriptor, never waiting."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.data = b""
        os.set_blocking(descriptor, False)

    def has(self, data: bytes) -> bool:
        """Whether these bytes have come."""
        # A terminal whose other end is closed is an OSError.
        with contextlib.suppress(BlockingIOError, OSError):
            while piece := os.read(self.descriptor, 65536):
                self.data += piece
        return data in self.data


@contextlib.contextmanager
def channel(kind: str) -> Iterator[tuple[int, int]]:
    """A descriptor to read from and one to write to."""
    if kind == "pipe":
        reader, writer = os.pipe()
    elif kind == "terminal":
        reader, writer = pty.openpty()
        tty.setraw(writer)
    else:
        ends = socket.socketpair()
        reader, writer = (os.dup(end.fileno()) for end in ends)
        for end in ends:
            end.close()
    try:
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_a_program_may_write_to_the_output_of_the_daemon(prepare: Prepare, kind: str, target: str) -> None:
    daemon = prepare()
    daemon.configure(talker("a", f"stdout_logfile = {target}\nstdout_logfile_maxbytes = 0"))
    with channel(kind) as (reader, writer):
        start_into(daemon, writer)
        output = Collector(reader)
        # As large as a pipe that is read meanwhile takes without making anybody wait.
        say(daemon, "a", b"text of a\n")
        wait_for(lambda: output.has(b"text of a\n"), "the text on the daemon's output")
        # The daemon's own lines are there, too.
        wait_for(lambda: output.has(b" INFO spawned: 'a' with pid "), "the main log on the daemon's output")
        daemon.stop()


def test_the_output_of_the_daemon_may_be_a_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(talker("a", "stdout_logfile = /dev/stdout\nstdout_logfile_maxbytes = 0"))
    daemon.start()
    say(daemon, "a", b"text of a\n")
    wait_for(lambda: "text of a\n" in daemon.stdout, "the text on the daemon's output")
    daemon.rpc.stopProcess("a")
    wait_for(lambda: " stopped: a (" in daemon.stdout, "the main log after it")
    assert "text of a\n" in daemon.stdout


def test_the_main_log_may_be_the_output_of_the_daemon(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.config.write_text(daemon.config.read_text().replace(str(daemon.log), "/dev/stdout"))
    with channel("pipe") as (reader, writer):
        command = [daemon.under_test.program("supervisord"), "-n", "-s", "-y", "0", "-c", str(daemon.config)]
        daemon.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.DEVNULL,
            cwd=daemon.folder,
            env=environment(daemon.mark),
            start_new_session=True,
        )
        daemon.started_as = daemon.child.pid
        output = Collector(reader)
        wait_for(lambda: output.has(b" INFO supervisord started with pid "), "the line of the start")
        assert output.data.count(b"supervisord started") == 1
        with pytest.raises(xmlrpc.client.Fault) as caught:
            daemon.rpc.readLog(0, 0)
        if daemon.under_test.ours:
            assert (caught.value.faultCode, caught.value.faultString) == (20, "NO_FILE: /dev/stdout")
        else:
            assert (caught.value.faultCode, caught.value.faultString) == (30, "FAILED")
        daemon.stop()


def test_a_program_may_write_to_a_named_pipe(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(talker("a", "stdout_logfile = %(here)s/fifo\nstdout_logfile_maxbytes = 0"))
    path = daemon.folder / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        daemon.start()
        say(daemon, "a", b"text")
        output = Collector(reader)
        wait_for(lambda: output.has(b"text"), "the text in the pipe")
    finally:
        os.close(reader)


@pytest.mark.differs("a log that is no file is never rotated and has no text to read")
@pytest.mark.parametrize("kind", ["pipe", "terminal", "socket"])
def test_a_target_that_cannot_seek_needs_no_maxbytes_and_is_no_file(prepare: Prepare, kind: str) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original fails to rotate it")
    daemon.configure(
        talker("a", "stdout_logfile = /dev/stdout\nstdout_logfile_maxbytes = 5\nstdout_logfile_backups = 2")
    )
    with channel(kind) as (reader, writer):
        start_into(daemon, writer)
        output = Collector(reader)
        for text in (b"more than five bytes\n", b"and again more\n"):
            say(daemon, "a", text)
            wait_for(lambda text=text: output.has(text), "the text")
        with pytest.raises(xmlrpc.client.Fault) as caught:
            daemon.rpc.readProcessStdoutLog("a", 0, 0)
        assert (caught.value.faultCode, caught.value.faultString) == (20, "NO_FILE: /dev/stdout")
        assert daemon.rpc.tailProcessStdoutLog("a", 7, 7) == ["", 0, False]
        result = daemon.ctl("tail", "a")
        assert result.out == "a: ERROR (no log file)\n"
        # It is neither removed nor opened anew by these.
        assert daemon.rpc.clearProcessLogs("a") is True
        daemon.signal(signal.SIGUSR2)
        daemon.wait_log("INFO supervisord logreopen")
        assert os.path.lexists("/dev/stdout")
        say(daemon, "a", b"at last\n")
        wait_for(lambda: output.has(b"at last\n"), "the last text")
        daemon.stop()
    assert not any("ERRO" in line for line in daemon.log_lines())


# The system log


@pytest.fixture
def system_log() -> Iterator[socket.socket]:
    """A system log where the machine has none."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        server.bind(str(SYSLOG))
    except OSError:
        server.close()
        pytest.skip("the machine has a system log of its own")
    try:
        server.settimeout(0.5)
        yield server
    finally:
        server.close()
        SYSLOG.unlink()


def received(server: socket.socket, texts: list[str]) -> list[str]:
    """Wait for datagrams with all of these texts; what they say after priority and time, the end cut off."""
    seen: list[str] = []

    def look() -> bool:
        with contextlib.suppress(TimeoutError, socket.timeout):
            seen.append(server.recv(65536).decode("utf-8", "surrogateescape"))
        return all(any(text in datagram for datagram in seen) for text in texts)

    wait_for(look, f"{texts} in the system log")
    messages = []
    for datagram in seen:
        match = re.fullmatch(r"<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (.*)", datagram.rstrip("\n\0"))
        assert match, datagram
        messages.append(match[1])
    return messages


def test_the_system_log(prepare: Prepare, system_log: socket.socket) -> None:
    daemon = prepare()
    daemon.configure(
        talker("a", "stdout_syslog = true\nstdout_logfile = %(here)s/a.log")
        + talker("b", "stderr_syslog = true\nstdout_logfile = NONE\nstderr_logfile = NONE", stderr=True)
        + talker("c", "stdout_logfile = syslog")
    )
    daemon.config.write_text(daemon.config.read_text().replace(str(daemon.log), "syslog"))
    daemon.start(ready=False)
    for name in ("a", "b", "c"):
        say(daemon, name, f"one {name}\n\ntwo ü {name}\n\n".encode())
    messages = received(system_log, [f"two ü {name}" for name in ("a", "b", "c")])
    for name in ("a", "b", "c"):
        assert [message for message in messages if message.startswith(f"supervisord: {name} ")] == [
            f"supervisord: {name} one {name}",
            f"supervisord: {name} ",
            f"supervisord: {name} two ü {name}",
        ]
    wait_content(daemon.folder / "a.log", "one a\n\ntwo ü a\n\n".encode())
    main = [message for message in messages if re.match(r"supervisord: \d{4}-\d\d-\d\d [\d:,]{12} ", message)]
    assert any(re.search(r" INFO spawned: 'a' with pid \d+$", message) for message in main)
    warning = (
        "WARN For [program:c], stdout_logfile=syslog but this is deprecated and will be removed.  Use "
        "stdout_syslog=true to enable syslog instead."
    )
    assert any(message.endswith(warning) for message in main)
    # What is logged there has no file of that name, and no log to be read.
    assert daemon.info("c")["stdout_logfile"] == ""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        daemon.rpc.readProcessStdoutLog("c", 0, 0)
    assert (caught.value.faultCode, caught.value.faultString) == (20, "NO_FILE")


def test_a_machine_without_a_system_log_is_no_trouble(supervise: Supervise) -> None:
    daemon = supervise(talker("a", "stdout_syslog = true\nstdout_logfile = %(here)s/a.log"))
    say(daemon, "a", b"text\n")
    wait_content(daemon.folder / "a.log", b"text\n")
    assert daemon.state("a") == "RUNNING"


def test_an_old_syslog_setting_is_warned_of(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('sleeper')}\nautostart = false\nstderr_logfile = syslog\n"
    )
    daemon.wait_log(
        "WARN For [program:x], stderr_logfile=syslog but this is deprecated and will be removed.  Use "
        "stderr_syslog=true to enable syslog instead."
    )
    info: dict[str, Any] = daemon.info("x")
    assert info["stderr_logfile"] == ""
