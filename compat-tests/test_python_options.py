"""Classes that are derived from those of `supervisor.options`, as other packages have them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.under_test import UnderTest

PROGRAM = Path(__file__).with_name("programs") / "own_options.py"


def run(under_test: UnderTest, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run the program by the Python that has the package under test; exit code and output."""
    done = subprocess.run(
        [under_test.program("python"), str(PROGRAM), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", **variables},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def found(under_test: UnderTest, *arguments: str, **variables: str) -> dict[str, Any]:
    """What the options came to."""
    status, output = run(under_test, *arguments, **variables)
    assert status == 0, output
    read: dict[str, Any] = json.loads(output)
    return read


def test_options_are_added_to_the_daemon_s(under_test: UnderTest) -> None:
    read = found(under_test, "daemon", "-n", "--given", "word", "-S", "--depth=3", "-i", "named")
    assert read == {
        "depth": 3,
        "strict": 1,
        "given": "word",
        "identifier": "named",
        "nodaemon": True,
        "commands": ["/bin/one green"],
        "environment": {"FROM_FILE": "yes"},
    }


def test_options_are_added_to_the_client_s(under_test: UnderTest) -> None:
    read = found(under_test, "client", "--given=word", "-s", "http://localhost:2", "status", "-D", "one")
    assert read == {
        "depth": 7,
        "strict": 0,
        "given": "word",
        "prompt": "told",
        "serverurl": "http://localhost:2",
        "words": ["status", "-D", "one"],
    }


def test_a_variable_wins_over_the_file_and_the_command_line_over_both(under_test: UnderTest) -> None:
    assert found(under_test, "client", "--given=x")["depth"] == 7
    assert found(under_test, "client", "--given=x", OWN_DEPTH="4")["depth"] == 4
    assert found(under_test, "client", "--given=x", "-D5", OWN_DEPTH="4")["depth"] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--given is needed"),
        (("--given",), "option --given requires argument"),
        (("-D", "deep"), "invalid value for -D 'deep': invalid literal for int() with base 10: 'deep'"),
        (("-S", "-S"), "conflicting command line option '-S'"),
        (("--nothing",), "option --nothing not recognized"),
    ],
)
@pytest.mark.parametrize("kind", ["daemon", "client"])
def test_mistakes_in_added_options_are_said(
    under_test: UnderTest, kind: str, arguments: tuple[str, ...], message: str
) -> None:
    status, output = run(under_test, kind, *arguments)
    assert (status, output.splitlines()[0]) == (2, f"Error: {message}")
