"""Every bad value that supervisord refuses: its message, exit code 2, and nothing written.

Each table holds what is written behind the beginning of a section, and the message of the original for it.
"""

from __future__ import annotations

import pytest

from conftest import Prepare
from harness.daemon import Daemon
from harness.refusal import refusal

Cases = list[tuple[str, str]]

SECTION = "[supervisord]\nlogfile = <folder>/supervisord.log\n"


def refused(daemon: Daemon, text: str, **files: str) -> str:
    """The message for a configuration in which `<folder>` stands for the folder of the daemon."""
    daemon.config.write_text(text.replace("<folder>", str(daemon.folder)) + "\n", encoding="utf-8")
    for name, content in files.items():
        daemon.write(f"conf.d/{name}.conf", content)
    return refusal(daemon)


SUPERVISORD: Cases = [
    ("logfile_backups = x", "invalid literal for int() with base 10: 'x'"),
    ("minprocs = x", "invalid literal for int() with base 10: 'x'"),
    ("minfds = 1.0", "invalid literal for int() with base 10: '1.0'"),
    ("minfds =", "invalid literal for int() with base 10: ''"),
    ("minfds = 1__0", "invalid literal for int() with base 10: '1__0'"),
    (
        "identifier = %(nope)s",
        "Format string '%(nope)s' for 'supervisord.identifier' contains names ('nope') which cannot be expanded. Available names: ENV_*, here",
    ),
    (
        "identifier = %",
        "Format string '%' for 'supervisord.identifier' is badly formatted: incomplete format",
    ),
    (
        "identifier = %(here)d",
        "Format string '%(here)d' for 'supervisord.identifier' is badly formatted: %d format: a real number is required, not str",
    ),
    ("silent = 2", "not a valid boolean value: '2'"),
    ("nocleanup =", "not a valid boolean value: ''"),
    ("strip_ansi = y", "not a valid boolean value: 'y'"),
    ("umask =", " can not be converted to an octal type"),
    ("umask = 0x12", "0x12 can not be converted to an octal type"),
    ("logfile_maxbytes =", "invalid literal for int() with base 10: ''"),
    ("logfile_maxbytes = 1 TB", "invalid literal for int() with base 10: '1 tb'"),
    ("logfile_maxbytes = 1.5MB", "invalid literal for int() with base 10: '1.5'"),
    ("logfile_maxbytes = MB", "invalid literal for int() with base 10: ''"),
    ("loglevel =", "bad logging level name ''"),
    ("loglevel = warning", "bad logging level name 'warning'"),
    ("nodaemon =", "not a valid boolean value: ''"),
    ("directory =", " is not an existing directory"),
    ("directory = <folder>/none", "<folder>/none is not an existing directory"),
    (
        "directory = %(ENV_NOPE)s",
        "Format string '%(ENV_NOPE)s' for 'supervisord.directory' contains names ('ENV_NOPE') which cannot be expanded. Available names: ENV_*, here",
    ),
    ("childlogdir = ~nobody-of-that-name", "~nobody-of-that-name is not an existing directory"),
    ("childlogdir = <folder>/supervisord.conf", "<folder>/supervisord.conf is not an existing directory"),
    ("pidfile = <folder>/a/b", "The directory named as part of the path <folder>/a/b does not exist"),
    (
        "logfile = %(host_node_name)s",
        "Format string '%(host_node_name)s' for 'supervisord.logfile' contains names ('host_node_name') which cannot be expanded. Available names: ENV_*, here",
    ),
    ("user =", "Invalid user name "),
    ("user = -1", "Invalid user id -1"),
    ("user = 99999999999", "Invalid user id 99999999999"),
    ("environment = A=1 B=2", "Unexpected end of key/value pairs in value 'A=1 B=2'"),
    ("environment = A=1,,", "Unexpected end of key/value pairs in value 'A=1,,'"),
    ("environment = =", "Unexpected end of key/value pairs in value '='"),
    ('environment = A="1', "No closing quotation"),
    ('environment = A-B="1",B', "Unexpected end of key/value pairs in value 'A-B=\"1\",B'"),
]


@pytest.mark.parametrize(("lines", "message"), SUPERVISORD)
def test_a_bad_value_of_the_daemon(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), SECTION + lines) == message


PROGRAM: Cases = [
    ("autostart =", "not a valid boolean value: ''"),
    ("autostart = 2", "not a valid boolean value: '2'"),
    ("autorestart =", "invalid 'autorestart' value ''"),
    ("autorestart = Always", "invalid 'autorestart' value 'always'"),
    ("startsecs =", "invalid literal for int() with base 10: ''"),
    ("startsecs = 1s", "invalid literal for int() with base 10: '1s'"),
    ("startsecs = 1.5", "invalid literal for int() with base 10: '1.5'"),
    (
        "startsecs = %(process_num)d",
        "Format string '%(process_num)d' for 'program:x.startsecs' contains names ('process_num') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, program_name",
    ),
    ("startretries = many", "invalid literal for int() with base 10: 'many'"),
    ("stopsignal =", "value '' is not a valid signal name"),
    ("stopsignal = SIG", "value 'SIG' is not a valid signal name"),
    ("stopsignal = TERM,INT", "value 'TERM,INT' is not a valid signal name"),
    ("stopsignal = SIGSIGTERM", "value 'SIGSIGTERM' is not a valid signal name"),
    ("stopsignal = -9", "value '-9' is not a valid signal number"),
    ("stopsignal = 32", "value '32' is not a valid signal number"),
    ("stopsignal = 65", "value '65' is not a valid signal number"),
    ("stopwaitsecs = x", "invalid literal for int() with base 10: 'x'"),
    ("stopasgroup = 2", "not a valid boolean value: '2'"),
    ("killasgroup = x", "not a valid boolean value: 'x'"),
    ("stopasgroup = true\nkillasgroup = false", "Cannot set stopasgroup=true and killasgroup=false"),
    ("exitcodes = -1", "not a valid list of exit codes: '-1'"),
    ("exitcodes = 0,", "not a valid list of exit codes: '0,'"),
    ("exitcodes = ,", "not a valid list of exit codes: ','"),
    ("exitcodes = 0 1", "not a valid list of exit codes: '0 1'"),
    ("exitcodes = 1.0", "not a valid list of exit codes: '1.0'"),
    ("redirect_stderr = x", "not a valid boolean value: 'x'"),
    ("numprocs = x", "invalid literal for int() with base 10: 'x'"),
    ("numprocs_start = x", "invalid literal for int() with base 10: 'x'"),
    (
        "numprocs = 2\nprocess_name = %(program_name)s",
        "%(process_num) must be present within process_name when numprocs > 1",
    ),
    (
        "numprocs = %(numprocs)d",
        "Format string '%(numprocs)d' for 'program:x.numprocs' contains names ('numprocs') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, program_name",
    ),
    ("stdout_capture_maxbytes = x", "invalid literal for int() with base 10: 'x'"),
    ("stderr_capture_maxbytes = 1 KB2", "invalid literal for int() with base 10: '1 kb2'"),
    ("stdout_events_enabled = x", "not a valid boolean value: 'x'"),
    ("stderr_events_enabled = x", "not a valid boolean value: 'x'"),
    ("stdout_logfile_backups = x", "invalid literal for int() with base 10: 'x'"),
    ("stderr_logfile_backups = x", "invalid literal for int() with base 10: 'x'"),
    ("stdout_logfile_maxbytes = x", "invalid literal for int() with base 10: 'x'"),
    ("stderr_logfile_maxbytes = 5M", "invalid literal for int() with base 10: '5m'"),
    ("stdout_syslog = x", "not a valid boolean value: 'x'"),
    ("stderr_syslog = x", "not a valid boolean value: 'x'"),
    ("umask = rwx", "rwx can not be converted to an octal type"),
    ("process_name = a b", "Invalid name: 'a b' because of character: ' '"),
    ("process_name = a/b", "Invalid name: 'a/b' because of character: '/'"),
    (
        "process_name = %(nope)s",
        "Format string '%(nope)s' for 'process_name' contains names ('nope') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, numprocs, process_num, program_name",
    ),
    (
        "process_name = %(process_num)",
        "Format string '%(process_num)' for 'process_name' is badly formatted: incomplete format",
    ),
    ("stderr_logfile = /none/x", "The directory named as part of the path /none/x does not exist"),
    (
        "stdout_logfile = <folder>/50%%.log",
        "Format string '<folder>/50%.log' for 'stdout_logfile' is badly formatted: %o format: an integer is required, not dict",
    ),
    (
        "stdout_logfile = <folder>/%%(nope)s.log",
        "Format string '<folder>/%(nope)s.log' for 'stdout_logfile' contains names ('nope') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, numprocs, process_num, program_name",
    ),
    (
        "directory = %(ENV_NOPE)s",
        "Format string '%(ENV_NOPE)s' for 'program:x.directory' contains names ('ENV_NOPE') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, numprocs, process_num, program_name",
    ),
    (
        "command = %(ENV_NOPE)s",
        "Format string '%(ENV_NOPE)s' for 'program:x.command' contains names ('ENV_NOPE') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, numprocs, process_num, program_name",
    ),
    (
        "command = echo 100%",
        "Format string 'echo 100%' for 'program:x.command' is badly formatted: incomplete format",
    ),
    (
        "command = date +%%Y%",
        "Format string 'date +%%Y%' for 'program:x.command' is badly formatted: incomplete format",
    ),
    (
        "command = %(process_num)q",
        "Format string '%(process_num)q' for 'program:x.command' is badly formatted: unsupported format character 'q' (0x71) at index 14",
    ),
    (
        "command = %(program_name)d",
        "Format string '%(program_name)d' for 'program:x.command' is badly formatted: %d format: a real number is required, not str",
    ),
    (
        "command = %d",
        "Format string '%d' for 'program:x.command' is badly formatted: %d format: a real number is required, not dict",
    ),
    ("command = %*d", "Format string '%*d' for 'program:x.command' is badly formatted: * wants int"),
    (
        "command = %(process_num)*d",
        "Format string '%(process_num)*d' for 'program:x.command' is badly formatted: not enough arguments for format string",
    ),
    (
        "serverurl = %(nope)s",
        "Format string '%(nope)s' for 'program:x.serverurl' contains names ('nope') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, program_name",
    ),
    (
        "environment = A=%(nope)s",
        "Format string 'A=%(nope)s' for 'environment' contains names ('nope') which cannot be expanded. Available names: ENV_*, group_name, here, host_node_name, numprocs, process_num, program_name",
    ),
    ("environment = A='1", "No closing quotation"),
    (
        "environment = A=%(process_num)d %",
        "Format string 'A=%(process_num)d %' for 'environment' is badly formatted: incomplete format",
    ),
    ("user =", "Invalid user name "),
    ("user = a:b", "Invalid user name a:b"),
]


@pytest.mark.parametrize(("lines", "message"), PROGRAM)
def test_a_bad_value_of_a_program(prepare: Prepare, lines: str, message: str) -> None:
    shown = refused(prepare(), f"{SECTION}[program:x]\ncommand = sleep 1000\n{lines}")
    assert shown == f"{message} in section 'program:x' (file: '<folder>/supervisord.conf')"


NAMES: Cases = [
    ("[program:a b]\ncommand = x", "Invalid name: 'a b' because of character: ' '"),
    ("[program:a:b]\ncommand = x", "Invalid name: 'a:b' because of character: ':'"),
    ("[program:a/b]\ncommand = x", "Invalid name: 'a/b' because of character: '/'"),
    ("[group:a b]", "Invalid name: 'a b' because of character: ' '"),
    ("[group:a:b]", "Invalid name: 'a:b' because of character: ':'"),
    (
        "[eventlistener:a b]\ncommand = x\nevents = TICK_5",
        "Invalid name: 'a b' because of character: ' ' in section 'eventlistener:a b' (file: '<folder>/supervisord.conf')",
    ),
    ("[fcgi-program:a b]\ncommand = x\nsocket = tcp://h:1", "Invalid name: 'a b' because of character: ' '"),
]


@pytest.mark.parametrize(("lines", "message"), NAMES)
def test_a_bad_name(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), SECTION + lines) == message


GROUP: Cases = [
    ("programs = a", "[group:g] names unknown program or fcgi-program a"),
    ("programs = x,", "[program:x] names unknown program or fcgi-program "),
    ("programs = x y", "[group:g] names unknown program or fcgi-program x y"),
    ("programs = ,x", "[group:g] names unknown program or fcgi-program "),
    ("programs = x, none", "[program:x] names unknown program or fcgi-program none"),
    ("programs = x\npriority = high", "invalid literal for int() with base 10: 'high'"),
    ("programs = x\npriority =", "invalid literal for int() with base 10: ''"),
    (
        "programs = %(nope)s",
        "Format string '%(nope)s' for 'group:g.programs' contains names ('nope') which cannot be expanded. Available names: ENV_*, here",
    ),
    (
        "programs = %(program_name)s",
        "Format string '%(program_name)s' for 'group:g.programs' contains names ('program_name') which cannot be expanded. Available names: ENV_*, here",
    ),
    (
        "priority = %(group_name)s",
        "Format string '%(group_name)s' for 'group:g.priority' contains names ('group_name') which cannot be expanded. Available names: ENV_*, here",
    ),
    ("priority = 1.0", "invalid literal for int() with base 10: '1.0'"),
]


@pytest.mark.parametrize(("lines", "message"), GROUP)
def test_a_bad_value_of_a_group(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), f"{SECTION}[program:x]\ncommand = sleep 1000\n[group:g]\n{lines}") == message


EVENTLISTENER: Cases = [
    ("", '[eventlistener:x] section requires an "events" line'),
    ("events =", '[eventlistener:x] section requires an "events" line'),
    ("events = ,", "Unknown event type  in [eventlistener:x] events"),
    ("events = NOPE", "Unknown event type NOPE in [eventlistener:x] events"),
    ("events = tick_6", "Unknown event type TICK_6 in [eventlistener:x] events"),
    ("events = TICK_5 TICK_60", "Unknown event type TICK_5 TICK_60 in [eventlistener:x] events"),
    ('events = "TICK_5"', 'Unknown event type "TICK_5" in [eventlistener:x] events'),
    ("events = TICK_5,", "Unknown event type  in [eventlistener:x] events"),
    ("events = TICK_5\nbuffer_size = 0", "[eventlistener:x] section sets invalid buffer_size (0)"),
    ("events = TICK_5\nbuffer_size = -1", "[eventlistener:x] section sets invalid buffer_size (-1)"),
    ("events = TICK_5\nbuffer_size = x", "invalid literal for int() with base 10: 'x'"),
    (
        "events = TICK_5\nredirect_stderr = true",
        "[eventlistener:x] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol",
    ),
    ("events = TICK_5\nredirect_stderr = x", "not a valid boolean value: 'x'"),
    ("events = TICK_5\npriority = x", "invalid literal for int() with base 10: 'x'"),
    ("events = TICK_5\nresult_handler = a b", "a b cannot be resolved within [eventlistener:x]"),
    ("events = TICK_5\nresult_handler =", " cannot be resolved within [eventlistener:x]"),
    (
        "events = TICK_5\nnumprocs = 2",
        "%(process_num) must be present within process_name when numprocs > 1 in section 'eventlistener:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "events = TICK_5\nstartsecs = x",
        "invalid literal for int() with base 10: 'x' in section 'eventlistener:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "events = TICK_5\nstopsignal = x",
        "value 'x' is not a valid signal name in section 'eventlistener:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "events = %(program_name)s",
        "Format string '%(program_name)s' for 'eventlistener:x.events' contains names ('program_name') which cannot be expanded. Available names: ENV_*, here",
    ),
    (
        "events = TICK_5\nbuffer_size = %(process_num)d",
        "Format string '%(process_num)d' for 'eventlistener:x.buffer_size' contains names ('process_num') which cannot be expanded. Available names: ENV_*, here",
    ),
]


@pytest.mark.parametrize(("lines", "message"), EVENTLISTENER)
def test_a_bad_value_of_an_event_listener(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), f"{SECTION}[eventlistener:x]\ncommand = sleep 1000\n{lines}") == message


FCGI: Cases = [
    ("", '[fcgi-program:x] section requires a "socket" line'),
    ("socket =", '[fcgi-program:x] section requires a "socket" line'),
    ("socket = x", "('Bad socket format %s', 'x') in [fcgi-program:x] socket"),
    ("socket = tcp://127.0.0.1", "('Bad socket format %s', 'tcp://127.0.0.1') in [fcgi-program:x] socket"),
    ("socket = tcp://127.0.0.1:0", "0 is below lower bound (1) in [fcgi-program:x] socket"),
    ("socket = tcp://127.0.0.1:65536", "65536 is above upper bound (65535) in [fcgi-program:x] socket"),
    ("socket = tcp://[::1]:9000", "('Bad socket format %s', 'tcp://[::1]:9000') in [fcgi-program:x] socket"),
    (
        "socket = tcp://127.0.0.1:9000/",
        "('Bad socket format %s', 'tcp://127.0.0.1:9000/') in [fcgi-program:x] socket",
    ),
    ("socket = unix://x", "('Unix socket path %s is not an absolute path', 'x') in [fcgi-program:x] socket"),
    ("socket = unix:", "('Bad socket format %s', 'unix:') in [fcgi-program:x] socket"),
    ("socket = unix://<folder>/f.sock\nsocket_backlog = 0", "Invalid socket_backlog value 0"),
    ("socket = unix://<folder>/f.sock\nsocket_backlog = 65536", "Invalid socket_backlog value 65536"),
    ("socket = unix://<folder>/f.sock\nsocket_backlog = x", "invalid literal for int() with base 10: 'x'"),
    ("socket = unix://<folder>/f.sock\nsocket_owner = none-here", "Invalid socket_owner value none-here"),
    ("socket = unix://<folder>/f.sock\nsocket_owner = 0:none-here", "Invalid socket_owner value 0:none-here"),
    ("socket = unix://<folder>/f.sock\nsocket_mode = 9", "Invalid socket_mode value 9"),
    (
        "socket = tcp://127.0.0.1:9\nsocket_owner = 0",
        "socket_owner and socket_mode params should only be used with a Unix domain socket in [fcgi-program:x] socket",
    ),
    (
        "socket = tcp://127.0.0.1:9\nsocket_mode = 0700",
        "socket_owner and socket_mode params should only be used with a Unix domain socket in [fcgi-program:x] socket",
    ),
    ("socket = unix://<folder>/f.sock\nuser = none-here", "Invalid user name none-here"),
    ("socket = unix://<folder>/f.sock\npriority = x", "invalid literal for int() with base 10: 'x'"),
    (
        "socket = unix://<folder>/f.sock\nstartsecs = x",
        "invalid literal for int() with base 10: 'x' in section 'fcgi-program:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "socket = unix://<folder>/f.sock\nnumprocs = 2",
        "%(process_num) must be present within process_name when numprocs > 1 in section 'fcgi-program:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "socket = tcp://%(group_name)s:1",
        "Format string 'tcp://%(group_name)s:1' for 'fcgi-program:x.socket' contains names ('group_name') which cannot be expanded. Available names: ENV_*, here, program_name",
    ),
    ("socket = %", "Format string '%' for 'fcgi-program:x.socket' is badly formatted: incomplete format"),
]


@pytest.mark.parametrize(("lines", "message"), FCGI)
def test_a_bad_value_of_a_fastcgi_program(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), f"{SECTION}[fcgi-program:x]\ncommand = sleep 1000\n{lines}") == message


INET: Cases = [
    ("port =", "not a valid port number: '' "),
    ("port = 1:x", "invalid literal for int() with base 10: 'x'"),
    ("port = 70000", "not a valid port number: '70000' "),
    ("port = -1", "not a valid port number: '-1' "),
    ("port = 1.5", "not a valid port number: '1.5' "),
    ("port = *", "not a valid port number: '*' "),
    ("port = *:*", "invalid literal for int() with base 10: '*'"),
    ("port = localhost", "not a valid port number: 'localhost' "),
    (
        "port = %(here)s",
        "Format string '%(here)s' for 'inet_http_server.port' contains names ('here') which cannot be expanded. Available names: ENV_*",
    ),
    ("username = a\npassword = b", "section [inet_http_server] has no port value"),
    (
        "port = 127.0.0.1:1\nusername = a",
        "Section [inet_http_server] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified",
    ),
    (
        "port = 127.0.0.1:1\npassword = a",
        "Section [inet_http_server] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified",
    ),
    (
        "port = 127.0.0.1:1\nusername = %(here)s",
        "Format string '%(here)s' for 'inet_http_server.username' contains names ('here') which cannot be expanded. Available names: ENV_*",
    ),
    (
        "port = 127.0.0.1:1\nusername = a\npassword = 50%",
        "Format string '50%' for 'inet_http_server.password' is badly formatted: incomplete format",
    ),
]


@pytest.mark.parametrize(("lines", "message"), INET)
def test_a_bad_value_of_the_inet_server(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), f"{SECTION}[inet_http_server]\n{lines}") == message


UNIX: Cases = [
    ("chmod = 0700", "section [unix_http_server] has no file value"),
    (
        "file = %(nope)s",
        "Format string '%(nope)s' for 'unix_http_server.file' contains names ('nope') which cannot be expanded. Available names: ENV_*, here",
    ),
    (
        "file = %(host_node_name)s",
        "Format string '%(host_node_name)s' for 'unix_http_server.file' contains names ('host_node_name') which cannot be expanded. Available names: ENV_*, here",
    ),
    ("file = <folder>/a\nchmod =", "Invalid chmod value "),
    ("file = <folder>/a\nchmod = rwx", "Invalid chmod value rwx"),
    (
        "file = <folder>/a\nchmod = %(here)s",
        "Format string '%(here)s' for 'unix_http_server.chmod' contains names ('here') which cannot be expanded. Available names: ENV_*",
    ),
    ("file = <folder>/a\nchown =", "Invalid sockchown value "),
    ("file = <folder>/a\nchown = 0:none-here", "Invalid sockchown value 0:none-here"),
    ("file = <folder>/a\nchown = 0:0:0", "Invalid sockchown value 0:0:0"),
    ("file = <folder>/a\nchown = :0", "Invalid sockchown value :0"),
    (
        "file = <folder>/a\nusername = x",
        "Section [unix_http_server] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified",
    ),
    (
        "file = <folder>/a\npassword = x",
        "Section [unix_http_server] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified",
    ),
]


@pytest.mark.parametrize(("lines", "message"), UNIX)
def test_a_bad_value_of_the_unix_server(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), f"{SECTION}[unix_http_server]\n{lines}") == message


OTHER: Cases = [
    ("[include]", ".ini file has [include] section, but no files setting"),
    (
        "[include]\nfiles = %(nope)s",
        "Format string '%(nope)s' for 'include.files' contains names ('nope') which cannot be expanded. Available names: ENV_*, here, host_node_name",
    ),
    ("[include]\nfiles = %", "Format string '%' for 'include.files' is badly formatted: incomplete format"),
    (
        "[include]\nfiles = %(process_num)d",
        "Format string '%(process_num)d' for 'include.files' contains names ('process_num') which cannot be expanded. Available names: ENV_*, here, host_node_name",
    ),
    ("[rpcinterface:x]", "section [rpcinterface:x] does not specify a supervisor.rpcinterface_factory"),
    (
        "[rpcinterface:x]\nfactory = a:b",
        "section [rpcinterface:x] does not specify a supervisor.rpcinterface_factory",
    ),
    ("[rpcinterface:x]\nsupervisor.rpcinterface_factory =", " cannot be resolved within [rpcinterface:x]"),
    (
        "[rpcinterface:x]\nsupervisor.rpcinterface_factory = a b",
        "a b cannot be resolved within [rpcinterface:x]",
    ),
    (
        "[rpcinterface:x]\nsupervisor.rpcinterface_factory = %(here)s",
        "Format string '%(here)s' for 'rpcinterface:x.supervisor.rpcinterface_factory' contains names ('here') which cannot be expanded. Available names: ENV_*",
    ),
    (
        "[rpcinterface:x]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\nmore = %(here)s",
        "Format string '%(here)s' for 'rpcinterface:x.more' contains names ('here') which cannot be expanded. Available names: ENV_*",
    ),
    ("[inet_http_server:two]", "section [inet_http_server:two] has no port value"),
    ("[inet_http_server_of_mine]", "section [inet_http_server_of_mine] has no port value"),
    ("[unix_http_server:two]\nfile = <folder>/two\nchmod = 8", "Invalid chmod value 8"),
    (
        "[program:x]",
        "program section program:x does not specify a command in section 'program:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "[program:x]\ncommand : a\nstartsecs : b",
        "invalid literal for int() with base 10: 'b' in section 'program:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "[program:x]\nCOMMAND = a\nStartSecs = b",
        "invalid literal for int() with base 10: 'b' in section 'program:x' (file: '<folder>/supervisord.conf')",
    ),
    (
        "[program:x]\ncommand = a\n[program:x]\nstartsecs = b",
        "invalid literal for int() with base 10: 'b' in section 'program:x' (file: '<folder>/supervisord.conf')",
    ),
]


@pytest.mark.parametrize(("lines", "message"), OTHER)
def test_a_bad_section_of_another_kind(prepare: Prepare, lines: str, message: str) -> None:
    assert refused(prepare(), SECTION + lines) == message


FILES: Cases = [
    (
        "nodaemon = true\n[supervisord]",
        "File contains no section headers.\nfile: '<folder>/supervisord.conf', line: 1\n'nodaemon = true\\n'",
    ),
    (
        "[supervisord",
        "File contains no section headers.\nfile: '<folder>/supervisord.conf', line: 1\n'[supervisord\\n'",
    ),
    ("[]", "File contains no section headers.\nfile: '<folder>/supervisord.conf', line: 1\n'[]\\n'"),
    ("[supervisor]", ".ini file does not include supervisord section"),
    ("[Supervisord]", ".ini file does not include supervisord section"),
    ("[supervisord:x]", ".ini file does not include supervisord section"),
    ("[program:x]\ncommand = a", ".ini file does not include supervisord section"),
    (
        "[supervisord]\nnodaemon",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: 'nodaemon\\n'",
    ),
    (
        "[supervisord]\nx\n y\nz = 1",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: 'x\\n'\n\t[line  3]: ' y\\n'",
    ),
    (
        "[supervisord]\n= 1",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: '= 1\\n'",
    ),
    (
        "[supervisord]\n[program:x]\ncommand = a\nb",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  4]: 'b\\n'",
    ),
    (
        "[supervisord]\n<<<<<<< HEAD",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: '<<<<<<< HEAD\\n'",
    ),
    (
        "[supervisord]\nümlaut",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: 'ümlaut\\n'",
    ),
    ("# only a comment", ".ini file does not include supervisord section"),
    (
        "[supervisord]\n\ttab",
        "Source contains parsing errors: '<folder>/supervisord.conf'\n\t[line  2]: '\\ttab\\n'",
    ),
    ("[DEFAULT]\na = b", ".ini file does not include supervisord section"),
]


@pytest.mark.parametrize(("text", "message"), FILES)
def test_a_bad_file(prepare: Prepare, text: str, message: str) -> None:
    assert refused(prepare(), text) == message


INCLUDE = f"{SECTION}[include]\nfiles = conf.d/*.conf"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("garbage", "File contains no section headers.\nfile: '<folder>/conf.d/a.conf', line: 1\n'garbage'"),
        (
            "[program:x]\ngarbage\n",
            "Source contains parsing errors: '<folder>/conf.d/a.conf'\n\t[line  2]: 'garbage\\n'",
        ),
        (
            "[program:x]\ncommand = a\nuser = none-here",
            "Invalid user name none-here in section 'program:x' (file: '<folder>/conf.d/a.conf')",
        ),
        (
            "[eventlistener:x]\ncommand = a\nevents = NONE",
            "Unknown event type NONE in [eventlistener:x] events",
        ),
        (
            "[eventlistener:x]\nevents = TICK_5",
            "program section eventlistener:x does not specify a command in section 'eventlistener:x' (file: '<folder>/conf.d/a.conf')",
        ),
        ("[inet_http_server]", "section [inet_http_server] has no port value"),
        ("[group:g]\nprograms = none", "[group:g] names unknown program or fcgi-program none"),
    ],
)
def test_a_mistake_in_an_included_file(prepare: Prepare, content: str, message: str) -> None:
    assert refused(prepare(), INCLUDE, a=content) == message


def test_a_section_in_two_files_belongs_to_the_first(prepare: Prepare) -> None:
    message = "invalid literal for int() with base 10: 'soon' in section 'program:x' (file: '<folder>/{}')"
    bad = "[program:x]\nstartsecs = soon\n"
    good = "[program:x]\ncommand = sleep 1000\n"
    assert refused(prepare(), f"{INCLUDE}\n{good}", a=bad) == message.format("supervisord.conf")
    assert refused(prepare(), INCLUDE, a=good, b=bad) == message.format("conf.d/a.conf")


def test_text_that_is_not_utf_8(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.config.write_bytes(b"[supervisord]\nidentifier = \xff\n")
    assert refusal(daemon) == "'utf-8' codec can't decode byte 0xff in position 27: invalid start byte"


def test_of_several_mistakes_the_first_that_is_read_is_told(prepare: Prepare) -> None:
    # Sections are read by kind: the daemon, plug-ins, groups, programs, listeners, FastCGI programs, servers.
    sections = [
        ("[inet_http_server]", "section [inet_http_server] has no port value"),
        ("[fcgi-program:f]", '[fcgi-program:f] section requires a "socket" line'),
        ("[eventlistener:e]", '[eventlistener:e] section requires an "events" line'),
        ("[program:p]\npriority = x", "invalid literal for int() with base 10: 'x'"),
        ("[group:g]\nprograms = none", "[group:g] names unknown program or fcgi-program none"),
        ("[rpcinterface:r]", "section [rpcinterface:r] does not specify a supervisor.rpcinterface_factory"),
        ("[supervisord]\nloglevel = loud", "bad logging level name 'loud'"),
        ("[include]", ".ini file has [include] section, but no files setting"),
    ]
    text = SECTION
    for section, message in sections:
        text += section + "\n"
        assert refused(prepare(), text) == message
