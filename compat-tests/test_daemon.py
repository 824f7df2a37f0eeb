"""supervisord as a daemon: into the background, its pid file, its signals, and starting anew in the same process."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from conftest import Prepare, Supervise
from harness import http, processes
from harness.daemon import Daemon, program
from harness.processes import is_alive
from harness.waiting import wait_for


def into_background(daemon: Daemon) -> int:
    """Start without -n; the pid of the daemon."""
    daemon.start(foreground=False, ready=False)
    assert daemon.wait_end() == 0, daemon.stderr
    return int(daemon.wait_file("supervisord.pid"))


def end(daemon: Daemon, pid: int) -> None:
    """End the daemon in the orderly way, and see to it that it removed its files."""
    daemon.settle()
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: daemon.nudge() and not is_alive(pid), "the end of the daemon")
    assert not daemon.pidfile.exists()
    assert daemon.sockets() == []


def test_it_goes_into_the_background_in_a_session_of_its_own(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    pid = into_background(daemon)
    assert pid != daemon.started_as
    assert daemon.pidfile.read_text() == f"{pid}\n"
    daemon.wait_log(f"INFO supervisord started with pid {pid}")
    assert daemon.rpc.getPID() == pid
    assert os.getsid(pid) == pid
    for descriptor in (0, 1, 2):
        assert os.readlink(f"/proc/{pid}/fd/{descriptor}") == "/dev/null"
    child = daemon.wait_state("x", "RUNNING")["pid"]
    assert processes.parent_of(child) == pid
    end(daemon, pid)
    assert not is_alive(child)


def test_the_log_of_a_daemon_says_so_and_nothing_is_printed(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    pid = into_background(daemon)
    daemon.wait_log(f"INFO supervisord started with pid {pid}")
    assert "INFO daemonizing the supervisord process" in daemon.log_lines()
    assert (daemon.stdout, daemon.stderr) == ("", "")
    end(daemon, pid)


@pytest.mark.parametrize("how", ["setting", "option"])
def test_directory_and_umask_count_only_in_the_background(prepare: Prepare, how: str) -> None:
    for foreground in (False, True):
        daemon = prepare()
        where = daemon.folder / "where"
        where.mkdir()
        options = ["-d", str(where), "-m", "027"] if how == "option" else []
        settings = "" if options else f"directory = {where}\numask = 027"
        daemon.configure(
            f"[program:x]\ncommand = {program('recorder', '%(here)s/report')}\nstartsecs = 0",
            supervisord=settings,
        )
        daemon.start(*options, foreground=foreground, ready=foreground)
        if not foreground:
            assert daemon.wait_end() == 0
        pid = int(daemon.wait_file("supervisord.pid"))
        daemon.wait_state("x", "RUNNING")
        assert os.readlink(f"/proc/{pid}/cwd") == str(daemon.folder if foreground else where)
        own = Path(f"/proc/{pid}/status").read_text()
        umask = next(line.split()[1] for line in own.splitlines() if line.startswith("Umask:"))
        assert (umask == "0027") is not foreground
        daemon.wait_file("report")
        end(daemon, pid)
        daemon.wait_end()


def test_a_daemon_that_was_told_where_to_go_says_so(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", supervisord=f"directory = {daemon.folder}")
    pid = into_background(daemon)
    daemon.wait_log(f"INFO set current directory: '{daemon.folder}'")
    end(daemon, pid)


def test_the_pid_file_of_the_command_line_wins(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.start("-j", str(daemon.folder / "other.pid"), foreground=False, ready=False)
    assert daemon.wait_end() == 0
    pid = int(daemon.wait_file("other.pid"))
    assert not daemon.pidfile.exists()
    end(daemon, pid)
    assert not (daemon.folder / "other.pid").exists()


def test_an_old_pid_file_is_overwritten(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.pidfile.write_text("1\n")
    daemon.start()
    assert daemon.pidfile.read_text() == f"{daemon.started_as}\n"


def test_a_pid_file_that_cannot_be_written_is_only_complained_of(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.pidfile.mkdir()
    daemon.start(ready=False)
    daemon.wait_log(f"CRIT could not write pidfile {daemon.pidfile}")
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    daemon.pidfile.rmdir()


def test_the_main_log_of_the_command_line_wins(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    log, daemon.log = daemon.log, daemon.folder / "other.log"
    daemon.start("-l", str(daemon.log))
    assert not log.exists()


def test_the_identifier_of_the_command_line_wins(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="identifier = file")
    daemon.start("-i", "line")
    assert daemon.rpc.getIdentification() == "line"


def test_at_level_warn_informations_are_left_out(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = sleep 1000\nstartsecs = 0", supervisord="loglevel = warn")
    daemon.start(ready=False)
    wait_for(lambda: Path(daemon.socket).exists(), "the socket")
    daemon.wait_state("x", "RUNNING")
    daemon.stop()
    assert {line.split()[0] for line in daemon.log_lines()} <= {"CRIT", "ERRO", "WARN"}
    assert "WARN stopped: x (terminated by SIGTERM)" in daemon.log_lines()


# HUP


def test_sighup_restarts_everything_in_the_same_process(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0", inet="")
    before = daemon.wait_state("x", "RUNNING")["pid"]
    up = "INFO success: x entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"
    daemon.wait_log(up)
    count = len(daemon.log_lines())
    daemon.signal(signal.SIGHUP)
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
    after = daemon.wait_state("x", "RUNNING")["pid"]
    assert after != before
    assert not is_alive(before)
    daemon.expect_log(
        [
            "WARN received SIGHUP indicating restart request",
            "INFO waiting for x to die",
            "WARN stopped: x (terminated by SIGTERM)",
            "INFO RPC interface 'supervisor' initialized",
            "INFO RPC interface 'supervisor' initialized",
            f"INFO supervisord started with pid {daemon.started_as}",
            f"INFO spawned: 'x' with pid {after}",
            up,
        ],
        only="^(?!CRIT )",
        since=count,
    )
    for address in (daemon.socket, daemon.port):
        assert http.proxy(address).supervisor.getPID() == daemon.started_as


def test_sighup_reads_the_configuration_again(supervise: Supervise) -> None:
    daemon = supervise("[program:old]\ncommand = sleep 1000\nstartsecs = 0")
    daemon.wait_state("old", "RUNNING")
    daemon.configure("[program:new]\ncommand = sleep 1000\nstartsecs = 0")
    daemon.signal(signal.SIGHUP)
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=2)
    daemon.wait_state("new", "RUNNING")
    assert [info["name"] for info in daemon.rpc.getAllProcessInfo()] == ["new"]


def test_sighup_with_a_broken_configuration_ends_the_daemon(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    daemon.configure("[program:x]\ncommand = sleep 1000\nstartsecs = soon")
    daemon.signal(signal.SIGHUP)
    assert daemon.wait_end() == 2
    assert not is_alive(pid)
    assert daemon.stderr.startswith(
        "Error: invalid literal for int() with base 10: 'soon' in section 'program:x'"
    )


def test_a_daemon_in_the_background_survives_sighup_with_its_pid_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    pid = into_background(daemon)
    os.kill(pid, signal.SIGHUP)
    daemon.wait_log(f"INFO supervisord started with pid {pid}", times=2)
    assert daemon.pidfile.read_text() == f"{pid}\n"
    assert daemon.log_lines().count("INFO daemonizing the supervisord process") == 1
    end(daemon, pid)


def test_it_can_be_restarted_several_times_and_leaks_no_descriptor(supervise: Supervise) -> None:
    times = 3
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0", inet="")
    counts = []
    for number in range(1, times + 1):
        daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=number)
        daemon.wait_state("x", "RUNNING")
        counts.append(len(os.listdir(f"/proc/{daemon.started_as}/fd")))
        daemon.settle()
        daemon.signal(signal.SIGHUP)
    daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=times + 1)
    assert counts[-1] <= counts[0] + 1


def test_sigusr2_reopens_the_main_log(supervise: Supervise) -> None:
    daemon = supervise("")
    daemon.log.rename(daemon.folder / "rotated.log")
    daemon.signal(signal.SIGUSR2)
    wait_for(lambda: daemon.nudge() and daemon.log.exists(), "a new main log")
    daemon.stop()
    rotated = (daemon.folder / "rotated.log").read_text()
    assert "INFO received SIGUSR2 indicating log reopen request\n" in rotated
    assert rotated.endswith("INFO supervisord logreopen\n")
    assert "WARN received SIGTERM indicating exit request" in daemon.log_lines()


def test_sigint_of_a_terminal_reaches_the_daemon_only(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    child = daemon.wait_state("x", "RUNNING")["pid"]
    assert os.getpgid(child) == child
    os.killpg(os.getpgid(daemon.started_as), signal.SIGINT)
    assert daemon.wait_end() == 0
    daemon.wait_log("WARN stopped: x (terminated by SIGTERM)")


def test_a_signal_as_soon_as_there_is_a_pid_file_is_not_lost(prepare: Prepare) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGQUIT", "SIGTERM", "SIGINT"):
        daemon = prepare()
        daemon.configure("")
        daemon.start(ready=False)
        daemon.wait_file("supervisord.pid")
        daemon.signal(getattr(signal, name))
        assert daemon.wait_end() == 0
        assert not daemon.pidfile.exists()
        assert daemon.sockets() == []


def test_a_signal_as_soon_as_it_has_started_anew_is_not_lost(supervise: Supervise) -> None:
    daemon = supervise("")
    for times in (2, 3, 4):
        daemon.signal(signal.SIGHUP)
        daemon.wait_log(f"INFO supervisord started with pid {daemon.started_as}", times=times)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0


# Another user


@pytest.mark.needs_root
def test_it_becomes_the_user_that_is_set(prepare: Prepare) -> None:
    nobody = pwd.getpwnam("nobody")
    daemon = prepare()
    daemon.folder.chmod(0o777)
    daemon.configure("[program:x]\ncommand = sleep 1000\nstartsecs = 0", supervisord="user = nobody")
    daemon.start()
    assert f"INFO Set uid to user {nobody.pw_uid} succeeded" in daemon.log_lines()
    assert os.stat(f"/proc/{daemon.started_as}").st_uid == nobody.pw_uid
    assert os.stat(daemon.log).st_uid == nobody.pw_uid
    assert os.stat(daemon.socket).st_uid == nobody.pw_uid
    child = daemon.wait_state("x", "RUNNING")["pid"]
    assert os.stat(f"/proc/{child}").st_uid == nobody.pw_uid


@pytest.mark.skipif(os.geteuid() == 0, reason="root may become anybody")
def test_only_root_becomes_another_user(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="user = root")
    daemon.start(ready=False)
    assert daemon.wait_end() == 2
    assert daemon.stderr.splitlines()[0] == "Error: Can't drop privilege as nonroot user"


def test_the_user_it_already_is_may_be_set(supervise: Supervise) -> None:
    me = os.geteuid()
    daemon = supervise("", supervisord=f"user = {me}")
    assert daemon.log_lines()[0] == f"INFO Set uid to user {me} succeeded"


# As pid 1 of a container


def test_as_pid_1_it_reaps_grandchildren_that_lost_their_parent(prepare: Prepare) -> None:
    unshare = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"],
        capture_output=True,
        check=False,
    )
    if unshare.returncode != 0:
        pytest.skip("no right to make a pid namespace here")
    daemon = prepare()
    daemon.write("orphans.sh", 'sh -c "sleep 0.2 & echo started"; exec sleep 1000\n')
    daemon.configure("[program:orphans]\ncommand = sh %(here)s/orphans.sh\nstartsecs = 0")
    inside = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc",
         daemon.under_test.program("supervisord"), "-n", "-c", str(daemon.config)],
        cwd=daemon.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        daemon.wait_log_match(r"INFO reaped unknown pid \d+ \(exit status 0\)")
        assert daemon.rpc.getPID() == 1
        daemon.rpc.shutdown()
        wait_for(lambda: daemon.nudge() and inside.poll() is not None, "the end of supervisord")
    finally:
        inside.kill()
        inside.wait()


# Its sockets


@pytest.mark.differs("a unix socket whose path vanished is bound again")
@pytest.mark.parametrize("how", ["removed", "moved"])
def test_a_unix_socket_that_somebody_removes(supervise: Supervise, how: str) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0", unix="chmod = 0770")
    path = Path(daemon.socket)
    before = path.lstat().st_ino
    if how == "removed":
        path.unlink()
    else:
        path.rename(daemon.folder / "elsewhere")
    if not daemon.under_test.ours:
        with pytest.raises(FileNotFoundError):
            daemon.state("x")
        return
    wait_for(path.exists, "the socket")
    assert (stat.S_IMODE(path.lstat().st_mode), path.lstat().st_ino != before) == (0o770, True)
    daemon.wait_log(f"WARN unix socket {path} was removed, bound it again")
    assert daemon.state("x") == "RUNNING"
    # Once more, and it is gone with the daemon all the same.
    path.unlink()
    daemon.wait_log(f"WARN unix socket {path} was removed, bound it again", 2)
    assert daemon.stop() == 0
    assert not path.exists()


@pytest.mark.differs("the path is looked at when the logs are reopened, where nothing tells of it")
def test_a_socket_whose_folder_was_made_anew_is_bound_again_with_the_logs(prepare: Prepare) -> None:
    daemon = prepare()
    folder = daemon.folder / "run"
    folder.mkdir()
    daemon.socket = str(folder / "s.sock")
    daemon.configure("")
    daemon.start()
    folder.rename(daemon.folder / "old")
    folder.mkdir()
    daemon.signal(signal.SIGUSR2)
    daemon.wait_log("INFO received SIGUSR2 indicating log reopen request")
    if daemon.under_test.ours:
        wait_for(Path(daemon.socket).exists, "the socket")
        assert daemon.methods()
    else:
        assert not Path(daemon.socket).exists()


def test_a_socket_of_somebody_else_at_the_path_is_left_alone(supervise: Supervise) -> None:
    daemon = supervise("")
    path = Path(daemon.socket)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(daemon.folder / "other.sock"))
        inode = (daemon.folder / "other.sock").lstat().st_ino
        (daemon.folder / "other.sock").rename(path)
        daemon.signal(signal.SIGUSR2)
        daemon.wait_log("INFO received SIGUSR2 indicating log reopen request")
        assert path.lstat().st_ino == inode
        if daemon.under_test.ours:
            assert daemon.stop() == 0
            assert path.lstat().st_ino == inode


def test_a_second_instance_ends_and_leaves_the_first_its_files(
    supervise: Supervise, prepare: Prepare
) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    daemon.wait_state("x", "RUNNING")
    # Its automatic logs are no part of it: the second one clears them away before it ends.
    files = [path.lstat().st_ino for path in (Path(daemon.socket), daemon.pidfile)]
    second = daemon.run("supervisord", "-n", "-c", str(daemon.config))
    assert second.code == 2
    assert second.err.startswith(
        "Error: Another program is already listening on a port that one of our HTTP servers"
    )
    assert [path.lstat().st_ino for path in (Path(daemon.socket), daemon.pidfile)] == files
    assert int(daemon.pidfile.read_text()) == daemon.started_as
    assert daemon.state("x") == "RUNNING"


def test_a_socket_that_a_killed_daemon_left_is_replaced(supervise: Supervise) -> None:
    daemon = supervise("")
    processes.end(daemon.started_as)
    wait_for(lambda: not daemon.is_running, "the end of supervisord")
    before = len(daemon.log_lines())
    daemon.start(ready=False)
    wait_for(
        lambda: any("started with pid" in line for line in daemon.log_lines()[before:]), "the second start"
    )
    assert daemon.stderr.count(f"Unlinking stale socket {daemon.socket}") == 1
    assert daemon.methods()
