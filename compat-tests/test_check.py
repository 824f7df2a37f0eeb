"""`supervisord --check`: a report of everything that is wrong with a configuration, and nothing started."""

from __future__ import annotations

import json
import re

import pytest

from conftest import Prepare
from harness.daemon import Daemon, Result
from harness.under_test import UnderTest

GOOD = "[program:x]\ncommand = sleep 1000\nstartsecs = 0\n"


@pytest.fixture
def only_ours(under_test: UnderTest) -> None:
    """The original cannot check."""
    if not under_test.ours:
        pytest.skip("new: the original has no --check")


def check(daemon: Daemon, *options: str) -> Result:
    """The check of a daemon's file; it may leave nothing in the folder, and no process."""
    before = sorted(daemon.folder.rglob("*"))
    result = daemon.run("supervisord", "--check", "-c", str(daemon.config), *options)
    assert sorted(daemon.folder.rglob("*")) == before
    assert not daemon.leftovers()
    assert result.err == ""
    return result


@pytest.mark.differs("the original has no such option")
def test_the_option_is_new(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(GOOD)
    result = daemon.run("supervisord", "--check", "-c", str(daemon.config))
    if daemon.under_test.ours:
        assert (result.code, result.err) == (0, "")
    else:
        assert result.code == 2
        assert result.err.startswith("Error: option --check not recognized\n")


def test_a_prefix_that_meant_childlogdir_still_does(prepare: Prepare) -> None:
    daemon = prepare()
    result = daemon.run("supervisord", "--ch", "/nope")
    message = "invalid value for --childlogdir '/nope': /nope is not an existing directory"
    assert (result.code, result.err.splitlines()[0]) == (2, f"Error: {message}")
    result = daemon.run("supervisord", "--c", "x")
    assert result.err.splitlines()[0] == "Error: option --c not a unique prefix"


@pytest.mark.usefixtures("only_ours")
def test_a_good_configuration_passes_and_nothing_is_started(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(GOOD, inet="")
    result = check(daemon)
    assert result.code == 0
    # A server without a password is nothing that the check is about.
    assert result.out == f"{daemon.config}: no problems; supervisord would start\n"


@pytest.mark.usefixtures("only_ours")
def test_every_problem_has_file_line_severity_message_and_the_line_with_carets(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfiles = more.ini\n", supervisord="loglevel = loud")
    daemon.write(
        "more.ini", "[program:x]\ncomand = a\ncommand = no-such-command -x\nautostart =  maybe ; so\n"
    )
    result = check(daemon)
    more = daemon.folder / "more.ini"
    line = daemon.config.read_text().splitlines().index("loglevel = loud") + 1
    assert result.code == 2
    assert result.out.splitlines() == [
        f"{daemon.config}:{line}: error: bad logging level name 'loud'",
        f"  {line} | loglevel = loud",
        f"  {' ' * len(str(line))} |            ^^^^",
        "  help: loglevel takes: log level; info without it",
        f"{more}:2: warning: unknown option comand in [program:x] is ignored",
        "  2 | comand = a",
        "    | ^^^^^^",
        "  help: did you mean command?",
        f"{more}:3: warning: can't find command 'no-such-command'",
        "  3 | command = no-such-command -x",
        "    |           ^^^^^^^^^^^^^^^",
        f"{more}:4: error: not a valid boolean value: 'maybe'",
        "  4 | autostart =  maybe ; so",
        "    |              ^^^^^",
        "  help: autostart takes: boolean; true without it",
        f"{daemon.config}: 2 errors, 2 warnings; supervisord would not start",
    ]


@pytest.mark.usefixtures("only_ours")
def test_warnings_alone_leave_the_exit_status_0(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(f"{GOOD}stdout_logfile = /dev/stdout\nmine = 1\n")
    result = check(daemon)
    assert result.code == 0
    assert len(re.findall(r"^\S+:\d+: warning: ", result.out, re.MULTILINE)) == 2
    assert result.out.endswith(": 2 warnings; supervisord would start\n")


@pytest.mark.usefixtures("only_ours")
def test_the_report_is_json_on_request(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = cat\nnumprocs = none\n")
    result = check(daemon, "--json")
    report = json.loads(result.out)
    assert (result.code, report["starts"], report["file"]) == (2, False, str(daemon.config))
    [problem] = report["problems"]
    text = daemon.config.read_text().splitlines()
    assert text[problem["line"] - 1] == problem["source"] == "numprocs = none"
    begin = problem["column"] - 1
    assert problem["source"][begin : begin + problem["length"]] == "none"
    assert (problem["severity"], problem["section"], problem["option"]) == ("error", "program:x", "numprocs")
    assert problem["file"] == str(daemon.config)
    assert problem["message"] == "invalid literal for int() with base 10: 'none'"


@pytest.mark.usefixtures("only_ours")
def test_values_of_the_command_line_are_checked_too(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(GOOD)
    result = check(daemon, "-u", "no-such-user")
    assert result.code == 2
    assert "error: Invalid user name no-such-user" in result.out


@pytest.mark.usefixtures("only_ours")
@pytest.mark.parametrize(
    "programs",
    [
        GOOD,
        "[program:x]\ncommand = %(nope)s\n",
        "[program:x]\n",
        "[program:x]\ncommand = cat\nstdout_logfile = /no/such/folder/log\n",
        "[group:g]\nprograms = x\n",
        "[rpcinterface:y]\n",
        "[unix_http_server:b]\nfile = /no/such/folder/socket\n",
        "no option\n",
    ],
)
def test_the_check_passes_exactly_when_the_daemon_starts(prepare: Prepare, programs: str) -> None:
    daemon = prepare()
    daemon.configure(programs)
    passed = check(daemon).code == 0
    daemon.start(ready=passed)
    if passed:
        assert daemon.stop() == 0
    else:
        assert daemon.wait_end() == 2


@pytest.mark.usefixtures("only_ours")
def test_a_missing_file_and_a_missing_check_are_said(prepare: Prepare) -> None:
    daemon = prepare()
    nothing = f"{daemon.folder}/nothing.conf"
    result = daemon.run("supervisord", "--check", "-c", nothing)
    assert result.code == 2
    assert result.out.startswith(f"{nothing}:1: error: could not find config file {nothing}\n")
    result = daemon.run("supervisord", "--json")
    assert (result.code, result.err.splitlines()[0]) == (2, "Error: option --json needs --check")
