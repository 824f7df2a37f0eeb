"""Half of a pair of programs: fetches or sends mail, as it says."""

from __future__ import annotations

import signal
import sys


def main(task: str) -> None:
    """Say what it does, and do it until a signal comes."""
    print(f"ready to {task}", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
