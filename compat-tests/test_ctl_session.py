"""What a session of supervisorctl asks for, with input from a pipe; and every command while the daemon goes down."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import pytest

from conftest import Supervise
from harness.daemon import Daemon, Result, program, running
from harness.under_test import UnderTest

REALLY_DOWN = "Really shut the remote supervisord process down y/N? "
REALLY_RESTART = "Really restart the remote supervisord process y/N? "


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon that goes on running."""
    with running(under_test, "[program:x]\ncommand = sleep 1000\nautostart = false") as daemon:
        yield daemon


# Questions


@pytest.mark.parametrize(("command", "question"), [("shutdown", REALLY_DOWN), ("reload", REALLY_RESTART)])
@pytest.mark.parametrize("answer", ["n", "", "no", "never", "1", " y"])
def test_i_asks_before_the_daemon_goes_and_anything_but_y_means_no(
    daemon: Daemon, command: str, question: str, answer: str
) -> None:
    assert daemon.ctl("-i", command, stdin=f"{answer}\n") == Result(0, question, "")


@pytest.mark.differs("the place in the Python source is left out of the message")
@pytest.mark.parametrize(("command", "question"), [("shutdown", REALLY_DOWN), ("reload", REALLY_RESTART)])
def test_no_answer_is_an_error(daemon: Daemon, command: str, question: str) -> None:
    result = daemon.ctl("-i", command)
    assert (result.code, result.err) == (1, "")
    error = f"{question}error: <class 'EOFError'>, EOF when reading a line"
    assert re.fullmatch(re.escape(error) + r"(: file: \S+ line: \d+)?\n", result.out)


@pytest.mark.parametrize("answer", ["y", "Y", "yes", "yup"])
def test_y_shuts_down(supervise: Supervise, answer: str) -> None:
    daemon = supervise("")
    assert daemon.ctl("-i", "shutdown", stdin=f"{answer}\n") == Result(0, f"{REALLY_DOWN}Shut down\n", "")
    assert daemon.wait_end() == 0


def test_y_restarts(supervise: Supervise) -> None:
    daemon = supervise("")
    assert daemon.ctl("-i", "reload", stdin="y\n") == Result(
        0, f"{REALLY_RESTART}Restarted supervisord\n", ""
    )
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)


def test_with_i_a_command_ends_with_its_exit_code_and_without_a_shell(daemon: Daemon) -> None:
    assert daemon.ctl("-i", "pid", stdin="status\n") == Result(0, f"{daemon.started_as}\n", "")
    assert daemon.ctl("-i", "pid", "nobody", stdin="status\n") == Result(1, "No such process nobody\n", "")


# The shell on a pipe

STATUS = "x                                STOPPED   Not started\n"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", "supervisor> \n"),
        ("quit\n", "supervisor> \n"),
        ("exit\nversion now\n", "supervisor> \n"),
        ("EOF\n", "supervisor> \n"),
        ("nonsense\n", "supervisor> *** Unknown syntax: nonsense\nsupervisor> \n"),
        ("  pid   nobody  \n\n \n", "supervisor> No such process nobody\n" + "supervisor> " * 3 + "\n"),
        ("?nobody", "supervisor> *** No help on nobody\nsupervisor> \n"),
        (
            "shutdown\nn\nreload\nn\nstatus x\n",
            f"supervisor> {REALLY_DOWN}supervisor> {REALLY_RESTART}supervisor> {STATUS}supervisor> \n",
        ),
        (
            "open ftp://x\nopen unix:///nowhere\nstart x\n",
            (
                "supervisor> ERROR: url must be http:// or unix://\nsupervisor> unix:///nowhere no such file\n"
                "supervisor> unix:///nowhere no such file\nsupervisor> \n"
            ),
        ),
    ],
)
def test_a_shell_reads_a_pipe_and_ends_with_0(daemon: Daemon, typed: str, shown: str) -> None:
    assert daemon.ctl(stdin=typed) == Result(0, STATUS + shown, "")


def test_the_prompt_of_the_configuration(daemon: Daemon) -> None:
    text = daemon.config.read_text().replace("[supervisorctl]\n", "[supervisorctl]\nprompt = my own\n")
    daemon.write("prompt.conf", text)
    shown = daemon.run("supervisorctl", "-c", "prompt.conf", stdin="")
    assert shown == Result(0, f"{STATUS}my own> \n", "")


# Passwords


@pytest.fixture(scope="module")
def guarded(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon that wants a name and a password, which its [supervisorctl] does not say."""
    access = "username = anna\npassword = secret\n"
    with running(under_test, "[program:x]\ncommand = sleep 1000\nautostart = false", unix=access) as daemon:
        yield daemon


ASKED = "Server requires authentication\nUsername:"


def test_a_session_asks_for_name_and_password_and_goes_on(guarded: Daemon) -> None:
    shown = guarded.ctl("-i", "pid", stdin="anna\nsecret\n")
    assert (shown.code, shown.out) == (0, f"{ASKED}\n{guarded.started_as}\n")
    assert "Password" in shown.err


def test_a_shell_asks_once_and_again_after_a_wrong_answer(guarded: Daemon) -> None:
    shown = guarded.ctl(stdin="anna\nwrong\nanna\nsecret\npid\n")
    assert (shown.code, shown.out) == (
        0,
        f"{ASKED}\n{ASKED}\n{STATUS}supervisor> {guarded.started_as}\nsupervisor> \n",
    )


@pytest.mark.differs("the place in the Python source is left out of the message")
def test_no_name_is_an_error(guarded: Daemon) -> None:
    shown = guarded.ctl("-i", "pid", stdin="")
    assert shown.code == 1
    error = f"{ASKED}error: <class 'EOFError'>, EOF when reading a line"
    assert re.fullmatch(re.escape(error) + r"(: file: \S+ line: \d+)?\n", shown.out)


# While the daemon shuts down


def shown_without_place(result: Result) -> tuple[int, str]:
    """Exit code and output, without the place in the Python source."""
    assert result.err == ""
    return result.code, re.sub(r": file: \S+ line: \d+", "", result.out)


FAULT = "error: <class 'xmlrpc.client.Fault'>, <Fault 6: 'SHUTDOWN_STATE'>\n"
WHILE_SHUTTING_DOWN = {
    "avail": (1, "ERROR: supervisor shutting down\n"),
    "reread": (1, "ERROR: supervisor shutting down\n"),
    "add x": (1, "ERROR: shutting down\n"),
    "add x x": (1, "ERROR: shutting down\nERROR: shutting down\n"),
    "update": (1, "ERROR: already shutting down\n"),
    "update x": (1, "ERROR: already shutting down\n"),
    "reload": (1, "ERROR: already shutting down\n"),
    "shutdown": (0, "ERROR: already shutting down\n"),
    "remove x": (1, FAULT),
    "status": (1, FAULT),
    "start x": (1, FAULT),
    "version": (1, FAULT),
    "pid": (1, FAULT),
    "fg x": (1, FAULT),
    "tail x": (1, FAULT),
    "maintail": (1, FAULT),
    "clear x": (1, FAULT),
    "signal HUP x": (1, FAULT),
    "stop x": (1, FAULT),
    "restart x": (1, FAULT),
    "help nobody": (0, "*** No help on nobody\n"),
}


@pytest.mark.differs("the place in the Python source is left out of the message")
def test_every_command_while_the_daemon_shuts_down(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('stubborn', '%(here)s/ready')}\nstartsecs = 0\nstopwaitsecs = 600"
    )
    daemon.wait_file("ready")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    assert daemon.ctl("shutdown").out == "Shut down\n"
    shown = {line: shown_without_place(daemon.ctl(*line.split())) for line in WHILE_SHUTTING_DOWN}
    os.kill(pid, signal.SIGKILL)
    assert daemon.wait_end() == 0
    assert shown == WHILE_SHUTTING_DOWN


# Logs


def test_clear_empties_the_logs_of_one_several_and_all(supervise: Supervise) -> None:
    daemon = supervise(
        "".join(
            f"[program:{name}]\ncommand = sh -c 'echo text; echo text >&2; exec sleep 1000'\nstartsecs = 0\n"
            f"stdout_logfile = %(here)s/{name}.out\nstderr_logfile = %(here)s/{name}.err\n"
            for name in "ab"
        )
    )

    def logs() -> list[str]:
        names = ("a.out", "a.err", "b.out", "b.err")
        return [name for name in names if (daemon.folder / name).read_text()]

    for name in "ab":
        daemon.wait_state(name, "RUNNING")
        for channel in ("out", "err"):
            daemon.wait_file(f"{name}.{channel}")
    assert daemon.ctl("clear", "a") == Result(0, "a: cleared\n", "")
    assert logs() == ["b.out", "b.err"]
    assert daemon.ctl("clear", "a:a", "b", "nobody") == Result(
        1, "a: cleared\nb: cleared\nnobody: ERROR (no such process)\n", ""
    )
    assert logs() == []
    assert daemon.ctl("clear", "nobody", "all") == Result(0, "a: cleared\nb: cleared\n", "")


def test_the_end_of_a_log_that_is_not_there(supervise: Supervise) -> None:
    daemon = supervise("", supervisord="logfile_maxbytes = 0")
    daemon.log.rename(daemon.folder / "away")
    assert daemon.ctl("maintail") == Result(1, "supervisord: ERROR (no log file)\n", "")
    (daemon.folder / "away").rename(daemon.log)
