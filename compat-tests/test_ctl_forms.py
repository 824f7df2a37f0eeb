"""Every command of supervisorctl with every form of its arguments: the output to the character, and the exit code.

The programs stay as they are, so that each row of the table stands alone; commands that change something are in
`test_ctl.py`, `test_ctl_session.py` and `test_groups.py`. `{usage}` stands for what `help` shows about the
command, whose words are each program's own, and `{url}` for the server.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.daemon import Daemon, Result, running
from harness.under_test import UnderTest
from harness.waiting import wait_for

PROGRAMS = """
[program:up]
command = sh -c 'printf "one two three"; printf errors >&2; exec sleep 1000'
startsecs = 0
stdout_logfile = %(here)s/up.out
stderr_logfile = %(here)s/up.err

[program:idle]
command = sleep 1000
autostart = false
stdout_logfile = NONE
stderr_logfile = NONE

[program:missing]
command = /nonexistent/program
autostart = false

[program:pair]
command = sleep 1000
process_name = %(program_name)s_%(process_num)02d
numprocs = 2
startsecs = 0
autorestart = false

[group:many]
programs = idle
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon for all rows."""
    with running(under_test, PROGRAMS) as daemon:
        for name in ("up", "pair:pair_00", "pair:pair_01"):
            daemon.wait_state(name, "RUNNING")
        wait_for(lambda: (daemon.folder / "up.err").read_text() == "errors", "the output of up")
        yield daemon


NO_PROCESS = "nobody: ERROR (no such process)\n"
NO_GROUP = "nobody: ERROR (no such group)\n"
STOPPED = "STOPPED   Not started\n"
IDLE = f"many:idle                        {STOPPED}"
MISSING = f"missing                          {STOPPED}"
PAIR = "pair:pair_00: signalled\npair:pair_01: signalled\n"
STARTED_PAIR = "pair:pair_00: ERROR (already started)\n"

# Code and text for each line; one command a block.
FORMS: dict[str, tuple[int, str]] = {
    # What is no command, and how a line is taken apart.
    "": (0, ""),
    "   ": (0, ""),
    "nobody": (1, "*** Unknown syntax: nobody\n"),
    "nobody  with   blanks ": (1, "*** Unknown syntax: nobody  with   blanks\n"),
    "STATUS": (1, "*** Unknown syntax: STATUS\n"),
    "stat": (1, "*** Unknown syntax: stat\n"),
    "!ls": (1, "*** Unknown syntax: !ls\n"),
    ":up": (1, "*** Unknown syntax: :up\n"),
    "tail-5 up": (0, "three\n"),
    "  pid   many:idle": (7, "0\n"),
    "EOF": (0, "\n"),
    "quit": (0, "\n"),
    "exit": (0, "\n"),
    "quit now": (0, "\n"),
    # help
    "help nobody": (0, "*** No help on nobody\n"),
    "help start stop": (0, "*** No help on start stop\n"),
    "help EOF": (0, "*** No help on EOF\n"),
    "?nobody": (0, "*** No help on nobody\n"),
    "? nobody": (0, "*** No help on nobody\n"),
    "?version": (0, "{usage}"),
    # status
    "status missing": (3, MISSING),
    "status missing:missing": (3, MISSING),
    "status missing:*": (3, MISSING),
    "status missing:": (3, MISSING),
    "status many:idle missing": (3, IDLE + MISSING),
    "status missing missing": (3, MISSING + MISSING),
    "status idle": (4, "idle: ERROR (no such process)\n"),
    "status nobody": (4, NO_PROCESS),
    "status nobody:nobody": (4, "nobody:nobody: ERROR (no such process)\n"),
    "status nobody:*": (4, NO_GROUP),
    "status nobody:": (4, NO_GROUP),
    "status nobody nobody:* up:nobody": (4, NO_PROCESS + NO_GROUP + "up:nobody: ERROR (no such process)\n"),
    "status nobody missing": (3, NO_PROCESS + MISSING),
    "status *": (4, "*: ERROR (no such process)\n"),
    "status *:*": (4, "*: ERROR (no such group)\n"),
    # start
    "start": (2, "Error: start requires a process name\n{usage}"),
    "start up": (0, "up: ERROR (already started)\n"),
    "start up:up": (0, "up: ERROR (already started)\n"),
    "start up:*": (0, ""),
    "start up:": (0, ""),
    "start pair:*": (0, ""),
    "start pair:pair_00": (0, STARTED_PAIR),
    "start nobody": (1, NO_PROCESS),
    "start nobody:*": (2, NO_GROUP),
    "start nobody:* nobody": (1, NO_GROUP + NO_PROCESS),
    "start nobody nobody:*": (2, NO_PROCESS + NO_GROUP),
    "start nobody up": (1, NO_PROCESS + "up: ERROR (already started)\n"),
    "start missing": (1, "missing: ERROR (no such file)\n"),
    "start missing:*": (1, "missing: ERROR (no such file)\n"),
    "start idle": (1, "idle: ERROR (no such process)\n"),
    "start pair": (1, "pair: ERROR (no such process)\n"),
    # stop
    "stop": (1, "Error: stop requires a process name\n{usage}"),
    "stop missing": (0, "missing: ERROR (not running)\n"),
    "stop missing:*": (0, ""),
    "stop many:idle": (0, "many:idle: ERROR (not running)\n"),
    "stop many:*": (0, ""),
    "stop nobody": (1, NO_PROCESS),
    "stop nobody:*": (1, NO_GROUP),
    "stop nobody missing": (1, NO_PROCESS + "missing: ERROR (not running)\n"),
    # restart
    "restart": (1, "Error: restart requires a process name\n{usage}"),
    "restart nobody": (1, NO_PROCESS + NO_PROCESS),
    "restart nobody:*": (2, NO_GROUP + NO_GROUP),
    "restart missing": (1, "missing: ERROR (not running)\nmissing: ERROR (no such file)\n"),
    "restart missing:*": (1, "missing: ERROR (no such file)\n"),
    # signal
    "signal": (1, "Error: signal requires a signal name and a process name\n{usage}"),
    "signal CONT": (1, "Error: signal requires a signal name and a process name\n{usage}"),
    "signal CONT up": (0, "up: signalled\n"),
    "signal SIGCONT up": (0, "up: signalled\n"),
    "signal cont up": (0, "up: signalled\n"),
    "signal 18 up": (0, "up: signalled\n"),
    "signal CONT up pair:*": (0, "up: signalled\n" + PAIR),
    "signal CONT pair:": (0, PAIR),
    "signal CONT nobody up": (1, NO_PROCESS + "up: signalled\n"),
    "signal CONT nobody:*": (1, NO_GROUP),
    "signal CONT many:idle": (7, "many:idle: ERROR (not running)\n"),
    "signal CONT many:*": (0, ""),
    "signal CONT many:idle nobody": (1, "many:idle: ERROR (not running)\n" + NO_PROCESS),
    "signal CONT all": (0, PAIR + "up: signalled\n"),
    "signal CONT nobody all": (0, PAIR + "up: signalled\n"),
    "signal BAD up": (1, "up: ERROR (bad signal name)\n"),
    "signal BAD nobody": (1, NO_PROCESS),
    "signal BAD pair:*": (1, PAIR.replace("signalled", "ERROR (bad signal name)")),
    "signal BAD all": (1, (PAIR + "up: signalled\n").replace("signalled", "ERROR (bad signal name)")),
    # pid
    "pid": (0, "{daemon}\n"),
    "pid up": (0, "{up}\n"),
    "pid up:up": (0, "{up}\n"),
    "pid up up": (0, "{up}\n{up}\n"),
    "pid many:idle": (7, "0\n"),
    "pid many:idle up": (7, "0\n{up}\n"),
    "pid nobody": (1, "No such process nobody\n"),
    "pid nobody many:idle": (7, "No such process nobody\n0\n"),
    "pid many:idle nobody": (1, "0\nNo such process nobody\n"),
    "pid pair:*": (1, "No such process pair:*\n"),
    "pid nobody all": (0, "{all}"),
    # tail
    "tail": (1, "Error: too few arguments\n{usage}"),
    "tail -f up stdout more": (1, "Error: too many arguments\n{usage}"),
    "tail up stdout more": (1, "Error: bad channel 'more'\n"),
    "tail up": (0, "one two three\n"),
    "tail up:up": (0, "one two three\n"),
    "tail -5 up": (0, "three\n"),
    "tail -5 up stderr": (0, "rrors\n"),
    "tail -05 up": (0, "three\n"),
    "tail -1000000 up StdErr": (0, "errors\n"),
    "tail -0 up": (0, "one two three\n"),
    "tail -f": (1, "Error: tail requires process name\n"),
    "tail -5": (1, "Error: tail requires process name\n"),
    "tail - up": (1, "Error: bad argument -\n"),
    "tail -x up": (1, "Error: bad argument -x\n"),
    "tail -5x up": (1, "Error: bad argument -5x\n"),
    "tail -F up": (1, "Error: bad argument -F\n"),
    "tail -x up STDIN": (1, "Error: bad channel 'stdin'\n"),
    "tail up stdin": (1, "Error: bad channel 'stdin'\n"),
    "tail nobody": (1, "nobody: ERROR (no such process name)\n"),
    "tail pair:*": (1, "pair:*: ERROR (no such process name)\n"),
    "tail many:idle": (1, "many:idle: ERROR (no log file)\n"),
    "tail many:idle stderr": (1, "many:idle: ERROR (no log file)\n"),
    # maintail
    "maintail now": (1, "Error: bad argument now\n"),
    "maintail -x": (1, "Error: bad argument -x\n"),
    "maintail -": (1, "Error: bad argument -\n"),
    "maintail -1 2": (1, "Error: too many arguments\n{usage}"),
    # clear, of logs that are not written to
    "clear": (1, "Error: clear requires a process name\n{usage}"),
    "clear nobody": (1, NO_PROCESS),
    "clear nobody nobody": (1, NO_PROCESS + NO_PROCESS),
    "clear nobody:*": (1, "nobody:None: ERROR (no such process)\n"),
    "clear many:*": (1, "many:None: ERROR (no such process)\n"),
    "clear missing": (0, "missing: cleared\n"),
    "clear missing:missing nobody": (1, "missing: cleared\n" + NO_PROCESS),
    # fg
    "fg": (1, "ERROR: no process name supplied\n{usage}"),
    "fg up missing": (1, "ERROR: too many process names supplied\n"),
    "fg nobody": (1, "ERROR: bad process name supplied\n"),
    "fg pair:*": (1, "ERROR: bad process name supplied\n"),
    "fg missing": (1, "ERROR: process not running\n"),
    # avail
    "avail now": (1, "Error: avail accepts no arguments\n{usage}"),
    "avail": (
        0,
        (
            "many:idle                        in use    manual    999:999\n"
            "missing                          in use    manual    999:999\n"
            "pair:pair_00                     in use    auto      999:999\n"
            "pair:pair_01                     in use    auto      999:999\n"
            "up                               in use    auto      999:999\n"
        ),
    ),
    # reread, add, remove, update, while nothing has changed
    "reread": (0, "No config updates to processes\n"),
    "reread now": (1, "Error: reread accepts no arguments\n{usage}"),
    "add": (0, ""),
    "add up": (0, "ERROR: process group already active\n"),
    "add nobody": (1, "ERROR: no such process/group: nobody\n"),
    "add nobody up nobody": (
        1,
        (
            "ERROR: no such process/group: nobody\nERROR: process group already active\n"
            "ERROR: no such process/group: nobody\n"
        ),
    ),
    "add many:idle": (1, "ERROR: no such process/group: many:idle\n"),
    "add all": (1, "ERROR: no such process/group: all\n"),
    "remove": (0, ""),
    "remove up": (1, "ERROR: process/group still running: up\n"),
    "remove nobody": (1, "ERROR: no such process/group: nobody\n"),
    "remove nobody up": (
        1,
        "ERROR: no such process/group: nobody\nERROR: process/group still running: up\n",
    ),
    "remove all": (1, "ERROR: no such process/group: all\n"),
    "update": (0, ""),
    "update all": (0, ""),
    "update up": (0, ""),
    "update up many": (0, ""),
    "update nobody": (1, "ERROR: no such group: nobody\n"),
    "update nobody up": (1, "ERROR: no such group: nobody\n"),
    "update nobody all": (0, ""),
    "update many:*": (1, "ERROR: no such group: many:*\n"),
    # open
    "open": (1, "ERROR: url must be http:// or unix://\n"),
    "open nobody": (1, "ERROR: url must be http:// or unix://\n"),
    "open https://127.0.0.1:9": (1, "ERROR: url must be http:// or unix://\n"),
    "open {url}.none": (0, "{url}.none no such file\n"),
    # version, reload, shutdown
    "version now": (1, "Error: version accepts no arguments\n{usage}"),
    "reload now": (1, "Error: reload accepts no arguments\n{usage}"),
    "shutdown now": (1, "Error: shutdown accepts no arguments\n{usage}"),
}


@pytest.fixture(scope="module")
def known(daemon: Daemon) -> dict[str, str]:
    """What stands for what in the table."""
    pids = [info["pid"] for info in daemon.rpc.getAllProcessInfo()]
    return {
        "{daemon}": str(daemon.started_as),
        "{up}": str(daemon.info("up")["pid"]),
        "{all}": "".join(f"{pid}\n" for pid in pids),
        "{url}": f"unix://{daemon.socket}",
    }


def filled(text: str, known: dict[str, str]) -> str:
    """The text with what the placeholders stand for."""
    for placeholder, value in known.items():
        text = text.replace(placeholder, value)
    return text


@pytest.mark.parametrize("line", FORMS)
def test_form(daemon: Daemon, known: dict[str, str], line: str) -> None:
    code, text = FORMS[line]
    words = filled(line, known).split(" ")
    if "{usage}" in text:
        usage = daemon.ctl("help", words[0].lstrip("?"))
        assert (usage.code, usage.err) == (0, "")
        assert usage.out.startswith(words[0].lstrip("?"))
        text = text.replace("{usage}", usage.out)
    assert daemon.ctl(*words) == Result(code, filled(text, known), "")


@pytest.mark.parametrize("line", ["signal CONT up", "status nobody up:nobody", "start  nobody nobody:*"])
def test_arguments_are_joined_before_they_are_taken_apart(daemon: Daemon, line: str) -> None:
    """Ansible passes `signal USR1` as one argument, and others a whole line."""
    apart = daemon.ctl(*line.split())
    command, rest = line.split(" ", 1)
    first, last = line.rsplit(" ", 1)
    for words in ([line], [command, rest], [first, last]):
        assert daemon.ctl(*words) == apart


def test_version_and_help_of_every_command(daemon: Daemon, under_test: UnderTest) -> None:
    version = daemon.ctl("version")
    assert (version.code, version.err) == (0, "")
    assert under_test.version.fullmatch(version.out.rstrip("\n"))
    listed = daemon.ctl("help").out.split("=\n")[1].split()
    assert len(listed) == 21
    for command in listed:
        usage = daemon.ctl(f"?{command}")
        assert (usage.code, usage.err) == (0, "")
        assert usage.out.startswith(command)
        assert daemon.ctl("help", command) == usage


def test_maintail_shows_the_end_of_the_main_log(daemon: Daemon) -> None:
    # Nothing is logged meanwhile: the log is asked for first and last.
    before = daemon.log_text
    shown = daemon.ctl("maintail")
    some = daemon.ctl("maintail", "-20")
    assert daemon.log_text == before
    assert shown == Result(0, before[-1600:] + "\n", "")
    assert some == Result(0, before[-20:] + "\n", "")


def test_open_shows_the_status_of_another_server_and_keeps_the_exit_code(daemon: Daemon) -> None:
    url = f"unix://{daemon.socket}"
    shown = daemon.ctl("open", url, url="http://127.0.0.1:9")
    assert (shown.code, shown.err) == (0, "")
    assert [line.split()[:2] for line in shown.out.splitlines()] == [
        ["many:idle", "STOPPED"],
        ["missing", "STOPPED"],
        ["pair:pair_00", "RUNNING"],
        ["pair:pair_01", "RUNNING"],
        ["up", "RUNNING"],
    ]
