#!/usr/bin/env python3
"""Measure how child output reaches its log: ours, the original, and a bare copier that does nothing else.

    python3 benchmarks/logs.py [--rounds N] [--megabytes N] [--lines N] [--theirs PREFIX] [--ours PREFIX]

For each kind of output a child writes as fast as it can. Measured are the megabytes a second, from
its start to the last byte in the log, and the processor time of the one that copies. The bare
copier is a C program that reads the pipe and writes the file (`cc` is needed). Nothing may be lost:
sizes are compared. Then how soon clients have their answers, while 20 children write as fast as they can,
and (as root) while the disk of a log does not answer.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "compat-tests"))

import installations  # noqa: E402

from harness.daemon import Daemon, running  # noqa: E402
from harness.under_test import UnderTest  # noqa: E402
from harness.waiting import wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1024 * 1024

#: Writes `count` times `size` bytes.
WRITER = r"""
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
    long size = atol(argv[1]), count = atol(argv[2]);
    char *data = malloc(size);
    memset(data, 'x', size);
    data[size - 1] = '\n';
    for (long done = 0; done < count; done++)
        if (write(1, data, size) != size) return 1;
    if (argc > 3) pause();
    return 0;
}
"""

#: Copies standard input to standard output.
COPIER = r"""
#include <unistd.h>
static char buffer[65536];
int main(void) {
    ssize_t size;
    while ((size = read(0, buffer, sizeof buffer)) > 0)
        if (write(1, buffer, size) != size) return 1;
    return size < 0;
}
"""


@dataclass(frozen=True)
class Load:
    """A kind of output: writes of `size` bytes, `count` of them, by each of so many children."""

    name: str
    size: int
    count: int
    children: int = 1
    settings: str = "stdout_logfile_maxbytes = 0"
    supervisord: str = ""

    @property
    def total(self) -> int:
        """Bytes that all children write."""
        return self.size * self.count * self.children


@dataclass(frozen=True)
class Sample:
    """One measurement: seconds until everything was there, and processor seconds of the copying process."""

    wall: float
    cpu: float


def compile_c(folder: Path, name: str, source: str) -> Path:
    """A program made from C."""
    path = folder / name
    subprocess.run(["cc", "-O2", "-x", "c", "-o", str(path), "-"], input=source.encode(), check=True)
    return path


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def through_daemon(under_test: UnderTest, writer: Path, load: Load) -> Sample:
    """Let a supervisord log it."""
    command = shlex.join([str(writer), str(load.size), str(load.count), "stay"])
    programs = (
        f"[program:w]\ncommand = {command}\nprocess_name = w%(process_num)d\nnumprocs = {load.children}\n"
        f"autostart = false\nstartsecs = 0\nstdout_logfile = %(here)s/w%(process_num)d.log\n{load.settings}\n"
    )
    with running(under_test, programs, supervisord=load.supervisord) as daemon:

        def written() -> int:
            try:
                return sum(path.stat().st_size for path in daemon.folder.glob("w*.log*"))
            except FileNotFoundError:  # In the middle of a rotation.
                return 0

        before, begin = cpu_seconds(daemon.started_as), time.perf_counter()
        daemon.rpc.startProcessGroup("w", False)
        wait_for(lambda: written() >= load.total, f"{load.total} bytes of {load.name}", deadline=600)
        taken = Sample(time.perf_counter() - begin, cpu_seconds(daemon.started_as) - before)
        if written() != load.total:
            raise RuntimeError(f"{load.name}: {written()} bytes instead of {load.total}")
        daemon.rpc.stopProcessGroup("w")
        return taken


def through_copier(copier: Path, writer: Path, load: Load) -> Sample:
    """Let the bare copier write it: one for each child, side by side."""
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        begin = time.perf_counter()
        pairs = []
        for number in range(load.children):
            source = subprocess.Popen([writer, str(load.size), str(load.count)], stdout=subprocess.PIPE)
            with open(Path(folder) / str(number), "wb") as file:
                pairs.append((source, subprocess.Popen([copier], stdin=source.stdout, stdout=file)))
        cpu = 0.0
        for source, copying in pairs:
            _, _, usage = os.wait4(copying.pid, 0)
            copying.returncode = 0
            cpu += usage.ru_utime + usage.ru_stime
            source.wait()
        return Sample(time.perf_counter() - begin, cpu)


def loads(megabytes: int, lines: int) -> list[Load]:
    """The kinds: large writes, short lines, rotation, many children, escapes."""
    large = megabytes * MEGABYTE // 65536
    # As many as keep all of it.
    rotating = f"stdout_logfile_maxbytes = 10MB\nstdout_logfile_backups = {megabytes // 10 + 1}"
    return [
        Load("64 KiB writes", 65536, large),
        Load("short lines", 60, lines),
        Load("64 KiB writes, rotated", 65536, large, settings=rotating),
        Load("20 children, 4 KiB writes", 4096, max(1, megabytes * MEGABYTE // 4096 // 20), children=20),
        Load("64 KiB writes, strip_ansi", 65536, large, supervisord="strip_ansi = true"),
        Load(
            "64 KiB writes, capture mode",
            65536,
            large,
            settings=f"stdout_logfile_maxbytes = 0\n{CAPTURED}",
        ),
    ]


def answers(daemon: Daemon, count: int = 500) -> tuple[float, float]:
    """Median and 99th percentile of the milliseconds until a client has its answer."""
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        daemon.rpc.getProcessInfo("bystander")
        taken.append((time.perf_counter() - begin) * 1000)
    taken.sort()
    return statistics.median(taken), taken[count * 99 // 100]


CAPTURED = "stdout_capture_maxbytes = 1KB"
BYSTANDER = "[program:bystander]\ncommand = sleep 1000000\nautorestart = false\nstdout_logfile = NONE\n"


def answers_under_load(under_test: UnderTest, writer: Path, settings: str = "") -> tuple[float, float]:
    """The same, while 20 children write as fast as they can."""
    command = shlex.join([str(writer), "4096", str(2**40)])
    programs = (
        f"[program:w]\ncommand = {command}\nprocess_name = w%(process_num)d\nnumprocs = 20\nstartsecs = 0\n"
        "stdout_logfile = %(here)s/w%(process_num)d.log\nstdout_logfile_maxbytes = 1MB\n"
        f"stdout_logfile_backups = 1\n{settings}\n{BYSTANDER}"
    )
    with running(under_test, programs) as daemon:
        wait_for(lambda: len(list(daemon.folder.glob("w*.log.1"))) == 20, "all to write", deadline=60)
        figures = answers(daemon)
        daemon.rpc.stopProcessGroup("w")
        return figures


def answers_while_stalled(under_test: UnderTest, writer: Path) -> tuple[float, float] | None:
    """The same, while a disk that a child logs to does not answer; None where no disk can be frozen."""
    daemon = Daemon(under_test)
    folder = daemon.folder / "disk"
    image = daemon.folder / "image"
    with open(image, "wb") as file:
        file.truncate(16 * MEGABYTE)
    folder.mkdir()
    command = shlex.join([str(writer), "4096", str(2**40)])
    daemon.configure(f"[program:w]\ncommand = {command}\nstdout_logfile = {folder}/w.log\n{BYSTANDER}")
    steps = [["mkfs.ext4", "-q", str(image)], ["mount", "-o", "loop", str(image), str(folder)]]
    try:
        if not all(
            shutil.which(step[0]) and subprocess.run(step, check=False).returncode == 0 for step in steps
        ):
            return None
        daemon.start()
        wait_for((folder / "w.log").exists, "the log")
        subprocess.run(["fsfreeze", "-f", str(folder)], check=True)
        try:
            wait_for(lambda: "does not answer" in daemon.log_text, "the disk to be missed")
            figures = answers(daemon)
            daemon.rpc.stopProcess("w")
            return figures
        finally:
            subprocess.run(["fsfreeze", "-u", str(folder)], check=True)
    finally:
        if daemon.is_running:
            daemon.stop()
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
        daemon.end()


def main() -> int:
    """Measure and print; 2 when something is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    parser.add_argument("--megabytes", type=int, default=1024, help="bytes of large writes (default 1024 MB)")
    parser.add_argument("--lines", type=int, default=2_000_000, help="short lines (default two million)")
    options, theirs, ours = installations.parse(parser)
    if shutil.which("cc") is None:
        print("missing: cc", file=sys.stderr)
        return 2
    print("| Output | bare copier MB/s | original | ours | CPU s per GiB: bare | original | ours |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        writer = compile_c(Path(folder), "writer", WRITER)
        copier = compile_c(Path(folder), "copier", COPIER)
        for load in loads(options.megabytes, options.lines):
            samples: list[list[Sample]] = [[], [], []]
            for _ in range(options.rounds):
                samples[0].append(through_copier(copier, writer, load))
                samples[1].append(through_daemon(theirs, writer, load))
                samples[2].append(through_daemon(ours, writer, load))
            speed = [statistics.median(load.total / MEGABYTE / one.wall for one in each) for each in samples]
            cpu = [
                statistics.median(one.cpu * 1024 * MEGABYTE / load.total for one in each) for each in samples
            ]
            figures = [f"{value:.0f}" for value in speed] + [f"{value:.2f}" for value in cpu]
            print(f"| {load.name} | " + " | ".join(figures) + " |", flush=True)
        print("\n| Milliseconds until a client has its answer | median | 99th percentile |\n|---|---|---|")
        waits = {
            "original, 20 children at full speed": answers_under_load(theirs, writer),
            "ours, 20 children at full speed": answers_under_load(ours, writer),
            "original, the same in capture mode": answers_under_load(theirs, writer, CAPTURED),
            "ours, the same in capture mode": answers_under_load(ours, writer, CAPTURED),
            "ours, a log's disk does not answer": answers_while_stalled(ours, writer),
        }
        for name, figure in waits.items():
            shown = f"{figure[0]:.2f} | {figure[1]:.2f}" if figure else "no disk can be frozen here | |"
            print(f"| {name} | {shown} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
