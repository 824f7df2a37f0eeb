"""What the original makes of a whole configuration on a pretended machine.

The machine is that of ``rust/core/tests/config_support``: the same folders, users and environment. Results
are given in the shape in which the Rust settings serialise, so that the test there compares them as they
are.
"""

from __future__ import annotations

import configparser
import fnmatch
import importlib
import io
import os
import tempfile
from typing import Any
from unittest import mock

# The original is not typed.
datatypes: Any = importlib.import_module("supervisor.datatypes")
levels_by_name: Any = importlib.import_module("supervisor.loggers").LevelsByName
events: Any = importlib.import_module("supervisor.events")
options: Any = importlib.import_module("supervisor.options")

FOLDERS = ["/", "/tmp", "/etc", "/etc/app", "/etc/app/conf.d", "/var/log", "/home/user"]
FOLDERS += ["/dev", "/dev/fd", "/var/run", "/var/log/supervisor", "/usr/local/var/run", "/usr/local/var/log"]
FOLDERS += ["/usr/local/etc/supervisor.d/../../var/log"]
ENVIRONMENT = {"HOME": "/home/user", "PATH": "/bin"}
CONFIG_FILE = "/etc/app/supervisord.conf"

# Names and numbers of the users and groups; every group has the name and number of its user.
NAMES = {"web": 1000, "root": 0}
NUMBERS = [0, 1000]

LEVELS = {levels_by_name.WARN: "Warn", levels_by_name.INFO: "Info", levels_by_name.DEBG: "Debug"}
RESTART = {
    datatypes.RestartUnconditionally: "Always",
    datatypes.RestartWhenExitUnexpected: "Unexpected",
    False: "Never",
}


class Usage(Exception):
    """What the original would print behind ``Error: ``."""


class NamedText(io.StringIO):
    """An opened file of the pretended machine."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


def by_name(name: str) -> tuple[str, str, int, int]:
    """A user or a group, in the form of ``pwd`` and ``grp``."""
    return (name, "x", NAMES[name], NAMES[name])


def by_number(number: int) -> tuple[str, str, int, int]:
    """The user of a number."""
    if number not in NUMBERS:
        raise KeyError(number)
    return ("web", "x", number, number)


def read_whole(files: dict[str, str], main: str = CONFIG_FILE) -> dict[str, Any]:
    """The settings that the original reads from these files, or its error."""

    def opened(path: str, *_mode: Any, **_options: Any) -> NamedText:
        if path not in files:
            raise FileNotFoundError(path)
        return NamedText(path, files[path])

    def usage(message: Any) -> None:
        raise Usage(str(message))

    def found(pattern: str) -> list[str]:
        def matches(path: str) -> bool:
            name, wanted = os.path.basename(path), os.path.basename(pattern)
            return fnmatch.fnmatch(path, pattern) and name.startswith(".") == wanted.startswith(".")

        return [path for path in files if matches(path)]

    read = options.ServerOptions()
    read.usage = usage
    read.exists = files.__contains__
    read.open = opened
    read.environ_expansions = {f"ENV_{name}": value for name, value in ENVIRONMENT.items()}
    with (
        mock.patch.dict(os.environ, ENVIRONMENT, clear=True),
        mock.patch.object(os, "getuid", return_value=1000),
        mock.patch.object(os, "getcwd", return_value="/etc/app"),
        mock.patch.object(os.path, "isdir", FOLDERS.__contains__),
        mock.patch.object(tempfile, "tempdir", "/tmp"),
        mock.patch.object(datatypes.pwd, "getpwnam", by_name),
        mock.patch.object(datatypes.pwd, "getpwuid", by_number),
        mock.patch.object(datatypes.grp, "getgrnam", by_name),
        mock.patch.object(options.platform, "node", return_value="box"),
        mock.patch.object(options.glob, "glob", found),
        mock.patch.object(configparser, "open", opened, create=True),
    ):
        read.default_map["childlogdir"] = "/tmp"
        read.realize(args=["-c", main], doc="", progname="supervisord")
        return settings(read, main)


def settings(read: Any, main: str) -> dict[str, Any]:
    """The settings in the shape of the Rust type."""
    section = read.configroot.supervisord
    return {
        "daemon": {
            "config_file": main,
            "logfile": "Syslog" if read.logfile == "syslog" else {"File": read.logfile},
            "logfile_maxbytes": read.logfile_maxbytes,
            "logfile_backups": read.logfile_backups,
            "loglevel": LEVELS[read.loglevel],
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
                "processes": [
                    {**process(config), "fcgi_socket": fcgi_socket(group)} for config in group.process_configs
                ],
                "listener": listener(group),
            }
            for group in read.process_group_configs
        ],
        "rpc_interfaces": [
            {"name": name, "factory": f"{factory.__module__}:{factory.__name__}", "options": pairs(extras)}
            for name, factory, extras in section.rpcinterface_factories
        ],
        "messages": [["Warn", text] for text in read.parse_warnings]
        + [["Info", text] for text in read.parse_infos],
    }


def pairs(mapping: dict[str, str]) -> list[list[str]]:
    """A dictionary as a list."""
    return [[key, value] for key, value in mapping.items()]


def listener(group: Any) -> dict[str, Any] | None:
    """What makes a group a pool of listeners, if it is one.

    The names of the events are sorted, for the original has them in a set; it also resolves the handler.
    """
    if not isinstance(group, options.EventListenerPoolConfig):
        return None
    handler = group.result_handler
    return {
        "events": sorted(events.getEventNameByType(event) for event in group.pool_events),
        "buffer_size": group.buffer_size,
        "result_handler": f"{handler.__module__}:{handler.__name__}",
    }


def fcgi_socket(group: Any) -> dict[str, Any] | None:
    """The socket of a FastCGI group."""
    if not isinstance(group, options.FastCGIGroupConfig):
        return None
    socket = group.socket_config
    if isinstance(socket, datatypes.UnixStreamSocketConfig):
        owner = None if socket.owner is None else [number % 2**32 for number in socket.owner]
        address: dict[str, Any] = {"Unix": {"path": socket.path, "owner": owner, "mode": socket.mode}}
    else:
        address = {"Tcp": {"host": socket.host, "port": socket.port}}
    return {"address": address, "backlog": socket.backlog}


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
    return "Automatic" if target is datatypes.Automatic else {"File": target}


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
    names = ["name", "command", "directory", "umask", "priority", "autostart", "startsecs", "startretries"]
    names += ["stopwaitsecs", "stopasgroup", "killasgroup", "exitcodes", "redirect_stderr"]
    return {
        **{name: getattr(config, name) for name in names},
        "autorestart": RESTART[config.autorestart],
        "user": config.uid,
        "stopsignal": int(config.stopsignal),
        "environment": pairs(config.environment),
        "serverurl": config.serverurl or None,
        "stdout": output(config, "stdout"),
        "stderr": output(config, "stderr"),
    }
