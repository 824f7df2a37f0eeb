"""The plain functions of the Python package give what the original's give."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wheel.fresh import REPOSITORY, Environment

PROBE = Path(__file__).with_name("probe_modules.py")

NAMES_OF_OTHER_PACKAGES = """
from supervisor.childutils import eventdata, get_asctime, get_headers, getRPCInterface, listener, pcomm
from supervisor.compat import Fault, as_bytes, as_string, httplib, xmlrpclib
from supervisor.datatypes import (
    Automatic, RestartUnconditionally, RestartWhenExitUnexpected, SuffixMultiplier, Syslog,
    boolean, byte_size, integer, list_of_strings, logfile_name, logging_level,
)
from supervisor.loggers import LOG_LEVELS_BY_NUM, LevelsByDescription, LevelsByName, getLevelNumByDescription
from supervisor.options import (
    BadCommand, NoPermission, NotExecutable, NotFound, VERSION, expand, make_namespec, split_namespec,
)
from supervisor.states import (
    ProcessStates, RUNNING_STATES, STOPPED_STATES, SupervisorStates, _process_states_by_code,
    getProcessStateDescription,
)
from supervisor.supervisorctl import main
from supervisor.supervisord import SupervisorStates, main
from supervisor.xmlrpc import Faults, RPCError, SupervisorTransport, capped_int, gettags, xmlrpclib
"""
"""Imports seen in packages that extend Supervisor."""


def theirs() -> Path:
    """The original's environment; ``compat-tests/environments.py`` makes it."""
    return Path(os.environ.get("SUPERVISOR_THEIRS_PREFIX", REPOSITORY / ".environments/theirs"))


def probe(python: Path) -> dict[str, str]:
    """Return the outcomes in an environment."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    printed = subprocess.check_output([str(python), str(PROBE)], env=environment, text=True)
    found: dict[str, Any] = json.loads(printed)
    return found


def test_every_function_gives_what_the_original_gives(installed: Environment) -> None:
    expected = probe(theirs() / "bin/python")
    found = probe(installed.python)
    different = {
        key: (expected[key], found.get(key))
        for key in expected
        # From Python 3.13 on the original takes what Python keeps in a class for a fault.
        if found.get(key) != expected[key] and "__firstlineno__" not in expected[key]
    }
    assert different == {}
    assert set(found) == set(expected)


def test_what_other_packages_import_is_there(installed: Environment) -> None:
    installed.run_python(NAMES_OF_OTHER_PACKAGES)


def test_the_plug_in_host_and_what_most_plug_ins_and_listeners_import_load_little_of_the_standard_library(
    installed: Environment,
) -> None:
    code = (
        "import sys, supervisor._host\n"
        "from supervisor import childutils, events, states\n"
        "from supervisor.http import NOT_DONE_YET\n"
        "from supervisor.options import make_namespec, split_namespec\n"
        "from supervisor.xmlrpc import Faults, RPCError\n"
        # Each of them would be in the memory of every daemon with a plug-in, and of every listener.
        "large = 'collections http.client inspect logging re socket threading traceback typing xmlrpc.client'\n"
        "print(*(set(large.split()) & set(sys.modules)))"
    )
    assert installed.run_python(code).split() == []


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (r'A="x\"y"', {"A": 'x"y'}),
        ('A="a"b', {"A": "ab"}),
        ("A=''", {"A": ""}),
    ],
)
def test_quotes_in_key_value_lists_follow_the_rules_of_the_shell(
    installed: Environment, text: str, pairs: dict[str, str]
) -> None:
    code = f"from supervisor.datatypes import dict_of_key_value_pairs as d; print(repr(d({text!r})))"
    assert installed.run_python(code).strip() == repr(pairs)


def test_a_listener_counts_the_bytes_of_its_result(installed: Environment) -> None:
    code = "from supervisor.childutils import listener; listener.send('\\u00fc')"
    assert installed.run_python(code) == "RESULT 2\nü"


def test_captured_output_may_go_through_a_stream_of_text(installed: Environment) -> None:
    code = "from supervisor.childutils import pcomm; pcomm.stdout('a'); pcomm.stdout(b'b')"
    one = "<!--XSUPERVISOR:BEGIN-->{}<!--XSUPERVISOR:END-->"
    assert installed.run_python(code) == one.format("a") + one.format("b")


def test_a_header_may_hold_a_colon_in_its_value(installed: Environment) -> None:
    code = "from supervisor.childutils import get_headers; print(get_headers('server:a:b len:3'))"
    assert installed.run_python(code).strip() == repr({"server": "a:b", "len": "3"})


@pytest.mark.parametrize(
    "name",
    [
        "poller.Poller",
        "dispatchers.PInputDispatcher",
        "http.deferring_http_request",
    ],
)
def test_a_name_that_is_not_supported_says_so(installed: Environment, name: str) -> None:
    module, attribute = name.split(".")
    code = f"try: from supervisor.{module} import {attribute}\nexcept ImportError as why: print(why)"
    assert installed.run_python(code).startswith(f"supervisor.{name} is not supported: ")
