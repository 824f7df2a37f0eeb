"""The shell of supervisorctl on a terminal: what the screen shows, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Supervise
from harness.daemon import Daemon, running
from harness.processes import is_alive
from harness.terminal import CTRL_C, CTRL_D, ENTER, HOME, LEFT, TAB, UP, Terminal, terminal
from harness.under_test import UnderTest
from harness.waiting import wait_for

PROGRAMS = """
[program:web]
command = sleep 1000
autostart = false

[program:worker]
command = sleep 1000
autostart = false

[program:a-b.c]
command = sleep 1000
autostart = false

[program:one]
command = sleep 1000
autostart = false

[program:two]
command = sleep 1000
autostart = false

[group:many]
programs = one,two
"""

STATUS = """\
a-b.c                            STOPPED   Not started
many:one                         STOPPED   Not started
many:two                         STOPPED   Not started
web                              STOPPED   Not started
worker                           STOPPED   Not started
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon, whose programs stay stopped."""
    with running(under_test, PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def shell(daemon: Daemon) -> Iterator[Terminal]:
    """A shell that shows its first prompt."""
    with terminal(daemon) as shell:
        shell.wait_screen(f"{STATUS}supervisor>")
        yield shell


def test_a_command_shows_its_output_and_the_next_prompt(shell: Terminal, daemon: Daemon) -> None:
    shell.type("pid\r  status   web\r\rnonsense\r")
    shell.wait_screen(
        f"{STATUS}supervisor> pid\n{daemon.started_as}\nsupervisor>   status   web\n"
        "web                              STOPPED   Not started\n"
        "supervisor>\nsupervisor> nonsense\n*** Unknown syntax: nonsense\nsupervisor>"
    )


def test_quit_and_exit_leave_with_0(daemon: Daemon) -> None:
    for word in ("quit", "exit"):
        with terminal(daemon) as shell:
            shell.wait_screen(f"{STATUS}supervisor>")
            shell.type(f"pid nobody\r{word}\r")
            assert shell.wait_end() == 0
            shell.wait_screen(f"{STATUS}supervisor> pid nobody\nNo such process nobody\nsupervisor> {word}\n")


def test_ctrl_d_leaves_with_0(shell: Terminal) -> None:
    shell.type(CTRL_D)
    assert shell.wait_end() == 0
    shell.wait_screen(f"{STATUS}supervisor>")


def test_ctrl_d_behind_text_does_not_leave(shell: Terminal) -> None:
    shell.type(f"open x{CTRL_D}")
    shell.type(ENTER)
    shell.wait_screen(f"{STATUS}supervisor> open x\nERROR: url must be http:// or unix://\nsupervisor>")


def test_ctrl_c_leaves_with_0(shell: Terminal) -> None:
    shell.type("sta")
    shell.wait_line("supervisor> sta")
    shell.type(CTRL_C)
    assert shell.wait_end() == 0


def test_a_line_can_be_edited_before_it_is_sent(shell: Terminal) -> None:
    shell.type(f"tatus wex{LEFT}\x04b{HOME}s{ENTER}")
    shell.wait_screen(
        f"{STATUS}supervisor> status web\nweb                              STOPPED   Not started\nsupervisor>"
    )


# Completion


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("vers", "version"),
        ("mai", "maintail"),
        ("st", "st"),  # Not unique: only what all have in common.
        ("star", "start"),
        ("help upd", "help update"),
        ("start we", "start web"),
        ("stop web wor", "stop web worker"),
        ("start a", "start a-b.c"),
        ("start a-b", "start a-b.c"),
        ("tail many:o", "tail many:one"),
        ("status many:tw", "status many:two"),
        ("update ma", "update many"),
        ("add wo", "add worker"),
        ("fg many:", "fg many:"),
        ("restart web:w", "restart web:web"),
        ("version we", "version we"),
        ("avail we", "avail we"),
        ("nonsense we", "nonsense we"),
        ("start nobody", "start nobody"),
    ],
)
def test_tab_completes(shell: Terminal, typed: str, completed: str) -> None:
    # A letter behind it shows that the completion is over, and whether it ended with a blank.
    shell.type(f"{typed}{TAB}|")
    unique = completed != typed
    shell.wait_line(f"supervisor> {completed}{' ' if unique else ''}|")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("re", ["reload", "remove", "reread", "restart"]),
        ("help s", ["shutdown", "signal", "start", "status", "stop"]),
        ("start w", ["web", "worker"]),
        ("start many:", ["many:*", "many:one", "many:two"]),
        ("update ", ["a-b.c", "many", "web", "worker"]),
        ("stop ", ["a-b.c", "many:*", "many:one", "many:two", "web", "worker"]),
    ],
)
def test_a_second_tab_shows_what_there_is(shell: Terminal, typed: str, offered: list[str]) -> None:
    shell.type(f"{typed}{TAB}{TAB}")

    def words(lines: list[str]) -> list[str]:
        return sorted(" ".join(lines[6:-1]).split())

    shell.wait(lambda lines: words(lines) == offered, f"{offered} offered")
    assert shell.look()[-1] == f"supervisor> {typed}".rstrip()


def test_tab_on_an_empty_line_shows_all_commands(shell: Terminal) -> None:
    shell.type(f"{TAB}{TAB}")
    shell.wait(lambda lines: {"add", "help", "version"} <= set(" ".join(lines[6:]).split()), "commands")


def test_tab_without_a_server_completes_nothing(daemon: Daemon) -> None:
    with terminal(daemon, "-s", "unix:///nowhere") as shell:
        shell.wait_screen("unix:///nowhere no such file\nsupervisor>")
        shell.type(f"start w{TAB}|")
        shell.wait_line("supervisor> start w|")


# History


def test_up_brings_lines_back(shell: Terminal, daemon: Daemon) -> None:
    shell.type("status web\r")
    shell.wait(lambda lines: len(lines) == 8, "the second prompt")
    shell.type("pid\r")
    shell.wait(lambda lines: lines[-2:] == [str(daemon.started_as), "supervisor>"], "the third prompt")
    shell.type(f"{UP}{UP}")
    shell.wait_line("supervisor> status web")


def history_lines(path: Path) -> list[str]:
    """The lines of a history file, without what an editor puts at its head."""
    return [line for line in path.read_text().splitlines() if not line.startswith(("#", "_HiStOrY"))]


def test_the_history_file_keeps_lines_between_sessions(supervise: Supervise) -> None:
    daemon = supervise("")
    text = daemon.config.read_text().replace(
        "[supervisorctl]\n", "[supervisorctl]\nhistory_file = %(here)s/history\n"
    )
    daemon.config.write_text(text)
    history = daemon.folder / "history"
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type("pid\rpid\r\rversion now\rquit\r")
        assert shell.wait_end() == 0
    assert history_lines(history) == ["pid", "version now", "quit"]
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type(f"{UP}{UP}")
        shell.wait_line("supervisor> version now")
        shell.type(CTRL_C)
        assert shell.wait_end() == 0


def test_r_names_the_history_file(supervise: Supervise, under_test: UnderTest) -> None:
    """Documented, and without effect in the original."""
    if not under_test.ours:
        pytest.skip("-r has no effect in the original")
    daemon = supervise("")
    with terminal(daemon, "-r", "mine") as shell:
        shell.wait_line("supervisor>")
        shell.type("pid\rquit\r")
        assert shell.wait_end() == 0
    assert history_lines(daemon.folder / "mine") == ["pid", "quit"]
    assert (daemon.folder / "mine").stat().st_mode & 0o777 == 0o600


# Questions


def test_shutdown_asks_and_n_keeps_the_daemon(shell: Terminal, daemon: Daemon) -> None:
    shell.type("shutdown\r")
    shell.wait_line("Really shut the remote supervisord process down y/N?")
    shell.type("n\r")
    shell.wait_line("supervisor>")
    shell.type("reload\rn\rpid\r")
    shell.wait_screen(
        f"{STATUS}supervisor> shutdown\nReally shut the remote supervisord process down y/N? n\n"
        "supervisor> reload\nReally restart the remote supervisord process y/N? n\n"
        f"supervisor> pid\n{daemon.started_as}\nsupervisor>"
    )


def test_shutdown_asks_and_y_ends_the_daemon(supervise: Supervise) -> None:
    daemon = supervise("")
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type("shutdown\r")
        shell.wait_line("Really shut the remote supervisord process down y/N?")
        shell.type("y\r")
        shell.wait_screen(
            "supervisor> shutdown\nReally shut the remote supervisord process down y/N? y\n"
            "Shut down\nsupervisor>"
        )
        assert daemon.wait_end() == 0


def test_ctrl_c_at_a_question_leaves(shell: Terminal, daemon: Daemon) -> None:
    shell.type("shutdown\r")
    shell.wait_line("Really shut the remote supervisord process down y/N?")
    shell.type(CTRL_C)
    assert shell.wait_end() == 0
    assert is_alive(daemon.started_as)


def test_name_and_password_are_asked_for_and_the_password_is_not_shown(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sleep 1000\nautostart = false", unix="username=anna\npassword=secret"
    )
    with terminal(daemon) as shell:
        shell.wait_line("Username:")
        shell.type("anna\r")
        shell.wait_line("Password:")
        shell.type("secret\r")
        shell.wait_screen(
            "Server requires authentication\nUsername:anna\nPassword:\n\n"
            "x                                STOPPED   Not started\nsupervisor>"
        )
        shell.type(f"pid\rstatus {TAB}\rquit\r")
        assert shell.wait_end() == 0
        assert str(daemon.started_as) in shell.look()
        assert "supervisor> status x" in shell.look()


# Streams


def test_tail_f_ends_with_ctrl_c_and_the_shell_goes_on(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sh -c 'echo text; exec sleep 1000'\nstartsecs = 0\nstdout_logfile = %(here)s/x.out"
    )
    daemon.wait_file("x.out")
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type("tail -f x\r")
        shell.wait_line("text")
        shell.type(CTRL_C)
        lines = shell.wait_line("supervisor>")
        assert lines[1:4] == ["supervisor> tail -f x", "==> Press Ctrl-C to exit <==", "text"]
        shell.type("maintail -f\r")
        shell.wait(lambda lines: any("spawned: 'x'" in line for line in lines), "the main log")
        shell.type(CTRL_C)
        shell.wait_line("supervisor>")
        shell.type("pid\rquit\r")
        assert shell.wait_end() == 0
        assert str(daemon.started_as) in shell.look()


ECHO = """
[program:echo]
command = sh -c 'echo ready; while read line; do echo "out $line"; echo "err $line" >&2; done'
startsecs = 0
autorestart = false
stdout_logfile = %(here)s/echo.out
stderr_logfile = %(here)s/echo.err
"""


def test_fg_sends_what_is_typed_and_shows_both_streams(supervise: Supervise) -> None:
    daemon = supervise(ECHO)
    daemon.wait_file("echo.out")
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type("fg echo\r")
        shell.wait_line("ready")
        shell.type("hello\r")
        shell.wait(lambda lines: {"out hello", "err hello"} <= set(lines), "both answers")
        shell.type("again\r")
        shell.wait(lambda lines: {"out again", "err again"} <= set(lines), "both answers")
        shell.type(CTRL_C)
        lines = shell.wait_line("supervisor>")
        assert lines[-2].endswith("Exiting foreground")
        shell.type("pid\r")
        shell.wait(lambda lines: lines[-2:] == [str(daemon.started_as), "supervisor>"], "the next command")
        if daemon.under_test.ours:  # The original hangs at its end.
            shell.type("quit\r")
            assert shell.wait_end() == 0
    assert (daemon.folder / "echo.out").read_text() == "ready\nout hello\nout again\n"


def test_fg_ends_when_a_line_meets_no_process(supervise: Supervise) -> None:
    daemon = supervise(ECHO)
    daemon.wait_file("echo.out")
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type("fg echo\r")
        shell.wait_line("ready")
        daemon.rpc.stopProcess("echo")
        shell.type("hello\r")
        lines = shell.wait_line("supervisor>")
        assert lines[-4:-1] == ["hello", "Process got killed", "Exiting foreground"]


def test_a_command_is_interrupted_and_the_shell_left(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false\nstartsecs = 600")
    with terminal(daemon) as shell:
        shell.wait_line("supervisor>")
        shell.type("start x\r")
        wait_for(lambda: daemon.nudge() and daemon.state("x") == "STARTING", "x STARTING")
        shell.type(CTRL_C)
        assert shell.wait_end() == 0
    daemon.wait_exec(daemon.info("x")["pid"])
