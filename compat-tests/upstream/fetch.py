#!/usr/bin/env python3
"""Fetch the original's own unit tests: `supervisor/tests` of its source archive, into `.environments/upstream`.

They are downloaded by pip and never become part of this project. Nothing is done when they are there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "4.3.0"
FOLDER = Path(__file__).resolve().parent.parent.parent / ".environments" / "upstream"
STAMP = FOLDER / "stamp"


def is_there() -> bool:
    """Whether the tests are there."""
    return STAMP.is_file() and STAMP.read_text() == VERSION


def fetch() -> None:
    """Download the archive and unpack its tests; the stamp is written last."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as download:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
        only = ["--no-deps", "--no-binary", "supervisor", "--dest", download, f"supervisor=={VERSION}"]
        subprocess.run([*pip, *only], check=True)
        (archive,) = Path(download).glob("*.tar.gz")
        with tarfile.open(archive) as files:
            files.extractall(download)  # noqa: S202  # of this archive alone, whose version is pinned
        shutil.copytree(Path(download) / f"supervisor-{VERSION}" / "supervisor" / "tests", FOLDER / "tests")
    # One test runs a script that the archive lacks.
    shutil.copy(Path(__file__).with_name("hello.sh"), FOLDER / "tests" / "fixtures" / "hello.sh")
    STAMP.write_text(VERSION)


if __name__ == "__main__":
    if not is_there():
        print("fetching the original's tests", flush=True)
        fetch()
