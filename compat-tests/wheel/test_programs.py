"""The native programs and the same code run by Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wheel.fresh import Environment, run

MODULES = {
    "supervisord": "supervisor.supervisord",
    "supervisorctl": "supervisor.supervisorctl",
    "echo_supervisord_conf": "supervisor.confecho",
    "pidproxy": "supervisor.pidproxy",
}

OWN_NAME = re.compile(r"\S*/(bin/\w+|supervisor/\w+\.py)")
"""How a program calls itself: by the path that it was started with."""


def both(environment: Environment, program: str, *arguments: str) -> list[tuple[int, str]]:
    """Run a program natively and by ``python -m``; returns exit code and output of each, without its name."""
    commands = [
        [str(environment.program(program)), *arguments],
        [str(environment.python), "-I", "-m", MODULES[program], *arguments],
    ]
    done = [run(command, cwd=environment.folder) for command in commands]
    return [(each.returncode, OWN_NAME.sub("PROGRAM", each.stdout)) for each in done]


def test_supervisord_says_the_version_that_version_txt_holds(installed: Environment) -> None:
    (text,) = installed.folder.glob("lib/python*/site-packages/supervisor/version.txt")
    version = text.read_text()
    assert both(installed, "supervisord", "--version") == [(0, version)] * 2


def test_the_sample_configuration_is_the_same(installed: Environment) -> None:
    native, python = both(installed, "echo_supervisord_conf")
    assert native == python
    assert native[0] == 0
    assert "[supervisord]" in native[1]


@pytest.mark.parametrize("program", ["supervisord", "supervisorctl"])
def test_help_is_the_same_but_for_the_name(installed: Environment, program: str) -> None:
    native, python = both(installed, program, "--help")
    assert native == python
    assert native[0] == 0
    assert "--configuration" in native[1]


def test_a_bad_option_ends_both_with_code_2(installed: Environment) -> None:
    native, python = both(installed, "supervisord", "--no-such-option")
    assert native[0] == python[0] == 2
    assert "--no-such-option" in native[1]
    assert "Traceback" not in python[1]


def test_a_command_without_a_server_ends_both_alike(installed: Environment, tmp_path: Path) -> None:
    native, python = both(installed, "supervisorctl", "-s", f"unix://{tmp_path}/none.sock", "version")
    assert native == python
    assert native[0] == 7


def test_pidproxy_without_arguments_ends_both_with_code_1(installed: Environment) -> None:
    assert [code for code, _ in both(installed, "pidproxy")] == [1, 1]
