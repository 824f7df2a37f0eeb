#!/usr/bin/env python3
"""Measure what a plug-in costs: ours beside the original in one run, as a Markdown table.

    python3 benchmarks/plugins.py [--starts N] [--calls N] [--seconds N] [--theirs PREFIX] [--ours PREFIX]

A daemon with one plug-in (`idle_plugin.py`): its memory, beside that of the environment's interpreter when it
does nothing and of the daemon without a plug-in, for less than these two cannot be; how often it wakes while
nobody asks for anything; and, with 100 programs, the processor time of a call of a plug-in's method.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import installations
from side_by_side import ONE_PROGRAM, Row, resident_bytes

from harness import http
from harness.daemon import Daemon, environment
from harness.under_test import REPOSITORY, UnderTest
from harness.waiting import wait_for

PROGRAMS = 100
LARGEST = 14
"""Megabytes that a daemon with a plug-in may take."""
MEGABYTE = 1024 * 1024
TICKS = os.sysconf("SC_CLK_TCK")


def plugin(name: str) -> str:
    """The section of a plug-in."""
    return f"[rpcinterface:idle]\nsupervisor.rpcinterface_factory = {name}_plugin:make_idle\n"


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


def interpreter_memory(under_test: UnderTest) -> float:
    """Megabytes of the environment's interpreter, with nothing done by it."""
    code = "import os; os.write(1, b'.'); os.read(0, 1)"
    command = [under_test.program("python"), "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment("")
    ) as child:
        assert child.stdout is not None
        child.stdout.read(1)
        return resident_bytes(child.pid) / MEGABYTE


def daemon_memory(under_test: UnderTest, plugin: str) -> float:
    """Megabytes of a daemon with one running program, and with a plug-in or none."""
    with started(under_test, plugin + ONE_PROGRAM) as daemon:
        daemon.wait_state("x", "RUNNING")
        time.sleep(1)
        return resident_bytes(daemon.started_as) / MEGABYTE


def idle_wakes(under_test: UnderTest, seconds: float) -> float:
    """How often a second a daemon with a plug-in wakes while nobody asks for anything."""
    with started(under_test, plugin("idle") + ONE_PROGRAM) as daemon:
        daemon.wait_state("x", "RUNNING")
        time.sleep(1)
        before = wakes(daemon.started_as)
        time.sleep(seconds)
        return (wakes(daemon.started_as) - before) / seconds


def call_times(under_test: UnderTest, calls: int) -> tuple[float, float]:
    """Microseconds of the two methods, with many processes."""
    many = (
        f"[program:x]\ncommand = sleep 1000\nstartsecs = 0\nnumprocs = {PROGRAMS}\n"
        "process_name = x%(process_num)d\n"
    )
    with started(under_test, plugin("idle") + many) as daemon:
        wait_for(lambda: daemon.server.idle.walk() == PROGRAMS, "all programs", 120)
        return time_of_calls(daemon, calls, "idle.echo", 1), time_of_calls(daemon, calls, "idle.walk")


@contextlib.contextmanager
def started(under_test: UnderTest, programs: str) -> Iterator[Daemon]:
    """A daemon that finds the plug-ins."""
    daemon = Daemon(under_test)
    try:
        daemon.configure(programs)
        daemon.start(env={"PYTHONPATH": str(REPOSITORY / "benchmarks")})
        yield daemon
    finally:
        daemon.end()


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=5, help="starts whose median is the memory")
    parser.add_argument("--calls", type=int, default=2000, help="calls of each method")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to watch an idle daemon")
    options, *installed = installations.parse(parser)

    def memory(what: str, goal: str, measure: Callable[[UnderTest], float]) -> Row:
        taken = [[measure(each) for each in installed] for _ in range(max(1, options.starts))]
        theirs, ours = (statistics.median(column) for column in zip(*taken))
        return Row(f"memory {what}", "MB", theirs, ours, goal, ours <= LARGEST)

    their_wakes, own_wakes = (idle_wakes(each, options.seconds) for each in installed)
    (their_echo, their_walk), (echo, walk) = (call_times(each, options.calls) for each in installed)
    goal = f"at most {LARGEST} MB"
    rows = [
        memory("of the interpreter alone", "", interpreter_memory),
        memory("without a plug-in", "", lambda each: daemon_memory(each, "")),
        memory("with a plug-in", goal, lambda each: daemon_memory(each, plugin("idle"))),
        memory("with one that imports as most do", goal, lambda each: daemon_memory(each, plugin("usual"))),
        Row("wakes of an idle plug-in", "/s", their_wakes, own_wakes, "none", own_wakes < 0.2),
        Row("call of a method", "µs", their_echo, echo, "at most 1/5", echo <= their_echo / 5),
        Row(f"walk of {PROGRAMS} processes", "µs", their_walk, walk, "no more", walk <= their_walk),
    ]
    print("| | original | ours | ours/original | goal |\n|---|---|---|---|---|")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
