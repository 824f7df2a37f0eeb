#!/usr/bin/env python3
"""Measure supervisorctl beside the original's, with 100 programs, and print the medians as a Markdown table.

    python3 benchmarks/supervisorctl.py [--rounds N] [--programs N] [--theirs PREFIX] [--ours PREFIX]

The two take turns. Wall time is that of the whole command, from start to exit; processor time is that of the
command alone, without what the daemon spends on its answer.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "compat-tests"))

import installations  # noqa: E402
from side_by_side import Row  # noqa: E402

from harness.daemon import Daemon, running  # noqa: E402
from harness.waiting import wait_for  # noqa: E402


def programs(count: int) -> str:
    """The sections of programs that run until they are told to stop."""
    return "".join(f"[program:p{n:03}]\ncommand = sleep 100000\nstartsecs = 0\n" for n in range(count))


def all_running(daemon: Daemon, count: int) -> None:
    """Wait until every program runs."""

    def look() -> bool:
        daemon.nudge()
        states = [info["statename"] for info in daemon.rpc.getAllProcessInfo()]
        return states.count("RUNNING") == count

    wait_for(look, f"{count} programs RUNNING", deadline=120)


def measured(daemon: Daemon, command: str, lines: int) -> tuple[float, float]:
    """Wall and processor time of a command in milliseconds; it has to print so many lines and succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    result = daemon.ctl(*command.split())
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.code != 0 or len(result.out.splitlines()) != lines:
        raise RuntimeError(f"supervisorctl {command} failed: {result}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, processor * 1000


def rows(daemons: list[Daemon], command: str, lines: int, count: int, rounds: int, share: int) -> list[Row]:
    """Two rows for a command: its wall time, with a goal of 1/`share`, and its processor time."""
    samples: list[list[tuple[float, float]]] = [[], []]
    for number in range(rounds + 1):
        for daemon, own in zip(daemons, samples):
            sample = measured(daemon, command, lines)
            all_running(daemon, count)
            if number:  # The first one fills the caches of the file system.
                own.append(sample)
    theirs, ours = ([statistics.median(column) for column in zip(*own)] for own in samples)
    what = f"`supervisorctl {command}` with {count} programs"
    goal = f"at most 1/{share}"
    return [
        Row(f"{what}, wall time", "ms", theirs[0], ours[0], goal, ours[0] <= theirs[0] / share),
        Row(
            f"{what}, processor time of the command",
            "ms",
            theirs[1],
            ours[1],
            goal,
            ours[1] <= theirs[1] / share,
        ),
    ]


def main() -> int:
    """Measure and print; 2 when an installation is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10, help="measurements of `status` (default 10)")
    parser.add_argument("--programs", type=int, default=100, help="number of programs (default 100)")
    options, *installed = installations.parse(parser, "supervisorctl")
    count, rounds = max(1, options.programs), max(1, options.rounds)
    restarts = max(1, rounds // 4)
    print(f"Medians of {rounds} times `status` and {restarts} times `restart all`, taking turns.\n")
    print("| What | original | ours | ours / original | goal |\n|---|---|---|---|---|")
    with contextlib.ExitStack() as stack:
        daemons = [stack.enter_context(running(each, programs(count))) for each in installed]
        for daemon in daemons:
            all_running(daemon, count)
        for row in rows(daemons, "status", count, count, rounds, 15):
            print(row, flush=True)
        for row in rows(daemons, "restart all", 2 * count, count, restarts, 8):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
