"""The files that logging leaves: rotation to the byte, reopening, files that others remove or replace."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from functools import partial

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon
from harness.talking import joined, say, talker, wait_content, wait_files
from harness.waiting import wait_for


@dataclass(frozen=True)
class Rotation:
    """A rotated log: its settings, what was there before, and the sizes of the writes."""

    maxbytes: int
    backups: int
    before: str
    sizes: tuple[int, ...]


ROTATIONS = {
    "two": Rotation(10, 2, "", (4,) * 10),
    "one": Rotation(10, 1, "", (10, 10, 3)),
    "none": Rotation(10, 0, "", (4, 4, 4, 4, 4)),
    "three": Rotation(10, 3, "", (25, 1, 1, 1, 12, 30, 2)),
    "never": Rotation(0, 2, "", (5, 5, 5, 5, 5)),
    "appended": Rotation(10, 2, ".......", (2, 2, 2)),
    "overfull": Rotation(10, 5, "............", (1,)),
    "tiny": Rotation(1, 2, "", (1, 1, 1, 1)),
    "large": Rotation(1 << 20, 2, "", (60000,) * 40),
}


def is_said(daemon: Daemon, text: str) -> bool:
    """Whether this text stands on the daemon's standard output."""
    return text in daemon.stdout


def is_joined(daemon: Daemon, name: str, expected: object) -> bool:
    """Whether a log and its rotated files hold just this."""
    return bool(joined(daemon.folder, name) == expected)


def after(name: str, log: Rotation, files: dict[str, bytes], data: bytes) -> dict[str, bytes]:
    """The files after one more write, by the original's rule: it rotates behind the write that filled the log."""
    base = f"{name}.log"
    files = {**files, base: files.get(base, b"") + data}
    if log.maxbytes and len(files[base]) >= log.maxbytes:
        names = [base, *(f"{base}.{number}" for number in range(1, log.backups + 1))]
        moved = {new: files[old] for old, new in zip(names, names[1:]) if old in files}
        files = {**moved, base: b""}
    return files


def test_rotation_leaves_the_same_files_to_the_byte(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(
        "".join(
            talker(
                name,
                f"stdout_logfile = %(here)s/{name}.log\nstdout_logfile_maxbytes = {log.maxbytes}\n"
                f"stdout_logfile_backups = {log.backups}",
            )
            for name, log in ROTATIONS.items()
        )
    )
    files: dict[str, dict[str, bytes]] = {}
    for name, log in ROTATIONS.items():
        files[name] = {f"{name}.log": log.before.encode()}
        daemon.write(f"{name}.log", log.before)
    daemon.start()
    for step in range(max(len(log.sizes) for log in ROTATIONS.values())):
        talking = {name: log for name, log in ROTATIONS.items() if step < len(log.sizes)}
        for name, log in talking.items():
            data = bytes([ord("a") + step]) * log.sizes[step]
            say(daemon, name, data)
            files[name] = after(name, log, files[name], data)
        for name in talking:
            wait_files(daemon.folder, f"{name}.log", files[name])


@pytest.mark.parametrize("backups", [0, 2])
def test_the_main_log_loses_no_line_in_rotation(prepare: Prepare, backups: int) -> None:
    daemon = prepare()
    daemon.configure(
        talker("x", "stdout_logfile = NONE\nredirect_stderr = true"),
        supervisord=f"loglevel = debug\nlogfile_maxbytes = 600\nlogfile_backups = {backups}",
    )
    daemon.start(ready=False)
    for number in range(30):
        say(daemon, "x", f"record {number}".encode())
        wait_for(partial(is_said, daemon, f"record {number}\n"), "the record on standard output")
    names = sorted(path.name for path in daemon.folder.glob("supervisord.log*"))
    assert names == ["supervisord.log", "supervisord.log.1", "supervisord.log.2"][: backups + 1]
    # Standard output has all lines; the files have the end of them, cut after the line that filled one.
    kept = [(daemon.folder / name).read_text() for name in reversed(names)]
    wait_for(lambda: daemon.stdout.endswith("".join(kept)), "the same lines in the files")
    for text in kept[:-1]:
        assert len(text) >= 600


def test_sigusr2_opens_all_logs_again(supervise: Supervise) -> None:
    daemon = supervise(
        talker("a", "stdout_logfile = %(here)s/a.log")
        + talker("b", "stderr_logfile = %(here)s/b.log", stderr=True)
    )
    for name in ("a", "b"):
        say(daemon, name, b"old")
        wait_content(daemon.folder / f"{name}.log", b"old")
    for name in ("a.log", "b.log", "supervisord.log"):
        (daemon.folder / name).rename(daemon.folder / f"{name}.moved")
    daemon.signal(signal.SIGUSR2)
    wait_for(
        lambda: daemon.nudge() and (daemon.folder / "a.log").exists() and (daemon.folder / "b.log").exists(),
        "new logs",
    )
    for name in ("a", "b"):
        say(daemon, name, b"new")
        wait_content(daemon.folder / f"{name}.log", b"new")
        assert (daemon.folder / f"{name}.log.moved").read_bytes() == b"old"
    moved = (daemon.folder / "supervisord.log.moved").read_text()
    assert moved.splitlines()[-1].endswith(" INFO supervisord logreopen")
    assert daemon.log_text == ""


def test_sigusr2_without_any_change_goes_on_in_the_same_files(supervise: Supervise) -> None:
    daemon = supervise(talker("a", "stdout_logfile = %(here)s/a.log"))
    say(daemon, "a", b"one ")
    wait_content(daemon.folder / "a.log", b"one ")
    daemon.signal(signal.SIGUSR2)
    daemon.wait_log("INFO supervisord logreopen")
    say(daemon, "a", b"two")
    wait_content(daemon.folder / "a.log", b"one two")


def test_a_log_removed_from_outside_comes_back_with_sigusr2_and_restart(supervise: Supervise) -> None:
    daemon = supervise(talker("a", "stdout_logfile = %(here)s/a.log"))
    log = daemon.folder / "a.log"
    say(daemon, "a", b"gone")
    wait_content(log, b"gone")
    log.unlink()
    daemon.signal(signal.SIGUSR2)
    wait_for(lambda: daemon.nudge() and log.exists(), "the log")
    say(daemon, "a", b"kept ")
    wait_content(log, b"kept ")
    log.unlink()
    daemon.rpc.stopProcess("a")
    daemon.rpc.startProcess("a")
    say(daemon, "a", b"again")
    wait_content(log, b"again")


def test_a_log_emptied_from_outside_goes_on_at_its_beginning(supervise: Supervise) -> None:
    daemon = supervise(talker("a", "stdout_logfile = %(here)s/a.log"))
    log = daemon.folder / "a.log"
    say(daemon, "a", b"before")
    wait_content(log, b"before")
    os.truncate(log, 0)
    say(daemon, "a", b"after")
    # No hole of zeros where the old text was.
    wait_content(log, b"after")


def test_a_rotated_log_removed_from_outside_is_rotated_all_the_same(supervise: Supervise) -> None:
    daemon = supervise(
        talker(
            "a", "stdout_logfile = %(here)s/a.log\nstdout_logfile_maxbytes = 4\nstdout_logfile_backups = 3"
        )
    )
    log = daemon.folder / "a.log"
    say(daemon, "a", b"aaaa")
    wait_files(daemon.folder, "a.log", {"a.log": b"", "a.log.1": b"aaaa"})
    log.unlink()
    say(daemon, "a", b"bbbb")
    wait_files(daemon.folder, "a.log", {"a.log": b"", "a.log.2": b"aaaa"})
    say(daemon, "a", b"cc")
    wait_files(daemon.folder, "a.log", {"a.log": b"cc", "a.log.2": b"aaaa"})


def test_several_programs_and_both_streams_may_have_one_file(supervise: Supervise) -> None:
    both = "stdout_logfile = %(here)s/all.log\nstderr_logfile = %(here)s/all.log"
    daemon = supervise(talker("a", both) + talker("b", both, stderr=True))
    written = b""
    for number in range(10):
        for name in ("a", "b"):
            data = f"{name}{number} ".encode()
            say(daemon, name, data)
            written += data
            wait_content(daemon.folder / "all.log", written)


def test_a_percent_sign_in_a_file_name_is_expanded_twice(supervise: Supervise) -> None:
    daemon = supervise(talker("a", "stdout_logfile = %(here)s/a%%%%b-%(program_name)s.log"))
    say(daemon, "a", b"text")
    wait_content(daemon.folder / "a%b-a.log", b"text")


def test_binary_data_single_bytes_and_no_newline_are_kept(supervise: Supervise) -> None:
    daemon = supervise(
        talker("a", "stdout_logfile = %(here)s/a.log") + talker("b", "stdout_logfile = %(here)s/b.log")
    )
    everything = bytes(range(256)) * 200
    say(daemon, "a", everything)
    for byte in b"one by one":
        say(daemon, "b", bytes([byte]))
    wait_content(daemon.folder / "a.log", everything)
    wait_content(daemon.folder / "b.log", b"one by one")


STRIPPED = {
    b"\x1b[34mHello, \x1b[0mWorld!\n": b"Hello, World!\n",
    b"\x1b[1;31;40mred\x1b[0m and \x1b[Kcleared\x1b[2J\n": b"red and cleared\n",
    b"a\x1bc stays, \x1b] too\n": b"a\x1bc stays, \x1b] too\n",
    b"plain \xff\x00\n": b"plain \xff\x00\n",
}


@pytest.mark.parametrize("how", ["setting", "option"])
def test_strip_ansi(prepare: Prepare, how: str) -> None:
    daemon = prepare()
    daemon.configure(
        talker("a", "stdout_logfile = %(here)s/a.log"),
        supervisord="strip_ansi = true" if how == "setting" else "",
    )
    daemon.start(*(["-t"] if how == "option" else []))
    written = b""
    for text, stripped in STRIPPED.items():
        say(daemon, "a", text)
        written += stripped
        wait_content(daemon.folder / "a.log", written)


# Nothing lost, nothing doubled


RECORDS = """
import hashlib, os, sys, time
name, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
digest = hashlib.sha256()
for number in range(count):
    record = f"{name} {number} {'x' * (number * 7 % 200)}\\n".encode()
    digest.update(record)
    sys.stdout.buffer.write(record)
    if number % 50 == 0:
        sys.stdout.flush()
        time.sleep(0.002)
sys.stdout.flush()
open(os.path.join(folder, name + ".sum"), "w").write(digest.hexdigest())
"""


def records(name: str, count: int) -> bytes:
    """What one of the writers writes."""
    return b"".join(f"{name} {number} {'x' * (number * 7 % 200)}\n".encode() for number in range(count))


@pytest.mark.parametrize("reopen", [False, True])
def test_no_byte_of_many_writers_is_lost_or_doubled(supervise: Supervise, reopen: bool) -> None:
    writers, count = 20, 1500
    daemon: Daemon = supervise(
        f"""
        [program:w]
        command = python3 -I -S %(here)s/records.py w%(process_num)s %(here)s {count}
        process_name = w%(process_num)s
        numprocs = {writers}
        autostart = false
        startsecs = 0
        stdout_logfile = %(here)s/w%(process_num)s.log
        stdout_logfile_maxbytes = 20KB
        stdout_logfile_backups = 20
        """
    )
    daemon.write("records.py", RECORDS)
    daemon.rpc.startProcessGroup("w", False)
    names = [f"w{number}" for number in range(writers)]

    def all_written() -> bool:
        if reopen:
            daemon.signal(signal.SIGUSR2)
        return daemon.nudge() and all((daemon.folder / f"{name}.sum").exists() for name in names)

    wait_for(all_written, "the end of all writers")
    for name in names:
        expected = records(name, count)
        wait_for(
            partial(is_joined, daemon, name, expected),
            f"all records of {name}",
        )


def test_no_byte_is_lost_at_stop_and_shutdown(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sh -c 'trap "seq 20000; echo bye; exit 0" TERM; echo ready; while :; do sleep 0.01; done'
        startsecs = 0
        stdout_logfile = %(here)s/x.log
        """
    )
    last = "".join(f"{number}\n" for number in range(1, 20001)) + "bye\n"
    wait_content(daemon.folder / "x.log", b"ready\n")
    daemon.rpc.stopProcess("x")
    wait_content(daemon.folder / "x.log", f"ready\n{last}".encode())
    daemon.rpc.startProcess("x")
    wait_content(daemon.folder / "x.log", f"ready\n{last}ready\n".encode())
    assert daemon.stop() == 0
    assert (daemon.folder / "x.log").read_text() == f"ready\n{last}ready\n{last}"
