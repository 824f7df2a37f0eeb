"""Listeners that people use, from PyPI and unchanged: superlance and supervisord-dependent-startup."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Supervise
from harness.daemon import Daemon, free_port
from harness.under_test import UnderTest
from harness.waiting import wait_for

MISSING = [
    name
    for name in ("superlance", "supervisord_dependent_startup", "toposort")
    if importlib.util.find_spec(name) is None
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")


def superlance(under_test: UnderTest, name: str, arguments: str, events: str, more: str = "") -> str:
    """A section for one of superlance's listeners, run with the `supervisor` package under test."""
    code = f"from superlance.{name} import main; main()"
    python = under_test.program("python")
    return (
        f"[eventlistener:{name}]\ncommand = {python} -c '{code}' {arguments}\nevents = {events}\n"
        f"environment = PYTHONPATH=%(here)s/lib\nstderr_logfile = %(here)s/{name}.err\nautostart = false\n{more}\n"
    )


def put_into_lib(daemon: Daemon, *packages: str) -> None:
    """Give the daemon's children packages of this environment; the rest of it they do not see."""
    (daemon.folder / "lib").mkdir()
    for name in packages:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, daemon.folder / "lib" / name)
        else:
            shutil.copy(origin, daemon.folder / "lib")


def start(daemon: Daemon, name: str) -> None:
    """Start a listener of superlance."""
    put_into_lib(daemon, "superlance")
    mailer = daemon.write("sendmail", '#!/bin/sh\ncat >>"$(dirname "$0")/mail"\n')
    mailer.chmod(0o755)
    assert daemon.rpc.startProcess(name) is True


def test_crashmail_writes_its_mail(supervise: Supervise, under_test: UnderTest) -> None:
    daemon = supervise(
        superlance(
            under_test, "crashmail", "-a -m a@example.com -s %(here)s/sendmail", "PROCESS_STATE_EXITED"
        )
        + "[program:x]\ncommand = sh -c 'exit 3'\nstartsecs = 0\nautostart = false\nautorestart = false\n"
    )
    start(daemon, "crashmail")
    daemon.rpc.startProcess("x", False)
    pid_text = "Process x in group x exited unexpectedly (pid "
    wait_for(lambda: daemon.nudge() and pid_text in daemon.wait_file("mail"), "the mail")
    assert daemon.wait_file("mail").startswith("To: a@example.com\nSubject:  x crashed at ")


def test_memmon_restarts_what_is_fat(supervise: Supervise, under_test: UnderTest) -> None:
    daemon = supervise(
        superlance(under_test, "memmon", "-p x=1KB", "TICK_5")
        + "[program:x]\ncommand = sleep 1000\nstartsecs = 0\n"
    )
    before = daemon.wait_state("x", "RUNNING")["pid"]
    start(daemon, "memmon")
    wait_for(lambda: daemon.nudge() and daemon.info("x")["pid"] not in (0, before), "the restart")
    daemon.wait_log_match("WARN stopped: x .*")


def test_httpok_restarts_what_is_sick(supervise: Supervise, under_test: UnderTest) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    arguments = f"-p x -t 1 -m a@example.com -s %(here)s/sendmail {url}"
    daemon = supervise(
        superlance(under_test, "httpok", arguments, "TICK_5")
        + "[program:x]\ncommand = sleep 1000\nstartsecs = 0\n"
    )
    before = daemon.wait_state("x", "RUNNING")["pid"]
    start(daemon, "httpok")
    wait_for(lambda: daemon.nudge() and daemon.info("x")["pid"] not in (0, before), "the restart", 60)
    wait_for(lambda: daemon.nudge() and url in daemon.wait_file("mail"), "the mail")


class Smtp(socketserver.StreamRequestHandler):
    """As much of a mail server as smtplib asks for; keeps what it is told."""

    def handle(self) -> None:
        """Answer one connection."""
        self.wfile.write(b"220 here\r\n")
        is_text = False
        for line in self.rfile:
            self.server.lines.append(line.decode().rstrip())  # type: ignore[attr-defined]
            if is_text:
                is_text = line != b".\r\n"
                answer = b"" if is_text else b"250 OK\r\n"
            elif line.upper().startswith(b"DATA"):
                is_text, answer = True, b"354 go on\r\n"
            else:
                answer = b"250 OK\r\n"
            self.wfile.write(answer)


@pytest.fixture
def mails() -> Iterator[tuple[int, list[str]]]:
    """The port of a mail server, and the lines that it was told."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        server.daemon_threads = True
        server.lines = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1], server.lines  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("name", "startsecs", "line"),
    [
        ("fatalmailbatch", 30, "Process x:x failed to start too many times"),
        ("crashmailbatch", 0, "Process x:x (pid N) died unexpectedly"),
    ],
)
def test_batches_of_mail(
    supervise: Supervise,
    under_test: UnderTest,
    mails: tuple[int, list[str]],
    name: str,
    startsecs: int,
    line: str,
) -> None:
    port, lines = mails
    arguments = f"-t a@example.com -f b@example.com -i 0.01 -e TICK_5 -H 127.0.0.1:{port}"
    daemon = supervise(
        superlance(under_test, name, arguments, "PROCESS_STATE,TICK_5", "buffer_size = 100")
        + f"[program:x]\ncommand = sh -c 'exit 3'\nstartsecs = {startsecs}\nstartretries = 0\n"
        "autostart = false\nautorestart = false\n"
    )
    start(daemon, name)
    daemon.rpc.startProcess("x", False)
    wait_for(
        lambda: daemon.nudge() and any(line in re.sub(r"pid \d+", "pid N", told) for told in list(lines)),
        "the mail",
    )
    assert "RCPT TO:<a@example.com>" in [told.replace("rcpt", "RCPT") for told in lines]


def test_dependent_startup_starts_programs_in_its_order(supervise: Supervise, under_test: UnderTest) -> None:
    def dependent(name: str, priority: int, *wait_for_states: str) -> str:
        return (
            f"[program:{name}]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0\npriority = {priority}\n"
            f"dependent_startup = true\ndependent_startup_wait_for = {' '.join(wait_for_states)}\n"
        )

    python = under_test.program("python")
    daemon = supervise(
        f"[eventlistener:order]\ncommand = {python} -m supervisord_dependent_startup -c %(here)s/supervisord.conf\n"
        "events = PROCESS_STATE\nenvironment = PYTHONPATH=%(here)s/lib\nautostart = false\nstartsecs = 0\n"
        "buffer_size = 100\nautorestart = false\nstderr_logfile = %(here)s/order.err\n"
        # Against the order of their names and of their priorities.
        + dependent("a", 1, "b:running", "c:running")
        + dependent("b", 2, "c:running")
        + dependent("c", 3)
    )
    put_into_lib(daemon, "supervisord_dependent_startup", "toposort")
    assert daemon.rpc.startProcess("order") is True
    for name in "abc":
        daemon.wait_state(name, "RUNNING")
    spawned = [line.split("'")[1] for line in daemon.log_lines() if line.startswith("INFO spawned: ")]
    assert spawned == ["order", "c", "b", "a"]
