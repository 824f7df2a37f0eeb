"""How a program becomes RUNNING, or does not: startsecs, back-off, FATAL, and what cannot be spawned."""

from __future__ import annotations

import os

import pytest

from conftest import Supervise
from harness.daemon import program
from harness.waiting import wait_for


def test_a_program_is_starting_until_startsecs_have_passed(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 600")
    info = daemon.wait_state("x", "STARTING")
    assert (info["state"], info["description"], info["spawnerr"]) == (10, "", "")


def test_a_start_without_waiting_is_answered_when_there_is_a_process(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 600\nautostart = false")
    assert daemon.rpc.startProcess("x", False) is True
    info = daemon.info("x")
    assert info["statename"] == "STARTING"
    assert info["pid"] > 0
    daemon.wait_state("x", "STARTING")


def test_a_program_that_stays_up_becomes_running(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 2")
    info = daemon.wait_state("x", "RUNNING")
    assert info["now"] - info["start"] >= 2
    daemon.wait_log(
        "INFO success: x entered RUNNING state, process has stayed up for > than 2 seconds (startsecs)"
    )


def test_startsecs_0_is_running_at_once(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0\nautostart = false")
    assert daemon.rpc.startProcess("x", False) is True
    daemon.wait_state("x", "RUNNING")
    daemon.wait_log(
        "INFO success: x entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"
    )


def test_startsecs_0_and_a_quick_clean_exit_is_exited_and_not_a_failure(supervise: Supervise) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('exiter', 0, 0)}\nstartsecs = 0")
    daemon.wait_log("INFO exited: x (exit status 0; expected)")
    info = daemon.wait_state("x", "EXITED")
    assert (info["exitstatus"], info["spawnerr"], info["pid"]) == (0, "", 0)


def test_autostart_false_stays_stopped_and_was_never_started(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:idle]
        command = sleep 1000
        autostart = false
        [program:other]
        command = sleep 1000
        startsecs = 0
        """
    )
    daemon.wait_state("other", "RUNNING")
    info = daemon.info("idle")
    assert (info["statename"], info["description"]) == ("STOPPED", "Not started")
    assert (info["start"], info["stop"], info["pid"]) == (0, 0, 0)


def test_a_program_that_exits_too_quickly_backs_off_and_ends_in_fatal(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('exiter', 1, 0, '%(here)s/starts')}\nstartretries = 1\nstartsecs = 10"
    )
    info = daemon.wait_state("x", "FATAL")
    assert info["description"] == info["spawnerr"] == "Exited too quickly (process log may have details)"
    assert (info["exitstatus"], info["pid"], info["state"]) == (0, 0, 200)
    assert len((daemon.folder / "starts").read_text().splitlines()) == 2
    daemon.wait_log("WARN exited: x (exit status 1; not expected)", times=2)
    daemon.wait_log("INFO gave up: x entered FATAL state, too many start retries too quickly")


def test_startretries_0_gives_up_after_the_first_failure(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('exiter', 1, 0, '%(here)s/starts')}\nstartretries = 0\nstartsecs = 10"
    )
    daemon.wait_state("x", "FATAL")
    assert len((daemon.folder / "starts").read_text().splitlines()) == 1


def test_each_back_off_is_a_second_longer_than_the_one_before(supervise: Supervise) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('exiter', 3, 0)}\nstartretries = 2\nstartsecs = 10")
    starts: list[int] = []

    def look() -> bool:
        info = daemon.info("x")
        if info["start"] and info["start"] not in starts:
            starts.append(info["start"])
        return bool(info["statename"] == "FATAL")

    wait_for(look, "FATAL")
    assert len(starts) == 3
    assert 1 <= starts[1] - starts[0] <= 3
    assert 2 <= starts[2] - starts[1] <= 4


def test_a_clean_exit_before_startsecs_is_a_failed_start_too(supervise: Supervise) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('exiter', 0, 0)}\nstartretries = 0\nstartsecs = 10")
    daemon.wait_state("x", "FATAL")
    daemon.wait_log("WARN exited: x (exit status 0; not expected)")


def test_a_failed_start_that_is_followed_by_a_good_one_ends_in_running(supervise: Supervise) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('flaky', '%(here)s/starts', 1)}\nstartsecs = 1")
    info = daemon.wait_state("x", "RUNNING")
    assert info["spawnerr"] == ""
    assert len((daemon.folder / "starts").read_text().splitlines()) == 2


def test_a_program_in_fatal_can_be_started_again(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('flaky', '%(here)s/starts', 1)}\nstartretries = 0\nstartsecs = 2"
    )
    daemon.wait_state("x", "FATAL")
    assert daemon.rpc.startProcess("x") is True
    assert daemon.state("x") == "RUNNING"


def test_a_program_in_back_off_shows_why_and_when_stopped_stays_stopped(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:x]\ncommand = {program('exiter', 1, 0)}\nstartretries = 1000\nstartsecs = 10"
    )
    info = daemon.wait_state("x", "BACKOFF")
    assert info["description"] == "Exited too quickly (process log may have details)"
    # Between two tries; one more may be under way.
    wait_for(lambda: daemon.state("x") == "BACKOFF" and daemon.rpc.stopProcess("x"), "a stop in BACKOFF")
    assert daemon.state("x") == "STOPPED"


def test_a_program_killed_by_a_signal_is_said_to_be(supervise: Supervise) -> None:
    daemon = supervise(f"[program:x]\ncommand = {program('exiter', -9, 0)}\nstartretries = 0\nstartsecs = 10")
    daemon.wait_log("WARN exited: x (terminated by SIGKILL; not expected)")


# What cannot be spawned


def spawn_error(supervise: Supervise, command: str, more: str = "") -> str:
    """The spawn error of this command, after which the program ends in FATAL."""
    daemon = supervise(f"[program:x]\ncommand = {command}\nstartretries = 0\n{more}")
    info = daemon.wait_state("x", "FATAL")
    assert info["description"] == info["spawnerr"]
    daemon.wait_log(f"INFO spawnerr: {info['spawnerr']}")
    daemon.wait_log("INFO gave up: x entered FATAL state, too many start retries too quickly")
    return str(info["spawnerr"]).replace(str(daemon.folder), "<folder>")


def test_a_command_that_is_nowhere_in_the_path(supervise: Supervise) -> None:
    assert spawn_error(supervise, "no-such-command --now") == "can't find command 'no-such-command'"


def test_a_command_whose_file_does_not_exist(supervise: Supervise) -> None:
    assert spawn_error(supervise, "%(here)s/none") == "can't find command '<folder>/none'"


def test_a_command_that_is_a_folder(supervise: Supervise) -> None:
    assert spawn_error(supervise, "%(here)s") == "command at '<folder>' is a directory"


def test_a_command_that_is_not_executable(supervise: Supervise) -> None:
    assert spawn_error(supervise, "%(here)s/supervisord.conf") == (
        "command at '<folder>/supervisord.conf' is not executable"
    )


def test_a_command_with_an_open_quotation_mark(supervise: Supervise) -> None:
    assert (
        spawn_error(supervise, "sleep 'ten") == """can't parse command "sleep 'ten": No closing quotation"""
    )


def test_an_empty_command(supervise: Supervise) -> None:
    assert spawn_error(supervise, "") == "command is empty"


def test_a_name_with_a_quotation_mark_is_shown_as_python_shows_it(supervise: Supervise) -> None:
    assert spawn_error(supervise, '''"it's"''') == '''can't find command "it's"'''


def test_the_path_of_the_programs_own_environment_is_searched(supervise: Supervise) -> None:
    error = spawn_error(supervise, "sleep 1000", 'environment = PATH="/nonexistent"')
    assert error == "can't find command 'sleep'"


def test_a_file_that_the_kernel_cannot_execute_exits_with_127(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = %(here)s/broken
        autostart = false
        startretries = 0
        startsecs = 10
        stderr_logfile = %(here)s/x.err
        """
    )
    broken = daemon.write("broken", "\x00\x01 no program\n")
    broken.chmod(0o755)
    daemon.rpc.startProcess("x", False)
    daemon.wait_log("WARN exited: x (exit status 127; not expected)")
    assert (daemon.folder / "x.err").read_text() == (
        f"supervisor: couldn't exec {broken}: ENOEXEC\nsupervisor: child process was not spawned\n"
    )


def test_a_working_directory_that_does_not_exist_exits_with_127(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sleep 1000
        directory = %(here)s/none
        startretries = 0
        startsecs = 10
        stderr_logfile = %(here)s/x.err
        """
    )
    daemon.wait_state("x", "FATAL")
    daemon.wait_log("WARN exited: x (exit status 127; not expected)")
    assert (daemon.folder / "x.err").read_text() == (
        f"supervisor: couldn't chdir to {daemon.folder}/none: ENOENT\nsupervisor: child process was not spawned\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may become anybody")
def test_a_user_that_only_root_may_become_exits_with_127(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sleep 1000\nuser = root\nstartretries = 0\nstderr_logfile = %(here)s/x.err"
    )
    daemon.wait_state("x", "FATAL")
    assert (daemon.folder / "x.err").read_text() == (
        "supervisor: couldn't setuid to 0: Can't drop privilege as nonroot user\n"
        "supervisor: child process was not spawned\n"
    )


def test_one_program_that_cannot_be_spawned_disturbs_no_other(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:bad]
        command = no-such-command
        startretries = 0
        priority = 1
        [program:good]
        command = sleep 1000
        """
    )
    daemon.wait_state("bad", "FATAL")
    daemon.wait_state("good", "RUNNING")
