"""Configurations as people have them, started for real: the same processes with the same logs as in the original.

What the original reads from each stands in `corpus/configurations.json`. Paths are moved into the daemon's folder,
nothing is started by itself, and a server and a log for the test are added.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import Prepare
from harness.daemon import Daemon, free_port

CORPUS = Path(__file__).parent / "corpus" / "configurations.json"
CASES: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="ascii"))

# The beginnings of paths that are moved, but for those that are relative.
MOVED = re.compile(r"(?<![\w.%)/])(?=/(?:var|tmp|usr/local|etc)/)")


def moved(daemon: Daemon, path: str) -> str:
    """A path of the pretended machine as one in the daemon's folder."""
    return MOVED.sub(str(daemon.folder), path)


def adapted(daemon: Daemon, text: str) -> str:
    """A file for the daemon's folder, with which no program starts by itself."""
    text = moved(daemon, text)
    # Users of the pretended machine; only root becomes another one.
    text = re.sub(r"^user *= *root\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(user|chown) *=.*", rf"\1={os.geteuid()}", text, flags=re.MULTILINE)
    text = re.sub(r"^port *=.*", f"port=127.0.0.1:{free_port()}", text, flags=re.MULTILINE)
    sections = re.findall(r"^\[((?:program|eventlistener|fcgi-program):.*)\]", text, flags=re.MULTILINE)
    return text + "".join(f"\n[{section}]\nautostart=false\n" for section in sections)


def install(daemon: Daemon, case: dict[str, Any]) -> None:
    """Write the files of a case for the daemon."""
    for name in ("var/log/supervisor", "var/run", "tmp", "usr/local/var/run", "usr/local/var/log"):
        (daemon.folder / name).mkdir(parents=True, exist_ok=True)
    for path, text in case["files"].items():
        target = Path(moved(daemon, path))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(adapted(daemon, text))
    daemon.config = Path(moved(daemon, case["main"]))
    daemon.config.write_text(
        f"{daemon.config.read_text()}\n"
        f"[supervisord]\nlogfile={daemon.log}\npidfile={daemon.pidfile}\nchildlogdir={daemon.folder}\nloglevel=info\n"
        "minfds=64\n[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        f"[unix_http_server:of-the-test]\nfile={daemon.socket}\n"
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_real_configuration(prepare: Prepare, case: dict[str, Any]) -> None:
    daemon = prepare()
    install(daemon, case)
    daemon.start(env={"PATH": os.environ["PATH"], "HOME": "/home/user"})
    expected = {}
    for group in case["ok"]["groups"]:
        for process in group["processes"]:
            logs = [process[channel]["logfile"] for channel in ("stdout", "stderr")]
            shown = [moved(daemon, log["File"]) if isinstance(log, dict) else log for log in logs]
            expected[f"{group['name']}:{process['name']}"] = shown
    infos = daemon.rpc.getAllProcessInfo()
    found = {}
    for info in infos:
        logs = [info["stdout_logfile"], info["stderr_logfile"]]
        automatic = f"{daemon.folder}/{info['name']}-std"
        found[f"{info['group']}:{info['name']}"] = [
            "Automatic" if log.startswith(automatic) else log or "None" for log in logs
        ]
    assert found == expected
    assert {info["statename"] for info in infos} <= {"STOPPED"}
    # What was read in is told in the log: what is missed first, then each file.
    messages = [(level, moved(daemon, text)) for level, text in case["ok"]["messages"]]
    lines = daemon.log_lines()
    for level, text in messages:
        assert f"{level.upper()} {text}" in lines
