"""What good values mean: told by getAllConfigInfo, by the state of processes, or by the children themselves.

All programs of a table run in one daemon; each has one line, or a few, of its own.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Supervise
from harness.daemon import Daemon, program, running
from harness.under_test import UnderTest

HERE = "<folder>"
HOST = platform.node()

# Lines of a program section (`sleep 1000`, not started by itself), a key of getAllConfigInfo, and what it tells.
VALUES: list[tuple[str, str, Any]] = [
    ("", "autostart", False),
    *((f"autostart = {text}", "autostart", True) for text in ("true", "Yes", "ON", "1")),
    *((f"autostart = {text}", "autostart", False) for text in ("False", "no", "off", "0")),
    ("", "startsecs", 1),
    ("startsecs = 0", "startsecs", 0),
    ("startsecs = -5", "startsecs", -5),
    ("startsecs = +3", "startsecs", 3),
    ("startsecs = 1_000", "startsecs", 1000),
    ("startsecs = \uff17", "startsecs", 7),
    ("STARTSECS : 4", "startsecs", 4),
    ("startsecs=2 ; seconds", "startsecs", 2),
    ("startsecs = 5\nstartsecs = 6", "startsecs", 6),
    ("", "startretries", 3),
    ("startretries = 0", "startretries", 0),
    ("", "stopwaitsecs", 10),
    ("stopwaitsecs = 0", "stopwaitsecs", 0),
    ("", "stopsignal", 15),
    *(
        (f"stopsignal = {text}", "stopsignal", number)
        for text, number in (
            ("HUP", 1), ("SIGHUP", 1), ("int", 2), ("sigquit", 3), ("9", 9), ("USR1", 10), (" usr2 ", 12), ("SIGTERM", 15),
            ("CLD", 17), ("0", 0), ("_DFL", 0), ("SIG_IGN", 1), ("64", 64), ("RTMAX", 64),
        )
    ),
    ("", "killasgroup", False),
    ("killasgroup = yes", "killasgroup", True),
    ("stopasgroup = yes", "killasgroup", True),
    ("", "exitcodes", [0]),
    ("exitcodes =", "exitcodes", []),
    ("exitcodes = 0,2", "exitcodes", [0, 2]),
    ("exitcodes = 255 , 1,1", "exitcodes", [255, 1, 1]),
    ("", "process_prio", 999),
    ("", "group_prio", 999),
    ("priority = -2", "process_prio", -2),
    ("priority = -2", "group_prio", -2),
    ("", "redirect_stderr", False),
    ("redirect_stderr = on", "redirect_stderr", True),
    ("redirect_stderr = on", "stderr_logfile", "none"),
    ("redirect_stderr = on\nstderr_logfile = %(here)s/e.log", "stderr_logfile", "none"),
    ("", "uid", "none"),
    (f"user = {os.geteuid()}", "uid", os.geteuid()),
    ("", "directory", "none"),
    ("directory = /no/such/folder", "directory", "/no/such/folder"),
    ("directory = %(here)s/x", "directory", f"{HERE}/x"),
    ("", "serverurl", "none"),
    ("serverurl = auto", "serverurl", "none"),
    ("serverurl = whatever it is", "serverurl", "whatever it is"),
    ("stdout_logfile = NONE", "stdout_logfile", "none"),
    ("stdout_logfile = Off", "stdout_logfile", "none"),
    ("stdout_logfile = syslog", "stdout_logfile", "none"),
    ("stdout_logfile = syslog", "stdout_syslog", True),
    ("stdout_logfile = bare.log", "stdout_logfile", "bare.log"),
    ("stdout_logfile = /dev/stdout\nstdout_logfile_maxbytes = 0", "stdout_logfile", "/dev/stdout"),
    ("stdout_logfile = %(here)s/%(program_name)s.log", "stdout_logfile", f"{HERE}/<name>.log"),
    # Names of logs are expanded twice.
    ("stderr_logfile = %(here)s/50%%%%.log", "stderr_logfile", f"{HERE}/50%.log"),
    ("stderr_logfile = %(here)s/%%(program_name)s", "stderr_logfile", f"{HERE}/<name>"),
    ("", "stdout_syslog", False),
    ("stderr_syslog = 1", "stderr_syslog", True),
    ("", "stdout_logfile_maxbytes", 50 * 1024**2),
    *(
        (f"stdout_logfile_maxbytes = {text}", "stdout_logfile_maxbytes", size)
        for text, size in (("0", 0), ("77", 77), ("1KB", 1024), ("2mb", 2 * 1024**2), ("1Gb", 1024**3), ("3 KB", 3072))
    ),
    ("", "stderr_logfile_backups", 10),
    ("stderr_logfile_backups = 0", "stderr_logfile_backups", 0),
    ("", "stdout_capture_maxbytes", 0),
    ("stdout_capture_maxbytes = 1MB", "stdout_capture_maxbytes", 1024**2),
    ("", "stderr_events_enabled", False),
    ("stderr_events_enabled = true", "stderr_events_enabled", True),
    # Commands: comments, more lines, and the names that may stand in them.
    ("command = sleep 1 ; a comment", "command", "sleep 1"),
    ("command = sleep 1 # a comment", "command", "sleep 1"),
    ("command = sleep;1#2", "command", "sleep;1#2"),
    ("command = sleep\n   1 ; a comment\n   # another\n\n   2", "command", "sleep\n1\n\n2"),
    ("command: sleep = 1 : 2", "command", "sleep = 1 : 2"),
    ("command = 'not' \"split\"", "command", "'not' \"split\""),
    ("command = x %(program_name)s %(group_name)s", "command", "x <name> <name>"),
    ("command = %(here)s %(host_node_name)s", "command", f"{HERE} {HOST}"),
    ("command = %(ENV_OUTER)s %(ENV_DAEMON)s", "command", "of the shell, of the daemon"),
    ("command = %(ENV_OWN)s\nenvironment = OWN=\"mine\"", "command", "mine"),
    ("command = %(ENV_DAEMON)s\nenvironment = DAEMON=\"over it\"", "command", "over it"),
    ("command = 100%%", "command", "100%"),
    ("command = %(process_num)d of %(numprocs)d", "command", "0 of 1"),
    ("command = %(process_num)02d|%(process_num)4d|%(process_num)-3d|%(process_num)+d", "command", "00|   0|0  |+0"),
    ("numprocs_start = 255\ncommand = %(process_num)x %(process_num)X %(process_num)#o", "command", "ff FF 0o377"),
    ("numprocs_start = 9\ncommand = %(process_num)s %(process_num)r %(process_num).3f", "command", "9 9 9.000"),
    ("command = %(ENV_OUTER)5.2s|%(ENV_OUTER)-6.2s|%(ENV_OUTER)r", "command", "   of|of    |'of the shell,'"),
]  # fmt: skip


def configured() -> str:
    """A program section for each of the values."""
    begin = "command = sleep 1000\nautostart = false\n"
    return "".join(f"[program:p{number}]\n{begin}{lines}\n" for number, (lines, _, _) in enumerate(VALUES))


@pytest.fixture(scope="module")
def told(under_test: UnderTest) -> Iterator[dict[str, dict[str, Any]]]:
    """What getAllConfigInfo tells of each program of the table."""
    daemon = Daemon(under_test)
    try:
        daemon.configure(configured(), supervisord='environment = DAEMON="of the daemon"')
        daemon.start(env={"OUTER": "of the shell,"})
        text = json.dumps(daemon.rpc.getAllConfigInfo()).replace(str(daemon.folder), HERE)
        yield {info["name"]: info for info in json.loads(text)}
    finally:
        problems = daemon.end()
    assert not problems, problems


@pytest.mark.parametrize(("number", "key"), [(number, key) for number, (_, key, _) in enumerate(VALUES)])
def test_a_value_means_what_it_means_to_the_original(
    told: dict[str, dict[str, Any]], number: int, key: str
) -> None:
    name = f"p{number}"
    expected = VALUES[number][2]
    if isinstance(expected, str):
        expected = expected.replace("<name>", name)
    assert told[name][key] == expected


# Variables: what is written, and what the child finds.
ENVIRONMENTS: list[tuple[str, dict[str, str]]] = [
    ("A=1", {"A": "1"}),
    ("A=1,B=2", {"A": "1", "B": "2"}),
    ("A = 1 , B = 2", {"A": "1", "B": "2"}),
    ("A=1,", {"A": "1"}),
    ('A="1,2",B=3', {"A": "1,2", "B": "3"}),
    ("A='x y',B=\"it's\"", {"A": "x y", "B": "it's"}),
    ('A="k=v&l=w"', {"A": "k=v&l=w"}),
    ("A=/usr/lib:/lib.d+x-y(z)", {"A": "/usr/lib:/lib.d+x-y(z)"}),
    ('A="",B=\'\'', {"A": "", "B": ""}),
    ('A="1",\n  B="2"  ; a comment\n  ,C="3"', {"A": "1", "B": "2", "C": "3"}),
    ('A="a ;b"', {}),
    ('A="50%%"', {"A": "50%"}),
    ('A="%(program_name)s-%(process_num)d"', {"A": "<name>-0"}),
    ('A="%(ENV_DAEMON)s too"', {"A": "of the daemon too"}),
    ('DAEMON="mine"', {"DAEMON": "mine"}),
    ('SUPERVISOR_GROUP_NAME="mine"', {"SUPERVISOR_GROUP_NAME": "mine"}),
    ("A=1,A=2", {"A": "2"}),
    ("A-B=1", {"A-B": "1"}),
    ('A="é"', {"A": "é"}),
]  # fmt: skip


def test_environments_reach_the_children(under_test: UnderTest) -> None:
    good = [(text, found) for text, found in ENVIRONMENTS if found]
    sections = [
        f"[program:p{number}]\ncommand = {program('recorder', f'%(here)s/p{number}')}\nstartsecs = 0\nenvironment = {text}\n"
        for number, (text, _) in enumerate(good)
    ]
    supervisord = "environment = DAEMON=\"of the daemon\",FOR_ALL='x'"
    with running(under_test, "".join(sections), supervisord=supervisord) as daemon:
        for number, (text, expected) in enumerate(good):
            child = json.loads(daemon.wait_file(f"p{number}"))["environment"]
            wanted = {key: value.replace("<name>", f"p{number}") for key, value in expected.items()}
            assert {key: child.get(key) for key in wanted} == wanted, text
            assert child["FOR_ALL"] == "x"


IDLE = "command = sleep 1000\nautostart = false\n"


@pytest.mark.parametrize(
    ("text", "processes"),
    [
        (f"[group:g]\nprograms = a\n[program:a]\n{IDLE}", ["g:a"]),
        (f"[group:g]\nprograms =  b ,a\n[program:a]\n{IDLE}[program:b]\n{IDLE}", ["g:a", "g:b"]),
        (f"[group:g]\nprograms = a,\n   b\n[program:a]\n{IDLE}[program:b]\n{IDLE}", ["g:a", "g:b"]),
        (f"[group:g]\n[program:a]\n{IDLE}", ["a:a"]),
        (f"[group:g]\nprograms = \n[program:a]\n{IDLE}", ["a:a"]),
        # A program in two groups runs twice.
        (f"[group:g]\nprograms = a\n[group:h]\nprograms = a\n[program:a]\n{IDLE}", ["g:a", "h:a"]),
        # A group hides a program of its name.
        (f"[group:a]\nprograms = b\n[program:a]\n{IDLE}[program:b]\n{IDLE}", ["a:b"]),
        (f"[group:a]\nprograms = a\n[program:a]\n{IDLE}", ["a:a"]),
        (f"[group:g]\nprograms = a\n[program:a]\n{IDLE}process_name = %(group_name)s-x\n", ["g:g-x"]),
        (
            f"[group:g]\nprograms = a\n[program:a]\n{IDLE}numprocs = 2\nprocess_name = %(process_num)d\n",
            ["g:0", "g:1"],
        ),
        (f"[program:a]\n{IDLE}process_name = other\n", ["a:other"]),
        (f"[program: a ]\n{IDLE}", ["a:a"]),
        (f"[program:é]\n{IDLE}", ["é:é"]),
        (f"[program:a]\n{IDLE}numprocs = -1\n", []),
        (f"[Program:a]\n{IDLE}[programs:b]\n{IDLE}[program]\n{IDLE}", []),
        (f"[program:]\n{IDLE}", [":"]),
    ],
)
def test_the_processes_of_groups(supervise: Supervise, text: str, processes: list[str]) -> None:
    daemon = supervise(text)
    assert [f"{info['group']}:{info['name']}" for info in daemon.rpc.getAllProcessInfo()] == processes


def test_what_is_doubtful_is_warned_of(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:a]\n{IDLE}stdout_logfile_maxbytes = 0\n"
        f"[program:b]\n{IDLE}redirect_stderr = true\nstderr_logfile = %(here)s/e.log\n"
        f"[program:c]\n{IDLE}stderr_logfile = syslog\n"
        f"[program:d]\n{IDLE}redirect_stderr = true\nstderr_logfile = AUTO\n"
    )
    warnings = [line for line in daemon.log_lines() if line.startswith("WARN For")]
    assert warnings == [
        f"WARN For {text}"
        for text in (
            "[program:a], AUTO logging used for stdout_logfile without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally",
            "[program:b], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored",
            "[program:c], stderr_logfile=syslog but this is deprecated and will be removed.  Use stderr_syslog=true to enable syslog instead.",
        )
    ]
