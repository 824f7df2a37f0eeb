"""When a log cannot be written: the program goes on, everybody else does, and what was lost is said."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon
from harness.disks import break_disk, image_disk, replace_disk, small_disk
from harness.talking import HEARD, say, talker, wait_content
from harness.waiting import wait_for


def fill(folder: Path) -> Path:
    """Take all the room; the file that has it."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return path


def about(daemon: Daemon, name: str) -> list[str]:
    """The lines of the main log about the stream of a program."""
    return [line for line in daemon.log_lines() if f"stdout of '{name}'" in line]


@pytest.mark.needs_root
def test_a_full_disk_stops_nobody_and_the_loss_is_counted(prepare: Prepare) -> None:
    daemon = prepare()
    with small_disk(daemon.folder / "disk"):
        daemon.configure(
            talker("a", "stdout_logfile = %(here)s/disk/a.log")
            + talker("b", "stdout_logfile = %(here)s/b.log")
        )
        daemon.start()
        say(daemon, "a", b"before\n")
        wait_content(daemon.folder / "disk" / "a.log", b"before\n")
        filler = fill(daemon.folder / "disk")
        # What is left of the last page takes less than this.
        for _ in range(4):
            say(daemon, "a", b"z" * 8192)
        say(daemon, "b", b"as ever\n")
        wait_content(daemon.folder / "b.log", b"as ever\n")
        assert daemon.state("a") == "RUNNING"
        if daemon.under_test.ours:
            wait_for(lambda: about(daemon, "a"), "the line about the disk")
        filler.unlink()
        say(daemon, "a", b"after\n")
        log = daemon.folder / "disk" / "a.log"
        wait_for(lambda: log.read_bytes().endswith(b"after\n"), "the text after it")
        if daemon.under_test.ours:
            wait_for(lambda: len(about(daemon, "a")) == 2, "the line about the loss")
            lines = about(daemon, "a")
            assert lines[0] == f"ERRO stdout of 'a': cannot write log {log}: ENOSPC"
            match = re.fullmatch(
                rf"WARN stdout of 'a': log {log} is written again, (\d+) bytes were lost", lines[1]
            )
            assert match
            assert log.stat().st_size + int(match[1]) == len(b"before\n" + b"z" * 4 * 8192 + b"after\n")
        daemon.rpc.stopProcess("a")
        daemon.stop()


@pytest.mark.needs_root
def test_a_main_log_on_a_full_disk_stops_nobody(prepare: Prepare) -> None:
    daemon = prepare()
    with small_disk(daemon.folder / "disk"):
        log = daemon.folder / "disk" / "main.log"
        daemon.configure(talker("a", "stdout_logfile = %(here)s/a.log"), supervisord="loglevel = debug")
        daemon.config.write_text(daemon.config.read_text().replace(str(daemon.log), str(log)))
        daemon.start(ready=False)
        say(daemon, "a", b"text\n")
        filler = fill(daemon.folder / "disk")
        # Output is copied to the main log; what is left of its last page takes less than this.
        written = b"text\n"
        for _ in range(4):
            say(daemon, "a", b"z" * 8191 + b"\n")
            written += b"z" * 8191 + b"\n"
            wait_content(daemon.folder / "a.log", written)
        filler.unlink()
        daemon.rpc.stopProcess("a")
        wait_for(lambda: " stopped: a (" in log.read_text(), "a line when there is room again")
        if daemon.under_test.ours:
            assert re.search(
                r" WARN \d+ lines of this log were lost because they could not be written\n", log.read_text()
            )
        daemon.stop()


@pytest.mark.needs_root
@pytest.mark.differs("a write error of a log is said, and the log can be opened again")
@pytest.mark.parametrize("how", ["EIO", "EROFS"])
def test_a_disk_that_fails_stops_nobody_and_another_takes_its_place(prepare: Prepare, how: str) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original ends with a traceback when it is to open the log again")
    disk = daemon.folder / "disk"
    with image_disk(disk):
        daemon.configure(
            talker("a", "stdout_logfile = %(here)s/disk/a.log")
            + talker("b", "stdout_logfile = %(here)s/b.log")
        )
        daemon.start()
        say(daemon, "a", b"before")
        wait_content(disk / "a.log", b"before")
        break_disk(disk, how)
        say(daemon, "a", b"lost")
        say(daemon, "b", b"as ever")
        wait_content(daemon.folder / "b.log", b"as ever")
        daemon.wait_log(f"ERRO stdout of 'a': cannot write log {disk}/a.log: {how}")
        assert daemon.state("a") == "RUNNING"
        replace_disk(disk)
        daemon.signal(signal.SIGUSR2)
        wait_for(lambda: daemon.nudge() and (disk / "a.log").exists(), "a new log")
        say(daemon, "a", b"after")
        wait_content(disk / "a.log", b"after")
        daemon.wait_log(f"WARN stdout of 'a': log {disk}/a.log is written again, 4 bytes were lost")
        assert len(about(daemon, "a")) == 2
        daemon.stop()


@pytest.mark.needs_root
@pytest.mark.differs("a log that cannot be opened again goes on in the old file")
def test_a_permission_that_was_lost_costs_nothing(prepare: Prepare) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original ends with a traceback")
    folder = daemon.folder / "logs"
    folder.mkdir()
    for path in (daemon.folder, folder):
        shutil.chown(path, "nobody")
    daemon.configure(
        talker(
            "a",
            "stdout_logfile = %(here)s/logs/a.log\nstdout_logfile_maxbytes = 8\nstdout_logfile_backups = 2",
        ),
        supervisord="user = nobody",
    )
    daemon.start()
    say(daemon, "a", b"one ")
    wait_content(folder / "a.log", b"one ")
    folder.chmod(0o500)
    say(daemon, "a", b"more than 8 bytes ")
    daemon.wait_log(f"ERRO stdout of 'a': cannot rotate log {folder}/a.log: EACCES")
    shutil.chown(folder, "root")
    folder.chmod(0o700)
    daemon.signal(signal.SIGUSR2)
    daemon.wait_log(f"ERRO cannot reopen log {folder}/a.log: EACCES")
    say(daemon, "a", b"and on")
    wait_content(folder / "a.log", b"one more than 8 bytes and on")


@pytest.mark.differs("a log that cannot be opened again goes on in the old file")
def test_a_folder_that_vanished_costs_nothing(prepare: Prepare) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original ends with a traceback")
    folder = daemon.folder / "logs"
    folder.mkdir()
    daemon.configure(talker("a", "stdout_logfile = %(here)s/logs/a.log"))
    daemon.start()
    say(daemon, "a", b"one ")
    wait_content(folder / "a.log", b"one ")
    folder.rename(daemon.folder / "moved")
    daemon.signal(signal.SIGUSR2)
    daemon.wait_log(f"ERRO cannot reopen log {folder}/a.log: ENOENT")
    say(daemon, "a", b"two ")
    wait_content(daemon.folder / "moved" / "a.log", b"one two ")
    # It is opened again when it can be.
    folder.mkdir()
    daemon.signal(signal.SIGUSR2)
    wait_for((folder / "a.log").exists, "a new log")
    say(daemon, "a", b"three")
    wait_content(folder / "a.log", b"three")


@pytest.mark.differs("a log that cannot be rotated goes on in its file")
def test_a_rotation_that_fails_loses_nothing(prepare: Prepare) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original writes to a closed file from then on")
    daemon.configure(
        talker(
            "a", "stdout_logfile = %(here)s/a.log\nstdout_logfile_maxbytes = 8\nstdout_logfile_backups = 1"
        )
    )
    daemon.start()
    log, obstacle = daemon.folder / "a.log", daemon.folder / "a.log.1"
    wait_for(log.exists, "the log")
    obstacle.mkdir()
    say(daemon, "a", b"12345678")
    wait_for(lambda: about(daemon, "a"), "the line about it")
    assert about(daemon, "a") == [f"ERRO stdout of 'a': cannot rotate log {log}: EISDIR"]
    say(daemon, "a", b"9")
    wait_content(log, b"123456789")
    obstacle.rmdir()
    say(daemon, "a", b"x" * 8)
    wait_content(obstacle, b"123456789xxxxxxxx")


@pytest.mark.differs("a log that is a pipe nobody reads holds up nobody")
@pytest.mark.parametrize("heard", HEARD)
def test_a_pipe_that_nobody_reads_holds_up_nobody(prepare: Prepare, heard: str) -> None:
    daemon = prepare()
    if not daemon.under_test.ours:
        pytest.skip("the original waits for a reader, and does nothing else")
    daemon.configure(
        "[program:a]\ncommand = sh -c 'seq 100000; echo done > %(here)s/done; exec sleep 1000'\n"
        f"stdout_logfile = %(here)s/pipe\nstartsecs = 0\n{heard}\n"
        + talker("b", "stdout_logfile = %(here)s/b.log")
    )
    os.mkfifo(daemon.folder / "pipe")
    daemon.start()
    daemon.wait_state("a", "RUNNING")
    # In the meantime everything else goes on, and answers come at once.
    say(daemon, "b", b"as ever")
    wait_content(daemon.folder / "b.log", b"as ever")
    begin = time.monotonic()
    daemon.rpc.stopProcess("b")
    daemon.rpc.startProcess("b")
    assert time.monotonic() - begin < 2
    daemon.wait_file("done")
    daemon.wait_log(f"ERRO stdout of 'a': cannot write log {daemon.folder}/pipe: EAGAIN")
    daemon.rpc.stopProcess("a")
    daemon.wait_log_match(r"WARN stdout of 'a': \d+ bytes were lost")
    assert len(about(daemon, "a")) == 2


@pytest.mark.parametrize("heard", HEARD)
def test_output_comes_before_the_exit_is_told(supervise: Supervise, heard: str) -> None:
    # Longer than what capture mode holds back, and the original loses.
    last = "the last of very many lines"
    daemon = supervise(
        f"""
        [program:x]
        command = sh -c 'seq 30000; echo {last}'
        startsecs = 0
        autorestart = false
        stdout_logfile = %(here)s/x.log
        {heard}
        """,
        supervisord="loglevel = debug",
    )
    daemon.wait_log("INFO exited: x (exit status 0; expected)")
    text = daemon.log_text
    assert text.index(f"\n{last}\n") < text.index("INFO exited: x (exit status 0; expected)")
    assert daemon.wait_file("x.log") == "".join(f"{number}\n" for number in range(1, 30001)) + f"{last}\n"


# The original loses what it held back for capture mode.
@pytest.mark.parametrize("heard", HEARD[:2])
def test_a_grandchild_that_keeps_the_pipe_delays_the_exit_only_for_a_moment(
    supervise: Supervise, heard: str
) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = sh -c 'sleep 1000 & echo $! > %(here)s/grandchild; echo last'
        startsecs = 0
        autorestart = false
        stdout_logfile = %(here)s/x.log
        {heard}
        """
    )
    try:
        daemon.wait_state("x", "EXITED")
        wait_content(daemon.folder / "x.log", b"last\n")
    finally:
        os.kill(int(daemon.wait_file("grandchild")), signal.SIGKILL)


@pytest.mark.parametrize("heard", HEARD)
def test_a_flooding_program_starves_no_quiet_one(supervise: Supervise, heard: str) -> None:
    quiet = 60
    daemon = supervise(
        f"""
        [program:flood]
        command = yes this program never stops
        stdout_logfile = %(here)s/flood.log
        stdout_logfile_maxbytes = 1MB
        stdout_logfile_backups = 1
        priority = 1
        {heard}

        [program:q]
        command = sh -c 'echo I am %(process_num)d; exec sleep 1000'
        process_name = q%(process_num)d
        numprocs = {quiet}
        startsecs = 0
        stdout_logfile = %(here)s/q%(process_num)d.log
        """
    )
    for number in range(quiet):
        wait_content(daemon.folder / f"q{number}.log", f"I am {number}\n".encode())
    assert daemon.state("flood") in ("STARTING", "RUNNING")
    flooded = daemon.folder / "flood.log.1"
    wait_for(flooded.exists, "more than a megabyte")
    daemon.rpc.stopProcess("flood")
    assert flooded.stat().st_size >= 1024 * 1024
