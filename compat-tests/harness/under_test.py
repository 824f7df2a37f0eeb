"""Which of the two is tested: the original or ours, and where its programs are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class UnderTest:
    """The installation that the tests run against."""

    name: str
    prefix: Path

    @property
    def ours(self) -> bool:
        """Whether this is our own, and not the original."""
        return self.name == "ours"

    @property
    def version(self) -> re.Pattern[str]:
        """What a client is told when it asks which Supervisor it talks to."""
        return re.compile(r"4\.3\.0\+rs\.\d+\.\d+\.\d+\S*" if self.ours else r"4\.3\.0")

    def program(self, name: str) -> str:
        """The path of one of the installed programs, or of the environment's `python`."""
        return str(self.prefix / "bin" / name)


def chosen() -> UnderTest:
    """The installation that `SUPERVISOR_UNDER_TEST` names (ours if it is not set).

    `SUPERVISOR_OURS_PREFIX` and `SUPERVISOR_THEIRS_PREFIX` point at an environment of your own instead
    of the one under `.environments/`. Raises `ValueError` when there is no such installation.
    """
    name = os.environ.get("SUPERVISOR_UNDER_TEST", "ours")
    if name not in ("ours", "theirs"):
        raise ValueError(f"SUPERVISOR_UNDER_TEST is {name!r}; it must be ours or theirs")
    prefix = os.environ.get(f"SUPERVISOR_{name.upper()}_PREFIX")
    found = UnderTest(name, Path(prefix).resolve() if prefix else REPOSITORY / ".environments" / name)
    if not os.access(found.program("supervisord"), os.X_OK):
        raise ValueError(f"no supervisord in {found.prefix}/bin: run compat-tests/environments.py first")
    return found
