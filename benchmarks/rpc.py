#!/usr/bin/env python3
"""Measure XML-RPC calls beside the original in one run, as a Markdown table.

    python3 benchmarks/rpc.py [--rounds N] [--theirs PREFIX] [--ours PREFIX]

One client asks, one request after the other, over a unix socket and over TCP, with one connection for all and
with one for each. The floor is a C program (`bare_server.c`, `cc` is needed) that waits, reads, and writes
the same bytes as ours. Everything runs in temporary folders and is ended when the run ends.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parent))


import installations
from life_cycle import compiled

from harness.daemon import running
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
    #: Processor time of the server for one request, in milliseconds, of each turn.
    costs: list[float] = field(default_factory=list)

    def figures(self) -> tuple[float, float, float, float]:
        """Requests per second, median and 99th percentile in milliseconds, processor time in milliseconds."""
        ordered = sorted(self.latencies)
        percentile = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        rate = len(ordered) / sum(ordered)
        return rate, statistics.median(ordered) * 1000, percentile * 1000, statistics.median(self.costs)


def cpu_time(pid: int) -> float:
    """Processor time of all threads of a process, in seconds."""
    return (
        sum(int(thread.read_text().split()[0]) for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        / 1e9
    )


def read_answer(stream: BinaryIO) -> bytes:
    """Read one answer of a known length; its bytes, head and body."""
    status, length = stream.readline(), 0
    if b" 200 " not in status:
        raise RuntimeError(f"not an answer: {status!r}")
    lines = [status]
    while lines[-1] != b"\r\n":
        lines.append(stream.readline())
        name, _, value = lines[-1].partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = stream.read(length)
    if len(body) != length:
        raise RuntimeError("an answer was cut off")
    return b"".join([*lines, body])


#: The header of a request that is the only one on its connection.
CLOSE = b"Connection: close\r\n"


@dataclass(frozen=True)
class Server:
    """One that is measured: its process, where it listens, and how often it is asked at a time."""

    pid: int
    addresses: dict[str, Address]
    times: int

    def measure(self, way: str, body: bytes, sample: Sample) -> bytes:
        """Ask a number of times, over one of `WAYS`; the last answer."""
        address = self.addresses[way.partition(",")[0]]
        keep_alive = "," not in way
        request = (
            b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
            + (b"" if keep_alive else CLOSE)
            + b"Content-Length: %d\r\n\r\n" % len(body)
            + body
        )
        answer = b""
        before = cpu_time(self.pid)
        with contextlib.ExitStack() as kept:
            if keep_alive:
                connection = kept.enter_context(connect(address))
                stream = kept.enter_context(connection.makefile("rb"))
            for _ in range(self.times):
                begin = time.perf_counter()
                if keep_alive:
                    connection.sendall(request)
                    answer = read_answer(stream)
                else:
                    with connect(address) as own, own.makefile("rb") as own_stream:
                        own.sendall(request)
                        answer = read_answer(own_stream)
                sample.latencies.append(time.perf_counter() - begin)
        sample.costs.append((cpu_time(self.pid) - before) * 1000 / self.times)
        return answer


@contextlib.contextmanager
def bare_server(program: str, answer: bytes, times: int) -> Iterator[Server]:
    """The C program that answers everything with these bytes."""
    with contextlib.ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory()))
        (folder / "answer").write_bytes(answer)
        unix = kept.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(folder / "socket"))
        tcp = kept.enter_context(socket.socket(socket.AF_INET))
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tcp.bind(("127.0.0.1", 0))
        listeners = [each.fileno() for each in (unix, tcp)]
        for each in (unix, tcp):
            each.listen(1024)
        command = [program, str(folder / "answer"), CLOSE.decode(), *map(str, listeners)]
        with subprocess.Popen(command, pass_fds=listeners) as process:
            try:
                yield Server(
                    process.pid, {"unix": str(folder / "socket"), "TCP": tcp.getsockname()[1]}, times
                )
            finally:
                process.terminate()


#: How a server is asked: over what, and with one connection for all requests or one for each.
WAYS = ("unix", "unix, new connections", "TCP", "TCP, new connections")

#: What a table row is called, and its call, by the number of programs.
CALLS: dict[int, Sequence[Call]] = {
    1: [GET_STATE, MULTICALL],
    100: [get_all(20, 1000)],
    1000: [get_all(3, 200), GET_STATE],
}


def measure(
    servers: Sequence[Server], program: str, way: str, asked: Call, rounds: int
) -> list[tuple[float, float, float, float]]:
    """Figures of the original, of ours and of the floor, which take turns."""
    answer = Server(servers[1].pid, servers[1].addresses, 1).measure(way, asked.body, Sample())
    with bare_server(program, answer, servers[1].times) as floor:
        measured = [(server, Sample()) for server in (*servers, floor)]
        for _ in range(rounds):
            for server, sample in measured:
                server.measure(way, asked.body, sample)
        return [sample.figures() for _, sample in measured]


def main() -> int:
    """Measure and print; 2 when an installation is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind (default 5)")
    options, *both = installations.parse(parser)
    print("Original / ours / floor, and how much less processor time ours takes than the original.\n")
    print("| Call | programs | way | requests/s | p50 ms | p99 ms | CPU ms | CPU ratio |")
    print("|---|---|---|---|---|---|---|---|")
    cpu: dict[tuple[str, int], tuple[float, ...]] = {}
    with tempfile.TemporaryDirectory() as folder:
        program = compiled("bare_server", Path(folder))
        for count, calls in CALLS.items():
            with (
                running(both[0], many(count), inet="") as theirs,
                running(both[1], many(count), inet="") as ours,
            ):
                for asked in calls:
                    servers = [
                        Server(daemon.started_as, {"unix": daemon.socket, "TCP": daemon.port}, times)
                        for daemon, times in ((theirs, asked.theirs), (ours, asked.ours))
                    ]
                    for way in WAYS:
                        figures = measure(servers, program, way, asked, max(1, options.rounds))
                        cells = " | ".join(
                            " / ".join(f"{figure:.4g}" for figure in each) for each in zip(*figures)
                        )
                        original, own = figures[0][3], figures[1][3]
                        print(
                            f"| {asked.name} | {count} | {way} | {cells} | {original / own:.0f} |", flush=True
                        )
                        if way == "unix":
                            cpu[asked.name, count] = tuple(each[3] for each in figures)
    print("\n| Goal, over one unix connection | reached |\n|---|---|")
    goals = {("getState", 1): 30, ("getState", 1000): 30, ("getAllProcessInfo", 1000): 300}
    for (name, count), least in goals.items():
        original, own, floor = cpu[name, count]
        print(
            f"| {name}, {count} programs: at most 1/{least} of the original's processor time "
            f"| 1/{original / own:.0f}: {'reached' if own <= original / least else 'NOT reached'} "
            f"(the floor: 1/{original / floor:.0f}, ours {own / floor:.1f} times that) |"
        )
    few, lots = cpu["getState", 1][1], cpu["getState", 1000][1]
    print(
        f"| getState: as much with 1,000 programs as with one | {few:.4f} and {lots:.4f} ms: "
        f"{'reached' if lots <= 1.25 * few else 'NOT reached'} |"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
