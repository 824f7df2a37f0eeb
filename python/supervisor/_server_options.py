"""`ServerOptions`: what the daemon would run with, read by the native parser; errors of a failed start."""

from __future__ import annotations

import os
import pwd
import stat
from types import SimpleNamespace

from supervisor import _engine, loggers
from supervisor._configs import (
    EventListenerConfig,
    EventListenerPoolConfig,
    FastCGIGroupConfig,
    FastCGIProcessConfig,
    ProcessConfig,
    ProcessGroupConfig,
)
from supervisor._options import Options, environment_of, file_name, file_text
from supervisor.datatypes import gid_for_uid, list_of_strings
from supervisor.states import SupervisorStates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, Any

    from supervisor._ini import UnhosedConfigParser
    from supervisor._options import Factory


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


class SignalReceiver:
    """Signals that have arrived and are to be heeded, each kind once."""

    def __init__(self) -> None:
        self._received: list[int] = []

    def receive(self, sig: int, frame: object) -> None:
        """Take in a signal, as a handler of Python's `signal` would; `frame` is not looked at."""
        if sig not in self._received:
            self._received.append(sig)

    def get_signal(self) -> int | None:
        """Return the one that has waited for longest, which waits no more; None where there is none."""
        return self._received.pop(0) if self._received else None


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
    native_options = _engine.command_line_options(True)

    def __init__(self) -> None:
        super().__init__()
        self.process_group_configs: list[ProcessGroupConfig] = []
        self.server_configs: list[dict[str, Any]] = []
        self.rpcinterface_factories: list[Factory] = []
        self.parse_criticals: list[str] = []
        self.parse_warnings: list[str] = []
        self.parse_infos: list[str] = []
        self.signal_receiver = SignalReceiver()

    def _read_arguments(self, arguments: list[str]) -> dict[str, Any]:
        return _engine.read_daemon_arguments(self.progname, arguments)

    def default_configfile(self) -> str | None:
        """Return the first file at the default places, with a warning for root; end the program without."""
        if os.getuid() == 0:
            self.warnings.warn(_engine.ROOT_SEARCH_WARNING, stacklevel=2)
        return super().default_configfile()

    def read_config(self, fp: str | IO[Any] | None) -> SimpleNamespace:
        """Read a file, by its name or open; returns `configroot.supervisord`.

        Raises ValueError for a mistake in it, and where there is none.
        """
        if fp is None:
            raise ValueError("there is no configuration")
        name, text = file_name(fp), file_text(fp)
        environment = environment_of(self.environ_expansions)
        read = _engine.read_daemon_configuration(name, self._overrides, text, environment)
        section = SimpleNamespace(**read["supervisord"])
        # Events may be of types that plug-ins add, so plug-ins come first.
        section.rpcinterface_factories = self._factories("rpcinterface:", read["plugins"])
        section.process_group_configs = [self._group(group) for group in read["groups"]]
        if sections_are_replaced():
            self._ask_plugin(name, text, section.process_group_configs, section.environment)
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

    def _ask_plugin(
        self,
        file: str,
        text: bytes | None,
        groups: list[ProcessGroupConfig],
        environment: dict[str, str],
    ) -> None:
        """Have a plug-in that replaced `_processes_from_section` make the processes of each section.

        `text` is what is in the file, where that was read already; `environment` is that of `[supervisord]`,
        which all processes have.
        """
        import glob
        import platform

        from supervisor._ini import UnhosedConfigParser

        parser = UnhosedConfigParser()
        parser.expansions = {**self.environ_expansions, "here": self.here, "host_node_name": platform.node()}
        if text is None:
            parser.read(file)
        else:
            parser.read_string(text.decode("utf-8", "replace"), file)
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
                        made += self.processes_from_section(parser, f"{kind}:{program}", group.name, klass)
            for config in made:
                config.environment = {**environment, **(config.environment or {})}
            group.process_configs = made

    def _reread(
        self, file: str, groups: list[dict[str, Any]], environment: dict[str, str]
    ) -> list[dict[str, Any]]:
        """Return groups that the engine read as the plug-in makes them."""
        configs = [self._group(group) for group in groups]
        self._ask_plugin(file, None, configs, environment)
        return [config._params() for config in configs]

    def close_httpservers(self) -> None:
        """Do nothing: the engine closes them when everything is stopped."""

    def _file(self) -> str | None:
        return None if self.configfile is None else file_name(self.configfile)

    def _locate(self) -> None:
        """Derive what follows from the servers and from the place of the file."""
        self.serverurl = _server_url(self.server_configs)
        self._find_here()

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
            file = parser.section_to_file.get(section, self._file())
            raise ValueError(f"{why} in section {section!r} (file: {file!r})") from None

    def _processes_from_section(
        self,
        parser: UnhosedConfigParser,
        section: str,
        group_name: str,
        klass: type[ProcessConfig] | None = None,
    ) -> list[ProcessConfig]:
        options = [(name, str(value)) for name, value in parser.items(section)]
        path = str(parser.section_to_file.get(section, self._file()))
        try:
            environment = environment_of({**self.environ_expansions, **parser.expansions})
            read = _engine.read_program_section(path, section, options, group_name, environment)
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
        return self.signal_receiver.get_signal()

    def get_autochildlog_name(self, name: str, identifier: str, channel: str) -> str:
        """Make an empty file for a log of its own in `childlogdir` and return its path."""
        return self.mktempfile(".log", f"{name}-{channel}---{identifier}-", self.childlogdir)

    def mktempfile(self, suffix: str, prefix: str, dir: str) -> str:
        """Make an empty file of a new name and return its path."""
        import tempfile

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
_NATIVE_GET_SIGNAL = ServerOptions.get_signal


def sections_are_replaced() -> bool:
    """Return whether a plug-in replaced `_processes_from_section`."""
    return ServerOptions._processes_from_section is not _NATIVE_FROM_SECTION


def get_signal_is_replaced(options: ServerOptions | None) -> bool:
    """Return whether a plug-in replaced `get_signal`, on the class or on the options of the daemon."""
    if options is None:
        return ServerOptions.get_signal is not _NATIVE_GET_SIGNAL
    return getattr(options.get_signal, "__func__", None) is not _NATIVE_GET_SIGNAL


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
