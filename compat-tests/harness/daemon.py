"""One supervisord in a temporary folder of its own, with everything a test asks of it."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import uuid
import xmlrpc.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import http, processes
from harness.under_test import UnderTest
from harness.waiting import DEADLINE, StateNotReachedError, wait_for

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([A-Z]{4}) (.*)")


def program(name: str, *arguments: object) -> str:
    """The `command=` text for one of the programs in `programs/`; an argument may contain `%(here)s`."""
    words = [sys.executable, "-I", "-S", str(PROGRAMS / f"{name}.py"), *map(str, arguments)]
    return shlex.join(words)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Result:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


def environment(mark: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that programs under test get: small, the same on every machine, with the mark."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "USER", "LOGNAME") if name in os.environ
    }
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", processes.MARK: mark, **(extra or {})}


class EndedError(AssertionError):
    """supervisord ended although it should have started."""


class Daemon:
    """A supervisord, its folder and its configuration; made by `running` or by a fixture."""

    def __init__(self, under_test: UnderTest) -> None:
        self.under_test = under_test
        # Short, for the path of a unix socket may have about a hundred bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="sv-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.mark = uuid.uuid4().hex
        self.config = self.folder / "supervisord.conf"
        self.log = self.folder / "supervisord.log"
        self.pidfile = self.folder / "supervisord.pid"
        self.socket = str(self.folder / "s.sock")
        self.port = 0
        self.child: subprocess.Popen[bytes] | None = None
        self.started_as = 0

    # Configuration

    def write(self, name: str, text: str) -> Path:
        """A file in the daemon's folder, from an indented text."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def configure(
        self,
        programs: str,
        *,
        supervisord: str = "",
        unix: str | None = "",
        inet: str | None = None,
        rpc: bool = True,
    ) -> None:
        """Write the configuration: `programs` as it is, after the sections that every test needs.

        `supervisord`, `unix` and `inet` are further lines of their sections; None leaves a section out.
        """
        here = self.folder
        parts = []
        if unix is not None:
            parts.append(f"[unix_http_server]\nfile = {self.socket}\n{textwrap.dedent(unix)}\n")
        if inet is not None:
            self.port = self.port or free_port()
            parts.append(f"[inet_http_server]\nport = 127.0.0.1:{self.port}\n{textwrap.dedent(inet)}\n")
        parts.append(
            f"[supervisord]\nlogfile = {self.log}\npidfile = {self.pidfile}\nchildlogdir = {here}\n"
            f"{textwrap.dedent(supervisord)}\n"
        )
        if rpc:
            parts.append(
                "[rpcinterface:supervisor]\n"
                "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            )
        parts.append(f"[supervisorctl]\nserverurl = unix://{self.socket}\n")
        self.config.write_text("\n".join([*parts, textwrap.dedent(programs)]))

    # Life

    def start(
        self,
        *options: str,
        ready: bool = True,
        foreground: bool = True,
        descriptors: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start `supervisord -n -c <config>`, and wait until it says that it has started if `ready`.

        `descriptors` is the soft limit of open files it starts with. Raises `EndedError` if it ends instead.
        """
        command = [self.under_test.program("supervisord"), *(["-n"] if foreground else [])]
        command += ["-c", str(self.config), *options]
        if descriptors is not None:
            command = ["sh", "-c", 'ulimit -S -n "$0" && exec "$@"', str(descriptors), *command]
        with open(self.folder / "out", "ab") as out, open(self.folder / "err", "ab") as err:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                env=environment(self.mark, env),
                start_new_session=True,
            )
        self.started_as = self.child.pid
        if ready:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait for the line with which supervisord says that it has started; its servers listen by then."""

        def look() -> bool:
            if self.child is not None and self.child.poll() not in (None, 0):
                raise EndedError(f"supervisord ended with {self.child.returncode}: {self.stderr}")
            return "supervisord started with pid" in self.log_text

        wait_for(look, "the start of supervisord")

    @property
    def pid(self) -> int:
        """The pid of the supervisord that runs (from the pid file, for it may have become a daemon)."""
        return int(self.pidfile.read_text()) if self.pidfile.exists() else self.started_as

    @property
    def is_running(self) -> bool:
        """Whether the supervisord that was started is still there."""
        return self.child is not None and self.child.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to supervisord."""
        os.kill(self.pid, number)

    def nudge(self) -> bool:
        """Wake the original's loop, which else looks at signals and children only once a second.

        Ours must react without it, so it is never nudged. Always true, so that it can stand before a look.
        """
        address: http.Address = self.socket if os.path.exists(self.socket) else self.port
        if address and not self.under_test.ours:
            with contextlib.suppress(OSError):
                http.connect(address, 1.0).close()
        return True

    def wait_end(self) -> int:
        """Wait until the supervisord started in the foreground ends; its exit code."""
        child = self.child
        assert child is not None, "supervisord was never started"
        wait_for(lambda: self.nudge() and child.poll() is not None, "the end of supervisord")
        return int(child.returncode)

    def settle(self) -> None:
        """Wait until every child of the original has become its program; see `wait_exec`."""
        if not self.under_test.ours and processes.is_alive(self.pid):
            for child in processes.children_of(self.pid):
                self.wait_exec(child)

    def stop(self) -> int:
        """End supervisord in the orderly way (SIGTERM); its exit code."""
        self.settle()
        self.signal(signal.SIGTERM)
        return self.wait_end()

    def leftovers(self) -> list[int]:
        """Living processes that this daemon, or something started by it, left or still has."""
        return processes.marked(self.mark)

    def end(self) -> list[str]:
        """End everything and remove the folder; what was wrong with that, such as a process left behind."""
        problems: list[str] = []
        try:
            if self.is_running and self.child is not None:
                self.settle()
                with contextlib.suppress(ProcessLookupError):
                    self.child.send_signal(signal.SIGTERM)
                self.wait_end()
        except AssertionError as why:
            problems.append(str(why))
        finally:
            for pid in self.leftovers():
                problems.append(f"left behind: {pid} {processes.command_line(pid)}")
                processes.end(pid)
            if self.child is not None:
                self.child.wait(DEADLINE)
            shutil.rmtree(self.folder, ignore_errors=True)
        return problems

    # What it says

    @property
    def log_text(self) -> str:
        """The whole main log, empty while there is none."""
        return self.log.read_text() if self.log.exists() else ""

    def log_lines(self) -> list[str]:
        """The main log as `LEVEL message` lines; what continues a line is put after it with a newline."""
        lines: list[str] = []
        for line in self.log_text.splitlines():
            match = LINE.fullmatch(line)
            if match:
                lines.append(f"{match[1]} {match[2]}")
            else:
                assert lines, f"not a line of the main log: {line!r}"
                lines[-1] += f"\n{line}"
        return lines

    def wait_log(self, line: str, times: int = 1) -> None:
        """Wait until exactly this `LEVEL message` line stands `times` times in the main log."""
        wait_for(
            lambda: self.nudge() and self.log_lines().count(line) >= times,
            f"{times} times {line!r} in the main log",
        )

    def wait_log_match(self, pattern: str) -> re.Match[str]:
        """Wait for a `LEVEL message` line that matches the whole pattern; the match."""

        def look() -> re.Match[str] | None:
            self.nudge()
            return next((match for line in self.log_lines() if (match := re.fullmatch(pattern, line))), None)

        found = wait_for(look, f"a line like {pattern!r} in the main log")
        assert found is not None
        return found

    def expect_log(self, expected: list[str], only: str = "", since: int = 0) -> None:
        """Wait until the lines after the first `since`, as far as they contain the pattern `only`, are these.

        Lines are waited for since they may be written later than an answer that tells of the same.
        """

        def look() -> list[str]:
            self.nudge()
            return [line for line in self.log_lines()[since:] if re.search(only, line)]

        with contextlib.suppress(StateNotReachedError):
            wait_for(lambda: look() == expected, "the lines of the main log")
        assert look() == expected

    @property
    def stdout(self) -> str:
        """What supervisord itself printed."""
        return (self.folder / "out").read_text()

    @property
    def stderr(self) -> str:
        """What supervisord itself printed as errors."""
        return (self.folder / "err").read_text()

    # Asking it

    @property
    def server(self) -> xmlrpc.client.ServerProxy:
        """A new XML-RPC proxy on the unix socket, the root of all namespaces."""
        return http.proxy(self.socket)

    @property
    def rpc(self) -> Any:
        """A new XML-RPC proxy on the unix socket: the `supervisor` namespace."""
        return self.server.supervisor

    def methods(self) -> list[str]:
        """system.listMethods."""
        answer: Any = self.server.system.listMethods()
        return list(answer)

    def info(self, name: str) -> dict[str, Any]:
        """GetProcessInfo of one process."""
        answer: dict[str, Any] = self.rpc.getProcessInfo(name)
        return answer

    def state(self, name: str) -> str:
        """The name of the state of one process."""
        return str(self.info(name)["statename"])

    def wait_state(self, name: str, *wanted: str) -> dict[str, Any]:
        """Wait until a process is in one of the wanted states; its info then."""

        def look() -> dict[str, Any]:
            info = self.info(name)
            seen.append(info["statename"])
            return info if info["statename"] in wanted else {}

        seen: list[str] = []
        try:
            info = wait_for(look, f"{name} {' or '.join(wanted)}")
            self.wait_exec(info["pid"])
            return info
        except AssertionError as why:
            raise AssertionError(f"{why}; seen: {list(dict.fromkeys(seen))}") from None

    def wait_exec(self, pid: int) -> None:
        """Wait until a new child of the original has become its program.

        A signal that comes before is swallowed there (the forked Python still has its handlers). Ours has no
        such moment, so nothing is waited for.
        """
        if pid and not self.under_test.ours:
            # While it becomes the program it has no arguments at all, as one that has ended.
            not_yet = [[], processes.command_line(self.started_as)]
            wait_for(
                lambda: not processes.is_alive(pid) or processes.command_line(pid) not in not_yet,
                f"the program of {pid}",
            )

    def wait_file(self, name: str) -> str:
        """Wait until a file in the folder exists and is not empty; its text."""
        path = self.folder / name

        def look() -> str:
            self.nudge()
            return path.read_text() if path.exists() else ""

        return wait_for(look, f"a text in {name}")

    def ctl(
        self, *words: str, url: str | None = None, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> Result:
        """Run `supervisorctl -c <config> words...` and wait for its end."""
        return self.run(
            "supervisorctl",
            "-c",
            str(self.config),
            *(["-s", url] if url else []),
            *words,
            stdin=stdin,
            env=env,
        )

    def run(self, name: str, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Result:
        """Run one of the installed programs in the daemon's folder and wait for its end."""
        return run(self.under_test, name, *words, folder=self.folder, mark=self.mark, stdin=stdin, env=env)

    def sockets(self) -> list[str]:
        """The names of the unix sockets in the folder."""
        return sorted(entry.name for entry in self.folder.iterdir() if stat.S_ISSOCK(entry.lstat().st_mode))


def run(
    under_test: UnderTest,
    name: str,
    *words: str,
    folder: Path,
    mark: str = "",
    stdin: str = "",
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run one of the installed programs to its end; killed, and a failure, after the deadline."""
    done = subprocess.run(
        [under_test.program(name), *words],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(mark, env),
        timeout=DEADLINE,
        check=False,
        start_new_session=True,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def running(under_test: UnderTest, programs: str, *options: str, **sections: Any) -> Iterator[Daemon]:
    """A configured and started daemon that is ended when the block ends."""
    daemon = Daemon(under_test)
    try:
        daemon.configure(programs, **sections)
        daemon.start(*options)
        yield daemon
    finally:
        problems = daemon.end()
    assert not problems, problems
