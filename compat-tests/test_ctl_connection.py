"""supervisorctl when things are not as they should be: no server, no access, no configuration; and its way out."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, Result, environment, free_port, program, running
from harness.processes import is_alive
from harness.under_test import UnderTest
from harness.waiting import wait_for

CHECKED = ["start x", "stop x", "restart x", "signal HUP x", "pid", "tail x", "tail -f x", "version"]


@pytest.fixture
def nowhere(prepare: Prepare) -> Daemon:
    """A configuration whose daemon was never started."""
    daemon = prepare()
    daemon.configure("")
    return daemon


def stale(daemon: Daemon) -> None:
    """Leave a socket that nobody listens on, as a killed daemon does."""
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(daemon.socket)


# No server


@pytest.mark.parametrize("command", CHECKED)
def test_a_missing_socket_is_exit_code_7(nowhere: Daemon, command: str) -> None:
    assert nowhere.ctl(*command.split()) == Result(7, f"unix://{nowhere.socket} no such file\n", "")


@pytest.mark.parametrize("command", CHECKED)
def test_a_refused_connection_is_exit_code_4(nowhere: Daemon, command: str) -> None:
    stale(nowhere)
    assert nowhere.ctl(*command.split()) == Result(4, f"unix://{nowhere.socket} refused connection\n", "")


def test_a_refused_connection_by_http_is_exit_code_4(nowhere: Daemon) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert nowhere.ctl("start", "x", url=url) == Result(4, f"{url} refused connection\n", "")


def test_status_without_a_server_is_always_exit_code_4(nowhere: Daemon) -> None:
    assert nowhere.ctl("status") == Result(4, f"unix://{nowhere.socket} no such file\n", "")
    stale(nowhere)
    assert nowhere.ctl("status") == Result(4, f"unix://{nowhere.socket} refused connection\n", "")


def test_shutdown_without_a_server(nowhere: Daemon) -> None:
    url = f"unix://{nowhere.socket}"
    assert nowhere.ctl("shutdown") == Result(1, f"ERROR: {url} no such file (already shut down?)\n", "")
    stale(nowhere)
    assert nowhere.ctl("shutdown") == Result(1, f"ERROR: {url} refused connection (already shut down?)\n", "")


@pytest.mark.differs("the place in the Python source is left out of the message")
def test_reload_without_a_server(nowhere: Daemon) -> None:
    missing = nowhere.ctl("reload")
    assert (missing.code, missing.err) == (1, "")
    assert missing.out.startswith("error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory")
    stale(nowhere)
    refused = nowhere.ctl("reload")
    assert (refused.code, refused.err) == (1, "")
    assert refused.out.startswith("error: <class 'ConnectionRefusedError'>, [Errno 111] Connection refused")


def test_a_server_without_the_supervisor_namespace_is_exit_code_3(supervise: Supervise) -> None:
    daemon = supervise("", rpc=False)
    text = (
        "Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl "
        "uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the "
        "configuration file (see sample.conf).\n"
    )
    assert daemon.ctl("version") == Result(3, text, "")
    assert daemon.ctl("status") == Result(4, text, "")


# Passwords


@pytest.fixture(scope="module", params=["plain", "sha"])
def guarded(under_test: UnderTest, request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that asks for a name and a password on both servers."""
    password = (
        "{SHA}" + hashlib.sha1(b"secret", usedforsecurity=False).hexdigest()
        if request.param == "sha"
        else "secret"
    )
    access = f"username = anna\npassword = {password}\n"
    with running(under_test, "[program:x]\ncommand = sleep 1000", unix=access, inet=access) as daemon:
        yield daemon


def with_password(daemon: Daemon, password: str) -> None:
    """Put the name and this password into [supervisorctl]."""
    text = daemon.config.read_text()
    head, section = text.split("[supervisorctl]\n")
    section = "\n".join(line for line in section.splitlines() if not re.match("username|password", line))
    daemon.config.write_text(f"{head}[supervisorctl]\nusername = anna\npassword = {password}\n{section}\n")


def test_the_right_password_of_the_configuration_opens(guarded: Daemon) -> None:
    with_password(guarded, "secret")
    assert guarded.ctl("pid").out == f"{guarded.started_as}\n"
    assert guarded.ctl("pid", url=f"http://127.0.0.1:{guarded.port}").out == f"{guarded.started_as}\n"


def test_the_right_password_of_the_command_line_opens(guarded: Daemon) -> None:
    with_password(guarded, "wrong")
    url = f"http://127.0.0.1:{guarded.port}"
    assert guarded.ctl("-u", "anna", "-p", "secret", "pid").out == f"{guarded.started_as}\n"
    assert (
        guarded.ctl("--username=anna", "--password=secret", "pid", url=url).out == f"{guarded.started_as}\n"
    )


def assert_refused(result: Result) -> None:
    """The refusal; the original tries a second time and shows that error too, with its place in the Python source."""
    assert (result.code, result.err) == (1, "")
    second = (
        "error: <class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>"
    )
    assert re.fullmatch(
        rf"Server requires authentication\n{re.escape(second)}(: file: \S+ line: \d+)?\n", result.out
    )


@pytest.mark.differs("the place in the Python source is left out of the message")
@pytest.mark.parametrize("command", ["status", "start x", "pid", "shutdown", "reload", "version", "tail x"])
def test_a_wrong_password_is_exit_code_1(guarded: Daemon, command: str) -> None:
    with_password(guarded, "wrong")
    for url in (None, f"http://127.0.0.1:{guarded.port}"):
        assert_refused(guarded.ctl(*command.split(), url=url))


@pytest.mark.differs("the place in the Python source is left out of the message")
def test_no_password_is_exit_code_1(guarded: Daemon) -> None:
    url = f"http://127.0.0.1:{guarded.port}"
    guarded.write("plain.conf", f"[supervisorctl]\nserverurl = {url}\n")
    assert_refused(guarded.run("supervisorctl", "-c", "plain.conf", "status"))


# Its own configuration and options


def usage(daemon: Daemon, message: str) -> Result:
    """What a usage error of supervisorctl looks like."""
    name = daemon.under_test.program("supervisorctl")
    return Result(2, "", f"Error: {message}\nFor help, use {name} -h\n")


def test_a_missing_configuration(nowhere: Daemon) -> None:
    assert nowhere.run("supervisorctl", "-c", "none.conf", "status") == usage(
        nowhere, "could not find config file none.conf"
    )


def test_a_configuration_without_a_supervisorctl_section(nowhere: Daemon) -> None:
    nowhere.write("other.conf", "[supervisord]\n")
    assert nowhere.run("supervisorctl", "-c", "other.conf", "status") == usage(
        nowhere, ".ini file does not include supervisorctl section"
    )


def test_no_configuration_at_all_means_the_defaults(supervise: Supervise) -> None:
    daemon = supervise("", inet="")
    empty = daemon.folder / "empty"
    empty.mkdir()
    url = f"http://127.0.0.1:{daemon.port}"
    result = subprocess.run(
        [daemon.under_test.program("supervisorctl"), "-s", url, "pid"],
        capture_output=True,
        text=True,
        cwd=empty,
        env=environment(daemon.mark),
        timeout=30,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, f"{daemon.started_as}\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-x", "status"], "option -x not recognized"),
        (["--nonsense", "status"], "option --nonsense not recognized"),
        (["-s"], "option -s requires argument"),
        (["-s", "nonsense", "status"], "invalid value for -s 'nonsense': value 'nonsense' is not a URL"),
    ],
)
def test_wrong_options(nowhere: Daemon, words: list[str], message: str) -> None:
    assert nowhere.run("supervisorctl", *words) == usage(nowhere, message)


def test_long_options_may_be_shortened(supervise: Supervise) -> None:
    daemon = supervise("")
    assert daemon.run("supervisorctl", "--conf", str(daemon.config), "pid").out == f"{daemon.started_as}\n"


def test_the_server_url_of_the_command_line_wins(supervise: Supervise, prepare: Prepare) -> None:
    daemon = supervise("")
    other = prepare()
    other.configure("")
    assert other.ctl("pid", url=f"unix://{daemon.socket}").out == f"{daemon.started_as}\n"


def test_the_server_url_may_use_here(supervise: Supervise) -> None:
    daemon = supervise("")
    text = daemon.config.read_text().replace(
        f"serverurl = unix://{daemon.folder}", "serverurl = unix://%(here)s"
    )
    daemon.config.write_text(text)
    assert daemon.ctl("pid").out == f"{daemon.started_as}\n"


# tail -f


@pytest.mark.parametrize("way", ["unix", "http"])
def test_tail_f_shows_what_is_there_and_what_comes_until_interrupted(supervise: Supervise, way: str) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sh %(here)s/talk.sh
        autostart = false
        startsecs = 0
        stdout_logfile = %(here)s/x.out
        """,
        inet="",
    )
    daemon.write(
        "talk.sh", "echo before\nwhile [ ! -e $0.go ]; do sleep 0.02; done\necho after\nexec sleep 1000\n"
    )
    daemon.rpc.startProcess("x")
    daemon.wait_file("x.out")
    url = f"unix://{daemon.socket}" if way == "unix" else f"http://127.0.0.1:{daemon.port}"
    with open(daemon.folder / "shown", "wb") as shown:
        tail = subprocess.Popen(
            [daemon.under_test.program("supervisorctl"), "-s", url, "tail", "-f", "x"],
            stdout=shown,
            stderr=subprocess.STDOUT,
            cwd=daemon.folder,
            env=environment(daemon.mark),
        )
    try:
        seen = daemon.folder / "shown"
        wait_for(lambda: "before\n" in seen.read_text(), "the text that was there")
        daemon.write("talk.sh.go", "go")
        wait_for(lambda: "after\n" in seen.read_text(), "the text that came")
        tail.send_signal(signal.SIGINT)
        wait_for(lambda: tail.poll() is not None, "the end of tail -f")
        assert seen.read_text() == "==> Press Ctrl-C to exit <==\nbefore\nafter\n\n"
        assert tail.returncode == 0
    finally:
        tail.kill()
        tail.wait()


def test_tail_f_begins_with_the_last_1024_bytes(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0\nstdout_logfile = %(here)s/x.out")
    daemon.wait_state("x", "RUNNING")
    (daemon.folder / "x.out").write_text("a" * 500 + "b" * 1024)
    with open(daemon.folder / "shown", "wb") as shown:
        tail = subprocess.Popen(
            [daemon.under_test.program("supervisorctl"), "-c", str(daemon.config), "tail", "-f", "x"],
            stdout=shown,
            cwd=daemon.folder,
            env=environment(daemon.mark),
        )
    try:
        wait_for(lambda: len((daemon.folder / "shown").read_text()) >= 1024, "the end of the log")
        assert (daemon.folder / "shown").read_text().partition("<==\n")[2] == "b" * 1024
    finally:
        tail.kill()
        tail.wait()


@pytest.mark.parametrize("way", ["unix", "http"])
def test_tail_f_of_an_unknown_process(supervise: Supervise, way: str) -> None:
    daemon = supervise("", inet="")
    url = f"unix://{daemon.socket}" if way == "unix" else f"http://127.0.0.1:{daemon.port}"
    result = daemon.ctl("tail", "-f", "nobody", url=url)
    assert (result.code, result.out) == (0, "==> Press Ctrl-C to exit <==\n")
    assert result.err == f"{url}/logtail/nobody/stdout Cannot read, status code 404\n"


# All at once


def test_start_stop_and_restart_of_all(supervise: Supervise) -> None:
    daemon = supervise(
        "".join(
            f"[program:{name}]\ncommand = {command}\nautostart = false\nstartsecs = 0\npriority = {priority}\n"
            for name, command, priority in [
                ("b", "sleep 1000", 1),
                ("a", "sleep 1000", 2),
                ("c", "/none/c", 3),
            ]
        )
    )

    def lines(result: Result) -> list[str]:
        return sorted(result.out.splitlines())

    started = daemon.ctl("start", "all")
    assert (started.code, lines(started)) == (1, ["a: started", "b: started", "c: ERROR (no such file)"])
    for name in ("a", "b"):
        daemon.wait_state(name, "RUNNING")
    again = daemon.ctl("start", "all")
    assert again == Result(1, "c: ERROR (no such file)\n", "")
    restarted = daemon.ctl("restart", "all")
    assert restarted.code == 1
    assert lines(restarted) == [
        "a: started",
        "a: stopped",
        "b: started",
        "b: stopped",
        "c: ERROR (no such file)",
    ]
    for name in ("a", "b"):
        daemon.wait_state(name, "RUNNING")
    stopped = daemon.ctl("stop", "all")
    assert (stopped.code, lines(stopped)) == (0, ["a: stopped", "b: stopped"])
    assert daemon.ctl("stop", "all") == Result(0, "", "")
    # A name beside `all` changes nothing, not even an unknown one.
    assert daemon.ctl("stop", "nobody", "all") == Result(0, "", "")


def test_start_of_all_with_one_that_ends_too_quickly_is_exit_code_7(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:bad]
        command = {program("exiter", 1, 0)}
        autostart = false
        startretries = 0
        startsecs = 10
        [program:good]
        command = sleep 1000
        autostart = false
        startsecs = 0
        """
    )
    result = daemon.ctl("start", "all")
    assert result.code == 7
    bad, good = sorted(result.out.splitlines())
    assert bad in ("bad: ERROR (spawn error)", "bad: ERROR (abnormal termination)")
    assert good == "good: started"


# shutdown and reload


@pytest.mark.parametrize("way", ["unix", "http"])
def test_shutdown(supervise: Supervise, way: str) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0", inet="")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    url = f"http://127.0.0.1:{daemon.port}" if way == "http" else None
    assert daemon.ctl("shutdown", url=url) == Result(0, "Shut down\n", "")
    assert daemon.wait_end() == 0
    assert not is_alive(pid)


def test_reload_restarts_everything_in_the_same_process(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0", inet="")
    before = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.ctl("reload") == Result(0, "Restarted supervisord\n", "")
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
    assert daemon.wait_state("x", "RUNNING")["pid"] != before
    assert not is_alive(before)
    assert daemon.ctl("pid", url=f"http://127.0.0.1:{daemon.port}").out == f"{daemon.started_as}\n"


def test_shutdown_and_reload_while_shutting_down(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', '%(here)s/ready')}\nstartsecs = 0\nstopwaitsecs = 600"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.ctl("shutdown").out == "Shut down\n"
    assert daemon.ctl("shutdown") == Result(0, "ERROR: already shutting down\n", "")
    assert daemon.ctl("reload") == Result(1, "ERROR: already shutting down\n", "")
    os.kill(pid, signal.SIGKILL)
    assert daemon.wait_end() == 0


# The shell


def test_without_a_command_a_shell_reads_them_and_ends_with_0(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false")
    shown = daemon.ctl(stdin="pid\nstart nobody\n\nquit\n")
    assert shown.code == 0
    assert shown.out == (
        "x                                STOPPED   Not started\n"
        f"supervisor> {daemon.started_as}\n"
        "supervisor> nobody: ERROR (no such process)\n"
        "supervisor> supervisor> \n"
    )
