"""supervisorctl against a daemon that answers: what each command prints and its exit code, by unix socket and HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from harness.daemon import Daemon, Result, program, running
from harness.under_test import UnderTest
from harness.waiting import wait_for

PROGRAMS = f"""
[program:up]
command = {program("printer", "one two three", "errors")}
startsecs = 0
stdout_logfile = %(here)s/up.out
stderr_logfile = %(here)s/up.err

[program:idle]
command = sleep 1000
autostart = false
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE

[program:missing]
command = /nonexistent/program
autostart = false

[program:folder]
command = /tmp
autostart = false

[program:crasher]
command = {program("exiter", 3, 0)}
autostart = false
startretries = 0
startsecs = 10

[program:pair]
command = sleep 1000
process_name = %(program_name)s_%(process_num)02d
numprocs = 2
startsecs = 0

[program:one]
command = sleep 1000
autostart = false
startsecs = 0

[program:a-name-that-is-longer-than-thirty-characters]
command = sleep 1000
autostart = false

[group:many]
programs = one
"""

LONG = "a-name-that-is-longer-than-thirty-characters"
Ctl = Callable[..., Result]


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon for all tests of this file; each leaves the programs as it found them."""
    with running(under_test, PROGRAMS, inet="") as daemon:
        for name in ("up", "pair:pair_00", "pair:pair_01"):
            daemon.wait_state(name, "RUNNING")
        wait_for(lambda: (daemon.folder / "up.err").read_text() == "errors", "the output of up")
        yield daemon


@pytest.fixture(params=["unix", "http"])
def ctl(daemon: Daemon, request: pytest.FixtureRequest) -> Ctl:
    """Supervisorctl by either way; it never prints on stderr."""
    url = None if request.param == "unix" else f"http://127.0.0.1:{daemon.port}"

    def run(*words: str, stdin: str = "") -> Result:
        result = daemon.ctl(*words, url=url, stdin=stdin)
        assert result.err == ""
        return result

    return run


def shape(text: str) -> str:
    """A status output with the parts that vary replaced: pids, uptimes and times."""
    text = re.sub(r"pid \d+, uptime \d+:\d\d:\d\d", "pid N, uptime T", text)
    return re.sub(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "WHEN", text)


def line(name: str, state: str, description: str, width: int = 33) -> str:
    """One line of a status output."""
    return f"{name:{width}}{state:10}{description}\n"


# status


def test_status_of_everything_in_order_with_exit_code_3(ctl: Ctl, daemon: Daemon) -> None:
    width = len(LONG) + 3
    idle = shape(daemon.info("idle")["description"])
    one = shape(daemon.info("many:one")["description"])
    crasher = daemon.info("crasher")
    expected = (
        line(LONG, "STOPPED", "Not started", width)
        + line("crasher", crasher["statename"], crasher["description"], width)
        + line("folder", "STOPPED", "Not started", width)
        + line("idle", "STOPPED", idle, width)
        + line("many:one", "STOPPED", one, width)
        + line("missing", "STOPPED", "Not started", width)
        + line("pair:pair_00", "RUNNING", "pid N, uptime T", width)
        + line("pair:pair_01", "RUNNING", "pid N, uptime T", width)
        + line("up", "RUNNING", "pid N, uptime T", width)
    )
    for words in (["status"], ["status", "all"], ["status", "up", "all"]):
        result = ctl(*words)
        assert (result.code, shape(result.out)) == (3, expected)


def test_status_of_one_running_process(ctl: Ctl) -> None:
    result = ctl("status", "up")
    assert (result.code, shape(result.out)) == (0, line("up", "RUNNING", "pid N, uptime T"))


def test_status_of_a_group(ctl: Ctl) -> None:
    expected = line("pair:pair_00", "RUNNING", "pid N, uptime T") + line(
        "pair:pair_01", "RUNNING", "pid N, uptime T"
    )
    for name in ("pair:*", "pair:"):
        result = ctl("status", name)
        assert (result.code, shape(result.out)) == (0, expected)


def test_status_of_a_stopped_process(ctl: Ctl) -> None:
    assert ctl("status", "missing") == Result(3, line("missing", "STOPPED", "Not started"), "")


def test_status_shows_in_the_order_of_the_names_given(ctl: Ctl) -> None:
    result = ctl("status", "up", "pair:pair_00")
    assert shape(result.out) == line("up", "RUNNING", "pid N, uptime T") + line(
        "pair:pair_00", "RUNNING", "pid N, uptime T"
    )


def test_status_of_unknown_names(ctl: Ctl) -> None:
    assert ctl("status", "nobody") == Result(4, "nobody: ERROR (no such process)\n", "")
    assert ctl("status", "nobody:*") == Result(4, "nobody: ERROR (no such group)\n", "")
    assert ctl("status", "many:nobody") == Result(4, "many:nobody: ERROR (no such process)\n", "")


def test_status_of_an_unknown_and_a_running_name(ctl: Ctl) -> None:
    result = ctl("status", "up", "nobody")
    assert result.code == 4
    assert shape(result.out) == "nobody: ERROR (no such process)\n" + line("up", "RUNNING", "pid N, uptime T")


def test_status_of_an_unknown_and_a_stopped_name(ctl: Ctl) -> None:
    result = ctl("status", "missing", "nobody")
    assert result == Result(
        3, "nobody: ERROR (no such process)\n" + line("missing", "STOPPED", "Not started"), ""
    )


# start, stop, restart


def test_start_and_stop(ctl: Ctl, daemon: Daemon) -> None:
    assert ctl("start", "idle") == Result(0, "idle: started\n", "")
    daemon.wait_state("idle", "RUNNING")
    assert ctl("stop", "idle") == Result(0, "idle: stopped\n", "")


def test_start_and_stop_by_the_long_name(ctl: Ctl, daemon: Daemon) -> None:
    assert ctl("start", "idle:idle") == Result(0, "idle: started\n", "")
    daemon.wait_state("idle", "RUNNING")
    assert ctl("stop", "idle:idle") == Result(0, "idle: stopped\n", "")


def test_start_and_stop_of_a_member_of_a_group(ctl: Ctl, daemon: Daemon) -> None:
    assert ctl("start", "many:one") == Result(0, "many:one: started\n", "")
    daemon.wait_state("many:one", "RUNNING")
    assert ctl("stop", "many:one") == Result(0, "many:one: stopped\n", "")


def test_start_and_stop_of_a_whole_group(ctl: Ctl, daemon: Daemon) -> None:
    assert ctl("start", "many:*") == Result(0, "many:one: started\n", "")
    daemon.wait_state("many:one", "RUNNING")
    assert ctl("start", "many:*") == Result(0, "", "")
    assert ctl("stop", "many:*") == Result(0, "many:one: stopped\n", "")
    assert ctl("stop", "many:*") == Result(0, "", "")


def test_start_of_several_names_says_each_and_the_last_failure_decides(ctl: Ctl, daemon: Daemon) -> None:
    result = ctl("start", "idle", "nobody", "up")
    assert result == Result(
        1, "idle: started\nnobody: ERROR (no such process)\nup: ERROR (already started)\n", ""
    )
    daemon.wait_state("idle", "RUNNING")
    assert ctl("stop", "idle", "nobody") == Result(1, "idle: stopped\nnobody: ERROR (no such process)\n", "")


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("nobody", 1, "nobody: ERROR (no such process)"),
        ("many:nobody", 1, "many:nobody: ERROR (no such process)"),
        ("nobody:*", 2, "nobody: ERROR (no such group)"),
        ("missing", 1, "missing: ERROR (no such file)"),
        ("folder", 1, "folder: ERROR (file is not executable)"),
        ("up", 0, "up: ERROR (already started)"),
    ],
)
def test_start_that_fails(ctl: Ctl, name: str, code: int, text: str) -> None:
    assert ctl("start", name) == Result(code, f"{text}\n", "")


def test_start_of_a_program_that_ends_too_quickly(ctl: Ctl, daemon: Daemon) -> None:
    result = ctl("start", "crasher")
    assert (result.code, result.err) == (7, "")
    assert result.out in ("crasher: ERROR (spawn error)\n", "crasher: ERROR (abnormal termination)\n")
    daemon.wait_state("crasher", "FATAL")


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("nobody", 1, "nobody: ERROR (no such process)"),
        ("nobody:*", 1, "nobody: ERROR (no such group)"),
        ("idle", 0, "idle: ERROR (not running)"),
    ],
)
def test_stop_that_fails(ctl: Ctl, name: str, code: int, text: str) -> None:
    assert ctl("stop", name) == Result(code, f"{text}\n", "")


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("start", 2, "Error: start requires a process name"),
        ("stop", 1, "Error: stop requires a process name"),
        ("restart", 1, "Error: restart requires a process name"),
        ("signal", 1, "Error: signal requires a signal name and a process name"),
        ("signal HUP", 1, "Error: signal requires a signal name and a process name"),
        ("tail", 1, "Error: too few arguments"),
        ("tail a b c d", 1, "Error: too many arguments"),
        ("version now", 1, "Error: version accepts no arguments"),
        ("shutdown now", 1, "Error: shutdown accepts no arguments"),
        ("reload now", 1, "Error: reload accepts no arguments"),
    ],
)
def test_missing_or_superfluous_arguments_show_the_help(
    ctl: Ctl, command: str, code: int, message: str
) -> None:
    usage = ctl("help", command.split(maxsplit=1)[0]).out
    assert usage != ""
    assert ctl(*command.split()) == Result(code, f"{message}\n{usage}", "")


def test_restart_stops_and_starts(ctl: Ctl, daemon: Daemon) -> None:
    before = daemon.info("up")["pid"]
    assert ctl("restart", "up") == Result(0, "up: stopped\nup: started\n", "")
    assert daemon.wait_state("up", "RUNNING")["pid"] != before


def test_restart_of_a_stopped_process_says_so_and_starts_it(ctl: Ctl, daemon: Daemon) -> None:
    assert ctl("restart", "idle") == Result(0, "idle: ERROR (not running)\nidle: started\n", "")
    daemon.wait_state("idle", "RUNNING")
    assert ctl("stop", "idle").code == 0


def test_restart_of_an_unknown_process_fails_twice(ctl: Ctl) -> None:
    text = "nobody: ERROR (no such process)\n"
    assert ctl("restart", "nobody") == Result(1, text + text, "")


def test_restart_of_a_group(ctl: Ctl, daemon: Daemon) -> None:
    for name in ("pair_00", "pair_01"):
        daemon.wait_state(f"pair:{name}", "RUNNING")
    result = ctl("restart", "pair:*")
    assert (result.code, sorted(result.out.splitlines())) == (
        0,
        ["pair:pair_00: started", "pair:pair_00: stopped", "pair:pair_01: started", "pair:pair_01: stopped"],
    )
    for name in ("pair_00", "pair_01"):
        daemon.wait_state(f"pair:{name}", "RUNNING")


# signal, pid, version


def test_signal(ctl: Ctl) -> None:
    assert ctl("signal", "CONT", "up") == Result(0, "up: signalled\n", "")
    assert ctl("signal", "CONT", "up", "pair:pair_00") == Result(
        0, "up: signalled\npair:pair_00: signalled\n", ""
    )


def test_signal_and_its_name_in_one_argument(ctl: Ctl) -> None:
    assert ctl("signal CONT", "up") == Result(0, "up: signalled\n", "")
    assert ctl("signal CONT up") == Result(0, "up: signalled\n", "")


def test_signal_reaches_the_process(ctl: Ctl, daemon: Daemon) -> None:
    before = daemon.info("up")["pid"]
    assert ctl("signal", "KILL", "up").out == "up: signalled\n"
    wait_for(lambda: daemon.info("up")["pid"] not in (0, before), "the next process of up")
    daemon.wait_state("up", "RUNNING")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("NONSENSE up", 1, "up: ERROR (bad signal name)"),
        ("CONT idle", 7, "idle: ERROR (not running)"),
        ("CONT nobody", 1, "nobody: ERROR (no such process)"),
        ("CONT nobody:*", 1, "nobody: ERROR (no such group)"),
    ],
)
def test_signal_that_fails(ctl: Ctl, words: str, code: int, text: str) -> None:
    assert ctl("signal", *words.split()) == Result(code, f"{text}\n", "")


def test_signal_of_a_group(ctl: Ctl) -> None:
    assert ctl("signal", "CONT", "pair:*") == Result(
        0, "pair:pair_00: signalled\npair:pair_01: signalled\n", ""
    )


def test_signal_of_all_reaches_what_runs(ctl: Ctl) -> None:
    result = ctl("signal", "CONT", "all")
    assert (result.code, sorted(result.out.splitlines())) == (
        0,
        ["pair:pair_00: signalled", "pair:pair_01: signalled", "up: signalled"],
    )


def test_pid_of_the_daemon(ctl: Ctl, daemon: Daemon) -> None:
    assert ctl("pid") == Result(0, f"{daemon.started_as}\n", "")


def test_pid_of_processes(ctl: Ctl, daemon: Daemon) -> None:
    up, first = daemon.info("up")["pid"], daemon.info("pair:pair_00")["pid"]
    assert ctl("pid", "up") == Result(0, f"{up}\n", "")
    assert ctl("pid", "up", "pair:pair_00") == Result(0, f"{up}\n{first}\n", "")


def test_pid_of_a_stopped_process(ctl: Ctl) -> None:
    assert ctl("pid", "idle") == Result(7, "0\n", "")


def test_pid_of_an_unknown_process(ctl: Ctl) -> None:
    assert ctl("pid", "nobody") == Result(1, "No such process nobody\n", "")


def test_pid_of_all_is_one_line_each_and_0_for_what_does_not_run(ctl: Ctl, daemon: Daemon) -> None:
    pids = [info["pid"] for info in daemon.rpc.getAllProcessInfo()]
    assert ctl("pid", "all") == Result(0, "".join(f"{pid}\n" for pid in pids), "")


def test_version(ctl: Ctl, under_test: UnderTest) -> None:
    result = ctl("version")
    assert (result.code, result.out[-1:]) == (0, "\n")
    assert under_test.version.fullmatch(result.out[:-1])


# tail


def test_tail(ctl: Ctl, daemon: Daemon) -> None:
    # `up` may have been started more than once by other tests; its log grows by the same text.
    out, err = (daemon.folder / "up.out").read_text(), (daemon.folder / "up.err").read_text()
    assert ctl("tail", "up") == Result(0, f"{out}\n", "")
    assert ctl("tail", "up", "stdout") == Result(0, f"{out}\n", "")
    assert ctl("tail", "up", "stderr") == Result(0, f"{err}\n", "")
    assert ctl("tail", "up", "STDERR") == Result(0, f"{err}\n", "")


def test_tail_of_some_bytes(ctl: Ctl) -> None:
    assert ctl("tail", "-5", "up") == Result(0, "three\n", "")
    assert ctl("tail", "-3", "up", "stderr") == Result(0, "ors\n", "")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("nobody", "nobody: ERROR (no such process name)"),
        ("idle", "idle: ERROR (no log file)"),
        ("idle stderr", "idle: ERROR (no log file)"),
        ("up stdin", "Error: bad channel 'stdin'"),
        ("-x up", "Error: bad argument -x"),
        ("-10", "Error: tail requires process name"),
    ],
)
def test_tail_that_fails(ctl: Ctl, words: str, text: str) -> None:
    assert ctl("tail", *words.split()) == Result(1, f"{text}\n", "")


# help, and words that are no command


# The forms that the help shows; the words that explain them are each program's own.
FORMS = {
    "start": ["start <name>", "start <gname>:*", "start <name> <name>", "start all"],
    "stop": ["stop <name>", "stop <gname>:*", "stop <name> <name>", "stop all"],
    "restart": ["restart <name>", "restart <gname>:*", "restart <name> <name>", "restart all"],
    "signal": [
        "signal <signal name> <name>",
        "signal <signal name> <gname>:*",
        "signal <signal name> <name> <name>",
        "signal <signal name> all",
    ],
    "tail": ["tail -f <name>", "tail -100 <name>", "tail <name> stderr"],
    "status": ["status <name>", "status <gname>:*", "status <name> <name>", "status"],
    "pid": ["pid", "pid <name>", "pid all"],
    "version": ["version"],
    "shutdown": ["shutdown"],
    "reload": ["reload"],
    "help": ["help", "help <action>"],
}


@pytest.mark.parametrize("action", sorted(FORMS))
def test_help_of_an_action_shows_its_forms(daemon: Daemon, action: str) -> None:
    result = daemon.ctl("help", action)
    assert (result.code, result.err) == (0, "")
    forms = [
        form.rstrip()
        for form, tab, _ in (line.partition("\t") for line in result.out.splitlines())
        if tab and form
    ]
    # What is new has an option, and stands behind what was there.
    old = [form for form in forms if "--" not in form]
    assert old == FORMS[action]
    assert forms[: len(old)] == old
    assert len(forms) == len(old) or daemon.under_test.ours


def test_help_of_an_unknown_action(daemon: Daemon) -> None:
    assert daemon.ctl("help", "nonsense") == Result(0, "*** No help on nonsense\n", "")


def test_help_lists_every_action_in_columns(daemon: Daemon) -> None:
    assert daemon.ctl("help").out == (
        "\n"
        "default commands (type help <topic>):\n"
        "=====================================\n"
        "add    exit      open  reload  restart   start   tail   \n"
        "avail  fg        pid   remove  shutdown  status  update \n"
        "clear  maintail  quit  reread  signal    stop    version\n"
        "\n"
    )


def test_an_unknown_command(ctl: Ctl) -> None:
    assert ctl("nonsense") == Result(1, "*** Unknown syntax: nonsense\n", "")
    assert ctl("nonsense", "with", "words") == Result(1, "*** Unknown syntax: nonsense with words\n", "")


def test_an_empty_command_does_nothing(ctl: Ctl) -> None:
    assert ctl("") == Result(0, "", "")
