"""The first minutes with Supervisor: a sample file, the daemon, its first log lines, the first status."""

from __future__ import annotations

import configparser
import os
import re
import resource
import signal

import pytest

from conftest import Prepare, Supervise
from harness.daemon import program
from harness.processes import is_alive
from harness.under_test import UnderTest
from harness.waiting import wait_for

ROOT_WITHOUT_USER = (
    "CRIT Supervisor is running as root.  Privileges were not dropped because no user is specified in the "
    "config file.  If you intend to run as root, you can set user=root in the config file to avoid this message."
)


def root_line() -> list[str]:
    """The line that a daemon of root without `user=` begins its log with."""
    return [ROOT_WITHOUT_USER] if os.geteuid() == 0 else []


def test_the_sample_configuration_runs_and_supervisorctl_finds_the_daemon(prepare: Prepare) -> None:
    daemon = prepare()
    sample = daemon.run("echo_supervisord_conf")
    assert (sample.code, sample.err) == (0, "")
    daemon.config.write_text(sample.out.replace("/tmp", str(daemon.folder)))

    daemon.start(foreground=False, ready=False)
    assert daemon.wait_end() == 0
    wait_for(daemon.pidfile.exists, "the pid file")
    status = daemon.ctl("status")
    assert (status.code, status.out, status.err) == (0, "", "")

    pid = daemon.pid
    assert daemon.ctl("shutdown").out == "Shut down\n"
    wait_for(lambda: not is_alive(pid), "the end of the daemon")
    assert daemon.sockets() == []
    assert not daemon.pidfile.exists()


def test_a_configuration_in_the_current_folder_is_found_without_an_option(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = sleep 1000")
    daemon.start()
    # From the folder of the configuration.
    assert re.match(r"x +\S+ ", daemon.run("supervisorctl", "status").out)


def test_the_sample_sets_what_the_original_sets(prepare: Prepare) -> None:
    sample = prepare().run("echo_supervisord_conf").out
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(sample)
    assert {section: dict(parser[section]) for section in parser.sections()} == {
        "unix_http_server": {"file": "/tmp/supervisor.sock"},
        "supervisord": {
            "logfile": "/tmp/supervisord.log",
            "logfile_maxbytes": "50MB",
            "logfile_backups": "10",
            "loglevel": "info",
            "pidfile": "/tmp/supervisord.pid",
            "nodaemon": "false",
            "silent": "false",
            "minfds": "1024",
            "minprocs": "200",
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "supervisorctl": {"serverurl": "unix:///tmp/supervisor.sock"},
    }


def test_echo_supervisord_conf_ignores_arguments(prepare: Prepare) -> None:
    daemon = prepare()
    plain = daemon.run("echo_supervisord_conf")
    assert daemon.run("echo_supervisord_conf", "--nonsense", "x") == plain


def test_the_first_log_lines_are_those_that_scripts_look_for(prepare: Prepare) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1024:
        pytest.skip("the hard limit of open files is below 1024")
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = sleep 1000")
    daemon.start(descriptors=512)
    info = daemon.wait_state("x", "RUNNING")
    daemon.expect_log(
        [
            *root_line(),
            "INFO Increased RLIMIT_NOFILE limit to 1024",
            "INFO RPC interface 'supervisor' initialized",
            "CRIT Server 'unix_http_server' running without any HTTP authentication checking",
            f"INFO supervisord started with pid {daemon.started_as}",
            f"INFO spawned: 'x' with pid {info['pid']}",
            "INFO success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
        ]
    )


def test_the_limit_of_open_files_is_left_alone_when_it_is_high_enough(prepare: Prepare) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1024:
        pytest.skip("the hard limit of open files is below 1024")
    daemon = prepare()
    daemon.configure("")
    daemon.start(descriptors=1024)
    assert "RLIMIT_NOFILE" not in daemon.log_text


def test_the_raised_limit_of_open_files_is_in_force(prepare: Prepare) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1024:
        pytest.skip("the hard limit of open files is below 1024")
    daemon = prepare()
    daemon.configure("", supervisord="minfds = 700")
    daemon.start(descriptors=512)
    assert "INFO Increased RLIMIT_NOFILE limit to 700" in daemon.log_lines()
    assert resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)[0] == 700


def test_the_last_log_lines_tell_of_the_signal_and_the_stopped_programs(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    daemon.wait_log(
        "INFO success: x entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"
    )
    before = len(daemon.log_lines())
    assert daemon.stop() == 0
    assert daemon.log_lines()[before:] == [
        "WARN received SIGTERM indicating exit request",
        "INFO waiting for x to die",
        "WARN stopped: x (terminated by SIGTERM)",
    ]


def test_in_the_foreground_the_main_log_is_also_printed(supervise: Supervise) -> None:
    daemon = supervise("")
    daemon.stop()
    assert daemon.stdout == daemon.log_text
    assert daemon.stderr == ""


@pytest.mark.parametrize("how", ["option", "setting"])
def test_a_silent_daemon_prints_nothing(prepare: Prepare, how: str) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="silent = true" if how == "setting" else "")
    daemon.start(*(["--silent"] if how == "option" else []))
    daemon.stop()
    assert daemon.stdout == ""
    assert "INFO supervisord started with pid" in daemon.log_text


def test_nodaemon_in_the_configuration_keeps_it_in_the_foreground(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="nodaemon = true")
    daemon.start(foreground=False)
    assert daemon.is_running
    assert daemon.pid == daemon.started_as


def test_the_versions_agree(supervise: Supervise, under_test: UnderTest) -> None:
    daemon = supervise("")
    printed = daemon.run("supervisord", "-v")
    assert (printed.code, printed.err) == (0, "")
    assert under_test.version.fullmatch(printed.out.rstrip("\n"))
    assert daemon.run("supervisord", "--version") == printed
    assert daemon.rpc.getSupervisorVersion() + "\n" == printed.out
    assert daemon.ctl("version").out == printed.out


@pytest.mark.parametrize("option", ["-h", "--help", "-?"])
@pytest.mark.parametrize("name", ["supervisord", "supervisorctl"])
def test_help_names_every_option_and_ends_well(prepare: Prepare, name: str, option: str) -> None:
    options = {
        "supervisord": "-c -n -s -h -v -u -m -d -l -y -z -e -j -i -q -k -a -t --minprocs --profile_options",
        "supervisorctl": "-c -h -i -s -u -p -r",
    }
    shown = prepare().run(name, option)
    assert (shown.code, shown.err) == (0, "")
    missing = [
        word for word in options[name].split() if not re.search(rf"^ *{re.escape(word)}\b", shown.out, re.M)
    ]
    assert missing == []


def test_a_daemon_without_programs_keeps_running(supervise: Supervise) -> None:
    daemon = supervise("")
    assert daemon.rpc.getAllProcessInfo() == []
    assert daemon.rpc.getState() == {"statecode": 1, "statename": "RUNNING"}


def test_unknown_sections_and_keys_are_ignored(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:x]
        command = {program("sleeper")}
        startsecs = 0
        daemonize = no
        dependent_startup = true
        [watchdog:x]
        anything = goes
        """
    )
    daemon.wait_state("x", "RUNNING")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0
