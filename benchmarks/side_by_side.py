#!/usr/bin/env python3
"""Measure ours beside the original in one run, and print the medians as a Markdown table.

    python3 benchmarks/side_by_side.py [--rounds N] [--theirs PREFIX] [--ours PREFIX]

The two take turns, so that whatever else the machine does hits both alike; read the ratios. Everything
runs in temporary folders, with time limits, and is ended when the run ends.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "compat-tests"))

import installations  # noqa: E402
from large_configuration import reading_time, write_configuration  # noqa: E402

from harness.daemon import Daemon, running  # noqa: E402
from harness.under_test import UnderTest  # noqa: E402

ONE_PROGRAM = "[program:x]\ncommand = sleep 1000\nstartsecs = 0\n"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One line of the table: two medians in the same unit, and what ours is meant to reach, if anything."""

    what: str
    unit: str
    theirs: float
    ours: float
    goal: str
    met: bool

    def __str__(self) -> str:
        """The line in Markdown."""
        ratio = f"{100 * self.ours / self.theirs:.1f} %"
        verdict = (
            f"{self.goal}: {'reached' if self.met else 'NOT reached'}" if self.goal else "for comparison"
        )
        theirs, ours = (f"{value:.2f} {self.unit}" for value in (self.theirs, self.ours))
        return f"| {self.what} | {theirs} | {ours} | {ratio} | {verdict} |"


def resident_bytes(pid: int) -> int:
    """The resident set of one process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def daemon_memory(under_test: UnderTest) -> float:
    """Megabytes that a fresh daemon with one running program and a few answered requests takes."""
    with running(under_test, ONE_PROGRAM) as daemon:
        daemon.wait_state("x", "RUNNING")
        return resident_bytes(daemon.started_as) / MEGABYTE


def status_time(daemon: Daemon) -> float:
    """Milliseconds from the start of `supervisorctl status` to its end."""
    begin = time.perf_counter()
    result = daemon.ctl("status")
    taken = (time.perf_counter() - begin) * 1000
    if result.code != 0 or "RUNNING" not in result.out:
        raise RuntimeError(f"supervisorctl status failed: {result}")
    return taken


def memory_row(theirs: UnderTest, ours: UnderTest, rounds: int) -> Row:
    """The memory of a daemon with one program."""
    samples = [(daemon_memory(theirs), daemon_memory(ours)) for _ in range(rounds)]
    original, own = medians(samples)
    return Row("memory of supervisord with one program (RSS)", "MB", original, own, "at most 5 MB", own <= 5)


def status_row(theirs: UnderTest, ours: UnderTest, rounds: int) -> Row:
    """The time of a whole `supervisorctl status`."""
    with contextlib.ExitStack() as stack:
        daemons = [stack.enter_context(running(each, ONE_PROGRAM)) for each in (theirs, ours)]
        for daemon in daemons:
            daemon.wait_state("x", "RUNNING")
            status_time(daemon)  # The first one fills the caches of the file system.
        samples = [(status_time(daemons[0]), status_time(daemons[1])) for _ in range(rounds)]
    original, own = medians(samples)
    return Row(
        "`supervisorctl status`, whole command", "ms", original, own, "at most 10 %", own <= original / 10
    )


def reading_rows(theirs: UnderTest, ours: UnderTest, rounds: int) -> list[Row]:
    """The time to read a large configuration, and how it grows with the number of programs."""
    few, many = 500, 5000
    figures: dict[int, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        for programs in (few, many):
            file = write_configuration(Path(folder, str(programs)), programs)
            for each in (theirs, ours):
                reading_time(each, file, programs)  # The first one fills the caches of the file system.
            samples = [
                (reading_time(theirs, file, programs), reading_time(ours, file, programs))
                for _ in range(rounds)
            ]
            figures[programs] = medians(samples)
    original, own = figures[many]
    original_growth, own_growth = (figures[many][which] / figures[few][which] for which in (0, 1))
    linear = many / few
    return [
        Row(
            f"reading {many:,} programs in 200 files, whole command",
            "ms",
            original,
            own,
            "at most 5 %",
            own <= original / 20,
        ),
        Row(
            f"the same, {many:,} programs to {few:,}",
            "times",
            original_growth,
            own_growth,
            f"at most {1.2 * linear:.0f} times (linear is {linear:.0f})",
            own_growth <= 1.2 * linear,
        ),
    ]


def medians(samples: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The median of each column."""
    theirs, ours = zip(*samples)
    return statistics.median(theirs), statistics.median(ours)


def main() -> int:
    """Measure and print; 2 when an installation is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20, help="measurements of each kind (default 20)")
    options, theirs, ours = installations.parse(parser)
    rounds = max(1, options.rounds)
    print(f"Medians of {max(1, rounds // 4)} starts and readings and {rounds} commands, taking turns.\n")
    print("| What | original | ours | ours / original | goal |\n|---|---|---|---|---|")
    print(memory_row(theirs, ours, max(1, rounds // 4)), flush=True)
    print(status_row(theirs, ours, rounds), flush=True)
    for row in reading_rows(theirs, ours, max(1, rounds // 4)):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
