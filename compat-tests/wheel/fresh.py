"""Fresh virtual environments, served by pip or by uv."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment and the installer that is used on it."""

    folder: Path
    installer: list[str]

    @property
    def by_uv(self) -> bool:
        """Whether uv serves it."""
        return Path(self.installer[0]).name == "uv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """The path of one of its programs."""
        return self.folder / "bin" / name

    def pip(self, *arguments: str, ok: bool = True) -> str:
        """Run ``pip`` or ``uv pip`` and return all that it printed; it has to succeed unless told not to."""
        where = ["--python", str(self.python)] if self.by_uv else []
        command = [*self.installer, arguments[0], *where, *arguments[1:]]
        done = run(command)
        assert (done.returncode == 0) is ok, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def uninstall(self, *names: str, ok: bool = True) -> str:
        """Remove distributions without being asked."""
        yes = [] if self.by_uv else ["--yes"]
        return self.pip("uninstall", *yes, *names, ok=ok)

    def run_python(self, code: str) -> str:
        """Run a piece of Python in it and return what it printed."""
        done = run([str(self.python), "-I", "-B", "-c", code])
        assert done.returncode == 0, done.stdout
        return done.stdout

    def files(self) -> dict[str, str]:
        """Every file in it by its path, with a digest; byte code and the installers' own locks left out."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix != ".pyc" and path.name != ".lock"
        }


def run(command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command, with both of its outputs taken as one text; nothing of the caller's Python leaks in."""
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def find_uv() -> str:
    """Return the path of uv: ``UV``, else that of the tools' environment, else that of PATH."""
    beside = REPOSITORY / ".environments/tools/bin/uv"
    found = os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))
    if not found:
        pytest.fail("uv is not there: `make test-wheel` installs it")
    return found


def make(folder: Path, installer: str, python: str = sys.executable) -> Environment:
    """Make a fresh environment of an interpreter, this one unless given, that is served by ``pip`` or ``uv``."""
    made = run([python, "-m", "venv", *(["--without-pip"] if installer == "uv" else []), str(folder)])
    assert made.returncode == 0, made.stdout
    if installer == "uv":
        return Environment(folder, [find_uv(), "--no-progress", "pip"])
    return Environment(folder, [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check"])
