"""Programs whose output a test decides byte for byte, while they run: `cat` of a named pipe."""

from __future__ import annotations

import os
from pathlib import Path

from harness.daemon import Daemon
from harness.waiting import wait_for

#: Settings of a program's stdout: nobody else wants it, or all or some of it becomes events too. Its log is the same.
HEARD = ("", "stdout_events_enabled = true", "stdout_capture_maxbytes = 1KB")


def talker(name: str, settings: str = "", *, stderr: bool = False) -> str:
    """The section of a program that writes to stdout (or stderr) what `say` tells it."""
    pipe = f"%(here)s/{name}.pipe"
    to = " >&2" if stderr else ""
    lines = "".join(f"{line.strip()}\n" for line in settings.splitlines())
    return (
        f"[program:{name}]\ncommand = sh -c 'test -p {pipe} || mkfifo {pipe}; exec cat 0<>{pipe}{to}'\n"
        f"startsecs = 0\n{lines}\n"
    )


def say(daemon: Daemon, name: str, data: bytes) -> None:
    """Let the talker write these bytes; its pipe must have room for them (65536 bytes when it is empty)."""
    path = daemon.folder / f"{name}.pipe"

    def open_pipe() -> int:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK) + 1
        except OSError:
            return 0

    descriptor = wait_for(open_pipe, f"{name} to listen") - 1
    try:
        assert os.write(descriptor, data) == len(data)
    finally:
        os.close(descriptor)


def wait_content(path: Path, data: bytes) -> None:
    """Wait until a file holds exactly these bytes."""
    wait_for(lambda: path.read_bytes() == data if path.exists() else False, f"{data[:60]!r} in {path.name}")


def wait_files(folder: Path, prefix: str, expected: dict[str, bytes]) -> None:
    """Wait until the files whose names begin with `prefix` are exactly these, to the byte."""

    def look() -> bool:
        names = sorted(path.name for path in folder.glob(f"{prefix}*"))
        try:
            return {name: (folder / name).read_bytes() for name in names} == expected
        except FileNotFoundError:  # In the middle of a rotation.
            return False

    sizes = {name: len(data) for name, data in expected.items()}
    wait_for(look, f"these files and sizes: {sizes}")


def joined(folder: Path, name: str) -> bytes:
    """All files of a log, the oldest first."""
    paths = sorted(folder.glob(f"{name}.log.*"), key=lambda path: -int(path.suffix[1:]))
    return b"".join(path.read_bytes() for path in [*paths, folder / f"{name}.log"])
