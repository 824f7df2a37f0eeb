"""One wheel serves every CPython from 3.9 on: each that this machine has, in PATH or of pyenv, is tried."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.daemon import Daemon
from harness.under_test import REPOSITORY, UnderTest
from harness.waiting import wait_for
from wheel.fresh import Environment, make, run
from wheel.test_programs import MODULES

PLUGINS = REPOSITORY / "compat-tests/plugins"

OLDEST = 9
"""The minor version."""

EVERY_NAME = """
import importlib, pkgutil, sys, warnings
import supervisor
warnings.simplefilter("error")
for module in pkgutil.walk_packages(supervisor.__path__, "supervisor."):
    found = importlib.import_module(module.name)
    for name in getattr(found, "__all__", ()):
        getattr(found, name)
print(*sys.version_info[:2], sep=".")
"""

LISTENER = """
import sys
from supervisor import childutils
while True:
    headers, payload = childutils.listener.wait()
    with open(sys.argv[1], "a") as heard:
        heard.write(headers["eventname"] + " " + childutils.get_headers(payload)["processname"] + "\\n")
    childutils.listener.ok()
"""

CONFIGURATION = """
[rpcinterface:probe]
supervisor.rpcinterface_factory = probe:make_probe
counter = {folder}/counter

[ctlplugin:probe]
supervisor.ctl_factory = ctl_probe:Probe

[eventlistener:ear]
command = {python} {folder}/listener.py {folder}/heard
events = PROCESS_STATE_RUNNING

[program:up]
command = sleep 1000
autostart = false
startsecs = 0
"""


def interpreters() -> dict[str, str]:
    """Return the path of one working interpreter for each version that the wheel is for."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [*map(Path, os.get_exec_path()), *sorted(pyenv.glob("versions/*/bin"))]
    found: dict[str, str] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("python3.*"))):
        named = re.fullmatch(r"python3\.(\d+)", path.name)
        if not named or int(named[1]) < OLDEST or path.name in found:
            continue
        # That of a version manager may only say that it is not chosen, that of a system may lack modules.
        if run([str(path), "-c", "import venv"]).returncode == 0:
            found[path.name] = str(path)
    return found


FOUND = interpreters()


@pytest.fixture(scope="module", params=sorted(FOUND))
def served(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """An environment of each interpreter, with the wheel in it."""
    environment = make(tmp_path_factory.mktemp("served") / "environment", "uv", FOUND[request.param])
    environment.pip("install", "--quiet", str(wheel))
    return environment


@pytest.fixture(scope="module")
def daemon(served: Environment) -> Iterator[Daemon]:
    """A daemon with a plug-in of Python, and a listener."""
    daemon = Daemon(UnderTest("ours", served.folder))
    try:
        daemon.write("listener.py", LISTENER)
        daemon.configure(CONFIGURATION.format(folder=daemon.folder, python=served.python))
        daemon.start(env={"PYTHONPATH": str(PLUGINS)})
        yield daemon
    finally:
        problems = daemon.end()
    assert problems == []


def test_every_module_and_every_name_of_it_can_be_imported_without_a_warning(served: Environment) -> None:
    assert f"python{served.run_python(EVERY_NAME).strip()}" in FOUND


@pytest.mark.parametrize("program", MODULES)
def test_every_program_runs_natively_and_as_a_module(served: Environment, program: str) -> None:
    words = [] if program in ("echo_supervisord_conf", "pidproxy") else ["--help"]
    native = run([str(served.program(program)), *words])
    python = run([str(served.python), "-I", "-m", MODULES[program], *words])
    assert "Traceback" not in python.stdout
    assert native.returncode == python.returncode


def test_the_daemon_runs_plug_ins_in_this_interpreter(served: Environment, daemon: Daemon) -> None:
    probe: Any = daemon.server.probe
    assert probe.echo(["ü", 1, 2.5, True]) == ["ü", 1, 2.5, True]
    assert {process["name"] for process in probe.processes()} == {"ear", "up"}
    assert os.path.realpath(f"/proc/{daemon.pid}/exe") == os.path.realpath(served.python)


def test_a_listener_of_this_interpreter_hears_of_events(daemon: Daemon) -> None:
    daemon.wait_state("ear", "RUNNING")
    daemon.rpc.startProcess("up")
    heard = daemon.folder / "heard"
    wait_for(lambda: heard.exists() and "PROCESS_STATE_RUNNING up\n" in heard.read_text(), "the event")


def test_the_control_program_runs_plug_ins_in_this_interpreter(daemon: Daemon) -> None:
    asked = daemon.ctl("names", env={"PYTHONPATH": str(PLUGINS)})
    assert asked.out.splitlines()[0].split() == ["ear", "up"]
    assert (asked.code, asked.err) == (0, "")
