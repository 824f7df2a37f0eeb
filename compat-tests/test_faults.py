"""Faults of real processes: every one ends in the right state, without a zombie, a leak or a duplicate."""

from __future__ import annotations

import contextlib
import os
import pwd
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Prepare, Supervise
from harness import processes
from harness.daemon import Daemon, program
from harness.waiting import StateNotReachedError, wait_for


def zombies(pid: int) -> list[int]:
    """Children of `pid` that have ended and were not collected."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [child for child in pids if processes.parent_of(child) == pid and not processes.is_alive(child)]


def descriptors(daemon: Daemon) -> int:
    """How many descriptors supervisord has open."""
    return len(os.listdir(f"/proc/{daemon.started_as}/fd"))


def wait_clean(daemon: Daemon, living: int) -> list[int]:
    """Wait until supervisord has exactly that many children and no zombie; the children."""

    def look() -> bool:
        daemon.nudge()
        return len(processes.children_of(daemon.started_as)) == living and not zombies(daemon.started_as)

    wait_for(look, f"{living} children and no zombie")
    return processes.children_of(daemon.started_as)


def numbered(count: int, command: str, more: str = "") -> str:
    """One section of that many processes, x_0, x_1 and so on."""
    return (
        f"[program:x]\ncommand = {command}\nnumprocs = {count}\nprocess_name = x_%(process_num)d\nstartsecs = 0\n"
        f"stdout_logfile = NONE\nstderr_logfile = NONE\n{more}\n"
    )


def test_a_grandchild_that_holds_the_pipes_holds_up_neither_exit_nor_restart(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sh -c 'sleep 1000 & echo $! >>%(here)s/holders; exec sleep 1000'\nstartsecs = 0\n"
        "autorestart = true\n"
    )
    daemon.wait_file("holders")
    first = int(daemon.wait_state("x", "RUNNING")["pid"])
    before = descriptors(daemon)
    processes.end(first)

    def again() -> int:
        daemon.nudge()
        info = daemon.info("x")
        return int(info["pid"]) if info["statename"] == "RUNNING" and info["pid"] != first else 0

    wait_for(again, "the restart")
    wait_for(lambda: (daemon.folder / "holders").read_text().count("\n") == 2, "both grandchildren")
    wait_clean(daemon, 1)
    assert wait_for(lambda: descriptors(daemon) <= before, "the old pipes to be closed")
    assert daemon.rpc.stopProcess("x") is True
    for holder in (daemon.folder / "holders").read_text().split():
        processes.end(int(holder))


def test_a_program_that_closes_its_output_runs_on(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sh -c 'exec >&- 2>&-; echo closed >%(here)s/done; exec sleep 1000'\nstartsecs = 0\n"
    )
    daemon.wait_file("done")
    pid = int(daemon.wait_state("x", "RUNNING")["pid"])
    wait_clean(daemon, 1)
    assert processes.is_alive(pid)
    assert daemon.state("x") == "RUNNING"
    assert daemon.rpc.stopProcess("x") is True
    daemon.wait_log("WARN stopped: x (terminated by SIGTERM)")


def test_many_children_killed_at_once_are_all_seen_and_started_again_once(supervise: Supervise) -> None:
    count = 500
    daemon = supervise(numbered(count, "/bin/sleep 1000", "autorestart = true"), supervisord="minfds = 4096")
    pids = wait_clean(daemon, count)
    daemon.settle()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)

    def all_new() -> bool:
        daemon.nudge()
        children = processes.children_of(daemon.started_as)
        return len(children) == count and not set(children) & set(pids)

    wait_for(all_new, "a new process for every one", 120)
    wait_clean(daemon, count)
    wait_for(lambda: daemon.log_text.count("exited: x_") == count, "a line for each")
    assert daemon.log_text.count("(terminated by SIGKILL; not expected)") == count
    infos = daemon.rpc.getAllProcessInfo()
    assert {info["statename"] for info in infos} == {"RUNNING"}
    assert sorted(info["pid"] for info in infos) == processes.children_of(daemon.started_as)


def test_a_stopped_child_is_still_running_and_can_be_stopped_for_good(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0\nstopwaitsecs = 1\n")
    pid = int(daemon.wait_state("x", "RUNNING")["pid"])
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: processes.stat_fields(pid)[0] == "T", "the child to be stopped")
    daemon.nudge()
    assert (daemon.state("x"), daemon.info("x")["pid"]) == ("RUNNING", pid)
    # It does not take SIGTERM while it is stopped: SIGKILL follows.
    assert daemon.rpc.stopProcess("x") is True
    assert not processes.is_alive(pid)
    daemon.wait_log("WARN stopped: x (terminated by SIGKILL)")


def test_a_binary_that_is_replaced_is_what_the_next_start_runs(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = %(here)s/tool 1000\nautostart = false\nstartsecs = 0\n")
    tool = daemon.folder / "tool"
    shutil.copy("/bin/sleep", tool)
    daemon.rpc.startProcess("x")
    pid = int(daemon.wait_state("x", "RUNNING")["pid"])
    new = daemon.write("tool.new", "#!/bin/sh\necho new >$0.said\nexec sleep 1000\n")
    new.chmod(0o755)
    new.rename(tool)
    assert processes.is_alive(pid) and daemon.state("x") == "RUNNING"
    daemon.rpc.stopProcess("x")
    daemon.rpc.startProcess("x")
    assert daemon.wait_file("tool.said") == "new\n"
    wait_clean(daemon, 1)


def test_without_descriptors_left_a_start_fails_in_words_and_works_later(prepare: Prepare) -> None:
    # 64 descriptors are some twenty programs with three pipes each.
    daemon = prepare()
    daemon.configure(
        numbered(40, "/bin/sleep 1000", "autostart = false\nstartretries = 0"), supervisord="minfds = 64"
    )
    daemon.start(descriptors=64)
    daemon.rpc.startProcessGroup("x", False)
    refused = wait_for(
        lambda: [info["name"] for info in daemon.rpc.getAllProcessInfo() if info["statename"] == "FATAL"],
        "a program that cannot be started",
    )
    for name in refused:
        assert daemon.info(f"x:{name}")["spawnerr"] == f"too many open files to spawn '{name}'"
    assert zombies(daemon.started_as) == []
    running = [info for info in daemon.rpc.getAllProcessInfo() if info["statename"] == "RUNNING"]
    for info in running:
        daemon.rpc.stopProcess(f"x:{info['name']}")
    wait_clean(daemon, 0)
    assert daemon.rpc.startProcess(f"x:{refused[0]}") is True
    wait_clean(daemon, 1)


@pytest.mark.needs_root
def test_a_fork_bomb_is_bounded_by_its_users_limit_and_ends_with_its_group(prepare: Prepare) -> None:
    nobody = pwd.getpwnam("nobody")
    daemon = prepare()
    daemon.folder.chmod(0o777)
    bomb = daemon.write(
        "bomb",
        """\
        #!/bin/sh
        ulimit -u 20 2>/dev/null || ulimit -p 20
        i=0
        while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); done
        wait
        """,
    )
    bomb.chmod(0o755)
    daemon.configure(
        f"[program:x]\ncommand = {bomb}\nuser = nobody\nstartsecs = 0\nstopasgroup = true\nkillasgroup = true\n"
        "startretries = 0\nautorestart = false\n"
        "[program:y]\ncommand = sleep 1000\nstartsecs = 0\n"
    )
    daemon.start()
    daemon.wait_state("y", "RUNNING")
    daemon.wait_log_match(r"(INFO|WARN) exited: x .*")

    # By their group, for a process that is just becoming its program has neither environment nor owner to see.
    shell = int(daemon.wait_log_match(r"INFO spawned: 'x' with pid (\d+)")[1])
    bombs = processes.group_of(shell)
    assert 0 < len(bombs) <= 20
    assert {
        os.stat(f"/proc/{pid}").st_uid for pid in bombs if processes.command_line(pid)[:1] == ["sleep"]
    } == {nobody.pw_uid}
    assert zombies(daemon.started_as) == []
    # The shell gave up; what it left is in the group of a process that has ended, so it is ended here.
    for pid in bombs:
        processes.end(pid)
    assert processes.group_of(shell) == []
    assert daemon.state("y") == "RUNNING"


def churn(daemon: Daemon, rounds: int, restart: Callable[[], None]) -> tuple[int, int]:
    """Descriptors of supervisord after a tenth of the rounds and after all, when pipes of the last are closed."""
    for _ in range(rounds // 10):
        restart()
    early = descriptors(daemon)
    for _ in range(rounds - rounds // 10):
        restart()
    with contextlib.suppress(StateNotReachedError):
        wait_for(lambda: descriptors(daemon) <= early, "the pipes of the last programs to be closed")
    return early, descriptors(daemon)


def test_after_many_restarts_nothing_is_left_behind(supervise: Supervise) -> None:
    """10,000 restarts of ours by 50 programs at once; of the original fewer, since each takes it a second."""
    daemon = supervise(numbered(50, "/bin/true", "autostart = false\nautorestart = false"))
    server = daemon.rpc

    def restart() -> None:
        server.startProcessGroup("x", True)
        wait_clean(daemon, 0)

    rounds = 200 if daemon.under_test.ours else 10
    early, late = churn(daemon, rounds, restart)
    assert late <= early
    memory = resource.getpagesize() * int(Path(f"/proc/{daemon.started_as}/statm").read_text().split()[1])
    if daemon.under_test.ours:
        assert memory < 64 * 1024 * 1024


def test_a_child_that_ignores_sigterm_among_others_is_the_only_one_killed(supervise: Supervise) -> None:
    daemon = supervise(
        f"[program:stubborn]\ncommand = {program('stubborn', 'ready')}\ndirectory = %(here)s\nstartsecs = 0\n"
        "stopwaitsecs = 1\n" + numbered(5, "/bin/sleep 1000")
    )
    daemon.wait_file("ready")
    wait_clean(daemon, 6)
    daemon.settle()
    daemon.rpc.stopAllProcesses()
    wait_clean(daemon, 0)
    ends = [line for line in daemon.log_lines() if "stopped: " in line]
    assert sorted(line.rpartition(" ")[2] for line in ends) == ["SIGKILL)", *["SIGTERM)"] * 5]
    assert {info["statename"] for info in daemon.rpc.getAllProcessInfo()} == {"STOPPED"}
