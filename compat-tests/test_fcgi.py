"""FastCGI programs: a socket made by supervisord, shared by the processes of a section, their standard input."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import stat
import xmlrpc.client
from pathlib import Path

import pytest

from conftest import Prepare, Supervise
from harness import fastcgi, processes
from harness.daemon import Daemon, free_port, program
from harness.waiting import wait_for

TWO = "numprocs = 2\nprocess_name = %(program_name)s_%(process_num)d\nstartsecs = 0\nstopsignal = KILL\n"


def section(where: str, more: str = "", name: str = "f") -> str:
    """A FastCGI program whose processes answer requests."""
    return f"[fcgi-program:{name}]\ncommand = {program('responder')}\nsocket = {where}\n{more}\n"


def pids(daemon: Daemon, *names: str) -> list[int]:
    """The pids of processes that run."""
    return [int(daemon.wait_state(name, "RUNNING")["pid"]) for name in names]


def ask(address: str | tuple[str, int], body: bytes = b"") -> list[str]:
    """What a process of the program answers: its pid, a variable and the body."""
    headers, _, text = fastcgi.request(address, {"GREETING": "hello"}, body).partition("\r\n\r\n")
    assert headers == "Content-Type: text/plain"
    return text.split(" ")


def lines_about_sockets(url: str, openings: int) -> list[str]:
    """What the main log says when the socket was made and closed that often."""
    return [f"INFO Creating socket {url}", f"INFO Closing socket {url}"] * openings


def test_the_socket_is_shared_and_closed_when_the_last_one_ends(prepare: Prepare) -> None:
    daemon = prepare()
    path = str(daemon.folder / "f.sock")
    url = f"unix://{path}"
    daemon.configure(section(url, TWO))
    daemon.start()
    one, other = pids(daemon, "f:f_0", "f:f_1")
    assert int(ask(path)[0]) in (one, other)
    mode = os.lstat(path).st_mode
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o700)
    inputs = {os.readlink(f"/proc/{pid}/fd/0") for pid in (one, other)}
    assert len(inputs) == 1 and inputs.pop().startswith("socket:")
    # One of the two is enough to keep it.
    daemon.rpc.stopProcess("f:f_0")
    assert int(ask(path, b"still there")[0]) == other
    daemon.expect_log([*lines_about_sockets(url, 1), f"INFO Creating socket {url}"], only="ing socket")
    daemon.rpc.stopProcess("f:f_1")
    daemon.expect_log(lines_about_sockets(url, 2), only="ing socket")
    with pytest.raises(OSError):
        ask(path)
    daemon.rpc.startProcess("f:f_1")
    assert int(ask(path)[0]) == pids(daemon, "f:f_1")[0]


def test_a_request_reaches_the_program_over_tcp(prepare: Prepare) -> None:
    daemon = prepare()
    port = free_port()
    daemon.configure(section(f"tcp://localhost:{port}", "startsecs = 0\nsocket_backlog = 7\n"))
    daemon.start()
    (pid,) = pids(daemon, "f:f")
    assert ask(("127.0.0.1", port), b"a body") == [str(pid), "hello", "a", "body"]
    with socket.socket() as probe, pytest.raises(OSError):
        probe.bind(("127.0.0.1", port))


def test_a_restarted_process_has_a_socket_again(prepare: Prepare) -> None:
    daemon = prepare()
    path = str(daemon.folder / "f.sock")
    daemon.configure(section(f"unix://{path}", "startsecs = 0\nautorestart = true\n"))
    daemon.start()
    (pid,) = pids(daemon, "f:f")
    processes.end(pid)

    def new_pid() -> int:
        daemon.nudge()
        info = daemon.info("f:f")
        return int(info["pid"]) if info["statename"] == "RUNNING" and info["pid"] != pid else 0

    again = wait_for(new_pid, "a new process")
    daemon.wait_exec(again)
    assert int(ask(path)[0]) == again
    daemon.expect_log(
        [*lines_about_sockets(f"unix://{path}", 2), f"INFO Creating socket unix://{path}"], only="ing socket"
    )


def test_mode_and_backlog_can_be_set_and_a_stale_socket_is_replaced(prepare: Prepare) -> None:
    daemon = prepare()
    path = str(daemon.folder / "f.sock")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    daemon.configure(section(f"unix://{path}", "startsecs = 0\nsocket_mode = 0765\nsocket_backlog = 3\n"))
    daemon.start()
    (pid,) = pids(daemon, "f:f")
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o765
    assert int(ask(path)[0]) == pid


@pytest.mark.needs_root
def test_the_owner_is_that_of_the_setting_or_the_programs_user(prepare: Prepare) -> None:
    nobody = pwd.getpwnam("nobody")
    group = grp.getgrgid(nobody.pw_gid).gr_name
    daemon = prepare()
    sections = {"a": f"socket_owner = nobody:{group}", "b": "user = nobody", "c": "socket_owner = nobody"}
    daemon.configure(
        "".join(
            f"[fcgi-program:{name}]\ncommand = sleep 1000\nsocket = unix://{daemon.folder}/{name}.sock\n{more}\n"
            for name, more in sections.items()
        )
    )
    daemon.start()
    pids(daemon, "a", "b", "c")
    owners = [os.lstat(daemon.folder / name) for name in ("a.sock", "b.sock", "c.sock")]
    both = (nobody.pw_uid, nobody.pw_gid)
    assert [(found.st_uid, found.st_gid) for found in owners] == [both, both, (nobody.pw_uid, os.getegid())]


@pytest.mark.not_yet("D: sendProcessStdin")
def test_the_standard_input_of_a_fastcgi_program_cannot_be_written(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(section(f"unix://{daemon.folder}/f.sock", "startsecs = 0"))
    daemon.start()
    pids(daemon, "f")
    with pytest.raises(xmlrpc.client.Fault) as refused:
        daemon.rpc.sendProcessStdin("f", "text")
    assert refused.value.faultString == "NO_FILE: f"


@pytest.mark.differs("the socket's file is removed when the socket is closed")
def test_the_file_of_a_closed_socket(prepare: Prepare) -> None:
    daemon = prepare()
    path = daemon.folder / "f.sock"
    daemon.configure(section(f"unix://{path}", "startsecs = 0"))
    daemon.start()
    pids(daemon, "f")
    daemon.rpc.stopProcess("f")
    daemon.wait_log(f"INFO Closing socket unix://{path}", 2)
    assert path.exists() == (not daemon.under_test.ours)
    assert daemon.stop() == 0
    assert path.exists() == (not daemon.under_test.ours)


@pytest.mark.differs("a message, where the original ends with a traceback")
def test_a_socket_in_a_missing_folder_ends_the_start(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(section("unix:///nowhere/at/all/f.sock"))
    daemon.start(ready=False)
    code = daemon.wait_end()
    reason = "Could not create FastCGI socket unix:///nowhere/at/all/f.sock: [Errno 2] No such file or directory"
    assert daemon.log_lines()[-1] == "INFO Creating socket unix:///nowhere/at/all/f.sock"
    if daemon.under_test.ours:
        assert code == 2
        assert daemon.stderr.startswith(f"Error: {reason}\n")
        assert not Path(daemon.socket).exists()
    else:
        assert code == 1
        assert daemon.stderr.endswith(f"ValueError: {reason}\n")


@pytest.mark.differs("a FastCGI program in a group keeps its socket")
def test_a_fastcgi_program_in_a_group(prepare: Prepare) -> None:
    daemon = prepare()
    path = daemon.folder / "f.sock"
    daemon.configure(section(f"unix://{path}", TWO) + "[group:g]\nprograms = f\n")
    daemon.start()
    one, other = pids(daemon, "g:f_0", "g:f_1") if daemon.under_test.ours else (0, 0)
    if daemon.under_test.ours:
        assert int(ask(str(path))[0]) in (one, other)
    else:
        daemon.wait_log_match(r"WARN exited: f_0 .*|INFO spawned: 'f_0' .*")
        assert not path.exists()
