"""What a child is: its environment, descriptors, signals, working directory, user, arguments."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import socket
import xmlrpc.client
from typing import Any

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, program


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
