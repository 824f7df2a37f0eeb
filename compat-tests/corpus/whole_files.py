"""Whole configurations for the corpus: what the original makes of a file on a pretended machine.

The machine is that of ``rust/core/tests/config_support``: the same folders, users and environment.
Results are written in the shape in which the Rust settings serialise, so that the test there
compares them as they are.
"""

from __future__ import annotations

import configparser
import fnmatch
import io
import os
import tempfile
from typing import Any
from unittest import mock

from supervisor import datatypes, options
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.loggers import LevelsByName
from supervisor.options import ServerOptions

FOLDERS = ["/", "/tmp", "/etc", "/etc/app", "/etc/app/conf.d", "/var/log", "/home/user"]
ENVIRONMENT = {"HOME": "/home/user", "PATH": "/bin"}
CONFIG_FILE = "/etc/app/supervisord.conf"
MINIMAL = "[supervisord]\n"


def program(text: str, name: str = "web") -> str:
    """A configuration with one program that has these options besides a command."""
    return f"{MINIMAL}[program:{name}]\ncommand=/bin/cat\n{text}"


REALISTIC = """\
; a configuration of the usual kind
[unix_http_server]
file=/tmp/app.sock
chmod=0770
chown=web:web

[inet_http_server]
port=127.0.0.1:9001
username=admin
password={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d

[supervisord]
logfile=/var/log/supervisord.log
logfile_maxbytes=5MB
loglevel=debug
pidfile=/tmp/supervisord.pid
nodaemon=true
daemonize = no
user=web
environment=LANG="C.UTF-8",MODE=production
identifier=%(ENV_HOME)s

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///tmp/app.sock

[include]
files = conf.d/*.conf

[program:worker]
command=/usr/bin/python %(here)s/worker.py --number %(process_num)d --of %(numprocs)d ; the worker
process_name=%(program_name)s_%(process_num)02d
numprocs=11
numprocs_start=1
priority=20
directory=%(here)s
environment=NUMBER="%(process_num)d",MODE="test %(ENV_MODE)s"
stdout_logfile=/var/log/%(program_name)s_%(process_num)02d.log
redirect_stderr=true
stopasgroup=true

[program:crash]
command=sh -c "exit 3"
autorestart=false
startsecs=0
exitcodes=0,3
stopsignal=INT

[group:pair]
programs=two,one
priority=5
"""

FILES: list[dict[str, str]] = [
    {CONFIG_FILE: text}
    for text in [
        MINIMAL,
        "",
        "[supervisorctl]\n",
        "garbage\n",
        "[supervisord]\ngarbage\n",
        "[supervisord]\nnodaemon\n",
        "[supervisord]\nminfds=many\n",
        "[supervisord]\nminfds=-5\nminprocs=1_0\n",
        "[supervisord]\nminprocs=\n",
        "[supervisord]\ndirectory=/nope\n",
        "[supervisord]\ndirectory=~\nchildlogdir=%(here)s\n",
        "[supervisord]\numask=9\n",
        "[supervisord]\numask=077\nlogfile=syslog\n",
        "[supervisord]\nlogfile=/nope/x.log\n",
        "[supervisord]\nlogfile=logs/x.log\n",
        "[supervisord]\nlogfile=~/x.log\npidfile=../run.pid\n",
        "[supervisord]\nlogfile_maxbytes=5 apples\n",
        "[supervisord]\nlogfile_backups=ten\n",
        "[supervisord]\nloglevel=loud\n",
        "[supervisord]\nloglevel=WARN\nsilent=ON\n",
        "[supervisord]\npidfile=/nope/x.pid\n",
        "[supervisord]\nnodaemon=maybe\n",
        "[supervisord]\nsilent=2\n",
        "[supervisord]\nchildlogdir=/nope\n",
        "[supervisord]\nnocleanup=\n",
        "[supervisord]\nstrip_ansi=it's\n",
        "[supervisord]\nenvironment=A\n",
        "[supervisord]\nenvironment=A=\"1\n",
        "[supervisord]\nenvironment=A=1,B=\"%(here)s\",PATH=\"/x:%(ENV_PATH)s\"\n",
        "[supervisord]\nuser=nobody-here\n",
        "[supervisord]\nuser=4711\n",
        "[supervisord]\nuser=1000\nidentifier=\n",
        "[supervisord]\nidentifier=%(nope)s\n",
        "[supervisord]\nidentifier=100%\n",
        "[supervisord]\nidentifier=%(host_node_name)s\n",
        "[SUPERVISORD]\nnodaemon=true\n",
        "[supervisord]\nNoDaemon=true\nunknown=1\n[unknown]\nx=%(nope)s\n",
        "[DEFAULT]\nminfds=7\npriority=3\n[supervisord]\n[program:a]\ncommand=a\n",
        MINIMAL + "[include]\n",
        MINIMAL + "[include]\nfiles=\n",
        MINIMAL + "[include]\nfiles=%(nope)s\n",
        MINIMAL + "[include]\nfiles=nothing/*.conf /etc/app/none.conf\n",
        MINIMAL + "[unix_http_server]\n",
        MINIMAL + "[unix_http_server]\nfile=%(here)s/x/../a.sock\n",
        MINIMAL + "[unix_http_server]\nfile=~/a.sock\nchmod=9\n",
        MINIMAL + "[unix_http_server]\nfile=a.sock\nchown=nobody-here\n",
        MINIMAL + "[unix_http_server]\nfile=/a.sock\nchown=web:nogroup-here\n",
        MINIMAL + "[unix_http_server]\nfile=/a.sock\nchown=web\nchmod=0o666\n",
        MINIMAL + "[unix_http_server]\nfile=/a.sock\nusername=x\n",
        MINIMAL + "[unix_http_server]\nfile=/a.sock\npassword=x\n",
        MINIMAL + "[unix_http_server:a]\nfile=/a.sock\n[unix_http_server:b]\nfile=/b.sock\nusername=x\npassword=\n",
        MINIMAL + "[unix_http_server]\nfile=/%(host_node_name)s\n",
        MINIMAL + "[inet_http_server]\n",
        MINIMAL + "[inet_http_server]\nport=\n",
        MINIMAL + "[inet_http_server]\nport=web\n",
        MINIMAL + "[inet_http_server]\nport=70000\n",
        MINIMAL + "[inet_http_server]\nport=h:70000\n",
        MINIMAL + "[inet_http_server]\nport=*:9001\n[inet_http_server2]\nport=LOCALHOST:9002\n",
        MINIMAL + "[inet_http_server]\nport=9001\nusername=%(here)s\npassword=x\n",
        MINIMAL + "[rpcinterface:x]\nkey=1\n",
        MINIMAL
        + "[rpcinterface:x]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\nB=%(ENV_PATH)s\na=2\n",
        MINIMAL
        + "[rpcinterface:x]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\nb=%(here)s\n",
        MINIMAL + "[program:web]\n",
        MINIMAL + "[program:]\ncommand=x\n",
        MINIMAL + "[program:a b]\ncommand=x\n",
        MINIMAL + "[program: web ]\ncommand=x\n",
        MINIMAL + "[program:a/b]\ncommand=x\n",
        program(""),
        program("priority=high\n"),
        program("priority=%(program_name)s\n"),
        program("autostart=perhaps\n"),
        program("autorestart=sometimes\n"),
        program("autorestart=ON\n"),
        program("startsecs=1.5\n"),
        program("startsecs=-1\nstopwaitsecs=-2\n"),
        program("startretries=x\n"),
        program("stopsignal=NOPE\n"),
        program("stopsignal=99\n"),
        program("stopsignal=hup\n"),
        program("stopwaitsecs=x\n"),
        program("stopasgroup=x\n"),
        program("killasgroup=x\n"),
        program("stopasgroup=true\nkillasgroup=false\n"),
        program("stopasgroup=true\n"),
        program("killasgroup=true\n"),
        program("exitcodes=0,999\n"),
        program("exitcodes=\n"),
        program("redirect_stderr=x\n"),
        program("numprocs=x\n"),
        program("numprocs=2\n"),
        program("numprocs=0\n"),
        program("numprocs=-1\n"),
        program("numprocs_start=x\n"),
        program("numprocs=2\nnumprocs_start=9\nprocess_name=p%(process_num)d\n"),
        program("numprocs=2\nprocess_name=p%(process_num)s x\n"),
        program("process_name=a:b\n"),
        program("process_name=%(nope)s\n"),
        program("process_name=%(group_name)s-%(host_node_name)s-%(process_num)03d\n"),
        program("environment=A\n"),
        program("environment=A=%(nope)s\n"),
        program("environment=A=\"50%\"\n"),
        program("environment=A=\"50%%\",B=\"%(process_num)d\"\ndirectory=/%(ENV_A)s\n"),
        program("environment=PATH=\"/opt:%(ENV_PATH)s\"\ncommand=x %(ENV_PATH)s\n"),
        program("numprocs=2\nprocess_name=p%(process_num)d\nenvironment=V%(process_num)d=\"x\"\ncommand=a %(ENV_V0)s\n"),
        program("numprocs=2\nprocess_name=p%(process_num)d\nenvironment=PATH=\"a:%(ENV_PATH)s\"\ncommand=a %(ENV_PATH)s\n"),
        program("stdout_capture_maxbytes=x\n"),
        program("stderr_capture_maxbytes=1kb\nstdout_events_enabled=1\n"),
        program("stdout_events_enabled=x\n"),
        program("stderr_events_enabled=x\n"),
        program("serverurl=http://x:1\n"),
        program("serverurl= auto\n"),
        program("serverurl=\n"),
        program("user=nobody-here\n"),
        program("user=web\n"),
        program("user=77\n"),
        program("user=%(process_num)d\n"),
        program("umask=9\n"),
        program("umask=027\n"),
        program("directory=~/x/%(here)s\n"),
        program("directory=%(process_num)q\n"),
        program("stdout_logfile=/nope/x\n"),
        program("stdout_logfile=NONE\nstderr_logfile=off\n"),
        program("stdout_logfile=syslog\n"),
        program("stdout_logfile=Auto\nstdout_logfile_maxbytes=0\n"),
        program("stderr_logfile=/var/log/a%%%%b-%(process_num)d\n"),
        program("stderr_logfile=/var/log/a%%b\n"),
        program("stdout_logfile=~/x.log\nstderr_logfile=x.log\n"),
        program("redirect_stderr=true\nstderr_logfile=/tmp/x\n"),
        program("redirect_stderr=true\nstderr_logfile=NONE\n"),
        program("stdout_logfile_maxbytes=x\n"),
        program("stdout_logfile_maxbytes=%(process_num)dMB\n"),
        program("stderr_logfile_maxbytes=1x\n"),
        program("stdout_logfile_backups=x\n"),
        program("stderr_logfile_backups=%(numprocs)d\n"),
        program("stdout_syslog=x\n"),
        program("stderr_syslog=true\n"),
        program("command=%(nope)s\n"),
        program("command=50%\n"),
        program("command=a ; b\n"),
        program("command=\n"),
        program("dependent_startup=true\nautostart=false\n"),
        MINIMAL + "[program:b]\ncommand=b\n[program:a]\ncommand=a\n[program:c]\ncommand=c\npriority=1\n",
        MINIMAL + "[program:n]\ncommand=x\nnumprocs=11\nprocess_name=n_%(process_num)d\n",
        MINIMAL + "[group:g]\nprograms=nosuch\n",
        MINIMAL + "[group:g]\nprograms=a,nosuch\n[program:a]\ncommand=a\n",
        MINIMAL + "[group:g]\nprograms=a,\n[program:a]\ncommand=a\n",
        MINIMAL + "[group:g]\n",
        MINIMAL + "[group:g]\nprograms=\npriority=x\n",
        MINIMAL + "[group:a b]\nprograms=\n",
        MINIMAL + "[group:g]\nprograms=a, b\n[group:h]\nprograms=a\npriority=1\n[program:b]\ncommand=b\npriority=1\n"
        "[program:a]\ncommand=a %(group_name)s\n",
        MINIMAL + "[group:a]\nprograms=b\n[program:a]\ncommand=a\n[program:b]\ncommand=b\n",
        MINIMAL + "[group:g]\nprograms=a\n[program:a]\ncommand=a\nstartsecs=x\n",
        MINIMAL + "[group:g]\nprograms=a\n[program:a]\ncommand=a\n[fcgi-program:a]\ncommand=a\nsocket=tcp://h:1\n",
        "[supervisord]\nenvironment=X=1\n" + "[program:a]\ncommand=a %(ENV_X)s\nenvironment=X=2,Y=%(ENV_X)s\n",
    ]
] + [
    {
        CONFIG_FILE: REALISTIC,
        "/etc/app/conf.d/b.conf": "[program:two]\ncommand=%(here)s/two\n[supervisord]\nloglevel=info\n",
        "/etc/app/conf.d/a.conf": "[program:one]\ncommand=%(here)s/one\nstopwaitsecs=3\n",
    },
    {
        CONFIG_FILE: MINIMAL + "[include]\nfiles = conf.d/*.conf\n",
        "/etc/app/conf.d/a.conf": "[program:x]\ncommand=a\n",
        "/etc/app/conf.d/b.conf": "[program:x]\ncommand=b\npriority=x\n[include]\nfiles=/more.conf\n",
        "/more.conf": "[program:more]\ncommand=more\n",
    },
    {CONFIG_FILE: MINIMAL + "[include]\nfiles=conf.d/*.conf\n", "/etc/app/conf.d/a.conf": "[program:x\ncommand=a\n"},
    {CONFIG_FILE: MINIMAL + "[include]\nfiles=conf.d/*.conf\n", "/etc/app/conf.d/a.conf": "[program:x]\ncommand\n"},
    {
        CONFIG_FILE: MINIMAL + "[program:a]\ncommand=%(here)s/a\n[include]\nfiles=%(here)s/conf.d/*.conf\n  /more.conf\n",
        "/etc/app/conf.d/a.conf": "[program:b]\ncommand=%(here)s/b\nnumprocs=2\n",
        "/more.conf": "[program:b]\nprocess_name=%(process_num)d\ndirectory=%(here)s\n",
    },
    {"/elsewhere.conf": MINIMAL},
]


class Usage(Exception):
    """What the original would print behind ``Error: ``."""


class PretendedOptions(ServerOptions):
    """The original's options, reading from a dictionary of files."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__()
        self.files = files
        self.environ_expansions = {f"ENV_{name}": value for name, value in ENVIRONMENT.items()}

    def usage(self, msg: Any) -> None:
        """Raise what the original prints."""
        raise Usage(str(msg))

    def exists(self, path: str) -> bool:
        """Whether the dictionary has the file."""
        return path in self.files

    def open(self, fn: str, mode: str = "r") -> io.StringIO:
        """Open a file of the dictionary."""
        file = io.StringIO(self.files[fn])
        file.name = fn  # type: ignore[attr-defined]
        return file


def read_whole(files: dict[str, str]) -> dict[str, Any]:
    """What the original makes of a configuration."""

    def pretended_open(path: str, encoding: Any = None) -> io.StringIO:
        if path not in files:
            raise OSError(path)
        return io.StringIO(files[path])

    def pretended_user(name: str) -> tuple[Any, ...]:
        if name != "web":
            raise KeyError(name)
        return ("web", "x", 1000, 1000)

    def pretended_uid(uid: int) -> tuple[Any, ...]:
        if uid not in (0, 1000):
            raise KeyError(uid)
        return ("web", "x", uid, uid)

    with mock.patch.dict(os.environ, ENVIRONMENT, clear=True), mock.patch.object(
        os, "getcwd", lambda: "/etc/app"
    ), mock.patch.object(os.path, "isdir", FOLDERS.__contains__), mock.patch.object(
        tempfile, "tempdir", "/tmp"
    ), mock.patch.object(datatypes.pwd, "getpwnam", pretended_user), mock.patch.object(
        datatypes.pwd, "getpwuid", pretended_uid
    ), mock.patch.object(datatypes.grp, "getgrnam", pretended_user), mock.patch.object(
        options.platform, "node", lambda: "box"
    ), mock.patch.object(
        options.glob, "glob", lambda pattern: [path for path in files if fnmatch.fnmatch(path, pattern)]
    ), mock.patch.object(configparser, "open", pretended_open, create=True):
        read = PretendedOptions(files)
        try:
            read.realize(args=["-c", CONFIG_FILE], doc="", progname="supervisord")
        except Usage as error:
            return {"error": str(error)}
        return {"ok": settings(read)}


def settings(read: PretendedOptions) -> dict[str, Any]:
    """The settings in the shape of the Rust type."""
    section = read.configroot.supervisord
    levels = {
        LevelsByName.WARN: "Warn",
        LevelsByName.INFO: "Info",
        LevelsByName.DEBG: "Debug",
    }
    return {
        "daemon": {
            "config_file": CONFIG_FILE,
            "logfile": "Syslog" if read.logfile == "syslog" else {"File": read.logfile},
            "logfile_maxbytes": read.logfile_maxbytes,
            "logfile_backups": read.logfile_backups,
            "loglevel": levels[read.loglevel],
            "pidfile": read.pidfile,
            "umask": read.umask,
            "nodaemon": bool(read.nodaemon),
            "silent": bool(read.silent),
            "minfds": max(0, read.minfds),
            "minprocs": max(0, read.minprocs),
            "nocleanup": bool(read.nocleanup),
            "childlogdir": read.childlogdir,
            "user": read.uid,
            "directory": read.directory,
            "strip_ansi": bool(read.strip_ansi),
            "environment": pairs(section.environment),
            "identifier": read.identifier,
        },
        "http_servers": [http_server(server) for server in section.server_configs],
        "groups": [
            {
                "name": group.name,
                "priority": group.priority,
                "processes": [process(config) for config in group.process_configs],
            }
            for group in read.process_group_configs
        ],
        "rpc_interfaces": [
            {"name": name, "factory": f"{factory.__module__}:{factory.__name__}", "options": pairs(extras)}
            for name, factory, extras in section.rpcinterface_factories
        ],
        "messages": [["Warn", text] for text in read.parse_warnings] + [["Info", text] for text in read.parse_infos],
    }


def pairs(mapping: dict[str, str]) -> list[list[str]]:
    """A dictionary as a list."""
    return [[key, value] for key, value in mapping.items()]


def http_server(server: dict[str, Any]) -> dict[str, Any]:
    """One HTTP server."""
    if "file" in server:
        owner = None if server["chown"] == (-1, -1) else [number % 2**32 for number in server["chown"]]
        address: dict[str, Any] = {"Unix": {"path": server["file"], "mode": server["chmod"], "owner": owner}}
    else:
        address = {"Inet": {"host": server["host"], "port": server["port"]}}
    credentials = None if server["username"] is None else [server["username"], server["password"]]
    return {"section": server["section"], "address": address, "credentials": credentials}


def log_target(target: Any) -> Any:
    """Where a log goes."""
    if target is None:
        return "None"
    return "Automatic" if target is Automatic else {"File": target}


def output(config: Any, channel: str) -> dict[str, Any]:
    """One output stream of a process."""
    return {
        "logfile": log_target(getattr(config, f"{channel}_logfile")),
        "maxbytes": getattr(config, f"{channel}_logfile_maxbytes"),
        "backups": getattr(config, f"{channel}_logfile_backups"),
        "capture_maxbytes": getattr(config, f"{channel}_capture_maxbytes"),
        "events_enabled": getattr(config, f"{channel}_events_enabled"),
        "syslog": getattr(config, f"{channel}_syslog"),
    }


def process(config: Any) -> dict[str, Any]:
    """One process."""
    restart = {RestartUnconditionally: "Always", RestartWhenExitUnexpected: "Unexpected", False: "Never"}
    names = ["name", "command", "directory", "umask", "priority", "autostart", "startsecs", "startretries"]
    names += ["stopwaitsecs", "stopasgroup", "killasgroup", "exitcodes", "redirect_stderr"]
    return {
        **{name: getattr(config, name) for name in names},
        "autorestart": restart[config.autorestart],
        "user": config.uid,
        "stopsignal": int(config.stopsignal),
        "environment": pairs(config.environment),
        "serverurl": config.serverurl or None,
        "stdout": output(config, "stdout"),
        "stderr": output(config, "stderr"),
    }
