#!/usr/bin/env python3
"""Measure the way of events to a listener beside the original in one run, as Markdown tables.

    python3 benchmarks/events.py [--rounds N] [--burst N] [--events N] [--single N] [--stuck N]
                                 [--theirs PREFIX] [--ours PREFIX]

All events are communication events that a C program writes to its standard output, and the listener is
a C program too (`event_ends.c`, `cc` is needed). The yardstick is the same listener at the end of two
pipes whose other ends a C program holds that does nothing else: it sends the next message when it is
asked for one.
"""

from __future__ import annotations

import argparse
import contextlib
import mmap
import shlex
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import installations
from life_cycle import PATIENCE, compiled
from logs import cpu_seconds
from side_by_side import MEGABYTE, resident_bytes

from harness.daemon import Daemon, running
from harness.under_test import UnderTest
from harness.waiting import StateNotReachedError, wait_for

BUFFER_SIZE = 1_000_000
#: Seconds without a new event after which no more is expected: the rest is lost.
SILENCE = 3.0
#: Microseconds between single events.
PAUSE = 2000


class Notes:
    """What the listener notes: how many events came, when the first and the last, and how long each took."""

    HEAD = struct.Struct("3q")

    def __init__(self, path: Path, count: int) -> None:
        self.count = count
        with open(path, "w+b") as file:
            file.truncate(8 * (3 + count))
            self._notes = mmap.mmap(file.fileno(), 0)

    @property
    def received(self) -> int:
        """How many came so far."""
        return int(self.HEAD.unpack_from(self._notes)[0])

    @property
    def seconds(self) -> float:
        """From the first to the last."""
        _, first, last = self.HEAD.unpack_from(self._notes)
        return float(last - first) / 1e9

    def microseconds(self) -> list[float]:
        """How long each took that came, the shortest first."""
        times = struct.unpack_from(f"{self.count}q", self._notes, self.HEAD.size)
        return sorted(time / 1000 for time in times if time)

    def wait(self) -> None:
        """Wait until all came, or no more do."""
        before = -1
        while before < self.received < self.count:
            before = self.received
            with contextlib.suppress(StateNotReachedError):
                wait_for(lambda: self.received == self.count, "the last event", SILENCE)


@dataclass(frozen=True)
class Sample:
    """One measurement: the part that was lost, events a second, and processor microseconds for each."""

    lost: float
    rate: float
    cpu: float


@contextlib.contextmanager
def daemon_with(
    under_test: UnderTest, ends: str, count: int, pause: int, log: str, buffer_size: int = BUFFER_SIZE
) -> Iterator[tuple[Daemon, Notes]]:
    """A daemon with the talker and the listener, neither of them started."""
    quiet = "autostart = false\nautorestart = false\nstartsecs = 0\nstderr_logfile = NONE\n"
    programs = (
        f"[program:talker]\ncommand = {shlex.join([ends, 'talk', str(count), str(pause)])}\n{quiet}"
        "stdout_logfile = NONE\nstdout_capture_maxbytes = 1KB\n"
        f"[eventlistener:listener]\ncommand = {shlex.quote(ends)} listen %(here)s/notes\n{quiet}"
        f"stdout_logfile = {log}\nevents = PROCESS_COMMUNICATION\nbuffer_size = {buffer_size}\n"
    )
    with running(under_test, programs) as daemon:
        yield daemon, Notes(daemon.folder / "notes", count)


def burst(under_test: UnderTest, ends: str, count: int) -> float:
    """Let one burst reach a listener that waits for it; the part of it that is lost."""
    with daemon_with(under_test, ends, count, 0, "NONE") as (daemon, notes):
        daemon.rpc.startProcess("listener")
        daemon.rpc.startProcess("talker")
        notes.wait()
        return 1 - notes.received / count


def drain(under_test: UnderTest, ends: str, count: int, log: str) -> Sample:
    """Let a burst wait in the buffer, then a listener take it, one event after the other."""
    with daemon_with(under_test, ends, count, 0, log) as (daemon, notes):
        pid = daemon.started_as
        daemon.rpc.startProcess("talker")
        settle(pid)
        before = cpu_seconds(pid)
        daemon.rpc.startProcess("listener")
        notes.wait()
        cpu = cpu_seconds(pid) - before
        received = max(1, notes.received)
        return Sample(1 - notes.received / count, received / notes.seconds, cpu / received * 1e6)


def settle(pid: int) -> None:
    """Wait until a daemon has taken in what a burst is: it has slept for a while."""
    seen: list[float] = []

    def look() -> bool:
        seen.append(cpu_seconds(pid))
        return len(seen) > 20 and seen[-1] == seen[-20]

    wait_for(look, "the end of the burst", PATIENCE)


def bare(ends: str, count: int) -> Sample:
    """Let the bare exchange do it."""
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        path = Path(folder) / "notes"
        notes = Notes(path, count)
        command = [ends, "ping", str(path), str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        nanoseconds, cpu = map(int, done.stdout.split())
        return Sample(1 - notes.received / count, count / nanoseconds * 1e9, cpu / count / 1000)


def latency(under_test: UnderTest, ends: str, count: int) -> tuple[float, float]:
    """Median and 99th percentile of the microseconds from a program's write to the listener's read."""
    with daemon_with(under_test, ends, count, PAUSE, "NONE") as (daemon, notes):
        daemon.rpc.startProcess("listener")
        daemon.rpc.startProcess("talker")
        notes.wait()
        times = notes.microseconds()
        return times[len(times) // 2], times[len(times) * 99 // 100]


def medians(samples: list[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(
        *(statistics.median(getattr(one, name) for one in samples) for name in ("lost", "rate", "cpu"))
    )


def memory(under_test: UnderTest, ends: str, count: int, buffer_size: int) -> float:
    """Bytes by which a daemon grows with that many events which nobody takes."""
    with daemon_with(under_test, ends, count, 0, "NONE", buffer_size) as (daemon, _):
        before = resident_bytes(daemon.started_as)
        daemon.rpc.startProcess("talker")
        settle(daemon.started_as)
        return resident_bytes(daemon.started_as) - before


def row(what: str, figures: Iterable[str], goal: str = "none", is_met: bool | None = None) -> None:
    """Print a line of the table; the figures are those of the bare exchange, of the original and of ours."""
    verdict = "" if is_met is None else f": {'reached' if is_met else 'NOT reached'}"
    print(f"| {what} | {' | '.join(figures)} | {goal}{verdict} |", flush=True)


def drain_rows(theirs: UnderTest, ours: UnderTest, ends: str, count: int, log: str, rounds: range) -> None:
    """What becomes of events that wait, and what each costs."""
    taken = [
        (bare(ends, count), drain(theirs, ends, count, log), drain(ours, ends, count, log)) for _ in rounds
    ]
    found = [medians(list(each)) for each in zip(*taken)]
    best, _, own = found
    row(
        f"events a second, its `stdout_logfile = {log}`",
        (f"{each.rate:,.0f}" for each in found),
        "at least 0.7 of the bare",
        own.rate >= 0.7 * best.rate,
    )
    row(
        "processor time of each",
        (f"{each.cpu:.1f} µs" for each in found),
        "at most twice the bare",
        own.cpu <= 2 * best.cpu,
    )
    row(f"lost of {count:,} that waited", (f"{each.lost:.0%}" for each in found), "none", own.lost == 0)


def main() -> int:
    """Measure and print; 2 when something is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    parser.add_argument("--burst", type=int, default=10_000, help="events of one burst (default 10,000)")
    parser.add_argument("--events", type=int, default=50_000, help="events that wait (default 50,000)")
    parser.add_argument("--single", type=int, default=1000, help="single events (default 1,000)")
    parser.add_argument(
        "--stuck", type=int, default=1_000_000, help="events nobody takes (default a million)"
    )
    options, theirs, ours = installations.parse(parser)
    if shutil.which("cc") is None:
        print("missing: cc", file=sys.stderr)
        return 2
    rounds = range(max(1, options.rounds))
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        ends = compiled("event_ends", Path(folder))
        print("| One listener | bare exchange | original | ours | goal |\n|---|---|---|---|---|", flush=True)
        losses = [(burst(theirs, ends, options.burst), burst(ours, ends, options.burst)) for _ in rounds]
        original, own = (max(each) for each in zip(*losses))
        row(f"lost of a burst of {options.burst:,}", ("", f"{original:.0%}", f"{own:.0%}"), "none", own == 0)
        for log in ("NONE", "AUTO"):
            drain_rows(theirs, ours, ends, options.events, log, rounds)
        delays = [
            (latency(theirs, ends, options.single), latency(ours, ends, options.single)) for _ in rounds
        ]
        for number, name in enumerate(("median", "99th percentile")):
            original, own = (statistics.median(each[number] for each in one) for one in zip(*delays))
            what = f"from a program to the listener, {name}"
            row(what, ("", f"{original:.0f} µs", f"{own:.0f} µs"), "at most a third", own <= original / 3)
        waiting = [memory(each, ends, options.events, BUFFER_SIZE) for each in (theirs, ours)]
        row("memory of an event that waits", ("", *(f"{each / options.events:.0f} B" for each in waiting)))
        grown = memory(ours, ends, options.stuck, 10) / MEGABYTE
        what = f"memory after {options.stuck:,} events that nobody takes, `buffer_size = 10`"
        row(what, ("", "", f"+{grown:.1f} MB"), "at most 16 MB", grown <= 16)
    return 0


if __name__ == "__main__":
    sys.exit(main())
