"""What supervisorctl can do that the original cannot; and that nothing of it shows where scripts read."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, Result, environment, free_port, program, running
from harness.processes import is_alive
from harness.terminal import TAB, terminal
from harness.under_test import UnderTest, chosen
from harness.waiting import wait_for

pytestmark = pytest.mark.skipif(not chosen().ours, reason="the original has none of this")

PROGRAMS = f"""
[program:up]
command = sleep 1000
startsecs = 0

[program:idle]
command = sleep 1000
autostart = false

[program:failed]
command = {program("exiter", 3, 0)}
startretries = 0
startsecs = 10

[program:done]
command = {program("exiter", 0, 0)}
startsecs = 0
autorestart = false

[program:pair]
command = sleep 1000
process_name = %(program_name)s_%(process_num)02d
numprocs = 2
startsecs = 0
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon for all tests; each leaves the programs as it found them."""
    with running(under_test, PROGRAMS) as daemon:
        for name, state in [("up", "RUNNING"), ("failed", "FATAL"), ("done", "EXITED")]:
            daemon.wait_state(name, state)
        for name in ("pair_00", "pair_01"):
            daemon.wait_state(f"pair:{name}", "RUNNING")
        yield daemon


# JSON


def without_clock(processes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what changes by itself."""
    return [{k: v for k, v in info.items() if k not in ("now", "description")} for info in processes]


def test_status_as_json_is_what_the_interface_answers(daemon: Daemon) -> None:
    result = daemon.ctl("status", "--json")
    assert (result.code, result.err) == (3, "")
    assert without_clock(json.loads(result.out)) == without_clock(daemon.rpc.getAllProcessInfo())


@pytest.mark.parametrize("words", ["status --json up pair:*", "status up --json pair:*"])
def test_status_as_json_of_some(daemon: Daemon, words: str) -> None:
    result = daemon.ctl(*words.split())
    assert (result.code, result.err) == (0, "")
    assert [info["name"] for info in json.loads(result.out)] == ["up", "pair_00", "pair_01"]


def test_with_json_messages_go_to_standard_error(daemon: Daemon) -> None:
    assert daemon.ctl("status", "--json", "nobody") == Result(4, "[]\n", "nobody: ERROR (no such process)\n")
    assert daemon.ctl("status", "--json", url="unix:///nowhere") == Result(
        4, "", "unix:///nowhere no such file\n"
    )


def test_avail_as_json_is_what_the_interface_answers(daemon: Daemon) -> None:
    result = daemon.ctl("avail", "--json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == daemon.rpc.getAllConfigInfo()


# wait


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("up", 0, "up: running\n"),
        ("up --for running", 0, "up: running\n"),
        ("pair:*", 0, "pair:pair_00: running\npair:pair_01: running\n"),
        ("idle --for stopped", 0, "idle: stopped\n"),
        ("idle failed done --for=stopped", 0, "done: stopped\nfailed: stopped\nidle: stopped\n"),
        ("failed done --for exited", 0, "done: exited\nfailed: exited\n"),
        ("failed", 7, "failed: ERROR (FATAL)\n"),
        ("up failed", 7, "failed: ERROR (FATAL)\n"),
        ("nobody", 1, "nobody: ERROR (no such process)\n"),
        ("up nobody:*", 1, "nobody:*: ERROR (no such process)\n"),
        ("up --for stopped --timeout 0", 1, "up: ERROR (timed out in RUNNING)\n"),
        ("idle up --timeout 0.05", 1, "up: running\nidle: ERROR (timed out in STOPPED)\n"),
    ],
)
def test_wait_that_ends_at_once(daemon: Daemon, words: str, code: int, text: str) -> None:
    assert daemon.ctl("wait", *words.split()) == Result(code, text, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "wait requires a process name"),
        ("--for stopped", "wait requires a process name"),
        ("up --for ever", "--for takes running, stopped, exited, not 'ever'"),
        ("up --timeout soon", "--timeout takes seconds, not 'soon'"),
        ("up --fro stopped", "wait has no option --fro"),
    ],
)
def test_wait_with_wrong_arguments(daemon: Daemon, words: str, sentence: str) -> None:
    usage = daemon.ctl("help", "wait").out
    assert daemon.ctl("wait", *words.split()) == Result(2, f"Error: {sentence}\n{usage}", "")


def waiting(daemon: Daemon, *words: str) -> subprocess.Popen[str]:
    """`supervisorctl wait words...`, at work."""
    return subprocess.Popen(
        [daemon.under_test.program("supervisorctl"), "-c", str(daemon.config), "wait", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(daemon.mark),
    )


@pytest.mark.parametrize("logging", ["", "loglevel = critical"])
def test_wait_ends_when_the_state_comes(prepare: Prepare, logging: str) -> None:
    """Also where the main log tells nothing."""
    daemon = prepare()
    daemon.configure(
        "[program:x]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0", supervisord=logging
    )
    daemon.start(ready=False)
    wait_for(lambda: os.path.exists(daemon.socket), "the socket")
    with waiting(daemon, "x") as one, waiting(daemon, "x", "--for", "running", "--timeout", "60") as other:
        try:
            assert one.poll() is None
            daemon.rpc.startProcess("x")
            for each in (one, other):
                assert each.communicate(timeout=30)[0] == "x: running\n"
                assert each.returncode == 0
        finally:
            one.kill()
            other.kill()
    with waiting(daemon, "x", "--for", "stopped") as one:
        try:
            daemon.rpc.stopProcess("x")
            assert one.communicate(timeout=30)[0] == "x: stopped\n"
        finally:
            one.kill()


def test_wait_asks_only_when_something_happens(supervise: Supervise) -> None:
    """Nothing polls: a waiting client asks a bounded number of times while nothing happens."""
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false", inet="")
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", daemon.port)) as server:
            back = threading.Thread(target=copy, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65536):
                asked.append(data)
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join()

    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=pass_on, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    result = daemon.ctl("wait", "x", "--timeout", "3", url=url)
    listener.close()
    assert result == Result(1, "x: ERROR (timed out in STOPPED)\n", "")
    questions = sum(data.count(b"getAllProcessInfo") for data in asked)
    # One at the beginning, one when the log is followed, one at the end.
    assert questions <= 4


# shutdown --wait


@pytest.mark.parametrize("way", ["unix", "http"])
def test_shutdown_waits_for_the_end(supervise: Supervise, way: str) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', '%(here)s/ready')}\nstartsecs = 0\nstopwaitsecs = 1",
        inet="",
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    url = f"http://127.0.0.1:{daemon.port}" if way == "http" else None
    assert daemon.ctl("shutdown", "--wait", url=url) == Result(0, "Shut down\n", "")
    assert not is_alive(pid)
    if way == "unix":
        assert not daemon.pidfile.exists()
    assert daemon.wait_end() == 0


def test_shutdown_takes_nothing_else(daemon: Daemon) -> None:
    usage = daemon.ctl("help", "shutdown").out
    for words in ("--wait now", "--waits", "--json"):
        result = daemon.ctl("shutdown", *words.split())
        assert result == Result(1, f"Error: shutdown accepts no arguments\n{usage}", "")


# Colour and hints


def test_states_have_colours_on_a_terminal_alone(daemon: Daemon) -> None:
    assert "\x1b" not in daemon.ctl("status").out
    with terminal(daemon, "status") as shown:
        assert shown.wait_end() == 3
        assert shown.colours == {"green", "red"}
        text = "\n".join(shown.look())
    plain = daemon.ctl("status").out
    assert [line.split()[:2] for line in text.splitlines()] == [
        line.split()[:2] for line in plain.splitlines()
    ]


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_it_is_not_wanted(daemon: Daemon, setting: dict[str, str]) -> None:
    with terminal(daemon, "status", env=setting) as shown:
        assert shown.wait_end() == 3
        assert shown.colours == set()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("stauts", "(did you mean status?)"),
        ("wiat up", "(did you mean wait?)"),
        ("status upp", "(did you mean up?)"),
        ("stop idel", "(did you mean idle?)"),
        ("start pair:pair_03", "(did you mean pair:pair_00?)"),
        ("stop pari:*", "(did you mean pair:*?)"),
        ("signal CONT dnoe", "(did you mean done?)"),
        ("pid falied", "(did you mean failed?)"),
        ("tail doen", "(did you mean done?)"),
        ("clear doen", "(did you mean done?)"),
        ("fg doen", "(did you mean done?)"),
        ("wait doen", "(did you mean done?)"),
    ],
)
def test_a_terminal_shows_what_may_have_been_meant(daemon: Daemon, line: str, hint: str) -> None:
    piped = daemon.ctl(*line.split())
    assert piped.err == ""
    with terminal(daemon, *line.split()) as shown:
        assert shown.wait_end() == piped.code
        assert shown.look() == [*piped.out.splitlines(), hint]


def test_no_hint_where_nothing_is_like_it(daemon: Daemon) -> None:
    for line in ("nonsense", "status nobody"):
        with terminal(daemon, *line.split()) as shown:
            shown.wait_end()
            assert len(shown.look()) == 1


def test_help_on_a_terminal_names_what_is_new(daemon: Daemon) -> None:
    piped = daemon.ctl("help").out.splitlines()
    assert not any("wait" in line for line in piped)
    with terminal(daemon, "help") as shown:
        shown.wait_end()
        assert [line for line in shown.look() if line not in [row.rstrip() for row in piped]] == [
            "also: wait"
        ]


def test_options_are_completed(daemon: Daemon) -> None:
    with terminal(daemon) as shell:
        shell.wait(lambda lines: lines[-1] == "supervisor>", "the prompt")
        for typed, completed in [("wait --f", "wait --for"), ("status --", "status --json")]:
            shell.type(f"{typed}{TAB}|")
            shell.wait_line(f"supervisor> {completed} |")
            shell.type("\x15")
            shell.wait_line("supervisor>")


# When there is no talking to the server


def test_a_daemon_whose_socket_is_gone_is_named(prepare: Prepare) -> None:
    """The pid file of the configuration says that one runs."""
    daemon = prepare()
    daemon.configure("")
    daemon.pidfile.write_text(f"{os.getpid()}\n")
    url = f"unix://{daemon.socket}"
    for command, code, first in [
        ("pid", 7, f"{url} no such file\n"),
        ("status", 4, f"{url} no such file\n"),
        ("shutdown", 1, f"ERROR: {url} no such file (already shut down?)\n"),
        ("avail", 1, "error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory\n"),
    ]:
        result = daemon.ctl(command)
        assert (result.code, result.out) == (code, first)
        assert result.err.startswith(
            f"supervisord runs (pid {os.getpid()}), but its socket {daemon.socket} is gone:"
        )
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(daemon.socket)
    result = daemon.ctl("pid")
    assert (result.code, result.out) == (4, f"{url} refused connection\n")
    assert "but does not listen" in result.err


@pytest.mark.parametrize("content", [None, "", "nonsense\n", "0\n", "-1\n", "999999999\n"])
def test_without_a_running_daemon_nothing_more_is_said(prepare: Prepare, content: str | None) -> None:
    daemon = prepare()
    daemon.configure("")
    if content is not None:
        daemon.pidfile.write_text(content)
    assert daemon.ctl("pid") == Result(7, f"unix://{daemon.socket} no such file\n", "")


def test_another_address_says_nothing_about_the_daemon(supervise: Supervise) -> None:
    daemon = supervise("")
    assert daemon.ctl("pid", url="unix:///nowhere") == Result(7, "unix:///nowhere no such file\n", "")


@pytest.mark.needs_root
def test_a_socket_that_may_not_be_used_names_its_owner(supervise: Supervise) -> None:
    daemon = supervise("", unix="chmod = 0700")
    done = subprocess.run(
        [daemon.under_test.program("supervisorctl"), "-c", str(daemon.config), "pid"],
        capture_output=True,
        text=True,
        user=65534,
        group=65534,
        extra_groups=[],
        env=environment(daemon.mark),
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == "error: <class 'PermissionError'>, [Errno 13] Permission denied\n"
    assert f"{daemon.socket} (owner 0, group 0, mode 0700)" in done.stderr
    assert "[unix_http_server]" in done.stderr


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-other\r\n"]
)
def test_another_server_is_said_to_be_one(prepare: Prepare, answer: bytes) -> None:
    daemon = prepare()
    daemon.configure("")
    with socket.create_server(("127.0.0.1", free_port())) as other:

        def serve() -> None:
            client, _ = other.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        result = daemon.ctl("pid", url=url)
        server.join(30)
    assert (result.code, result.err) == (
        1,
        f"{url} answers, but not as supervisord does: is it another server?\n",
    )
    assert result.out.startswith("error: <class '")


def test_interrupting_wait_ends_it(daemon: Daemon) -> None:
    with waiting(daemon, "idle") as one:
        try:
            wait_for(lambda: len(os.listdir(f"/proc/{one.pid}/fd")) > 5, "the connection")
            one.send_signal(signal.SIGINT)
            assert one.wait(30) != 0
        finally:
            one.kill()
