"""File systems of a test's own, and what goes wrong with disks: full, frozen, failing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def _mount(*words: str) -> None:
    """Mount something; the test is skipped where that is impossible."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing like that can be mounted here: {done.stderr.strip()}")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 128 KiB at `folder`."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder))
    try:
        yield
    finally:
        # Lazily, for the daemon still has its logs open.
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def image_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own kind at `folder`, on an image beside it that is mounted as a loop device."""
    image = folder.with_suffix(".img")
    with open(image, "wb") as file:
        file.truncate(16 * 1024 * 1024)
    try:
        made = subprocess.run(["mkfs.ext4", "-q", str(image)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mkfs.ext4 here")
    assert made.returncode == 0, made.stderr
    folder.mkdir()
    _mount("-o", "loop,errors=remount-ro", str(image), str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Let nobody write to the file system at `folder` meanwhile: a write waits, and cannot even be killed."""
    done = subprocess.run(["fsfreeze", "-f", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing can be frozen here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "-u", str(folder)], check=True)


def break_disk(folder: Path, how: str) -> None:
    """From now on every write to the ext4 file system at `folder` fails: with `EIO` or `EROFS`."""
    if how == "EIO":
        # The request to shut an ext4 down without writing anything more.
        shutdown, without_flush = 0x8004587D, 2
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, shutdown, struct.pack("I", without_flush))
        finally:
            os.close(descriptor)
    else:
        # Errors of the file system make it read-only, which is how it is mounted.
        device = next(line.split()[0] for line in _mounts() if line.split()[1] == str(folder))
        trigger = Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error")
        if not trigger.exists():
            pytest.skip("this system cannot pretend an error of a file system")
        trigger.write_text("1")


def replace_disk(folder: Path) -> None:
    """Another disk at `folder`, in place of the one that broke."""
    subprocess.run(["umount", "-l", str(folder)], check=True)
    _mount("-t", "tmpfs", "tmpfs", str(folder))


def _mounts() -> list[str]:
    return Path("/proc/self/mounts").read_text().splitlines()
