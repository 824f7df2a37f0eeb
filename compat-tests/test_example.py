"""The quick start example: it starts, and all its programs come to the states it promises."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Prepare
from harness.daemon import Daemon, environment, free_port
from harness.under_test import REPOSITORY
from harness.waiting import wait_for

QUICKSTART = REPOSITORY / "examples" / "quickstart"
#: The example's programs are found here by their names: the tests' own environment has Flask.
TOOLS = Path(sys.executable).parent
ALWAYS = {
    "importer:importer": "FATAL",
    "mail:fetch": "RUNNING",
    "mail:send": "RUNNING",
    "shop:shop": "RUNNING",
    **{f"worker:worker_{number:02}": "RUNNING" for number in range(4)},
}


def has_java() -> bool:
    """Whether the jar can be built and run here."""
    return all(shutil.which(tool) for tool in ("java", "javac", "jar"))


class Example:
    """A copy of the example, on free ports."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.page, self.shop = free_port(), free_port()
        shutil.copytree(
            QUICKSTART, daemon.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("var", "__pycache__")
        )
        (daemon.folder / "var").mkdir()
        for name, old, new in [
            ("supervisord.conf", ":9001", f":{self.page}"),
            ("conf.d/shop.conf", "--port 5000", f"--port {self.shop}"),
        ]:
            path = daemon.folder / name
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        daemon.log = daemon.folder / "var" / "supervisord.log"
        daemon.pidfile = daemon.folder / "var" / "supervisord.pid"
        daemon.socket = str(daemon.folder / "var" / "supervisor.sock")
        # A bin folder as the example expects it: the supervisord under test, and python with Flask.
        self.bin = daemon.folder / "bin"
        self.bin.mkdir()
        for tool in ("supervisord", "supervisorctl"):
            self.wrap(tool, daemon.under_test.program(tool))
        self.wrap("python", sys.executable)
        self.wrap("flask", sys.executable, "-m", "flask")

    def wrap(self, name: str, *command: str) -> None:
        """A program in the bin folder that becomes another one."""
        path = self.bin / name
        words = " ".join(f"'{word}'" for word in command)
        path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        path.chmod(0o755)

    def states(self) -> dict[str, str]:
        """The state of every process."""
        return {
            f"{info['group']}:{info['name']}": info["statename"]
            for info in self.daemon.rpc.getAllProcessInfo()
        }

    def wait_states(self, wanted: dict[str, str]) -> None:
        """Wait until all processes are in these states."""
        wait_for(lambda: self.states() == wanted, f"the states {wanted}")


@pytest.fixture
def example(prepare: Prepare) -> Example:
    """A copy of the example that is not started yet."""
    return Example(prepare())


def front_page(port: int) -> dict[str, str]:
    """What the web shop answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        answer: dict[str, str] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def test_all_programs_reach_their_states_with_nothing_prepared(example: Example) -> None:
    daemon = example.daemon
    me = pwd.getpwuid(os.geteuid()).pw_name
    daemon.start(env={"PATH": f"{example.bin}:{os.environ['PATH']}", "USER": me})
    example.wait_states(ALWAYS)
    assert front_page(example.shop) == {"shop": "Corner shop", "process": "shop"}
    assert (daemon.folder / "var" / "worker_03.log").read_text() == "worker 3 is ready\n"
    assert (
        daemon.folder / "var" / "importer.log"
    ).read_text() == 3 * "importer: the file to import is missing\n"
    daemon.wait_log("INFO gave up: importer entered FATAL state, too many start retries too quickly")
    assert "daemonize" not in daemon.log_text + daemon.stderr

    status = daemon.ctl("status")
    assert status.code == 3
    lines = [
        re.sub(r"pid \d+, uptime \d:\d\d:\d\d", "pid N, uptime T", line) for line in status.out.splitlines()
    ]
    running = "RUNNING   pid N, uptime T"
    assert lines == [
        f"{'importer':33}FATAL     Exited too quickly (process log may have details)",
        f"{'mail:fetch':33}{running}",
        f"{'mail:send':33}{running}",
        f"{'shop':33}{running}",
        *(f"{f'worker:worker_{number:02}':33}{running}" for number in range(4)),
    ]

    before = daemon.info("mail:send")["pid"]
    assert daemon.ctl("restart", "mail:*").code == 0
    assert daemon.info("mail:send")["pid"] != before
    assert daemon.ctl("stop", "worker:worker_01").out == "worker:worker_01: stopped\n"
    daemon.wait_log("INFO stopped: worker_01 (exit status 0)")
    assert daemon.stop() == 0


def test_run_sh_prepares_says_where_things_are_and_runs_in_the_foreground(example: Example) -> None:
    daemon = example.daemon
    with open(daemon.folder / "out", "wb") as out, open(daemon.folder / "err", "wb") as err:
        daemon.child = subprocess.Popen(
            [str(daemon.folder / "run.sh"), str(example.bin)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment(daemon.mark),
            start_new_session=True,
        )
    daemon.started_as = daemon.child.pid
    daemon.wait_ready()
    example.wait_states({**ALWAYS, "ticker:ticker": "RUNNING"} if has_java() else ALWAYS)
    said = daemon.stdout
    assert f"The page:       http://127.0.0.1:{example.page}  (user admin, password quickstart)\n" in said
    command = f"{example.bin}/supervisorctl -c {daemon.config} status"
    assert f"supervisorctl:  {command}\n" in said
    assert f"The web shop:   http://127.0.0.1:{example.shop}\n" in said
    assert ("No JDK here: the program 'ticker' is left out.\n" in said) is not has_java()
    shown = subprocess.run(command.split(), capture_output=True, text=True, timeout=30, check=False)
    assert "worker:worker_03" in shown.stdout
    if has_java():
        wait_for(lambda: "ticker starts\n" in (daemon.folder / "var/ticker.log").read_text(), "the JVM")
    daemon.settle()
    os.kill(daemon.started_as, signal.SIGINT)
    assert daemon.wait_end() == 0
