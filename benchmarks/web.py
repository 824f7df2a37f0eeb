#!/usr/bin/env python3
"""Measure what the status page costs the daemon: a page of many programs, and a page that stays open.

    python3 benchmarks/web.py [--programs N] [--rounds N] [--ours PREFIX]

Measured are the processor time and the wall time of one status page, and, of a page that listens, how often a
second the daemon wakes up; then the same when it has been closed. Linux only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "compat-tests"))

from harness import http  # noqa: E402
from harness.daemon import Daemon, running  # noqa: E402
from harness.under_test import UnderTest  # noqa: E402
from harness.waiting import wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
#: Seconds for which wake-ups are counted.
WATCHED = 10.0


def processor_seconds(pid: int) -> float:
    """Processor time of all threads of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wakeups(pid: int) -> int:
    """How often the process' main thread went to sleep so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def wakeups_a_second(pid: int) -> float:
    """Counted while nothing else happens."""
    before = wakeups(pid)
    time.sleep(WATCHED)
    return (wakeups(pid) - before) / WATCHED


def measure_page(daemon: Daemon, rounds: int) -> None:
    """Render the status page again and again."""
    http.ask(daemon.port, "GET", "/")
    walls, before = [], processor_seconds(daemon.pid)
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = http.ask(daemon.port, "GET", "/")
        walls.append(time.perf_counter() - begun)
        assert answer.status == 200
    spent = (processor_seconds(daemon.pid) - before) / rounds
    print(f"| one status page, processor time | {spent * 1000:.1f} ms |")
    print(f"| one status page, wall time, median | {statistics.median(walls) * 1000:.1f} ms |")
    print(f"| its size | {len(answer.body) // 1024} KB |")


def measure_open_page(daemon: Daemon) -> None:
    """Listen, as an open page does."""
    connection = http.Connection(daemon.port)
    connection.request("GET", "/live")
    stream = connection.getresponse()
    stream.read1(1)
    before = processor_seconds(daemon.pid)
    awake = wakeups_a_second(daemon.pid)
    spent = (processor_seconds(daemon.pid) - before) / WATCHED
    print(f"| wake-ups a second while a page is open | {awake:.1f} |")
    print(f"| processor time a second then | {spent * 1000:.1f} ms |")
    connection.close()
    print(f"| wake-ups a second when it is closed | {wakeups_a_second(daemon.pid):.1f} |")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--ours", type=Path, default=REPOSITORY / ".environments" / "ours")
    options = parser.parse_args()
    programs = (
        "[program:w]\ncommand = sleep 100000\nprocess_name = w_%(process_num)04d\nstartsecs = 0\n"
        f"numprocs = {options.programs}\nstdout_logfile = NONE\nstderr_logfile = NONE\n"
    )
    with running(UnderTest("ours", options.ours), programs, inet="", supervisord="minfds = 8192\n") as daemon:
        wait_for(
            lambda: all(info["statename"] == "RUNNING" for info in daemon.rpc.getAllProcessInfo()),
            "all programs RUNNING",
        )
        print(f"| {options.programs} programs | |\n|---|---|")
        measure_page(daemon, options.rounds)
        measure_open_page(daemon)


if __name__ == "__main__":
    main()
