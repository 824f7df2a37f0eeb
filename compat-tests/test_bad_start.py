"""Bad input to supervisord: the message, exit code 2, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon, environment, free_port
from harness.processes import is_alive


def refused(daemon: Daemon, *options: str) -> str:
    """Start supervisord, which must end with 2 at once; its message without `Error: ` and the hint.

    Nothing may be left but the main log, and automatic child logs, which the next start removes.
    """
    files = {path.name for path in daemon.folder.rglob("*")} | {"out", "err", "supervisord.log"}
    daemon.start(*options, ready=False)
    assert daemon.wait_end() == 2, daemon.stderr
    assert not daemon.leftovers()
    left = {path.name for path in daemon.folder.rglob("*") if "---supervisor-" not in path.name}
    assert left <= files
    message, hint, *rest = daemon.stderr.splitlines()[-2:]
    assert rest == []
    assert hint == f"For help, use {daemon.under_test.program('supervisord')} -h"
    assert message.startswith("Error: ")
    return message[len("Error: ") :].replace(str(daemon.folder), "<folder>")


# The command line


def run(prepare: Prepare, *words: str) -> str:
    """The usage error that these words end in."""
    result = prepare().run("supervisord", *words)
    assert (result.code, result.out) == (2, "")
    return result.err.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-x"], "option -x not recognized"),
        (["--nonsense"], "option --nonsense not recognized"),
        (["-c"], "option -c requires argument"),
        (["--configuration"], "option --configuration requires argument"),
        (["--nodaemon=1"], "option --nodaemon must not have an argument"),
        (["--log", "x"], "option --log not a unique prefix"),
        (["start", "it"], "positional arguments are not supported: ['start', 'it']"),
        (["-e", "loud"], "invalid value for -e 'loud': bad logging level name 'loud'"),
        (["--loglevel=loud"], "invalid value for --loglevel 'loud': bad logging level name 'loud'"),
        (["-m", "9"], "invalid value for -m '9': 9 can not be converted to an octal type"),
        (["-d", "/none"], "invalid value for -d '/none': /none is not an existing directory"),
        (["-q", "/none"], "invalid value for -q '/none': /none is not an existing directory"),
        (
            ["-l", "/none/log"],
            "invalid value for -l '/none/log': The directory named as part of the path /none/log does not exist",
        ),
        (
            ["-j", "/none/pid"],
            "invalid value for -j '/none/pid': The directory named as part of the path /none/pid does not exist",
        ),
        (["-a", "many"], "invalid value for -a 'many': invalid literal for int() with base 10: 'many'"),
        (["-y", "much"], "invalid value for -y 'much': invalid literal for int() with base 10: 'much'"),
        (["-z", "x"], "invalid value for -z 'x': invalid literal for int() with base 10: 'x'"),
        (["-i", "a", "-i", "b"], "conflicting command line option '-i'"),
    ],
)
def test_a_wrong_command_line(prepare: Prepare, words: list[str], message: str) -> None:
    assert run(prepare, *words) == f"Error: {message}"


def test_the_hint_after_a_wrong_command_line(prepare: Prepare) -> None:
    daemon = prepare()
    name = daemon.under_test.program("supervisord")
    assert daemon.run("supervisord", "-x").err == (
        f"Error: option -x not recognized\nFor help, use {name} -h\n"
    )


# The file


def test_a_missing_configuration(prepare: Prepare) -> None:
    daemon = prepare()
    assert refused(daemon) == "could not find config file <folder>/supervisord.conf"


def test_an_unreadable_configuration(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    if os.geteuid() != 0:
        daemon.config.chmod(0)
        assert refused(daemon) == "could not read config file <folder>/supervisord.conf"
        return
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root reads everything, and there is no setpriv to stop being root")
    daemon.config.chmod(0o600)
    nobody = [setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    command = [daemon.under_test.program("supervisord"), "-n", "-c", str(daemon.config)]
    if subprocess.run([*nobody, "test", "-x", command[0]], check=False).returncode != 0:
        pytest.skip("the program under test is in a folder that only root enters")
    done = subprocess.run(
        [*nobody, *command],
        capture_output=True, text=True, timeout=30, check=False, cwd="/", env=environment(daemon.mark),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == f"Error: could not read config file {daemon.config}"


def test_a_configuration_that_is_a_folder(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.config.mkdir()
    assert refused(daemon) == "could not read config file <folder>/supervisord.conf"


def test_no_configuration_anywhere(prepare: Prepare) -> None:
    daemon = prepare()
    if any(Path(path).exists() for path in ("/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")):
        pytest.skip("this machine has a configuration of its own")
    result = daemon.run("supervisord", "-n")
    bin_folder = Path(daemon.under_test.program("supervisord")).parent
    here = bin_folder.parent
    assert result.code == 2
    assert result.err.splitlines()[-2] == (
        f"Error: No config file found at default paths ({here}/etc/supervisord.conf, {here}/supervisord.conf, "
        "supervisord.conf, etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf); use the "
        "-c option to specify a config file at a different path"
    )


@pytest.mark.needs_root
def test_root_is_warned_when_the_configuration_is_searched_for(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("bad")
    result = daemon.run("supervisord", "-n")
    assert (
        "Supervisord is running as root and it is searching for its configuration file in default locations "
        '(including its current working directory); you probably want to specify a "-c" argument specifying an '
        "absolute path to a configuration file for improved security."
    ) in " ".join(result.err.split())


def test_a_file_without_a_supervisord_section(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.write("supervisord.conf", "[program:x]\ncommand = sleep 1000\n")
    assert refused(daemon) == ".ini file does not include supervisord section"


def test_an_empty_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.write("supervisord.conf", "")
    assert refused(daemon) == ".ini file does not include supervisord section"


def whole_error(daemon: Daemon) -> str:
    """The error text when it has several lines."""
    daemon.start(ready=False)
    assert daemon.wait_end() == 2
    text = daemon.stderr.replace(str(daemon.folder), "<folder>")
    return text.rpartition("For help, use ")[0]


def test_a_line_that_is_no_option(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.write("supervisord.conf", "[supervisord]\nnonsense\nmore nonsense\n")
    assert whole_error(daemon) == (
        "Error: Source contains parsing errors: '<folder>/supervisord.conf'\n"
        "\t[line  2]: 'nonsense\\n'\n"
        "\t[line  3]: 'more nonsense\\n'\n"
    )


# Values


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("loglevel = loud", "bad logging level name 'loud'"),
        ("umask = 9", "9 can not be converted to an octal type"),
        ("minfds = many", "invalid literal for int() with base 10: 'many'"),
        ("logfile_maxbytes = much", "invalid literal for int() with base 10: 'much'"),
        ("nodaemon = perhaps", "not a valid boolean value: 'perhaps'"),
        ("directory = /none", "/none is not an existing directory"),
        ("childlogdir = /none", "/none is not an existing directory"),
        ("logfile = /none/log", "The directory named as part of the path /none/log does not exist"),
        ("pidfile = /none/pid", "The directory named as part of the path /none/pid does not exist"),
        ("user = nobody-of-that-name", "Invalid user name nobody-of-that-name"),
        ("user = 3999999999", "Invalid user id 3999999999"),
        ("environment = A", "Unexpected end of key/value pairs in value 'A'"),
        ("environment = A=1,B", "Unexpected end of key/value pairs in value 'A=1,B'"),
    ],
)
def test_a_bad_value_in_the_supervisord_section(prepare: Prepare, setting: str, message: str) -> None:
    daemon = prepare()
    daemon.configure("", supervisord=setting)
    assert refused(daemon) == message


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("startsecs = soon", "invalid literal for int() with base 10: 'soon'"),
        ("priority = high", "invalid literal for int() with base 10: 'high'"),
        ("autostart = maybe", "not a valid boolean value: 'maybe'"),
        ("autorestart = maybe", "invalid 'autorestart' value 'maybe'"),
        ("exitcodes = 0,many", "not a valid list of exit codes: '0,many'"),
        ("exitcodes = 256", "not a valid list of exit codes: '256'"),
        ("stopsignal = NONSENSE", "value 'NONSENSE' is not a valid signal name"),
        ("stopsignal = 999", "value '999' is not a valid signal number"),
        ("user = nobody-of-that-name", "Invalid user name nobody-of-that-name"),
        ("umask = 9", "9 can not be converted to an octal type"),
        ("stdout_logfile = /none/x", "The directory named as part of the path /none/x does not exist"),
        ("stdout_logfile_maxbytes = 1X", "invalid literal for int() with base 10: '1x'"),
        ("numprocs = 2", "%(process_num) must be present within process_name when numprocs > 1"),
        ("process_name = a:b", "Invalid name: 'a:b' because of character: ':'"),
        ("environment = A=", "Unexpected end of key/value pairs in value 'A='"),
    ],
)
def test_a_bad_value_in_a_program_section(prepare: Prepare, setting: str, message: str) -> None:
    daemon = prepare()
    daemon.configure(f"[program:x]\ncommand = sleep 1000\n{setting}\n")
    shown = refused(daemon)
    if setting.startswith("priority"):
        assert shown == message
    else:
        assert shown == f"{message} in section 'program:x' (file: '<folder>/supervisord.conf')"


def test_a_program_without_a_command(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\nautostart = false\n")
    assert refused(daemon) == (
        "program section program:x does not specify a command in section 'program:x' "
        "(file: '<folder>/supervisord.conf')"
    )


def test_a_name_that_cannot_be_expanded(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[program:x]\ncommand = %(nothing)s\n")
    shown = refused(daemon)
    assert shown.startswith(
        "Format string '%(nothing)s' for 'program:x.command' contains names ('nothing') which cannot be expanded. "
        "Available names: ENV_"
    )
    assert shown.endswith(
        ", group_name, here, host_node_name, numprocs, process_num, program_name in section 'program:x' "
        "(file: '<folder>/supervisord.conf')"
    )


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("date +%", "incomplete format"),
        ("date +%(here", "incomplete format key"),
        ("date +%(here)y", "unsupported format character 'y' (0x79) at index 13"),
    ],
)
def test_a_badly_formatted_text(prepare: Prepare, command: str, why: str) -> None:
    daemon = prepare()
    daemon.configure(f"[program:x]\ncommand = {command}\n")
    shown = refused(daemon)
    assert shown == (
        f"Format string {command!r} for 'program:x.command' is badly formatted: {why} in section 'program:x' "
        "(file: '<folder>/supervisord.conf')"
    )


def test_a_group_with_an_unknown_program(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[group:g]\nprograms = y\n[program:x]\ncommand = sleep 1000\n")
    assert refused(daemon) == "[group:g] names unknown program or fcgi-program y"


def test_an_include_without_files(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfile = x\n")
    assert refused(daemon) == ".ini file has [include] section, but no files setting"


def test_an_error_in_an_included_file_names_that_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfiles = conf.d/*.conf\n")
    daemon.write("conf.d/x.conf", "[program:x]\ncommand = sleep 1000\nstartsecs = soon\n")
    assert refused(daemon) == (
        "invalid literal for int() with base 10: 'soon' in section 'program:x' (file: '<folder>/conf.d/x.conf')"
    )


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("127.0.0.1:0", "0 is below lower bound (1)"),
        ("127.0.0.1:65536", "65536 is above upper bound (65535)"),
        ("127.0.0.1:http", "invalid literal for int() with base 10: 'http'"),
        ("http", "not a valid port number: 'http' "),
        ("127.0.0.1:", "no port number specified in ''"),
    ],
)
def test_a_bad_port(prepare: Prepare, port: str, message: str) -> None:
    daemon = prepare()
    daemon.configure(f"[inet_http_server]\nport = {port}\n")
    assert refused(daemon) == message


def test_a_server_without_its_address(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[inet_http_server]\n")
    assert refused(daemon) == "section [inet_http_server] has no port value"
    other = prepare()
    other.configure("[unix_http_server:two]\n")
    assert refused(other) == "section [unix_http_server:two] has no file value"


def test_a_bad_mode_or_owner_of_the_socket(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", unix="chmod = 9")
    assert refused(daemon) == "Invalid chmod value 9"
    other = prepare()
    other.configure("", unix="chown = nobody-of-that-name")
    assert refused(other) == "Invalid sockchown value nobody-of-that-name"


# What is in the way


BUSY = (
    "Another program is already listening on a port that one of our HTTP servers is configured to use.  "
    "Shut this program down first before starting supervisord."
)


def test_a_busy_port(prepare: Prepare) -> None:
    daemon = prepare()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon.port = taken.getsockname()[1]
        daemon.configure("[program:x]\ncommand = sleep 1000", unix=None, inet="")
        assert refused(daemon) == BUSY


def test_a_busy_port_leaves_no_socket_of_the_other_server_behind(prepare: Prepare) -> None:
    daemon = prepare()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon.port = taken.getsockname()[1]
        daemon.configure("[program:x]\ncommand = sleep 1000", inet="")
        assert refused(daemon) == BUSY
    assert daemon.sockets() == []


def test_a_second_daemon_on_the_same_configuration(supervise: Supervise, prepare: Prepare) -> None:
    first = supervise("[program:x]\ncommand = sleep 1000\nstartsecs = 0")
    pid = first.wait_state("x", "RUNNING")["pid"]
    second = prepare()
    second.configure("")
    second.config.write_text(first.config.read_text().replace(str(first.log), str(second.log)))
    assert refused(second) == BUSY
    # The first is as it was, with its pid file and its socket.
    assert first.pidfile.read_text() == f"{first.started_as}\n"
    assert first.info("x")["pid"] == pid


def test_an_address_that_is_not_ours(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(f"[inet_http_server]\nport = 192.0.2.1:{free_port()}\n", unix=None)
    assert refused(daemon) == "Cannot open an HTTP server: socket.error reported errno.EADDRNOTAVAIL (99)"


def test_a_socket_in_a_folder_that_does_not_exist(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[unix_http_server]\nfile = %(here)s/none/s.sock\n", unix=None)
    assert refused(daemon) == "Cannot open an HTTP server: socket.error reported errno.ENOENT (2)"


def test_a_stale_socket_is_replaced(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(daemon.socket)
    daemon.start()
    assert daemon.stderr == f"Unlinking stale socket {daemon.socket}\n"
    assert daemon.rpc.getState()["statename"] == "RUNNING"


def test_a_killed_daemon_leaves_its_socket_and_the_next_one_takes_over(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("")
    daemon.start()
    daemon.signal(signal.SIGKILL)
    assert daemon.wait_end() == -signal.SIGKILL
    assert daemon.sockets() == ["s.sock"]
    killed = daemon.started_as
    daemon.log.unlink()
    daemon.start()
    assert daemon.pidfile.read_text() == f"{daemon.started_as}\n"
    assert daemon.started_as != killed
    assert not is_alive(killed)


def test_more_open_files_than_the_system_allows(prepare: Prepare) -> None:
    limit = 2**30 + 1
    maximum = Path("/proc/sys/fs/nr_open")
    if not maximum.exists() or int(maximum.read_text()) >= limit:
        pytest.skip("no upper bound to run into")
    daemon = prepare()
    daemon.configure("", supervisord=f"minfds = {limit}")
    shown = refused(daemon)
    assert shown == (
        f'The minimum number of file descriptors required to run this process is {limit} as per the "minfds" '
        "command-line argument or config file setting. The current environment will only allow you to open "
        f"{shown.split('to open ')[1].split(' ')[0]} file descriptors.  Either raise the number of usable file "
        "descriptors in your environment (see README.rst) or lower the minfds setting in the config file to allow "
        "the process to start."
    )
