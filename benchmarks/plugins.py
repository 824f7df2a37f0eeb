#!/usr/bin/env python3
"""Measure what a plug-in costs: ours beside the original in one run, as a Markdown table.

    python3 benchmarks/plugins.py [--calls N] [--seconds N] [--theirs PREFIX] [--ours PREFIX]

A daemon with one plug-in (`idle_plugin.py`): its memory, how often it wakes while nobody asks for anything,
and, with 100 programs, the processor time of a call of one of the plug-in's methods.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import installations
from side_by_side import ONE_PROGRAM, Row, resident_bytes

from harness import http
from harness.daemon import Daemon
from harness.under_test import REPOSITORY, UnderTest
from harness.waiting import wait_for

PLUGIN = "[rpcinterface:idle]\nsupervisor.rpcinterface_factory = idle_plugin:make_idle\n"
PROGRAMS = 100
MEGABYTE = 1024 * 1024
TICKS = os.sysconf("SC_CLK_TCK")


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wakes(pid: int) -> int:
    """How often the threads of a process went to sleep so far."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total


def time_of_calls(daemon: Daemon, calls: int, method: str, *params: Any) -> float:
    """Microseconds of the daemon's processor time for one call, over a connection that is kept."""
    body = xmlrpc.client.dumps(params, method)
    connection = http.Connection(daemon.socket)
    before = processor_time(daemon.started_as)
    for _ in range(calls):
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        answer = connection.getresponse()
        if answer.status != 200 or b"fault" in answer.read():
            raise RuntimeError(f"{method} failed")
    spent = processor_time(daemon.started_as) - before
    connection.close()
    return spent / calls * 1e6


def measure(under_test: UnderTest, calls: int, seconds: float) -> tuple[float, float, float, float]:
    """Megabytes, wakes a second, and microseconds of two methods."""
    path = {"PYTHONPATH": str(REPOSITORY / "benchmarks")}
    daemon = Daemon(under_test)
    try:
        daemon.configure(PLUGIN + ONE_PROGRAM)
        daemon.start(env=path)
        daemon.wait_state("x", "RUNNING")
        time.sleep(1)
        memory = resident_bytes(daemon.started_as) / MEGABYTE
        before = wakes(daemon.started_as)
        time.sleep(seconds)
        idle = (wakes(daemon.started_as) - before) / seconds
    finally:
        daemon.end()
    daemon = Daemon(under_test)
    try:
        daemon.configure(
            PLUGIN + f"[program:x]\ncommand = sleep 1000\nstartsecs = 0\nnumprocs = {PROGRAMS}\n"
            "process_name = x%(process_num)d\n"
        )
        daemon.start(env=path)
        wait_for(lambda: daemon.server.idle.walk() == PROGRAMS, "all programs", 120)
        echo = time_of_calls(daemon, calls, "idle.echo", 1)
        walk = time_of_calls(daemon, calls, "idle.walk")
    finally:
        daemon.end()
    return memory, idle, echo, walk


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000, help="calls of each method")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to watch an idle daemon")
    options, *installed = installations.parse(parser)
    theirs, ours = (measure(each, options.calls, options.seconds) for each in installed)
    rows = [
        Row("memory with a plug-in", "MB", theirs[0], ours[0], "at most 14 MB", ours[0] <= 14),
        Row("wakes of an idle plug-in", "/s", theirs[1], ours[1], "none", ours[1] < 0.2),
        Row("call of a method", "µs", theirs[2], ours[2], "at most 1/5", ours[2] <= theirs[2] / 5),
        Row(f"walk of {PROGRAMS} processes", "µs", theirs[3], ours[3], "no more", ours[3] <= theirs[3]),
    ]
    print("| | original | ours | ours/original | goal |\n|---|---|---|---|---|")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
