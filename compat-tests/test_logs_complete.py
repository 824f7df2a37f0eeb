"""Not one byte lost or doubled: what fifty programs wrote, and what their logs hold after all that logs go through."""

from __future__ import annotations

import os
import shlex
import signal
import sys

import pytest

from conftest import Prepare
from harness.daemon import Daemon
from harness.talking import HEARD, joined
from harness.waiting import wait_for

#: Writes numbered records, some at a time; at SIGTERM, or when it has written all, it tells how many it wrote.
WRITER = """
import os, signal, sys
name, folder, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
over = []
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
for run in range(100):
    if not os.path.exists(f"{folder}/{name}.{run}"):
        break
os.close(os.open(f"{folder}/{name}.{run}", os.O_CREAT | os.O_WRONLY))
number = 0
while not over and number < most:
    data = "".join(f"{name} {run} {n} {'x' * (n * 7 % 900)}\\n" for n in range(number, number + 10)).encode()
    while data:
        data = data[os.write(1, data):]
    number += 10
open(f"{folder}/{name}.{run}", "w").write(f"{number}\\n")
while not over:
    signal.pause()
"""

#: A record is about 460 bytes long.
RECORDS = 2500
HALF = 25

ROTATED = "stdout_logfile_maxbytes = 1MB\nstdout_logfile_backups = 5"
CLEARED = "stdout_logfile_maxbytes = 0"


def group(name: str, settings: str) -> str:
    """A group of writers."""
    return (
        f"[program:{name}]\ncommand = {shlex.quote(sys.executable)} -I -S %(here)s/writer.py {name}%(process_num)s %(here)s/counts {RECORDS}\n"
        f"process_name = {name}%(process_num)s\nnumprocs = {HALF}\nautostart = false\nstartsecs = 0\n"
        f"autorestart = false\nstdout_logfile = %(here)s/logs/{name}%(process_num)s.log\n{settings}\n"
    )


def runs(daemon: Daemon, name: str) -> list[str]:
    """For each run of a writer how many records it wrote, empty while it does not say."""
    return [path.read_text() for path in sorted((daemon.folder / "counts").glob(f"{name}.*"))]


def written(name: str, counts: list[str]) -> bytes:
    """What a writer wrote in all its runs."""
    return b"".join(
        f"{name} {run} {number} {'x' * (number * 7 % 900)}\n".encode()
        for run, count in enumerate(counts)
        for number in range(int(count))
    )


def is_complete(daemon: Daemon, name: str) -> bool:
    """Whether the log of a writer, with all that was taken away from it, holds just that."""
    return joined(daemon.folder / "logs", name) == written(name, runs(daemon, name))


def take_away(daemon: Daemon, name: str, number: int) -> None:
    """Clear a log, whose text is kept by another name."""
    logs = daemon.folder / "logs"
    os.link(logs / f"{name}.log", logs / f"{name}.log.{number}")
    assert daemon.rpc.clearProcessLogs(f"cleared:{name}") is True


@pytest.mark.parametrize("reload", [False, True])
@pytest.mark.parametrize("heard", HEARD)
def test_not_one_byte_of_fifty_programs_is_lost_or_doubled(
    prepare: Prepare, reload: bool, heard: str
) -> None:
    daemon = prepare()
    if reload and not daemon.under_test.ours:
        pytest.skip("the original forgets what is in the pipes when it reloads")
    for name in ("logs", "counts"):
        (daemon.folder / name).mkdir()
    daemon.write("writer.py", WRITER)
    daemon.configure(group("rotated", f"{ROTATED}\n{heard}") + group("cleared", f"{CLEARED}\n{heard}"))
    daemon.start()
    names = [f"{name}{number}" for name in ("rotated", "cleared") for number in range(HALF)]

    def start() -> None:
        for name in ("rotated", "cleared"):
            daemon.rpc.startProcessGroup(name, False)

    def all_said() -> bool:
        return daemon.nudge() and all(all(runs(daemon, name)) for name in names)

    start()
    for number in range(5, 1, -1):
        daemon.signal(signal.SIGUSR2)
        for name in names[HALF:]:
            wait_for((daemon.folder / "logs" / f"{name}.log").exists, "the log")
            take_away(daemon, name, number)
    if reload:
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: daemon.log_text.count("supervisord started with pid") == 2, "the second life")
        start()
    else:
        wait_for(all_said, "all records", deadline=90)
        daemon.rpc.stopAllProcesses()
    assert daemon.stop() == 0
    assert all_said()
    for name in names:
        assert is_complete(daemon, name), name
