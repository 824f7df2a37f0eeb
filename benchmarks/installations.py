"""The two installations that are measured side by side, as a command line names them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "compat-tests"))

from harness.under_test import UnderTest  # noqa: E402


def parse(
    parser: argparse.ArgumentParser, program: str = "supervisord"
) -> tuple[argparse.Namespace, UnderTest, UnderTest]:
    """Read the command line with two more options, `--theirs` and `--ours`: what it says, and the two.

    Exits with code 2 when one of them lacks the program.
    """
    environments = REPOSITORY / ".environments"
    parser.add_argument("--theirs", type=Path, default=environments / "theirs", help="prefix of the original")
    parser.add_argument("--ours", type=Path, default=environments / "ours", help="prefix of ours")
    options = parser.parse_args()
    theirs = UnderTest("theirs", options.theirs.resolve())
    ours = UnderTest("ours", options.ours.resolve())
    for each in (theirs, ours):
        if not Path(each.program(program)).exists():
            print(
                f"no {program} in {each.prefix}/bin: run compat-tests/environments.py first", file=sys.stderr
            )
            sys.exit(2)
    return options, theirs, ours
