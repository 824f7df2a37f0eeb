#!/usr/bin/env python3
"""Measure the way of events to a listener beside the original in one run, as Markdown tables.

    python3 benchmarks/events.py [--rounds N] [--burst N] [--events N] [--single N] [--load N] [--stuck N]
                                 [--theirs PREFIX] [--ours PREFIX]

All events are communication events that a C program writes to its standard output, and the listener is
a C program too (`event_ends.c`, `cc` is needed). The yardstick is the same listener at the end of two
pipes whose other ends a C program holds that does nothing else: it sends the next message when it is
asked for one, or for the time that one event takes, waits for a message of a third and passes it on.
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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent))

import installations
from life_cycle import LIMITS, PATIENCE, compiled, many, wait_count
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
#: Under load: programs that talk, and others that do nothing.
TALKERS, IDLE = 100, 200
#: Events a second of all talkers.
RATES = (100, 1000)


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
    under_test: UnderTest,
    ends: str,
    count: int,
    pause: int,
    log: str = "NONE",
    buffer_size: int = BUFFER_SIZE,
    talkers: int = 1,
    more: str = "",
) -> Iterator[tuple[Daemon, Notes]]:
    """A daemon with the group of talkers and the listener, neither of them started, and more programs."""
    quiet = "autorestart = false\nstartsecs = 0\nstderr_logfile = NONE\n"
    talk = [ends, "talk", str(count), str(pause), "%(process_num)d", str(talkers)]
    programs = (
        f"[program:talker]\ncommand = {shlex.join(talk)}\nautostart = false\n{quiet}"
        f"process_name = %(process_num)d\nnumprocs = {talkers}\n"
        "stdout_logfile = NONE\nstdout_capture_maxbytes = 1KB\n"
        f"[eventlistener:listener]\ncommand = {shlex.quote(ends)} listen %(here)s/notes\n{quiet}"
        f"autostart = false\nstdout_logfile = {log}\nevents = PROCESS_COMMUNICATION\n"
        f"buffer_size = {buffer_size}\n{more}"
    )
    with running(under_test, programs, supervisord=LIMITS) as daemon:
        yield daemon, Notes(daemon.folder / "notes", count * talkers)


def burst(under_test: UnderTest, ends: str, count: int) -> float:
    """Let one burst reach a listener that waits for it; the part of it that is lost."""
    with daemon_with(under_test, ends, count, 0) as (daemon, notes):
        daemon.rpc.startProcess("listener")
        daemon.rpc.startProcessGroup("talker", False)
        notes.wait()
        return 1 - notes.received / count


def drain(under_test: UnderTest, ends: str, count: int, log: str) -> Sample:
    """Let a burst wait in the buffer, then a listener take it, one event after the other."""
    with daemon_with(under_test, ends, count, 0, log) as (daemon, notes):
        pid = daemon.started_as
        daemon.rpc.startProcessGroup("talker", False)
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


def on_its_own(ends: str, action: str, *arguments: int) -> tuple[Notes, str]:
    """Let the C program do without a daemon what its first argument says; what came, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        path = Path(folder) / "notes"
        notes = Notes(path, arguments[0])
        command = [ends, action, str(path), *map(str, arguments)]
        return notes, subprocess.run(command, check=True, capture_output=True, text=True).stdout


def bare(ends: str, count: int) -> Sample:
    """Let the bare exchange do it."""
    notes, printed = on_its_own(ends, "ping", count)
    nanoseconds, cpu = map(int, printed.split())
    return Sample(1 - notes.received / count, count / nanoseconds * 1e9, cpu / count / 1000)


@dataclass(frozen=True)
class Delay:
    """Microseconds from a program's write to the listener's read, and the part of the events that is lost."""

    median: float
    rare: float
    lost: float = 0

    @staticmethod
    def of(notes: Notes) -> Delay:
        """Those of all that came."""
        times = notes.microseconds() or [float("inf")]
        return Delay(times[len(times) // 2], times[len(times) * 99 // 100], 1 - notes.received / notes.count)


def latency(under_test: UnderTest, ends: str, count: int) -> Delay:
    """That of single events, in a daemon that has nothing else to do."""
    with daemon_with(under_test, ends, count, PAUSE) as (daemon, notes):
        daemon.rpc.startProcess("listener")
        daemon.rpc.startProcessGroup("talker", False)
        notes.wait()
        return Delay.of(notes)


def latency_under_load(under_test: UnderTest, ends: str, count: int, rate: int) -> Delay:
    """That of so many events a second which many programs bring up, beside others that do nothing."""
    pause = TALKERS * 1_000_000 // rate
    each = count // TALKERS
    with daemon_with(under_test, ends, each, pause, talkers=TALKERS, more=many(IDLE)) as (daemon, notes):
        wait_count(daemon, "entered RUNNING state", IDLE)
        daemon.rpc.startProcess("listener")
        daemon.rpc.startProcessGroup("talker", False)
        notes.wait()
        return Delay.of(notes)


Figures = TypeVar("Figures", Sample, Delay)


def medians(samples: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    kind = type(samples[0])
    names = [field.name for field in fields(kind)]
    return kind(*(statistics.median(getattr(one, name) for one in samples) for name in names))


def memory(under_test: UnderTest, ends: str, count: int, buffer_size: int) -> float:
    """Bytes by which a daemon grows with that many events which nobody takes."""
    with daemon_with(under_test, ends, count, 0, buffer_size=buffer_size) as (daemon, _):
        before = resident_bytes(daemon.started_as)
        daemon.rpc.startProcessGroup("talker", False)
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
    found = [medians(each) for each in zip(*taken)]
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


def delay_rows(what: str, measured: Sequence[Sequence[Delay]]) -> None:
    """How long events took in each round: by the bare relay, where there is one, the original and ours."""
    found = [medians(each) for each in zip(*measured)]
    original, own = found[-2:]
    floor = [""] * (3 - len(found))
    for name, label in (("median", "median"), ("rare", "99th percentile")):
        figures = [*floor, *(f"{getattr(each, name):,.0f} µs" for each in found)]
        is_met = getattr(own, name) <= getattr(original, name) / 3
        row(f"from a program to the listener, {what}, {label}", figures, "at most a third", is_met)
    if any(each.lost for each in found):
        row("lost of these", [*floor, *(f"{each.lost:.1%}" for each in found)], "none", own.lost == 0)


def main() -> int:
    """Measure and print; 2 when something is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    parser.add_argument("--burst", type=int, default=10_000, help="events of one burst (default 10,000)")
    parser.add_argument("--events", type=int, default=50_000, help="events that wait (default 50,000)")
    parser.add_argument("--single", type=int, default=1000, help="single events (default 1,000)")
    parser.add_argument("--load", type=int, default=5000, help="events under load (default 5,000)")
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
        single = [
            (
                Delay.of(on_its_own(ends, "relay", options.single, PAUSE)[0]),
                latency(theirs, ends, options.single),
                latency(ours, ends, options.single),
            )
            for _ in rounds
        ]
        delay_rows("one at a time", single)
        for rate in RATES:
            loaded = [
                [latency_under_load(each, ends, options.load, rate) for each in (theirs, ours)]
                for _ in rounds
            ]
            delay_rows(f"{rate:,} a second of {TALKERS} programs beside {IDLE} idle ones", loaded)
        waiting = [memory(each, ends, options.events, BUFFER_SIZE) for each in (theirs, ours)]
        row("memory of an event that waits", ("", *(f"{each / options.events:.0f} B" for each in waiting)))
        grown = memory(ours, ends, options.stuck, 10) / MEGABYTE
        what = f"memory after {options.stuck:,} events that nobody takes, `buffer_size = 10`"
        row(what, ("", "", f"+{grown:.1f} MB"), "at most 16 MB", grown <= 16)
    return 0


if __name__ == "__main__":
    sys.exit(main())
