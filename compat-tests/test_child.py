"""What a child is: its environment, descriptors, signals, working directory, user, arguments."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import socket
import subprocess
import sys
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, environment, program
from harness.processes import stat_fields
from harness.waiting import StateNotReachedError, wait_for


def report(daemon: Daemon, name: str = "report") -> dict[str, Any]:
    """What the program `recorder` wrote."""
    found: dict[str, Any] = json.loads(daemon.wait_file(name))
    return found


def recorder(more: str = "", *arguments: str, name: str = "x") -> str:
    """A section whose program reports about itself."""
    return f"[program:{name}]\ncommand = {program('recorder', '%(here)s/report', *arguments)}\nstartsecs = 0\n{more}\n"


# Environment


def test_the_environment_of_supervisord_and_four_more(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(recorder())
    daemon.start(env={"INHERITED": "yes"})
    environment = report(daemon)["environment"]
    added = {name: value for name, value in environment.items() if name.startswith("SUPERVISOR_")}
    assert added == {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_PROCESS_NAME": "x",
        "SUPERVISOR_GROUP_NAME": "x",
        "SUPERVISOR_SERVER_URL": f"unix://{daemon.socket}",
    }
    assert environment["INHERITED"] == "yes"
    assert environment["LC_ALL"] == "C.UTF-8"


def test_a_member_of_a_group_knows_its_group(supervise: Supervise) -> None:
    daemon = supervise(recorder("process_name = %(program_name)s_one") + "[group:g]\nprograms = x\n")
    environment = report(daemon)["environment"]
    assert (environment["SUPERVISOR_GROUP_NAME"], environment["SUPERVISOR_PROCESS_NAME"]) == ("g", "x_one")


def test_the_later_of_both_environments_wins(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(
        recorder('environment = B="program",C="program",SUPERVISOR_PROCESS_NAME="mine"'),
        supervisord='environment = A="daemon",B="daemon",Z="daemon"',
    )
    daemon.start(env={"A": "inherited", "B": "inherited", "D": "inherited"})
    environment = report(daemon)["environment"]
    assert {name: environment[name] for name in "ABCDZ"} == {
        "A": "daemon",
        "B": "program",
        "C": "program",
        "D": "inherited",
        "Z": "daemon",
    }
    assert environment["SUPERVISOR_PROCESS_NAME"] == "mine"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A=1", {"A": "1"}),
        ('A="1", B=2', {"A": "1", "B": "2"}),
        ('A="a,b",B="c d"', {"A": "a,b", "B": "c d"}),
        ("A='a\"b'", {"A": 'a"b'}),
        ('A="k=v",B="x"', {"A": "k=v", "B": "x"}),
        ('A="1",', {"A": "1"}),
        ("A=/usr/bin:/bin,B=a.b-c+d", {"A": "/usr/bin:/bin", "B": "a.b-c+d"}),
        ('A="100%%"', {"A": "100%"}),
        ('A=""', {"A": ""}),
        ('A="one",\n    B="two",\n    C="three"', {"A": "one", "B": "two", "C": "three"}),
        ('A="%(program_name)s-%(process_num)s-%(group_name)s"', {"A": "x-0-x"}),
        ('A="%(ENV_HOST_TOO)s/x"', {"A": "from outside/x"}),
        ('A="ünïcode"', {"A": "ünïcode"}),
    ],
)
def test_environment_texts(prepare: Prepare, text: str, wanted: dict[str, str]) -> None:
    daemon = prepare()
    daemon.configure(recorder(f"environment = {text}"))
    daemon.start(env={"HOST_TOO": "from outside"})
    environment = report(daemon)["environment"]
    assert {name: environment.get(name) for name in wanted} == wanted


def test_the_daemons_environment_setting_can_be_used_as_env(supervise: Supervise) -> None:
    daemon = supervise(recorder("", "%(ENV_GREETING)s"), supervisord='environment = GREETING="hello you"')
    assert report(daemon)["arguments"] == ["hello you"]


def test_serverurl_overrides_what_the_child_is_told(supervise: Supervise) -> None:
    daemon = supervise(recorder("serverurl = http://elsewhere:1"))
    assert report(daemon)["environment"]["SUPERVISOR_SERVER_URL"] == "http://elsewhere:1"


def test_serverurl_auto_is_the_default(supervise: Supervise) -> None:
    daemon = supervise(recorder("serverurl = auto"))
    assert report(daemon)["environment"]["SUPERVISOR_SERVER_URL"] == f"unix://{daemon.socket}"


def test_without_a_unix_server_the_child_is_told_of_the_other(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(recorder(), unix=None, inet="")
    daemon.start()
    assert report(daemon)["environment"]["SUPERVISOR_SERVER_URL"] == f"http://127.0.0.1:{daemon.port}"


def test_without_any_server_the_child_is_told_of_none(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(recorder(), unix=None)
    daemon.start()
    assert "SUPERVISOR_SERVER_URL" not in report(daemon)["environment"]


# Arguments


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a b", ["a", "b"]),
        ('"a b" c', ["a b", "c"]),
        ("'a \"b\"' c", ['a "b"', "c"]),
        (r"a\ b \"c", ["a b", '"c']),
        ("'' a", ["", "a"]),
        ('a"b c"d', ["ab cd"]),
        ("$HOME `id` *", ["$HOME", "`id`", "*"]),
        ("a;b a#b", ["a;b", "a#b"]),
        ("a ; a comment", ["a"]),
        ("a # a comment", ["a"]),
        ("100%%", ["100%"]),
        ("%(program_name)s %(process_num)02d %(numprocs)d %(group_name)s", ["x", "00", "1", "x"]),
        ("a\n    b\n    c", ["a", "b", "c"]),
        ("grüße", ["grüße"]),
    ],
)
def test_commands_are_split_like_a_shell_would_and_no_shell_sees_them(
    supervise: Supervise, text: str, wanted: list[str]
) -> None:
    command = program("recorder", "%(here)s/report")
    daemon = supervise(f"[program:x]\ncommand = {command} {text}\nstartsecs = 0\n")
    assert report(daemon)["arguments"] == wanted


def test_the_host_name_can_be_used(supervise: Supervise) -> None:
    daemon = supervise(recorder("", "%(host_node_name)s"))
    assert report(daemon)["arguments"] == [socket.gethostname()]


def test_a_bare_name_is_searched_in_the_path(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = mine
        environment = PATH="/nonexistent:%(here)s/tools:/usr/bin:/bin"
        startsecs = 0
        autostart = false
        """
    )
    daemon.write("tools/mine", "#!/bin/sh\necho found >$0.said\nexec sleep 1000\n").chmod(0o755)
    daemon.rpc.startProcess("x")
    assert daemon.wait_file("tools/mine.said") == "found\n"


# What else a child is


def test_descriptors_process_group_and_parent(supervise: Supervise) -> None:
    daemon = supervise(recorder())
    child = report(daemon)
    # The folder that lists them is the one descriptor more that was open at that moment.
    kinds = {number: kind for number, kind in child["descriptors"].items() if kind != "other"}
    assert kinds == {"0": "pipe", "1": "pipe", "2": "pipe"}
    assert child["process_group"] == child["pid"]
    assert child["parent"] == daemon.started_as
    assert child["session"] == os.getsid(daemon.started_as)
    assert child["same_output"] is False


def test_signals_are_as_a_fresh_process_has_them_but_two_that_are_ignored(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sh -c 'grep -E "^Sig(Blk|Ign)" /proc/self/status >%(here)s/signals; exec sleep 1000'
        startsecs = 0
        """
    )
    fields = dict(line.split(":\t") for line in daemon.wait_file("signals").splitlines())
    masks = {name: int(mask, 16) for name, mask in fields.items()}
    # The C library uses 32 and 33 for itself; who starts the tests may leave them ignored.
    own = 1 << 31 | 1 << 32
    # SIGPIPE (13) and SIGXFSZ (25) are ignored.
    assert masks["SigBlk"] == 0
    assert masks["SigIgn"] & ~own == 1 << 12 | 1 << 24


def test_the_umask_is_set(supervise: Supervise) -> None:
    daemon = supervise(recorder("umask = 027"))
    assert report(daemon)["umask"] == 0o027


def test_the_working_directory_is_that_of_supervisord_or_the_one_set(supervise: Supervise) -> None:
    daemon = supervise(recorder())
    assert report(daemon)["directory"] == str(daemon.folder)
    other = supervise(recorder("directory = /usr"))
    assert report(other)["directory"] == "/usr"


def test_a_relative_command_is_looked_up_from_where_supervisord_is_and_run_from_its_directory(
    supervise: Supervise,
) -> None:
    daemon = supervise(
        "[program:x]\ncommand = tools/mine\ndirectory = %(here)s/tools\nstartretries = 0\nstartsecs = 10\n"
        "autostart = false\nstderr_logfile = %(here)s/x.err\n"
    )
    daemon.write("tools/mine", "#!/bin/sh\nexec sleep 1000\n").chmod(0o755)
    # The child may be gone before the original has answered; then this is a fault.
    with contextlib.suppress(xmlrpc.client.Fault):
        daemon.rpc.startProcess("x", False)
    daemon.wait_log("WARN exited: x (exit status 127; not expected)")
    assert (daemon.folder / "x.err").read_text().startswith("supervisor: couldn't exec tools/mine: ENOENT\n")


@pytest.mark.needs_root
def test_user_sets_uid_gid_and_groups_and_leaves_the_environment_alone(prepare: Prepare) -> None:
    nobody = pwd.getpwnam("nobody")
    daemon = prepare()
    daemon.folder.chmod(0o777)
    daemon.configure(
        """
        [program:x]
        command = sh -c 'echo $(id -u) $(id -g) $(id -G) $HOME $USER >%(here)s/who; exec sleep 1000'
        startsecs = 0
        user = nobody
        """
    )
    daemon.start(env={"HOME": "/root/of/somebody", "USER": "somebody"})
    groups = {nobody.pw_gid} | {entry.gr_gid for entry in grp.getgrall() if "nobody" in entry.gr_mem}
    uid, gid, *rest = daemon.wait_file("who").split()
    assert (int(uid), int(gid)) == (nobody.pw_uid, nobody.pw_gid)
    assert {int(word) for word in rest[:-2]} == groups
    assert rest[-2:] == ["/root/of/somebody", "somebody"]


@pytest.mark.needs_root
def test_user_may_be_a_number(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.folder.chmod(0o777)
    daemon.configure(
        "[program:x]\ncommand = sh -c 'id -u >%(here)s/who; exec sleep 1000'\nstartsecs = 0\nuser = 65534\n"
    )
    daemon.start()
    assert daemon.wait_file("who") == "65534\n"


def test_the_user_that_supervisord_is_may_always_be_set(supervise: Supervise) -> None:
    daemon = supervise(recorder(f"user = {os.geteuid()}"))
    assert report(daemon)["uid"] == os.geteuid()


def test_standard_input_stays_open_and_empty(supervise: Supervise) -> None:
    # `cat` ends at the end of its input; it does not come.
    daemon = supervise("[program:x]\ncommand = cat\nstartsecs = 1")
    daemon.wait_state("x", "RUNNING")


def test_limits_priority_and_terminal_are_inherited(supervise: Supervise) -> None:
    """What `minfds` and `minprocs` raised for supervisord is raised for its children; all else is as it was."""
    daemon = supervise(recorder(), supervisord="minfds = 2000\nminprocs = 300")
    child = int(report(daemon)["pid"])

    def limits(pid: int) -> dict[str, str]:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
        return {line[:26].strip(): " ".join(line[26:].split()) for line in lines}

    assert limits(child) == limits(daemon.started_as)
    assert int(limits(child)["Max open files"].split()[0]) >= 2000
    # Of stat: terminal, then nice value.
    assert [stat_fields(child)[index] for index in (4, 16)] == [
        stat_fields(daemon.started_as)[index] for index in (4, 16)
    ]


def test_nothing_of_the_daemon_is_inherited_by_the_last_of_many(supervise: Supervise) -> None:
    """Sockets, logs and the pipes of other children stay with supervisord, also with a client connected."""
    daemon = supervise(
        recorder(name="a") + "[program:b]\ncommand = sleep 1000\nstartsecs = 0\nautostart = false\n"
    )
    report(daemon)
    daemon.rpc.startProcess("b")
    pid = int(daemon.wait_state("b", "RUNNING")["pid"])

    def descriptors() -> dict[str, str]:
        folder = f"/proc/{pid}/fd"
        # One that is closed between the two looks was not there.
        with contextlib.suppress(FileNotFoundError):
            return {name: os.readlink(f"{folder}/{name}") for name in os.listdir(folder)}
        return {}

    # The program's loader opens and closes libraries of its own as it begins.
    with contextlib.suppress(StateNotReachedError):
        wait_for(lambda: sorted(descriptors()) == ["0", "1", "2"], "the program to have begun")
    opened = descriptors()
    assert sorted(opened) == ["0", "1", "2"]
    assert all(target.startswith("pipe:") for target in opened.values())
    assert len(set(opened.values())) == 3


def test_redirected_errors_share_the_pipe_of_the_output(supervise: Supervise) -> None:
    assert report(supervise(recorder("redirect_stderr = true")))["same_output"] is True


@pytest.mark.needs_root
def test_the_steps_come_in_order_user_then_folder_then_mask(prepare: Prepare) -> None:
    """A folder that only root may enter is refused to a program of another user, so the user comes first."""
    daemon = prepare()
    daemon.folder.chmod(0o777)
    closed = daemon.folder / "closed"
    closed.mkdir(mode=0o700)
    daemon.configure(
        f"[program:x]\ncommand = sleep 1000\nuser = nobody\ndirectory = {closed}\nstartretries = 0\nstartsecs = 10\n"
        "stderr_logfile = %(here)s/x.err\numask = 077\n"
    )
    daemon.start()
    daemon.wait_log("WARN exited: x (exit status 127; not expected)")
    assert (daemon.folder / "x.err").read_text() == (
        f"supervisor: couldn't chdir to {closed}: EACCES\nsupervisor: child process was not spawned\n"
    )


def test_arguments_and_environment_beyond_what_the_system_takes(prepare: Prepare) -> None:
    daemon = prepare()
    # One argument may have 128 KiB at most.
    daemon.configure(
        f"[program:x]\ncommand = echo {'a' * 140_000}\nstartretries = 0\nstartsecs = 10\n"
        "stderr_logfile = %(here)s/x.err\n"
    )
    daemon.start()
    daemon.wait_log("WARN exited: x (exit status 127; not expected)")
    assert (daemon.folder / "x.err").read_text() == (
        "supervisor: couldn't exec echo: E2BIG\nsupervisor: child process was not spawned\n"
    )


@pytest.mark.needs_root
def test_a_program_that_its_user_may_not_execute(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.folder.chmod(0o777)
    tool = daemon.write("tool", "#!/bin/sh\nexec sleep 1000\n")
    tool.chmod(0o700)
    daemon.configure(
        f"[program:x]\ncommand = {tool}\nuser = nobody\nstartretries = 0\nstartsecs = 10\n"
        "stderr_logfile = %(here)s/x.err\n"
    )
    daemon.start()
    daemon.wait_log("WARN exited: x (exit status 127; not expected)")
    assert (daemon.folder / "x.err").read_text() == (
        f"supervisor: couldn't exec {tool}: EACCES\nsupervisor: child process was not spawned\n"
    )


@pytest.mark.needs_root
def test_a_daemon_that_may_have_no_more_processes_says_so(prepare: Prepare) -> None:
    """As a user of its own, since root has no such limit; the number is one that nobody else uses."""
    daemon = prepare()
    daemon.folder.chmod(0o777)
    uid = 64_000 + os.getpid() % 1000
    daemon.configure(
        "[program:x]\ncommand = sleep 1000\nnumprocs = 12\nprocess_name = x_%(process_num)d\nstartsecs = 0\n"
        "startretries = 0\nstdout_logfile = NONE\nstderr_logfile = NONE\n",
        supervisord="minprocs = 8",
    )
    wrapper = daemon.write(
        "limited",
        f"""\
        #!{sys.executable} -IS
        import os, resource, sys
        resource.setrlimit(resource.RLIMIT_NPROC, (8, 8))
        os.setgroups([])
        os.setgid({uid})
        os.setuid({uid})
        os.execv(sys.argv[1], sys.argv[1:])
        """,
    )
    wrapper.chmod(0o755)
    program_path = daemon.under_test.program("supervisord")
    if subprocess.run(
        [sys.executable, "-c", f"import os;os.setuid({uid});os.execv({program_path!r},['s','-v'])"],
        capture_output=True,
        check=False,
    ).returncode:
        pytest.skip("the installation cannot be reached by another user")
    daemon.child = subprocess.Popen(
        [sys.executable, "-I", "-S", str(wrapper), program_path, "-n", "-c", str(daemon.config)],
        stdin=subprocess.DEVNULL,
        stdout=(daemon.folder / "out").open("ab"),
        stderr=(daemon.folder / "err").open("ab"),
        cwd=daemon.folder,
        env=environment(daemon.mark),
        start_new_session=True,
    )
    daemon.started_as = daemon.child.pid
    daemon.wait_ready()
    found = daemon.wait_log_match(r"INFO spawnerr: Too many processes in process table to spawn '(x_\d+)'")
    daemon.wait_state(f"x:{found[1]}", "FATAL", "BACKOFF")
    assert (
        daemon.info(f"x:{found[1]}")["spawnerr"]
        == f"Too many processes in process table to spawn '{found[1]}'"
    )
