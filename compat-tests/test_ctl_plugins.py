"""Plug-ins of the control program: `[ctlplugin:x]` sections add commands to those that are built in."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.daemon import Daemon, Result, running
from harness.under_test import REPOSITORY, UnderTest

PLUGINS = Path(__file__).resolve().parent / "plugins"
OTHER_PEOPLES = next((REPOSITORY / ".environments/plugins/lib").glob("python3*/site-packages"), None)

CONFIGURATION = """
[ctlplugin:probe]
supervisor.ctl_factory = ctl_probe:Probe
colour = %(ENV_COLOUR)s
size = 3

[ctlplugin:wildcards]
supervisor.ctl_factory = supervisorwildcards.controllerplugin:make_wildcards_controllerplugin

[ctlplugin:serial]
supervisor.ctl_factory = supervisorserialrestart.controllerplugin:make_serialrestart_controllerplugin

[program:a]
command = sleep 1000
startsecs = 0
autostart = false

[program:b]
command = sleep 1000
startsecs = 0
autostart = false
"""


def with_plugins(daemon: Daemon, *words: str, stdin: str = "", url: str | None = None) -> Result:
    """Run the control program where it finds the plug-ins."""
    path = os.pathsep.join(map(str, filter(None, [PLUGINS, OTHER_PEOPLES])))
    return daemon.ctl(*words, stdin=stdin, url=url, env={"PYTHONPATH": path, "COLOUR": "red"})


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon with two programs, and a configuration with plug-ins of the client."""
    configuration = CONFIGURATION
    if OTHER_PEOPLES is None:
        begin, end = CONFIGURATION.index("[ctlplugin:wildcards]"), CONFIGURATION.index("[program:a]")
        configuration = CONFIGURATION[:begin] + CONFIGURATION[end:]
    with running(under_test, configuration) as daemon:
        yield daemon


needs_other_peoples = pytest.mark.skipif(
    OTHER_PEOPLES is None, reason="plug-ins of other people are not installed: compat-tests/environments.py"
)


TALKER = """
[ctlplugin:watcher]
supervisor.ctl_factory = ctl_probe:Watcher

[program:talker]
command = /bin/sh -c "echo hello; exec sleep 1000"
startsecs = 0
"""


def test_the_thread_that_shows_the_logs_of_a_process(under_test: UnderTest) -> None:
    with running(under_test, TALKER) as daemon:
        daemon.wait_state("talker", "RUNNING")
        done = with_plugins(daemon, "watch", "talker", "hello")
    lines = done.out.splitlines()
    # The first line is of whichever log has answered first.
    assert "hello" in lines
    # The thread of the original may be stuck in a call of the system.
    assert lines[-1] in (
        "killed: True, alive: False",
        *(["killed: True, alive: True"] * (not under_test.ours)),
    )


def test_a_factory_gets_the_other_options_of_its_section(daemon: Daemon) -> None:
    done = with_plugins(daemon, "config", "x", "y")
    assert done.out == "[('colour', 'red'), ('size', '3')] 'x y' probe\n"
    assert (done.err, done.code) == ("", 0)


def test_a_command_of_a_plugin_asks_the_server(daemon: Daemon) -> None:
    assert with_plugins(daemon, "names").out == "a b\nsupervisor.addProcessGroup\n"


def test_the_check_of_the_server_says_why_and_sets_the_exit_code(daemon: Daemon) -> None:
    done = with_plugins(daemon, "names", url="unix:///nowhere/at/all.sock")
    assert (done.out, done.code) == ("unix:///nowhere/at/all.sock no such file\n", 7)


def test_an_exception_of_a_command_is_a_line_and_exit_code_1(daemon: Daemon) -> None:
    done = with_plugins(daemon, "fail")
    assert re.fullmatch(r"error: <class 'ValueError'>, oops: file: \S+ctl_probe\.py line: \d+\n", done.out)
    assert done.code == 1


@pytest.mark.parametrize(
    ("words", "stdout", "returncode"),
    [
        (["stop", "a"], "a: ERROR (not running)\n", 0),
        (["stop", "nobody"], "nobody: ERROR (no such process)\n", 1),
        (["pid", "nobody"], "No such process nobody\n", 1),
        (["start"], "Error: start requires a process name\n", 2),
        (["nonsense"], "*** Unknown syntax: nonsense\n", 1),
        (["version"], None, 0),
    ],
)
def test_built_in_commands_are_what_they_are_without_plugins(
    daemon: Daemon, words: list[str], stdout: str | None, returncode: int
) -> None:
    done = with_plugins(daemon, *words)
    if stdout is not None:
        assert done.out.startswith(stdout)
    assert done.code == returncode
    without = daemon.write("plain.conf", f"[supervisorctl]\nserverurl = unix://{daemon.socket}\n")
    plain = daemon.run("supervisorctl", "-c", str(without), *words)
    assert (plain.out, plain.code) == (done.out, done.code)


def test_a_built_in_command_wins_over_one_of_a_plugin(daemon: Daemon) -> None:
    lines = with_plugins(daemon, "status").out.splitlines()
    assert [line.split()[:2] for line in lines] == [["a", "STOPPED"], ["b", "STOPPED"]]


def test_help_lists_the_commands_of_each_plugin_under_its_name(daemon: Daemon) -> None:
    text = with_plugins(daemon, "help").out
    default, probe = text.split("\nprobe commands (type help <topic>):\n")[:2]
    assert default.startswith("\ndefault commands (type help <topic>):\n=====")
    assert {"start", "stop", "status"} <= set(default.split())
    listed = probe.split("\n\n")[0].split()
    assert listed[1:] == ["config", "fail", "leave", "names", "reword", "status", "threads"]


def test_help_of_a_command_is_its_help_method_or_its_docstring(daemon: Daemon) -> None:
    first = "*** No help on config\n"
    assert with_plugins(daemon, "help", "config").out.startswith(
        first + "config\tShow what the section says\n"
    )
    assert "Raise what nobody handles." in with_plugins(daemon, "help", "fail").out


def test_built_in_commands_run_from_threads(daemon: Daemon) -> None:
    started = with_plugins(daemon, "threads", "start").out.splitlines()
    assert sorted(started) == ["a: started", "b: started"]
    stopped = with_plugins(daemon, "threads", "stop").out.splitlines()
    assert sorted(stopped) == ["a: stopped", "b: stopped"]


def test_a_shell_runs_both_kinds_of_commands_until_one_ends_it(daemon: Daemon) -> None:
    done = with_plugins(daemon, stdin="config\n\nundocumented\nleave\nversion\n")
    lines = [line.removeprefix("supervisor> ") for line in done.out.splitlines()]
    assert lines[2].startswith("[('colour', 'red')")
    assert daemon.under_test.version.fullmatch(lines[3].removeprefix("supervisor> "))
    assert lines[4:] in ([], [""])
    assert done.code == 0


def test_the_server_may_be_changed_inside_a_shell(daemon: Daemon) -> None:
    done = with_plugins(
        daemon, stdin=f"open unix:///nowhere.sock\nnames\nopen unix://{daemon.socket}\nnames\n"
    )
    text = done.out.replace("supervisor> ", "")
    assert text.count("unix:///nowhere.sock no such file\n") == 2
    assert "a b\nsupervisor.addProcessGroup\n" in text


def test_a_factory_that_cannot_be_found_is_a_usage_error(daemon: Daemon) -> None:
    bad = daemon.write("bad.conf", "[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory = no.such:thing\n")
    done = daemon.run("supervisorctl", "-c", str(bad), "status")
    assert done.code == 2
    assert done.err.startswith("Error: no.such:thing cannot be resolved within [ctlplugin:x]")


@needs_other_peoples
def test_supervisor_wildcards_starts_and_stops_by_pattern(daemon: Daemon) -> None:
    done = with_plugins(daemon, "mstart", "a", "b*")
    assert sorted(done.out.splitlines()) == ["a: started", "b: started"]
    done = with_plugins(daemon, stdin="mstop *\nmstart nobody*\n")
    assert {"a: stopped", "b: stopped", "No process matched given expression."} <= {
        line.removeprefix("supervisor> ") for line in done.out.splitlines()
    }


@needs_other_peoples
def test_supervisor_serialrestart_restarts_by_pattern(daemon: Daemon) -> None:
    assert with_plugins(daemon, "start", "a").out == "a: started\n"
    done = with_plugins(daemon, "serialrestart", "a")
    assert done.out == "a: stopped\na: started\n"
    done = with_plugins(daemon, stdin="serialrestart a\nstop a\n")
    assert "a: stopped\nsupervisor> a: stopped" not in done.out
    assert done.out.replace("supervisor> ", "").splitlines()[2:5] == [
        "a: stopped",
        "a: started",
        "a: stopped",
    ]


def test_the_interpreter_may_be_named(daemon: Daemon, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original is Python itself")
    env = {"PYTHONPATH": str(PLUGINS), "COLOUR": "red"}
    config = daemon.write(
        "one.conf", "[supervisorctl]\n[ctlplugin:probe]\nsupervisor.ctl_factory = ctl_probe:Probe\n"
    )
    words = ["supervisorctl", "-c", str(config), "config"]
    python = under_test.program("python")
    assert daemon.run(*words, env={**env, "SUPERVISOR_PYTHON": python}).out == "[] '' probe\n"
    done = daemon.run(*words, env={**env, "SUPERVISOR_PYTHON": "/nowhere/python"})
    assert done.code == 2
    assert done.err.startswith(
        "Error: the configuration names Python code, and the interpreter /nowhere/python could not be started"
    )
    other = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    assert other is not None
    done = daemon.run(*words, env={**env, "SUPERVISOR_PYTHON": other, "PYTHONNOUSERSITE": "1"})
    if "PYTHONPATH" in env and done.code != 0:
        assert "does not have the package supervisor-rs" in done.err


def test_results_may_be_said_in_other_words(daemon: Daemon) -> None:
    with_plugins(daemon, "stop", "all")
    assert with_plugins(daemon, "reword", "start", "a").out == "a: started\n"
    assert with_plugins(daemon, "reword", "start", "a", "nosuch").out == (
        "_startresult 60: a: ERROR (already started)\n_startresult 10: nosuch: ERROR (no such process)\n"
    )
    assert with_plugins(daemon, "reword", "signal", "CONT", "all").out == "_signalresult 80: a: signalled\n"
    assert with_plugins(daemon, "reword", "clear", "all").out == (
        "_clearresult 80: a: cleared\n_clearresult 80: b: cleared\n"
    )
    assert with_plugins(daemon, "reword", "stop", "all").out == "_stopresult 80: a: stopped\n"
    assert with_plugins(daemon, "reword", "stop", "a").out == "_stopresult 70: a: ERROR (not running)\n"
