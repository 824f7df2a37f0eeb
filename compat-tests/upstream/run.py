"""Run by an environment's own Python: runs one module of the original's unit tests against its package.

    run.py FOLDER MODULE PACKAGES

FOLDER holds the original's package `tests`, PACKAGES what they need besides the package under test. Prints
the outcome of every test as JSON: `ok`, `skipped`, or class and text of what it raised.
"""

from __future__ import annotations

import json
import sys
import unittest
from typing import Any

import supervisor


class Outcomes(unittest.TestResult):
    """Remembers how each test ended."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self.module = module
        self.by_test: dict[str, str] = {}

    def _remember(self, test: Any, outcome: str) -> None:
        self.by_test[test.id().partition(f".tests.{self.module}.")[2] or test.id()] = outcome

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


def main(folder: str, module: str, packages: str) -> None:
    """Run the tests of a module."""
    sys.path.append(packages)
    supervisor.__path__.append(folder)
    suite = unittest.defaultTestLoader.loadTestsFromName(f"supervisor.tests.{module}")
    outcomes = Outcomes(module)
    # The tests print, too.
    stdout, sys.stdout = sys.stdout, sys.stderr
    suite.run(outcomes)
    json.dump(outcomes.by_test, stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
