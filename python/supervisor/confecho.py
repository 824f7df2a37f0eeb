"""The sample configuration, printed from Python: ``python -m supervisor.confecho``."""

from __future__ import annotations

import sys
from typing import IO

from supervisor import _engine


def main(out: IO[str] | None = None) -> None:
    """Print the sample configuration on stdout, or write it to a stream."""
    (sys.stdout if out is None else out).write(_engine.sample_configuration())


if __name__ == "__main__":
    main()
