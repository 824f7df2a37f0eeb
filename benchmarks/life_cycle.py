#!/usr/bin/env python3
"""Measure starts, restarts, shutdown and removal beside the original in one run, as a Markdown table.

    python3 benchmarks/life_cycle.py [--programs N] [--rounds N] [--theirs PREFIX] [--ours PREFIX]

The yardstick for starts is `spawn_loop.c`, nothing but vfork and exec; a C compiler is needed for it. The
time that the control thread is held up by one spawn is printed where `cargo` is there to build the example
that measures it. Everything runs in temporary folders and is ended when the run ends.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import installations
from side_by_side import REPOSITORY, Row

from harness.daemon import Daemon, running
from harness.under_test import UnderTest
from harness.waiting import wait_for

#: Longest wait for one measured thing, in seconds: the original takes a minute and a half for some.
PATIENCE = 600.0
LIMITS = "minfds = 8192\n"
STAMPED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \w{4} (.*)")
#: Programs whose restarts are measured, and how often each: within the budget of restarts that ours allows.
RESTARTED, TIMES = 25, 4


def compiled(name: str, folder: Path) -> str:
    """A C program from this folder, built."""
    target = folder / name
    source = Path(__file__).resolve().parent / f"{name}.c"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", str(target), str(source)], check=True)
    return str(target)


def many(count: int, more: str = "") -> str:
    """That many small programs in sections of their own, all in state RUNNING as soon as they are spawned."""
    logs = "stdout_logfile = NONE\nstderr_logfile = NONE\n"
    return "".join(
        f"[program:p{number}]\ncommand = /bin/sleep 1000\nstartsecs = 0\n{logs}{more}\n"
        for number in range(count)
    )


def times_of(daemon: Daemon, text: str) -> list[float]:
    """When lines of the main log with this text were written, in milliseconds; daemons run with TZ=UTC."""
    found = []
    for line in daemon.log_text.splitlines():
        match = STAMPED.fullmatch(line)
        if match and text in match[2]:
            stamp = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=timezone.utc)
            found.append(stamp.timestamp() * 1000)
    return found


def wait_count(daemon: Daemon, text: str, count: int) -> list[float]:
    """Wait until that many lines of the main log have the text; when they were written."""
    wait_for(lambda: daemon.log_text.count(text) >= count, f"{count} times {text!r}", PATIENCE)
    return times_of(daemon, text)


def start_and_shutdown(under_test: UnderTest, count: int) -> tuple[float, float, float]:
    """Milliseconds from the daemon's start, and from the first spawn, to all RUNNING; and of a shutdown."""
    begin = time.time() * 1000
    with running(under_test, many(count), supervisord=LIMITS) as daemon:
        last = wait_count(daemon, "entered RUNNING state", count)[-1]
        started = times_of(daemon, "supervisord started with pid")[0]
        first = times_of(daemon, "spawned: ")[0] if not under_test.ours else started
        daemon.settle()
        stopping = time.perf_counter()
        daemon.signal(signal.SIGTERM)
        child = daemon.child
        assert child is not None
        child.wait(PATIENCE)
        return last - begin, last - first, (time.perf_counter() - stopping) * 1000


def restart_latencies(under_test: UnderTest, stamp: str, programs: int, times: int) -> list[float]:
    """Milliseconds from the death of a child to the first instruction of the next one."""
    sections = "".join(
        f"[program:p{number}]\ncommand = {stamp} %(here)s/stamps\nstartsecs = 0\nautorestart = true\n"
        for number in range(programs)
    )
    samples = []
    with running(under_test, sections, supervisord=LIMITS) as daemon:
        stamps = daemon.folder / "stamps"

        def lines() -> list[str]:
            return stamps.read_text().splitlines() if stamps.exists() else []

        wait_for(lambda: len(lines()) == programs, "the first starts", PATIENCE)
        seen = programs
        # Each is killed once before the first is killed again.
        for _ in range(times):
            pids = [int(line.split()[0]) for line in lines()[-programs:]]
            for pid in pids:
                killed = time.monotonic_ns()
                os.kill(pid, signal.SIGKILL)
                seen += 1
                wait_for(lambda: len(lines()) == seen, "a restart", PATIENCE)  # noqa: B023
                samples.append((int(lines()[-1].split()[1]) - killed) / 1e6)
    return samples


def removal(under_test: UnderTest, count: int) -> float:
    """Milliseconds of a `supervisorctl update` that removes that many programs."""
    with running(under_test, many(count), supervisord=LIMITS) as daemon:
        wait_count(daemon, "entered RUNNING state", count)
        daemon.settle()
        text = daemon.config.read_text()
        daemon.config.write_text(text.partition("[program:")[0])
        begin = time.perf_counter()
        command = [under_test.program("supervisorctl"), "-c", str(daemon.config), "update"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        taken = (time.perf_counter() - begin) * 1000
        if done.stdout.count("removed process group") != count:
            raise RuntimeError(f"update removed nothing: {done.stdout[:200]}{done.stderr[:200]}")
        return taken


def yardstick(loop: str, count: int, rounds: int) -> float:
    """The median of the bare loop's milliseconds."""
    command = [loop, str(count), "/bin/sleep", "1000"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(rounds)]
    return statistics.median(float(text) for text in runs)


def blocked_per_spawn() -> str:
    """Median and 99th percentile of one spawn in the engine, in microseconds; or why there is none."""
    cargo = shutil.which(os.environ.get("CARGO", "cargo"))
    if cargo is None:
        return "not measured: no cargo"
    command = [cargo, "run", "--quiet", "--release", "-p", "supervisor-engine", "--example", "spawn_cost"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"not measured: {done.stderr.strip()[-200:]}"
    median, high = done.stdout.split()
    return f"median {median} µs, 99th percentile {high} µs"


def percentile(samples: list[float], part: float) -> float:
    """The smallest sample that this part of them does not exceed."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * part))]


def rows(theirs: UnderTest, ours: UnderTest, programs: int, rounds: int, folder: Path) -> None:
    """Measure and print one row after the other."""
    loop, stamp = compiled("spawn_loop", folder), compiled("stamp", folder)

    def show(what: str, both: Sequence[float], goal: str, met: bool) -> None:
        print(Row(what, "ms", both[0], both[1], goal, met), flush=True)

    bare = yardstick(loop, programs, rounds)
    runs = [(start_and_shutdown(theirs, programs), start_and_shutdown(ours, programs)) for _ in range(rounds)]
    whole, spawning, shutdown = (
        [statistics.median(run[side][part] for run in runs) for side in (0, 1)] for part in range(3)
    )
    bare = statistics.median([bare, yardstick(loop, programs, rounds)])
    show(f"{programs} programs, start of the daemon to all RUNNING", whole, "less", whole[1] < whole[0])
    ratio = f"at most 1.5 times a bare loop of {bare:.0f} ms ({spawning[1] / bare:.2f} times)"
    show(f"{programs} programs, ready to all RUNNING", spawning, ratio, spawning[1] <= 1.5 * bare)
    show(f"shutdown of {programs}", shutdown, "at most 1/20", shutdown[1] <= shutdown[0] / 20)
    slow, fast = restart_latencies(theirs, stamp, 5, 2), restart_latencies(ours, stamp, RESTARTED, TIMES)
    middle = (statistics.median(slow), statistics.median(fast))
    show("restart of a child, median", middle, "at most 5 ms", middle[1] <= 5)
    high = (percentile(slow, 0.99), percentile(fast, 0.99))
    show("restart of a child, 99th percentile", high, "less", high[1] < high[0])
    removals: list[Callable[[], float]] = [lambda: removal(theirs, 100), lambda: removal(ours, 100)]
    try:
        gone = [measure() for measure in removals]
        show("`update` that removes 100 programs", gone, "at most 1/100", gone[1] <= gone[0] / 100)
    except RuntimeError as why:
        print(f"| `update` that removes 100 programs | not measured: {why} | | | |")
    print(f"\nThe control thread is held up by one spawn: {blocked_per_spawn()}.")


def main() -> int:
    """Measure and print; 2 when an installation is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--programs", type=int, default=1000, help="programs to start (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="starts and shutdowns of each (default 3)")
    options, theirs, ours = installations.parse(parser)
    print(
        "Medians, taking turns.\n\n| What | original | ours | ours / original | goal |\n|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="sv-bench-") as folder:
        rows(theirs, ours, options.programs, max(1, options.rounds), Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
