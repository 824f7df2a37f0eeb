"""The command lines of supervisord and supervisorctl: what `getopt` accepts and refuses, and what wins."""

from __future__ import annotations

import pytest

from conftest import Prepare, Supervise
from harness.daemon import Daemon
from harness.refusal import refusal

WrongLines = list[tuple[list[str], str]]

WRONG_SUPERVISORD: WrongLines = [
    (["-x", "-v"], "option -x not recognized"),
    (["x", "-v"], "positional arguments are not supported: ['x', '-v']"),
    (["-"], "positional arguments are not supported: ['-']"),
    (["---"], "option --- not recognized"),
    (["-nx"], "option -x not recognized"),
    (["-n=1"], "option -= not recognized"),
    (["--=1"], "option -- not a unique prefix"),
    (["-:"], "option -: not recognized"),
    (["-é"], "option -é not recognized"),
    (["--é=1"], "option --é not recognized"),
    (["-?x"], "option -x not recognized"),
    (["--help=x"], "option --help must not have an argument"),
    (["--version=1"], "option --version must not have an argument"),
    (["--no"], "option --no not a unique prefix"),
    (["--min", "1"], "option --min not a unique prefix"),
    (["--logfile_", "1"], "option --logfile_ not a unique prefix"),
    (["-nc"], "option -c requires argument"),
    (["--user"], "option --user requires argument"),
    (["--umask"], "option --umask requires argument"),
    (
        ["-c", "<folder>/supervisord.conf", "-c", "<folder>/supervisord.conf"],
        "conflicting command line option '-c'",
    ),
    (["-n", "-n"], "conflicting command line option '-n'"),
    (["-nn"], "conflicting command line option '-n'"),
    (["-n", "--nodaemon"], "conflicting command line option '--nodaemon'"),
    (["-s", "-s"], "conflicting command line option '-s'"),
    (["-k", "--nocleanup"], "conflicting command line option '--nocleanup'"),
    (["-tt"], "conflicting command line option '-t'"),
    (["-i", "", "-i", "x"], "conflicting command line option '-i'"),
    (["-a", "0", "-a", "0"], "conflicting command line option '-a'"),
    (["-y", "1kb", "--logfile_maxbytes", "2kb"], "conflicting command line option '--logfile_maxbytes'"),
    (["-m", "022", "-m", "022"], "conflicting command line option '-m'"),
    (["--pid", "a", "--pid", "b"], "conflicting command line option '--pidfile'"),
    (
        ["--profile_options=calls", "--profile_options=calls"],
        "conflicting command line option '--profile_options'",
    ),
    (["-l", "a", "-l", "b"], "conflicting command line option '-l'"),
    (["-z", "1", "-z", "1"], "conflicting command line option '-z'"),
    (["-e", "info", "-e", "info"], "conflicting command line option '-e'"),
    (["-u", "root", "-u", "root"], "conflicting command line option '-u'"),
    (["-j", "a", "-j", "b"], "conflicting command line option '-j'"),
    (["-m", ""], "invalid value for -m '':  can not be converted to an octal type"),
    (["--umask=x"], "invalid value for --umask 'x': x can not be converted to an octal type"),
    (["-d", "~none-here"], "invalid value for -d '~none-here': ~none-here is not an existing directory"),
    (
        ["-d", "<folder>/supervisord.conf"],
        "invalid value for -d '<folder>/supervisord.conf': <folder>/supervisord.conf is not an existing directory",
    ),
    (["--child", "/none"], "invalid value for --childlogdir '/none': /none is not an existing directory"),
    (
        ["-l", "<folder>/none/x"],
        "invalid value for -l '<folder>/none/x': The directory named as part of the path <folder>/none/x does not exist",
    ),
    (["-y", "1TB"], "invalid value for -y '1TB': invalid literal for int() with base 10: '1tb'"),
    (
        ["--logfile_maxbytes="],
        "invalid value for --logfile_maxbytes '': invalid literal for int() with base 10: ''",
    ),
    (
        ["--logfile_b", "1.5"],
        "invalid value for --logfile_backups '1.5': invalid literal for int() with base 10: '1.5'",
    ),
    (["-e", ""], "invalid value for -e '': bad logging level name ''"),
    (["-e", "WARNING"], "invalid value for -e 'WARNING': bad logging level name 'WARNING'"),
    (["-a", ""], "invalid value for -a '': invalid literal for int() with base 10: ''"),
    (["--minp", "x"], "invalid value for --minprocs 'x': invalid literal for int() with base 10: 'x'"),
    (["--minfds", "1k"], "invalid value for --minfds '1k': invalid literal for int() with base 10: '1k'"),
    (["-c", "/none"], "could not find config file /none"),
    (["-c", "<folder>"], "could not read config file <folder>"),
]


def with_folder(daemon: Daemon, words: list[str]) -> list[str]:
    """The words with the folder of the daemon for `<folder>`."""
    return [word.replace("<folder>", str(daemon.folder)) for word in words]


@pytest.mark.parametrize(("words", "message"), WRONG_SUPERVISORD)
def test_a_wrong_command_line_of_supervisord(prepare: Prepare, words: list[str], message: str) -> None:
    daemon = prepare()
    # Whatever gets past the command line ends here.
    daemon.config.write_text("[supervisord]\n[program:x]\n")
    assert refusal(daemon, *with_folder(daemon, words)) == message


WRONG_SUPERVISORCTL: WrongLines = [
    (["-x"], "option -x not recognized"),
    (["-v"], "option -v not recognized"),
    (["-n"], "option -n not recognized"),
    (["-c"], "option -c requires argument"),
    (["-c", "/none"], "could not find config file /none"),
    (["-c", "/none", "status"], "could not find config file /none"),
    (["-c", "<folder>"], "could not read config file <folder>"),
    (["--nonsense"], "option --nonsense not recognized"),
    (["-i", "-i"], "conflicting command line option '-i'"),
    (["-i", "--interactive"], "conflicting command line option '--interactive'"),
    (["--interactive=1"], "option --interactive must not have an argument"),
    (["-s", "x"], "invalid value for -s 'x': value 'x' is not a URL"),
    (["-s", ""], "invalid value for -s '': value '' is not a URL"),
    (["-s", "http:"], "invalid value for -s 'http:': value 'http:' is not a URL"),
    (["-s", "http://"], "invalid value for -s 'http://': value 'http://' is not a URL"),
    (["-s", "://x"], "invalid value for -s '://x': value '://x' is not a URL"),
    (["-s", "http://["], "invalid value for -s 'http://[': Invalid IPv6 URL"),
    (["--serverurl"], "option --serverurl requires argument"),
    (["-s", "http://a", "-s", "http://b"], "conflicting command line option '-s'"),
    (["-u"], "option -u requires argument"),
    (["-p"], "option -p requires argument"),
    (["-u", "a", "--username", "b"], "conflicting command line option '--username'"),
    (["-p", "a", "-p", "b"], "conflicting command line option '-p'"),
    (["-r", "a", "-r", "b"], "conflicting command line option '-r'"),
    (["-r"], "option -r requires argument"),
    (["--history-file", "x"], "option --history-file not recognized"),
    (["--user"], "option --username requires argument"),
    (["--i=1"], "option --interactive must not have an argument"),
    (
        ["-c", "<folder>/supervisord.conf", "-c", "<folder>/supervisord.conf"],
        "conflicting command line option '-c'",
    ),
]


@pytest.mark.parametrize(("words", "message"), WRONG_SUPERVISORCTL)
def test_a_wrong_command_line_of_supervisorctl(prepare: Prepare, words: list[str], message: str) -> None:
    daemon = prepare()
    daemon.config.write_text("[supervisorctl]\n")
    assert refusal(daemon, *with_folder(daemon, words), program="supervisorctl") == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ".ini file does not include supervisorctl section"),
        ("[supervisord]\n", ".ini file does not include supervisorctl section"),
        ("[Supervisorctl]\n", ".ini file does not include supervisorctl section"),
        ("[supervisorctl:x]\n", ".ini file does not include supervisorctl section"),
        (
            "[supervisorctl]\nserverurl=%(nope)s\n",
            "Format string '%(nope)s' for 'supervisorctl.serverurl' contains names ('nope') which cannot be expanded. Available names: ENV_*, here",
        ),
        (
            "[supervisorctl]\nserverurl=%(host_node_name)s\n",
            "Format string '%(host_node_name)s' for 'supervisorctl.serverurl' contains names ('host_node_name') which cannot be expanded. Available names: ENV_*, here",
        ),
        (
            "[supervisorctl]\nusername=%(here)s\n",
            "Format string '%(here)s' for 'supervisorctl.username' contains names ('here') which cannot be expanded. Available names: ENV_*",
        ),
        (
            "[supervisorctl]\npassword=50%\n",
            "Format string '50%' for 'supervisorctl.password' is badly formatted: incomplete format",
        ),
        (
            "[supervisorctl]\nprompt=%(here)s\n",
            "Format string '%(here)s' for 'supervisorctl.prompt' contains names ('here') which cannot be expanded. Available names: ENV_*",
        ),
        (
            "[supervisorctl]\nhistory_file=%(nope)s\n",
            "Format string '%(nope)s' for 'supervisorctl.history_file' contains names ('nope') which cannot be expanded. Available names: ENV_*, here",
        ),
        (
            "[supervisorctl]\n[ctlplugin:x]\n",
            "section [ctlplugin:x] does not specify a supervisor.ctl_factory",
        ),
        (
            "[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=\n",
            " cannot be resolved within [ctlplugin:x]",
        ),
        ("[include]\nfiles=x.conf\n", ".ini file does not include supervisorctl section"),
    ],
)
def test_a_wrong_configuration_of_supervisorctl(prepare: Prepare, text: str, message: str) -> None:
    daemon = prepare()
    daemon.config.write_text(text)
    assert refusal(daemon, "-c", str(daemon.config), "pid", program="supervisorctl") == message


@pytest.mark.differs("a file of garbage is a usage error for supervisorctl too, not a Python traceback")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "garbage\n",
            "File contains no section headers.\nfile: '<folder>/supervisord.conf', line: 1\n'garbage\\n'",
        ),
        (
            "[supervisorctl]\ngarbage\n",
            "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: 'garbage\\n'",
        ),
    ],
)
def test_a_file_of_garbage_for_supervisorctl(prepare: Prepare, text: str, message: str) -> None:
    daemon = prepare()
    daemon.config.write_text(text)
    if daemon.under_test.ours:
        assert refusal(daemon, "-c", str(daemon.config), "pid", program="supervisorctl") == message
        return
    result = daemon.run("supervisorctl", "-c", str(daemon.config), "pid")
    assert result.code == 1
    assert result.err.startswith("Traceback ")
    assert message in result.err.replace(str(daemon.folder), "<folder>")


@pytest.mark.parametrize(
    "words",
    [
        ["-v"],
        ["--version"],
        ["--vers"],
        ["-nv"],
        ["-v", "--nodaemon"],
        ["-c", "/none", "-v"],
        ["--profile_options=", "-v"],
        ["--profile_options", "cumulative,callers", "-v"],
        ["--prof=calls", "-v"],
        ["-v", "-e", "loud"],
        ["-i=x", "-tkv"],
        ["-e", "TRACE", "-m", "-1", "-z", "1_0", "-y", "5gb", "--vers"],
    ],
)
def test_the_version_is_printed_when_its_option_is_reached(prepare: Prepare, words: list[str]) -> None:
    daemon = prepare()
    result = daemon.run("supervisord", *words)
    assert (result.code, result.err) == (0, "")
    assert daemon.under_test.version.fullmatch(result.out.rstrip("\n"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *(
            (name, [word])
            for name in ("supervisord", "supervisorctl")
            for word in ("-h", "--help", "--hel", "-?")
        ),
        ("supervisord", ["-h", "-e", "loud"]),
        ("supervisord", ["-nh"]),
    ],
)
def test_help_is_printed_when_its_option_is_reached(prepare: Prepare, name: str, words: list[str]) -> None:
    result = prepare().run(name, *words)
    assert (result.code, result.err) == (0, "")
    assert "--configuration" in result.out


def test_values_of_the_command_line_win_over_the_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(
        """
        [program:x]
        command = sh -c "printf '\\033[1mbold\\033[0m'; exec sleep 1000"
        """,
        supervisord="identifier = of-the-file\nloglevel = error\nchildlogdir = /tmp\nnocleanup = false\n"
        "strip_ansi = false\nlogfile_maxbytes = 0\nlogfile_backups = 0\nminfds = 1\n",
    )
    daemon.write("other/x-stdout---short-old.log", "kept")
    daemon.start(
        *[
            "-i",
            "short",
            "-kt",
            "-einfo",
            f"--childlogd={daemon.folder}/other",
            "--logfile_maxb",
            "2KB",
            "-z2",
        ],
        *["--minfds", "256"],
        ready=False,
    )
    daemon.wait_ready()
    assert daemon.rpc.getIdentification() == "short"
    logfile = daemon.info("x")["stdout_logfile"]
    assert logfile.startswith(f"{daemon.folder}/other/x-stdout---short-")
    assert (daemon.folder / "other/x-stdout---short-old.log").exists()
    assert daemon.wait_file(logfile) == "bold"


def test_an_action_of_several_words_in_one_argument_is_taken_apart(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false\n")
    result = daemon.ctl("status x")
    assert (result.code, result.out.split()[:2]) == (3, ["x", "STOPPED"])


def test_options_of_supervisorctl_end_at_the_action(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sleep 1000\nautostart = false\n")
    assert daemon.ctl("tail", "-5", "x").code == 0
    assert daemon.ctl("--", "pid").out == f"{daemon.started_as}\n"


def test_the_configuration_is_searched_for_in_the_current_folder_and_its_etc(prepare: Prepare) -> None:
    daemon = prepare()
    message = "program section program:x does not specify a command in section 'program:x' (file: '{}')"
    for place in ("etc/supervisord.conf", "supervisord.conf"):
        daemon.write(place, "[supervisord]\n[program:x]\n")
        result = daemon.run("supervisord", "-n")
        assert result.code == 2
        assert f"Error: {message.format(place)}\n" in result.err


@pytest.mark.parametrize(
    ("lines", "prompt"),
    [("", "supervisor> "), ("prompt = of %(ENV_WHO)s", "of me> "), ("prompt = 100%%", "100%> ")],
)
def test_the_prompt_of_the_shell(prepare: Prepare, lines: str, prompt: str) -> None:
    daemon = prepare()
    daemon.config.write_text(f"[supervisorctl]\nserverurl = unix://%(here)s/none.sock\n{lines}\n")
    result = daemon.run("supervisorctl", "-c", str(daemon.config), stdin="version\nexit\n", env={"WHO": "me"})
    assert result.code == 0
    assert result.out.count(prompt) == 2, result


@pytest.mark.parametrize(
    "url", ["unix://s.sock", "unix://{}/../{}/s.sock", "unix://%(here)s/s.sock", "unix://{}/./s.sock"]
)
def test_the_socket_of_the_configuration_is_made_absolute(supervise: Supervise, url: str) -> None:
    daemon = supervise("")
    folder = str(daemon.folder)
    url = url.replace("{}", folder, 1).replace("{}", daemon.folder.name)
    other = daemon.write("other.conf", f"[supervisorctl]\nserverurl = {url}\n")
    assert daemon.run("supervisorctl", "-c", str(other), "pid").out == f"{daemon.started_as}\n"


@pytest.mark.differs("the reason is added, as in the original's development version")
def test_a_plugin_that_cannot_be_imported(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[rpcinterface:x]\nsupervisor.rpcinterface_factory = no_such_module:make\n")
    result = daemon.run("supervisord", "-n", "-c", str(daemon.config))
    reason = ": No module named 'no_such_module'" if daemon.under_test.ours else ""
    assert result.code == 2
    assert result.err == (
        f"Error: no_such_module:make cannot be resolved within [rpcinterface:x]{reason}\n"
        f"For help, use {daemon.under_test.program('supervisord')} -h\n"
    )


def test_options_of_default_are_arguments_that_the_standard_interface_does_not_take(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[DEFAULT]\nanything = 1\n")
    result = daemon.run("supervisord", "-n", "-c", str(daemon.config))
    assert (result.code, result.err.splitlines()[0]) == (2, "Error: Could not make supervisor rpc interface")
    # The original leaves its socket behind.
    assert not (daemon.under_test.ours and daemon.sockets())


def test_an_interface_without_a_server_is_never_made(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[DEFAULT]\nanything = 1\n", unix=None)
    daemon.start()
    assert daemon.stop() == 0
