"""What the wheel tests share: the wheel, its source distribution, and fresh environments to put them into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wheel.fresh import REPOSITORY, Environment, make


def newest(pattern: str) -> Path:
    """Return the newest file in ``dist/`` of that pattern; fails where there is none."""
    found = sorted((REPOSITORY / "dist").glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.fail(f"no {pattern} in dist/: run `make wheel sdist` first")
    return found[-1]


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel under test: ``SUPERVISOR_WHEEL``, else the newest in ``dist/``."""
    named = os.environ.get("SUPERVISOR_WHEEL")
    return Path(named).resolve() if named else newest("*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    """The newest source distribution in ``dist/``."""
    return newest("*.tar.gz")


@pytest.fixture(params=["pip", "uv"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Environment:
    """A fresh environment, once for each installer."""
    return make(tmp_path / "environment", request.param)


@pytest.fixture
def with_pip(tmp_path: Path) -> Environment:
    """A fresh environment for pip alone."""
    return make(tmp_path / "environment", "pip")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One environment with the wheel in it, for tests that only look."""
    environment = make(tmp_path_factory.mktemp("installed") / "environment", "pip")
    environment.pip("install", "--quiet", str(wheel))
    return environment
