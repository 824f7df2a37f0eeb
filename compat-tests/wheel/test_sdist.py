"""The source distribution: what is in it, and that it can be installed."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from wheel.fresh import REPOSITORY, Environment


def names(sdist: Path) -> set[str]:
    """Return the paths of its files, without the folder that all of them are in."""
    with tarfile.open(sdist) as archive:
        return {str(PurePosixPath(*PurePosixPath(file.name).parts[1:])) for file in archive if file.isfile()}


def test_it_holds_what_git_knows_and_its_metadata(sdist: Path) -> None:
    listed = subprocess.check_output(["git", "ls-files"], cwd=REPOSITORY, text=True).splitlines()
    known = {name for name in listed if (REPOSITORY / name).is_file()}
    assert names(sdist) == known | {"PKG-INFO"}


# It compiles the workspace, unless CARGO_TARGET_DIR names a folder where the same sources have been built.
@pytest.mark.timeout(1800)
def test_it_can_be_installed(sdist: Path, with_pip: Environment) -> None:
    with_pip.pip("install", str(sdist))
    with_pip.pip("check")
    version = with_pip.run_python("import supervisor.options as options; print(options.VERSION)")
    assert version.startswith("4.3.0+rs.")
