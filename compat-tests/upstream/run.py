"""Run by an environment's own Python: runs one module of the original's unit tests against its package.

    run.py FOLDER MODULE

FOLDER holds the original's package `tests`. Prints the outcome of every test as JSON: `ok`, `skipped`, or the
last line of its traceback.
"""

from __future__ import annotations

import json
import sys
import unittest
from typing import Any

import supervisor


class Outcomes(unittest.TestResult):
    """Remembers how each test ended."""

    def __init__(self) -> None:
        super().__init__()
        self.by_test: dict[str, str] = {}

    def _remember(self, test: Any, outcome: str) -> None:
        self.by_test[test.id().partition(".tests.")[2]] = outcome

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802  # unittest's name
        """A test passed."""
        self._remember(test, "ok")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        """A test says that it has nothing to test here."""
        self._remember(test, "skipped")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """A test failed."""
        self._remember(test, f"{err[0].__name__}: {err[1]}".strip().splitlines()[0])

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """A test met an error."""
        self.addFailure(test, err)


def main(folder: str, module: str) -> None:
    """Run the tests of a module."""
    supervisor.__path__.append(folder)
    suite = unittest.defaultTestLoader.loadTestsFromName(f"supervisor.tests.{module}")
    outcomes = Outcomes()
    # The tests print, too.
    stdout, sys.stdout = sys.stdout, sys.stderr
    suite.run(outcomes)
    json.dump(outcomes.by_test, stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
