"""The logs of the programs, and those parts of the main log that tell of them."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from conftest import Prepare, Supervise
from harness.daemon import program
from harness.waiting import wait_for


def test_stdout_and_stderr_go_to_their_files_as_they_are(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("printer", "out 1;", "err 1;", "out 2")}
        startsecs = 0
        stdout_logfile = %(here)s/x.out
        stderr_logfile = %(here)s/x.err
        """
    )
    wait_for(
        lambda: (daemon.folder / "x.out").exists() and daemon.wait_file("x.out") == "out 1;out 2",
        "the output",
    )
    assert daemon.wait_file("x.err") == "err 1;"


def test_redirect_stderr_joins_both_in_order(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("printer", "1", "2", "3", "4")}
        startsecs = 0
        redirect_stderr = true
        stdout_logfile = %(here)s/x.log
        """
    )
    wait_for(lambda: daemon.wait_file("x.log") == "1234", "the output")
    assert daemon.info("x")["stderr_logfile"] == ""


def test_a_stderr_log_beside_redirect_stderr_is_ignored_with_a_warning(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("printer", "1", "2")}
        startsecs = 0
        redirect_stderr = true
        stdout_logfile = %(here)s/x.log
        stderr_logfile = %(here)s/x.err
        """
    )
    wait_for(lambda: daemon.wait_file("x.log") == "12", "the output")
    assert not (daemon.folder / "x.err").exists()
    daemon.wait_log(
        "WARN For [program:x], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename "
        "has been ignored"
    )


@pytest.mark.parametrize("word", ["NONE", "off", "None"])
def test_no_log_at_all(supervise: Supervise, word: str) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("printer", "1", "2")}
        startsecs = 0
        stdout_logfile = {word}
        stderr_logfile = {word}
        """
    )
    info = daemon.wait_state("x", "RUNNING")
    assert (info["logfile"], info["stdout_logfile"], info["stderr_logfile"]) == ("", "", "")
    daemon.stop()
    assert not [path for path in daemon.folder.iterdir() if "std" in path.name]


@pytest.mark.parametrize("setting", ["", "stdout_logfile = AUTO", "stdout_logfile = auto"])
def test_automatic_logs_are_in_the_childlogdir(supervise: Supervise, setting: str) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('printer', 'text')}\nstartsecs = 0\n{setting}\n")
    path = daemon.wait_state("x", "RUNNING")["stdout_logfile"]
    assert re.fullmatch(rf"{daemon.folder}/x-stdout---supervisor-[a-z0-9_]{{8}}\.log", path)
    assert daemon.wait_file(path.rpartition("/")[2]) == "text"
    assert (daemon.folder / path).stat().st_mode & 0o777 == 0o600


def test_old_automatic_logs_are_removed_at_start(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="identifier = me")
    for name in (
        "x-stdout---me-abcdefgh.log",
        "x-stdout---me-abcdefgh.log.1",
        "x-stdout---other-abcdefgh.log",
        "kept",
    ):
        daemon.write(name, "old")
    daemon.start()
    names = {path.name for path in daemon.folder.iterdir()}
    assert "x-stdout---me-abcdefgh.log" not in names
    assert "x-stdout---me-abcdefgh.log.1" not in names
    assert {"x-stdout---other-abcdefgh.log", "kept"} <= names


@pytest.mark.parametrize("how", ["setting", "option"])
def test_nocleanup_keeps_old_automatic_logs(prepare: Prepare, how: str) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="nocleanup = true" if how == "setting" else "")
    daemon.write("x-stdout---supervisor-abcdefgh.log", "old")
    daemon.start(*(["-k"] if how == "option" else []))
    assert (daemon.folder / "x-stdout---supervisor-abcdefgh.log").exists()


def test_a_log_is_continued_after_a_restart(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('printer', 'text')}\nstartsecs = 0\nstdout_logfile = %(here)s/x.log\n"
    )
    wait_for(lambda: daemon.wait_file("x.log") == "text", "the first text")
    daemon.rpc.stopProcess("x")
    daemon.rpc.startProcess("x")
    wait_for(lambda: daemon.wait_file("x.log") == "texttext", "the second text")


def test_what_a_program_wrote_last_is_in_its_log_when_it_has_exited(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sh -c 'seq 1 20000; echo the end; echo and this >&2'
        startsecs = 0
        stdout_logfile = %(here)s/x.out
        stderr_logfile = %(here)s/x.err
        """
    )
    daemon.wait_state("x", "EXITED")
    wait_for(lambda: daemon.wait_file("x.out").endswith("20000\nthe end\n"), "the last line")
    assert daemon.wait_file("x.out") == "".join(f"{number}\n" for number in range(1, 20001)) + "the end\n"
    assert daemon.wait_file("x.err") == "and this\n"


def test_bytes_that_are_no_text_are_kept(supervise: Supervise) -> None:
    daemon = supervise(
        r"""
        [program:x]
        command = printf '\000\377\r\nend'
        startsecs = 0
        stdout_logfile = %(here)s/x.out
        """
    )
    daemon.wait_state("x", "EXITED")
    path = daemon.folder / "x.out"
    wait_for(lambda: path.read_bytes() == b"\x00\xff\r\nend" if path.exists() else False, "the bytes")


def test_a_log_is_rotated_when_it_is_full(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:writer]
        command = sh -c 'for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.05; done'
        startsecs = 0
        stdout_logfile = %(here)s/w.log
        stdout_logfile_maxbytes = 20
        stdout_logfile_backups = 2
        """
    )
    daemon.wait_state("writer", "EXITED")
    wait_for((daemon.folder / "w.log.2").exists, "two older files")
    names = sorted(path.name for path in daemon.folder.glob("w.log*"))
    assert names == ["w.log", "w.log.1", "w.log.2"]
    text = "".join((daemon.folder / name).read_text() for name in ("w.log.2", "w.log.1", "w.log"))
    assert "".join(f"line {number}\n" for number in range(1, 9)).endswith(text)


def test_at_level_debug_the_main_log_shows_what_programs_write(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('printer', 'hello')}\nstartsecs = 0\n",
        supervisord="loglevel = debug",
    )
    daemon.wait_log_match(r"DEBG 'x' stdout output:\nhello")


def test_at_level_debug_the_main_log_shows_a_childs_end(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('exiter', 0, 0)}\nstartsecs = 0\n", supervisord="loglevel=debug"
    )
    daemon.wait_log("DEBG received SIGCHLD indicating a child quit")


def test_sigusr2_reopens_the_logs_of_programs(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = sh %(here)s/talk.sh
        startsecs = 0
        autostart = false
        stdout_logfile = %(here)s/x.log
        [program:y]
        command = {program("sleeper")}
        """
    )
    daemon.write(
        "talk.sh", "echo one\nwhile [ ! -e $0.go ]; do sleep 0.02; done\necho two\nexec sleep 1000\n"
    )
    daemon.rpc.startProcess("x")
    wait_for(lambda: daemon.wait_file("x.log") == "one\n", "the first line")
    (daemon.folder / "x.log").rename(daemon.folder / "x.old")
    daemon.signal(signal.SIGUSR2)
    wait_for(lambda: daemon.nudge() and (daemon.folder / "x.log").exists(), "a new log")
    daemon.write("talk.sh.go", "go")
    wait_for(lambda: daemon.wait_file("x.log") == "two\n", "the second line")
    assert daemon.wait_file("x.old") == "one\n"


def test_an_automatic_log_without_an_upper_bound_is_warned_of(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false\nstdout_logfile_maxbytes = 0\n")
    daemon.wait_log(
        "WARN For [program:x], AUTO logging used for stdout_logfile without rollover, set maxbytes > 0 to avoid "
        "filling up filesystem unintentionally"
    )


def test_the_main_log_is_rotated_when_it_is_full(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(
        f"[program:x]\ncommand = {program('exiter', 0, 0)}\nstartsecs = 0\nautostart = false\n",
        supervisord="logfile_maxbytes = 1KB\nlogfile_backups = 2",
    )
    daemon.start()
    for _ in range(20):
        daemon.rpc.startProcess("x", False)
        daemon.wait_state("x", "EXITED")
    assert sorted(path.name for path in daemon.folder.glob("supervisord.log*")) == [
        "supervisord.log",
        "supervisord.log.1",
        "supervisord.log.2",
    ]
    # A file is closed after the line that filled it.
    assert 1024 <= (daemon.folder / "supervisord.log.1").stat().st_size < 1300


def test_lines_have_a_time_with_milliseconds_and_a_level_and_less_severe_ones_are_left_out(
    prepare: Prepare,
) -> None:
    names = {
        "critical": "CRIT",
        "error": "ERRO",
        "warn": "WARN",
        "info": "INFO",
        "debug": "DEBG",
        "trace": "TRAC",
        "blather": "BLAT",
    }
    seen: dict[str, int] = {}
    for level in names:
        daemon = prepare()
        daemon.configure(
            f"[program:x]\ncommand = {program('exiter', 3, 0)}\nstartsecs = 0\nautorestart = false\n",
            supervisord=f"loglevel = {level}",
        )
        daemon.start(ready=False)
        wait_for(Path(daemon.socket).exists, "the server")
        daemon.wait_state("x", "EXITED")
        daemon.stop()
        # `log_lines` refuses lines without a time and a level.
        lines = daemon.log_lines()
        allowed = list(names.values())[: list(names).index(level) + 1]
        assert {line[:4] for line in lines} <= set(allowed), level
        seen[level] = len(lines)
    assert seen["critical"] < seen["warn"] < seen["info"] < seen["debug"] <= seen["blather"]
