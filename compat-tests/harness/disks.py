"""File systems of a test's own, and what goes wrong with disks: full, frozen, failing."""

from __future__ import annotations

import contextlib
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
    _mount("-o", "loop", str(image), str(folder))
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
