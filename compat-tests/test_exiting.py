"""What happens when a running program ends on its own: autorestart, exitcodes, the lines in the main log."""

from __future__ import annotations

import pytest

from conftest import Supervise
from harness.daemon import program


def exiting(code: int, seconds: float = 0, *, startsecs: int = 0, more: str = "") -> str:
    """A program that ends with this code, and notes every start in the file `starts`."""
    command = program("exiter", code, seconds, "%(here)s/starts")
    return f"[program:x]\ncommand = {command}\nstartsecs = {startsecs}\n{more}\n"


def test_an_unexpected_exit_is_restarted_by_default(supervise: Supervise) -> None:
    daemon = supervise(exiting(3))
    daemon.wait_log("WARN exited: x (exit status 3; not expected)", times=2)
    assert len((daemon.folder / "starts").read_text().splitlines()) >= 2


def test_an_expected_exit_is_not_restarted_by_default(supervise: Supervise) -> None:
    daemon = supervise(exiting(0))
    info = daemon.wait_state("x", "EXITED")
    assert (info["state"], info["exitstatus"], info["spawnerr"]) == (100, 0, "")
    assert len((daemon.folder / "starts").read_text().splitlines()) == 1
    daemon.wait_log("INFO exited: x (exit status 0; expected)")


def test_autorestart_true_restarts_after_a_clean_exit_too(supervise: Supervise) -> None:
    daemon = supervise(exiting(0, more="autorestart = true"))
    daemon.wait_log("INFO exited: x (exit status 0; expected)", times=2)


def test_autorestart_false_leaves_an_unexpected_exit_alone(supervise: Supervise) -> None:
    daemon = supervise(exiting(4, more="autorestart = false"))
    info = daemon.wait_state("x", "EXITED")
    assert (info["exitstatus"], info["spawnerr"]) == (4, "Bad exit code 4")
    assert len((daemon.folder / "starts").read_text().splitlines()) == 1


@pytest.mark.parametrize("value", ["unexpected", "UNEXPECTED"])
def test_autorestart_unexpected_looks_at_exitcodes(supervise: Supervise, value: str) -> None:
    daemon = supervise(exiting(7, more=f"autorestart = {value}\nexitcodes = 2,7"))
    assert daemon.wait_state("x", "EXITED")["exitstatus"] == 7
    daemon.wait_log("INFO exited: x (exit status 7; expected)")


def test_with_exitcodes_set_even_0_is_unexpected_when_it_is_not_named(supervise: Supervise) -> None:
    daemon = supervise(exiting(0, more="exitcodes = 2"))
    daemon.wait_log("WARN exited: x (exit status 0; not expected)", times=2)


def test_exit_code_2_is_unexpected_by_default(supervise: Supervise) -> None:
    daemon = supervise(exiting(2, more="autorestart = false"))
    daemon.wait_state("x", "EXITED")
    daemon.wait_log("WARN exited: x (exit status 2; not expected)")


def test_death_by_a_signal_is_exit_status_minus_1_and_never_expected(supervise: Supervise) -> None:
    daemon = supervise(exiting(-15, more="autorestart = false"))
    info = daemon.wait_state("x", "EXITED")
    assert (info["exitstatus"], info["spawnerr"]) == (-1, "Bad exit code -1")
    daemon.wait_log("WARN exited: x (terminated by SIGTERM; not expected)")


def test_a_program_that_left_running_is_restarted_with_a_new_pid(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    first = daemon.wait_state("x", "RUNNING")["pid"]
    daemon.rpc.signalProcess("x", "KILL")
    daemon.wait_log("WARN exited: x (terminated by SIGKILL; not expected)")
    daemon.wait_log_match(rf"INFO spawned: 'x' with pid (?!{first}$)\d+")
    assert daemon.wait_state("x", "RUNNING")["pid"] != first


def test_an_exit_after_running_begins_the_count_of_failures_anew(supervise: Supervise) -> None:
    # Every run is long enough: with one retry allowed, five ends would be FATAL if they were counted.
    daemon = supervise(exiting(1, 0.01, more="startretries = 1"))
    daemon.wait_log("WARN exited: x (exit status 1; not expected)", times=5)
    assert "gave up" not in daemon.log_text


def test_an_exited_program_shows_when_it_ended(supervise: Supervise) -> None:
    daemon = supervise(exiting(0))
    info = daemon.wait_state("x", "EXITED")
    assert info["stop"] >= info["start"] > 0
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    month, day, time, half = info["description"].split(" ")
    assert month in months
    assert (len(day), len(time), time[2]) == (2, 5, ":")
    assert day.isdigit()
    assert half in ("AM", "PM")


def test_a_stopped_program_is_not_restarted(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0\nautorestart = true")
    daemon.wait_state("x", "RUNNING")
    assert daemon.rpc.stopProcess("x") is True
    # The daemon answers other requests meanwhile and starts nothing.
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    info = daemon.info("x")
    assert (info["statename"], info["pid"], info["state"]) == ("STOPPED", 0, 0)
