"""Looking at processes through /proc, and ending them by their pid, never by a name."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from harness.waiting import wait_for

#: Every daemon is started with this variable set to a value of its own; children inherit it, so that
#: whatever a daemon left behind is found again, also a grandchild that has no parent any more.
MARK = "COMPAT_TEST_MARK"


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on (field 3 of proc(5) is index 0), empty if gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def is_alive(pid: int) -> bool:
    """Whether a process with this pid exists and is more than a zombie."""
    fields = stat_fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def parent_of(pid: int) -> int:
    """The parent's pid, 0 if the process is gone."""
    fields = stat_fields(pid)
    return int(fields[1]) if fields else 0


def children_of(pid: int) -> list[int]:
    """The pids of the living children of `pid`, ascending."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return sorted(child for child in pids if parent_of(child) == pid and is_alive(child))


def group_of(leader: int) -> list[int]:
    """The pids of the living processes in the process group of `leader`, ascending."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return sorted(pid for pid in pids if stat_fields(pid)[2:3] == [str(leader)] and is_alive(pid))


def marked(mark: str) -> list[int]:
    """The living processes that carry `mark` in the environment they were started with."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if wanted in Path(f"/proc/{name}/environ").read_bytes().split(b"\0") and is_alive(int(name)):
                found.append(int(name))
    return sorted(found)


def command_line(pid: int) -> list[str]:
    """The arguments of a process, empty if it is gone."""
    try:
        return [part.decode() for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
    except OSError:
        return []


def end(pid: int) -> None:
    """Kill the process `pid` if it still lives, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid), f"the end of {pid}")
