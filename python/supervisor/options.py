"""Configurations and command lines, names of processes, expansion of ``%(name)s``, errors of a failed start.

`ServerOptions` and `ClientOptions` read what `supervisord` and `supervisorctl` would run with. The parser is
the native one; what it read becomes attributes here, by the names of the options.
"""

from __future__ import annotations

import glob
import os
import platform
import pwd
import signal
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from supervisor import _engine, loggers, xmlrpc
from supervisor._configs import (
    Config,
    EventListenerConfig,
    EventListenerPoolConfig,
    FastCGIGroupConfig,
    FastCGIProcessConfig,
    ProcessConfig,
    ProcessGroupConfig,
)
from supervisor._ini import UnhosedConfigParser
from supervisor.compat import as_string, import_spec, xmlrpclib
from supervisor.datatypes import gid_for_uid, list_of_strings
from supervisor.states import SupervisorStates

__all__ = [
    "VERSION",
    "BadCommand",
    "ClientOptions",
    "Config",
    "EventListenerConfig",
    "EventListenerPoolConfig",
    "FastCGIGroupConfig",
    "FastCGIProcessConfig",
    "NoPermission",
    "NotExecutable",
    "NotFound",
    "Options",
    "ProcessConfig",
    "ProcessException",
    "ProcessGroupConfig",
    "ServerOptions",
    "UnhosedConfigParser",
    "decode_wait_status",
    "expand",
    "make_namespec",
    "normalize_path",
    "readFile",
    "signame",
    "split_namespec",
    "tailFile",
]

VERSION = Path(__file__).with_name("version.txt").read_text(encoding="utf-8").strip()
"""The Supervisor that is answered for, and after ``+rs.`` the version of this project."""


def normalize_path(v: str) -> str:
    """Return the absolute path; ``~`` is the home directory, and ``..`` goes back."""
    return os.path.normpath(os.path.abspath(os.path.expanduser(v)))


def make_namespec(group_name: str, process_name: str) -> str:
    """Return how a process is addressed: ``group:process``, or its name alone where both are the same."""
    return process_name if group_name == process_name else f"{group_name}:{process_name}"


def split_namespec(namespec: str) -> tuple[str, str | None]:
    """Return group and process of an address; the process is None for a whole group, ``group:*``."""
    group_name, colon, process_name = namespec.partition(":")
    if not colon:
        return namespec, namespec
    return group_name, (None if process_name in ("", "*") else process_name)


def expand(s: str, expansions: Mapping[str, Any], name: str) -> str:
    """Return the text with its ``%(key)s`` replaced; ``name`` is the option, for the message.

    Raises ValueError for a key that is not known and for a format that is none.
    """
    try:
        return s % expansions
    except KeyError as why:
        known = ", ".join(sorted(expansions))
        raise ValueError(
            f"Format string {s!r} for {name!r} contains names ({why}) which cannot be expanded. "
            f"Available names: {known}"
        ) from None
    except (TypeError, ValueError) as why:
        raise ValueError(f"Format string {s!r} for {name!r} is badly formatted: {why}") from None


# Of several names of one number the module's last one is shown, as always.
_SIGNAL_NAMES = {
    number: name
    for name, number in vars(signal).items()
    if name.startswith("SIG") and not name.startswith("SIG_")
}


def signame(sig: int) -> str:
    """Return the name of a signal, ``signal 99`` for a number without one."""
    return _SIGNAL_NAMES.get(sig) or f"signal {sig}"


def decode_wait_status(sts: int) -> tuple[int, str]:
    """Return the exit status in a status of ``os.wait``, -1 after a signal, and a text that says it."""
    if os.WIFEXITED(sts):
        status = os.WEXITSTATUS(sts)
        return status, f"exit status {status}"
    if os.WIFSIGNALED(sts):
        core = " (core dumped)" if os.WCOREDUMP(sts) else ""
        return -1, f"terminated by {signame(os.WTERMSIG(sts))}{core}"
    return -1, f"unknown termination cause 0x{sts:04x}"


def readFile(filename: str, offset: int, length: int) -> bytes:
    """Return bytes of a file: `length` from `offset` on, to its end for 0, or its last ``-offset`` bytes.

    Raises ValueError with the name of a fault: ``BAD_ARGUMENTS`` or ``FAILED``.
    """
    if length < 0 or (offset < 0 and length):
        raise ValueError("BAD_ARGUMENTS")
    try:
        with open(filename, "rb") as file:
            if offset < 0:
                file.seek(max(file.seek(0, os.SEEK_END) + offset, 0))
                return file.read(-offset)
            file.seek(offset)
            return file.read(length or -1)
    except OSError:
        raise ValueError("FAILED") from None


def tailFile(filename: str, offset: int, length: int) -> list[Any]:
    """Return the last `length` bytes of a file as text, its size, and whether more came since `offset`.

    A file that cannot be read is empty.
    """
    try:
        with open(filename, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            overflow = size > offset + length
            wanted = length if overflow or offset + length > size > offset else 0
            file.seek(max(size - wanted, 0))
            return [as_string(file.read(max(wanted, 0))), size, overflow]
    except OSError:
        return ["", offset, False]


class ProcessException(Exception):
    """A process cannot be started."""


class BadCommand(ProcessException):
    """The command line cannot be split into words."""


class NotExecutable(ProcessException):
    """The program is a directory or has no execute permission."""


class NotFound(ProcessException):
    """There is no such program."""


class NoPermission(ProcessException):
    """The daemon's user may not execute the program."""


Factory = tuple[str, Callable[..., Any], dict[str, str]]
"""Of a plug-in: the name of its section, what is called, with which keyword arguments."""


class Options:
    """What both programs' options have in common. An instance reads one configuration, in `realize`.

    `searchpaths` are the places of a file that is not named.
    """

    stderr = sys.stderr
    stdout = sys.stdout
    exit = staticmethod(sys.exit)
    warnings = warnings

    progname = sys.argv[0]
    doc: str | None = None
    configfile: str | None = None
    here: str | None = None
    uid: int | None = None
    gid: int | None = None

    def __init__(self, require_configfile: bool = True) -> None:
        """Say whether the absence of any file is a mistake."""
        self.require_configfile = require_configfile
        self.args: list[str] = []
        self.searchpaths = _engine.search_paths(sys.argv[0])
        self.environ_expansions = {f"ENV_{name}": value for name, value in os.environ.items()}
        self.configroot = SimpleNamespace()
        # Texts of the command line, which win over those of the file.
        self._overrides: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        # Called for what is not there.
        raise AttributeError(
            f"{type(self).__name__} has no attribute {name!r}: not known, not read yet, or done by the "
            "native engine, which offers no such place to Python code"
        )

    def realize(
        self, args: Sequence[str] | None = None, doc: str | None = None, progname: str | None = None
    ) -> None:
        """Read a command line (without the program's name) and the configuration that it names.

        `args` are those of this program when left out, `doc` is a help text instead of the program's own, in
        which ``%s`` stands for `progname`. A mistake is printed on standard error and raises SystemExit with
        code 2; help and version are printed and raise it with code 0.
        """
        self.progname = sys.argv[0] if progname is None else progname
        self.doc = doc
        said = self._read_arguments(list(sys.argv[1:] if args is None else args))
        if said["ending"] is not None:
            self._end(*said["ending"])
            return
        self.args = said.get("action", [])
        self._overrides = said["overrides"]
        if self.configfile is None:
            self.configfile = said["config_file"]
        if self.configfile is None:
            self.configfile = self.default_configfile()
        self.process_config()

    def _read_arguments(self, arguments: list[str]) -> dict[str, Any]:
        raise NotImplementedError

    def _end(self, stdout: str, stderr: str, status: int) -> None:
        if self.doc is not None and status == 0 and stdout.strip() != VERSION:
            stdout = self.doc.replace("%s", self.progname) + "\n"
        self.stdout.write(stdout)
        self.stderr.write(stderr)
        self.exit(status)

    def usage(self, msg: object) -> None:
        """Print a mistake and end the program with code 2."""
        self.stderr.write(f"Error: {msg}\nFor help, use {self.progname} -h\n")
        self.exit(2)

    def default_configfile(self) -> str | None:
        """Return the first file at the default places; where there is none, None or a mistake."""
        try:
            return _engine.find_configuration(self.searchpaths)
        except ValueError as why:
            if self.require_configfile:
                self.usage(why)
            return None

    def process_config(self, do_usage: bool = True) -> None:
        """Read the file (again). A mistake ends the program, or is raised as ValueError."""
        if self.configfile is not None:
            self.here = os.path.abspath(os.path.dirname(self.configfile))
        try:
            self.read_config(self.configfile)
        except ValueError as why:
            if not do_usage:
                raise
            self.usage(why)

    def read_config(self, fp: str | None) -> Any:
        """Read a file, by its name, into the attributes. Raises ValueError for a mistake in it."""
        raise NotImplementedError

    def import_spec(self, spec: str) -> Any:
        """Return what ``module:attribute`` names; raises ImportError or AttributeError."""
        return import_spec(spec)

    def _resolve(self, spec: str, section: str) -> Any:
        try:
            return self.import_spec(spec)
        except (AttributeError, ImportError) as why:
            raise ValueError(f"{spec} cannot be resolved within [{section}]: {why}") from None

    def _factories(self, prefix: str, plugins: list[tuple[str, str, dict[str, str]]]) -> list[Factory]:
        return [(name, self._resolve(spec, prefix + name), kwargs) for name, spec, kwargs in plugins]


class ServerOptions(Options):
    """What `supervisord` would run with.

    After ``realize(args=["-c", file])`` there is an attribute for each option of ``[supervisord]``
    (`configfile`, `logfile`, `loglevel` as a number, `pidfile`, `identifier`, ...), and

    * `process_group_configs`: the groups, by priority, each with its `process_configs`;
    * `server_configs`: a dictionary for each HTTP server; `serverurl` is the address of the first;
    * `rpcinterface_factories`: name, factory and arguments of each plug-in;
    * `parse_criticals`, `parse_warnings`, `parse_infos`: what is to be said in the log.

    Inside the daemon a plug-in's `supervisord.options` is one, too, and tells of the running daemon.
    """

    mood = SupervisorStates.RUNNING
    httpservers: Sequence[Any] = ()
    serverurl: str | None = None
    user: str | None = None
    profile_options = None
    _signal: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.process_group_configs: list[ProcessGroupConfig] = []
        self.server_configs: list[dict[str, Any]] = []
        self.rpcinterface_factories: list[Factory] = []
        self.parse_criticals: list[str] = []
        self.parse_warnings: list[str] = []
        self.parse_infos: list[str] = []

    def _read_arguments(self, arguments: list[str]) -> dict[str, Any]:
        return _engine.read_daemon_arguments(self.progname, arguments)

    def default_configfile(self) -> str | None:
        """Return the first file at the default places, with a warning for root; end the program without."""
        if os.getuid() == 0:
            self.warnings.warn(_engine.ROOT_SEARCH_WARNING, stacklevel=2)
        return super().default_configfile()

    def read_config(self, fp: str | None) -> SimpleNamespace:
        """Read a file, by its name; returns `configroot.supervisord`. Raises ValueError for a mistake."""
        if not isinstance(fp, str):
            raise ValueError("a configuration is read by the name of its file")
        read = _engine.read_daemon_configuration(fp, self._overrides)
        section = SimpleNamespace(**read["supervisord"])
        # Events may be of types that plug-ins add, so plug-ins come first.
        section.rpcinterface_factories = self._factories("rpcinterface:", read["plugins"])
        section.process_group_configs = [self._group(group) for group in read["groups"]]
        if getattr(self._processes_from_section, "__func__", None) is not _NATIVE_FROM_SECTION:
            self._ask_plugin(fp, section.process_group_configs)
        section.server_configs = read["servers"]
        section.user = None if section.uid is None else pwd.getpwuid(section.uid).pw_name
        self.configroot.supervisord = section
        self._take(section, read["messages"])
        return section

    def _take(self, section: SimpleNamespace, messages: list[tuple[int, str]]) -> None:
        for name, value in vars(section).items():
            # The file is named as it was spelled; the variables of programs are theirs.
            if name not in ("configfile", "environment"):
                setattr(self, name, value)
        self.gid = None if section.uid is None else gid_for_uid(section.uid)
        self._locate()
        self.environ_expansions.update((f"ENV_{name}", text) for name, text in section.environment.items())
        self.parse_criticals, self.parse_warnings, self.parse_infos = (
            [text for known, text in messages if known == level]
            for level in (
                loggers.LevelsByName.CRIT,
                loggers.LevelsByName.WARN,
                loggers.LevelsByName.INFO,
            )
        )

    def _ask_plugin(self, file: str, groups: list[ProcessGroupConfig]) -> None:
        """Have a plug-in that replaced `_processes_from_section` make the processes of each section."""
        parser = UnhosedConfigParser()
        parser.expansions = {**self.environ_expansions, "here": self.here, "host_node_name": platform.node()}
        parser.read(file)
        if parser.has_section("include"):
            parser.expand_here(str(self.here))
            for pattern in str(parser.saneget("include", "files")).split():
                parser.read(sorted(glob.glob(os.path.join(str(self.here), pattern))))
        kinds = {"program": ProcessConfig, "fcgi-program": FastCGIProcessConfig}
        kinds["eventlistener"] = EventListenerConfig
        for group in groups:
            programs = [group.name]
            if parser.has_section(f"group:{group.name}"):
                programs = list_of_strings(parser.saneget(f"group:{group.name}", "programs"))
            made = []
            for program in programs:
                for kind, klass in kinds.items():
                    if parser.has_section(f"{kind}:{program}"):
                        made += self._processes_from_section(parser, f"{kind}:{program}", group.name, klass)
            group.process_configs = made

    def close_httpservers(self) -> None:
        """Do nothing: the engine closes them when everything is stopped."""

    def _locate(self) -> None:
        """Derive what follows from the servers and from the place of the file."""
        self.serverurl = _server_url(self.server_configs)
        if self.configfile is not None:
            self.here = os.path.abspath(os.path.dirname(self.configfile))

    def _group(self, read: dict[str, Any]) -> ProcessGroupConfig:
        name, priority, listener = read["name"], read["priority"], read["listener"]
        if listener is not None:
            listeners: list[ProcessConfig] = [EventListenerConfig(self, **each) for each in read["processes"]]
            section = f"eventlistener:{name}"
            handler = self._resolve(listener["result_handler"], section)
            types = [_event_type(event, section) for event in listener["events"]]
            return EventListenerPoolConfig(
                self, name, priority, listeners, listener["buffer_size"], types, handler
            )
        processes = [self._process(process) for process in read["processes"]]
        sockets = [process["socket"] for process in read["processes"]]
        if sockets and None not in sockets and all(each == sockets[0] for each in sockets):
            return FastCGIGroupConfig(self, name, priority, processes, sockets[0])
        return ProcessGroupConfig(self, name, priority, processes)

    def _process(self, read: dict[str, Any], kind: type[ProcessConfig] = ProcessConfig) -> ProcessConfig:
        socket = read["socket"]
        if socket is None:
            return kind(self, **read)
        return FastCGIProcessConfig(self, socket_config=socket, **read)

    def processes_from_section(
        self,
        parser: UnhosedConfigParser,
        section: str,
        group_name: str,
        klass: type[ProcessConfig] | None = None,
    ) -> list[ProcessConfig]:
        """Return the processes of a section, of class `klass`, as processes of a group.

        Raises ValueError for a mistake in the section, whose file is named.
        """
        try:
            return self._processes_from_section(parser, section, group_name, klass)
        except ValueError as why:
            file = parser.section_to_file.get(section, self.configfile)
            raise ValueError(f"{why} in section {section!r} (file: {file!r})") from None

    def _processes_from_section(
        self,
        parser: UnhosedConfigParser,
        section: str,
        group_name: str,
        klass: type[ProcessConfig] | None = None,
    ) -> list[ProcessConfig]:
        options = [(name, str(value)) for name, value in parser.items(section)]
        path = str(parser.section_to_file.get(section, self.configfile))
        try:
            read = _engine.read_program_section(path, section, options, group_name)
        except ValueError as why:
            # The section and its file are named by the caller.
            raise ValueError(str(why).rpartition(" in section ")[0]) from None
        return [self._process(each, klass or ProcessConfig) for each in read]

    def getLogger(self, level: int | None = None) -> loggers.Logger:
        """Return a logger without handlers."""
        return loggers.getLogger(level)

    def get_path(self) -> list[str]:
        """Return the folders of PATH, or a few usual ones."""
        path = os.environ.get("PATH")
        return path.split(os.pathsep) if path else ["/bin", "/usr/bin", "/usr/local/bin"]

    def get_pid(self) -> int:
        """Return the number of this process."""
        return os.getpid()

    def kill(self, pid: int, signal: int) -> None:
        """Send a signal to a process."""
        os.kill(pid, signal)

    def cleanup_fds(self) -> None:
        """Do nothing: no descriptor of the daemon reaches a child. Called before each life but the first."""

    def get_signal(self) -> int | None:
        """Return the signal that the daemon is about to heed, once. For a replacement to call."""
        signal, self._signal = self._signal, None
        return signal

    def get_autochildlog_name(self, name: str, identifier: str, channel: str) -> str:
        """Make an empty file for a log of its own in `childlogdir` and return its path."""
        return self.mktempfile(".log", f"{name}-{channel}---{identifier}-", self.childlogdir)

    def mktempfile(self, suffix: str, prefix: str, dir: str) -> str:
        """Make an empty file of a new name and return its path."""
        descriptor, path = tempfile.mkstemp(suffix, prefix, dir)
        os.close(descriptor)
        return path

    def check_execv_args(self, filename: str, argv: Sequence[str], st: os.stat_result | None) -> None:
        """Raise one of the errors of a failed start for a file that cannot be run; `st` is what stat said."""
        if st is None:
            raise NotFound(f"can't find command {filename!r}")
        if stat.S_ISDIR(st.st_mode):
            raise NotExecutable(f"command at {filename!r} is a directory")
        if not stat.S_IMODE(st.st_mode) & 0o111:
            raise NotExecutable(f"command at {filename!r} is not executable")
        if not os.access(filename, os.X_OK):
            raise NoPermission(f"no permission to run command {filename!r}")


_NATIVE_FROM_SECTION = ServerOptions._processes_from_section


def _server_url(servers: list[dict[str, Any]]) -> str | None:
    """Return the address that programs are told, a unix socket if there is one."""
    for server in servers:
        if "file" in server:
            return f"unix://{server['file']}"
    for server in servers:
        return f"http://{server['host'] or 'localhost'}:{server['port']}"
    return None


def _event_type(name: str, section: str) -> type:
    from supervisor.events import EventTypes

    found: type | None = getattr(EventTypes, name, None)
    if found is None:
        raise ValueError(f"Unknown event type {name} in [{section}] events")
    return found


class ClientOptions(Options):
    """What `supervisorctl` would run with.

    After `realize` there are `serverurl`, `username`, `password`, `prompt`, `history_file`, `interactive`,
    the command in `args`, and `plugin_factories`: name, factory and arguments of each plug-in, the built-in
    commands first.
    """

    interactive: bool | int = False
    prompt = "supervisor"
    serverurl: str | None = None
    username: str | None = None
    password: str | None = None
    history_file: str | None = None
    plugins: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        from supervisor.supervisorctl import DefaultControllerPlugin

        super().__init__(require_configfile=False)
        self.plugin_factories: list[Factory] = [("default", DefaultControllerPlugin, {})]

    def _read_arguments(self, arguments: list[str]) -> dict[str, Any]:
        said = _engine.read_client_arguments(self.progname, arguments)
        self.interactive = said.get("interactive", False)
        return said

    def read_config(self, fp: str | None) -> SimpleNamespace:
        """Read a file, by its name, or no file; returns `configroot.supervisorctl`.

        Raises ValueError for a mistake in it.
        """
        section = SimpleNamespace(**_engine.read_client_configuration(fp, self._overrides))
        self.plugin_factories = [
            *self.plugin_factories[:1],
            *self._factories("ctlplugin:", vars(section).pop("plugins")),
        ]
        vars(self).update(vars(section))
        self.configroot.supervisorctl = section
        return section

    def getServerProxy(self) -> xmlrpclib.ServerProxy:
        """Return a proxy of the server at `serverurl`."""
        # The address is the transport's business; a proxy accepts none but http.
        transport = xmlrpc.SupervisorTransport(self.username, self.password, self.serverurl)
        return xmlrpclib.ServerProxy("http://127.0.0.1", transport=transport)
