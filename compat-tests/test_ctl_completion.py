"""The completion of supervisorctl's command line by bash, zsh and fish, from the files that packages install."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from harness.daemon import Daemon, environment, running
from harness.under_test import REPOSITORY, UnderTest, chosen

pytestmark = pytest.mark.skipif(not chosen().ours, reason="the original has no completion")
FILES = REPOSITORY / "packaging" / "completions"

PROGRAMS = """
[program:web]
command = sleep 1000
autostart = false

[program:pair]
command = sleep 1000
process_name = %(program_name)s_%(process_num)d
numprocs = 2
autostart = false
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon with a few programs."""
    with running(under_test, PROGRAMS) as daemon:
        yield daemon


def run(daemon: Daemon, shell: str, *arguments: str) -> str:
    """Run a script in a shell that finds our programs; what it prints."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    programs = os.path.dirname(daemon.under_test.program("supervisorctl"))
    done = subprocess.run(
        [path, *arguments],
        capture_output=True,
        text=True,
        cwd=daemon.folder,
        env=environment(
            daemon.mark,
            {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "XDG_DATA_HOME": str(daemon.folder)},
        ),
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def by_bash(daemon: Daemon, line: str) -> list[str]:
    """What bash offers at the end of a line."""
    script = f"""
    source {FILES}/supervisorctl.bash
    complete -p supervisorctl >/dev/null
    COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)}
    _supervisorctl
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return run(daemon, "bash", "--norc", "-c", script).split()


def by_fish(daemon: Daemon, line: str) -> list[str]:
    """What fish offers at the end of a line."""
    script = f"source {FILES}/supervisorctl.fish; complete -C {shlex.quote(line)}"
    return [offer.split("\t")[0] for offer in run(daemon, "fish", "-N", "-c", script).splitlines()]


LINES = [
    ("sta", ["start", "status"]),
    ("help rel", ["reload"]),
    ("update p", ["pair"]),
    ("start w", ["web"]),
    ("stop web pair:*", ["pair:*"]),
    ("wait web --for s", ["stopped"]),
    ("version w", []),
]


@pytest.mark.parametrize(("typed", "offered"), LINES)
def test_bash_completes(daemon: Daemon, typed: str, offered: list[str]) -> None:
    # The shell divides words at colons, and what stands before one stays.
    expected = [word.rpartition(":")[2] if ":" in typed.rsplit(maxsplit=1)[-1] else word for word in offered]
    assert by_bash(daemon, f"supervisorctl -c {daemon.config} {typed}") == expected


@pytest.mark.parametrize(("typed", "offered"), LINES)
def test_fish_completes(daemon: Daemon, typed: str, offered: list[str]) -> None:
    assert by_fish(daemon, f"supervisorctl -c {daemon.config} {typed}") == offered


def test_bash_completes_names_and_options(daemon: Daemon) -> None:
    line = f"supervisorctl -c {daemon.config} "
    assert by_bash(daemon, f"{line}start ") == ["pair:pair_0", "pair:*", "pair:pair_1", "web", "all"]
    assert by_bash(daemon, f"{line}status --") == ["--json"]
    assert {"--configuration", "-s"} <= set(by_bash(daemon, "supervisorctl -"))
    assert "wait" in by_bash(daemon, "supervisorctl ")


def test_without_a_server_nothing_is_offered_as_a_name(daemon: Daemon) -> None:
    assert by_bash(daemon, "supervisorctl -s unix:///nowhere start ") == ["all"]


def test_zsh_reads_its_file(daemon: Daemon) -> None:
    script = f"""
    autoload -U compinit && compinit -D -u
    fpath=({FILES} $fpath)
    autoload -U +X _supervisorctl && print ${{+functions[_supervisorctl]}}
    """
    assert run(daemon, "zsh", "-f", "-n", str(FILES / "_supervisorctl")) == ""
    assert run(daemon, "zsh", "-f", "-c", script) == "1\n"
