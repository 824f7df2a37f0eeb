#!/usr/bin/env python3
"""Measure XML-RPC calls beside the original in one run, as a Markdown table.

    python3 benchmarks/rpc.py [--rounds N] [--theirs PREFIX] [--ours PREFIX]

One client asks, one request after the other, over a unix socket and over TCP, with one connection for all and
with one for each. Everything runs in temporary folders and is ended when the run ends.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


import installations

from harness.daemon import Daemon, running
from harness.http import Address, connect


def many(count: int) -> str:
    """That many programs, none of which is started."""
    return (
        "[program:p]\ncommand = /bin/sleep 1000\nprocess_name = p%(process_num)04d\n"
        f"numprocs = {count}\nautostart = false\nstdout_logfile = NONE\nstderr_logfile = NONE\n"
    )


@dataclass(frozen=True)
class Call:
    """A call that is measured: its body, and how often each of the two is asked at a time."""

    name: str
    body: bytes
    theirs: int
    ours: int


def call(name: str, method: str, theirs: int, ours: int, *params: object) -> Call:
    """A call of a method."""
    return Call(name, xmlrpc.client.dumps(params, method).encode(), theirs, ours)  # type: ignore[arg-type]


GET_STATE = call("getState", "supervisor.getState", 300, 3000)
MULTICALL = call(
    "multicall of 10 getState",
    "system.multicall",
    200,
    2000,
    [{"methodName": "supervisor.getState", "params": []}] * 10,
)


def get_all(theirs: int, ours: int) -> Call:
    """All processes."""
    return call("getAllProcessInfo", "supervisor.getAllProcessInfo", theirs, ours)


@dataclass
class Sample:
    """What was measured of one call over one way."""

    latencies: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def cpu_per_request(self) -> float:
        """Processor time of the daemon in milliseconds."""
        return self.cpu * 1000 / len(self.latencies)

    def figures(self) -> tuple[float, float, float, float]:
        """Requests per second, median and 99th percentile in milliseconds, processor time in milliseconds."""
        ordered = sorted(self.latencies)
        percentile = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        rate = len(ordered) / sum(ordered)
        return rate, statistics.median(ordered) * 1000, percentile * 1000, self.cpu_per_request


def cpu_time(pid: int) -> float:
    """Processor time of all threads of a process, in seconds."""
    return (
        sum(int(thread.read_text().split()[0]) for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        / 1e9
    )


def read_answer(stream: object) -> None:
    """Read one answer of a known length."""
    readline, read = stream.readline, stream.read  # type: ignore[attr-defined]
    status, length = readline(), 0
    if b" 200 " not in status:
        raise RuntimeError(f"not an answer: {status!r}")
    while (line := readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if len(read(length)) != length:
        raise RuntimeError("an answer was cut off")


def measure(daemon: Daemon, address: Address, asked: Call, keep_alive: bool, sample: Sample) -> None:
    """Ask a number of times."""
    times = asked.ours if daemon.under_test.ours else asked.theirs
    connection = b"" if keep_alive else b"Connection: close\r\n"
    request = (
        b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
        + connection
        + b"Content-Length: %d\r\n\r\n" % len(asked.body)
        + asked.body
    )
    before = cpu_time(daemon.started_as)
    socket = connect(address) if keep_alive else None
    stream = socket.makefile("rb") if socket else None
    for _ in range(times):
        begin = time.perf_counter()
        if socket and stream:
            socket.sendall(request)
            read_answer(stream)
        else:
            with connect(address) as own, own.makefile("rb") as answer:
                own.sendall(request)
                read_answer(answer)
        sample.latencies.append(time.perf_counter() - begin)
    if socket and stream:
        stream.close()
        socket.close()
    sample.cpu += cpu_time(daemon.started_as) - before


#: What a table row is called, and its call, by the number of programs.
CALLS: dict[int, Sequence[Call]] = {
    1: [GET_STATE, MULTICALL],
    100: [get_all(20, 1000)],
    1000: [get_all(3, 200), GET_STATE],
}


def main() -> int:
    """Measure and print; 2 when an installation is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    options, *both = installations.parse(parser)
    print("Original / ours, and how much less processor time ours takes.\n")
    print("| Call | programs | way | requests/s | p50 ms | p99 ms | CPU ms | CPU ratio |")
    print("|---|---|---|---|---|---|---|---|")
    cpu: dict[tuple[str, int], tuple[float, float]] = {}
    for count, calls in CALLS.items():
        with running(both[0], many(count), inet="") as theirs, running(both[1], many(count), inet="") as ours:
            for asked in calls:
                for way in ("unix", "unix, new connections", "TCP", "TCP, new connections"):
                    samples = (Sample(), Sample())
                    for _ in range(max(1, options.rounds)):
                        for daemon, sample in zip((theirs, ours), samples):
                            address: Address = daemon.socket if way.startswith("unix") else daemon.port
                            measure(daemon, address, asked, "," not in way, sample)
                    pairs = list(zip(samples[0].figures(), samples[1].figures()))
                    cells = " | ".join(f"{one:.4g} / {two:.4g}" for one, two in pairs)
                    ratio = pairs[3][0] / pairs[3][1]
                    print(f"| {asked.name} | {count} | {way} | {cells} | {ratio:.0f} |", flush=True)
                    if way == "unix":
                        cpu[asked.name, count] = pairs[3]
    print("\n| Goal, over one unix connection | reached |\n|---|---|")
    for (name, count), least in {("getState", 1): 30, ("getAllProcessInfo", 1000): 300}.items():
        original, own = cpu[name, count]
        print(
            f"| {name}, {count} programs: at most 1/{least} of the original's processor time "
            f"| 1/{original / own:.0f}: {'reached' if own <= original / least else 'NOT reached'} |"
        )
    few, lots = cpu["getState", 1][1], cpu["getState", 1000][1]
    print(
        f"| getState: as much with 1,000 programs as with one | {few:.4f} and {lots:.4f} ms: "
        f"{'reached' if lots <= 1.25 * few else 'NOT reached'} |"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
