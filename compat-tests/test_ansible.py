"""Ansible's module community.general.supervisorctl at work: it adds, starts, restarts, signals, stops and removes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from conftest import Supervise
from harness.daemon import Daemon, environment, program
from harness.under_test import REPOSITORY

ANSIBLE = REPOSITORY / ".environments" / "ansible"
#: A playbook is some fifteen steps, each with a Python of its own.
MINUTES = 3

pytestmark = [
    pytest.mark.skipif(
        not (ANSIBLE / "stamp").exists(), reason="no Ansible: compat-tests/environments.py ansible makes it"
    ),
    pytest.mark.timeout(60 * (MINUTES + 1)),
]

WEB = f"""
[program:web]
command = {program("trapper", "%(here)s/web.signals", "SIGUSR1", "SIGHUP")}
autostart = false
startsecs = 0
"""
PAIR = """
[program:pair]
command = sleep 1000
process_name = %(program_name)s_%(process_num)d
numprocs = 2
autostart = false
startsecs = 0
"""


def module(daemon: Daemon, name: str, state: str, **more: str) -> dict[str, Any]:
    """A step of a playbook: the module with these arguments."""
    arguments = {
        "name": name,
        "state": state,
        "config": str(daemon.config),
        "supervisorctl_path": daemon.under_test.program("supervisorctl"),
        **more,
    }
    return {"community.general.supervisorctl": arguments}


def play(daemon: Daemon, *steps: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of these steps of a playbook, one after the other, also after failures."""
    tasks = [
        {**step, "register": f"result_{number}", "ignore_errors": True} for number, step in enumerate(steps)
    ]
    names = ", ".join(str(task["register"]) for task in tasks)
    copy = {"content": f"{{{{ [{names}] | to_json }}}}", "dest": f"{daemon.folder}/results"}
    tasks.append({"ansible.builtin.copy": copy})
    playbook = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    daemon.write("playbook.json", json.dumps(playbook))
    done = subprocess.run(
        [ANSIBLE / "bin" / "ansible-playbook", "-i", "localhost,", "playbook.json"],
        capture_output=True,
        text=True,
        cwd=daemon.folder,
        env=environment(
            daemon.mark,
            {
                "ANSIBLE_COLLECTIONS_PATH": str(ANSIBLE),
                "ANSIBLE_HOME": str(daemon.folder / "ansible"),
                "ANSIBLE_PIPELINING": "true",
                "ANSIBLE_PYTHON_INTERPRETER": str(ANSIBLE / "bin" / "python"),
            },
        ),
        timeout=60 * MINUTES,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results: list[dict[str, Any]] = json.loads((daemon.folder / "results").read_text())
    return results


def told(result: dict[str, Any]) -> tuple[object, object]:
    """Whether the module changed something and what, or its message when it failed."""
    return (None, result["msg"]) if result.get("failed") else (result["changed"], result.get("affected"))


def test_the_life_of_a_program_and_of_a_group(supervise: Supervise) -> None:
    daemon = supervise("")
    daemon.config.write_text(daemon.config.read_text() + WEB + PAIR)
    signals = daemon.folder / "web.signals"

    def step(name: str, state: str, **more: str) -> dict[str, Any]:
        return module(daemon, name, state, **more)

    results = play(
        daemon,
        step("web", "present"),
        step("web", "present"),
        step("web", "started"),
        step("web", "started"),
        # Only then can it take a signal.
        {"ansible.builtin.wait_for": {"path": str(signals), "search_regex": "ready", "sleep": 1}},
        step("web", "signalled", signal="USR1"),
        step("web", "absent"),
        # It applies what has changed first, and so adds the group.
        step("web", "restarted"),
        step("web", "stopped"),
        step("nobody", "restarted"),
        step("web", "absent"),
        step("pair:", "started"),
        step("pair:", "stopped"),
    )
    assert [told(result) for result in results] == [
        (True, None),
        (False, None),
        (True, ["web"]),
        (False, None),
        (False, None),
        (True, ["web"]),
        (None, "ERROR: process/group still running: web\n"),
        (True, ["web"]),
        (True, ["web"]),
        (None, "ERROR (no such process)"),
        (True, None),
        (True, ["pair:pair_0", "pair:pair_1"]),
        (True, ["pair:pair_0", "pair:pair_1"]),
    ]
    assert signals.read_text().splitlines()[:2] == ["ready", "SIGUSR1"]
    spawned = [line for line in daemon.log_lines() if line.startswith("INFO spawned")]
    assert [line.split("'")[1] for line in spawned] == ["web", "web", "pair_0", "pair_1"]
    assert [(info["group"], info["statename"]) for info in daemon.rpc.getAllProcessInfo()] == [
        ("pair", "STOPPED"),
        ("pair", "STOPPED"),
    ]
