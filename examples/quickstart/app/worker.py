"""A worker that waits for jobs; it ends cleanly when it is told to."""

from __future__ import annotations

import signal
import sys


def main(number: int) -> None:
    """Wait for SIGTERM."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    print(f"worker {number} is ready", flush=True)
    signal.sigwait(signals)
    print(f"worker {number} is done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
