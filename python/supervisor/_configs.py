"""What a configuration says of processes and groups, as objects: the classes of `supervisor.options`.

They are plain data, made by `ServerOptions` from what the native parser read, or by a plug-in from values of
its own. Nothing happens when one is made: a process exists once a group or the daemon was given it.
"""

from __future__ import annotations

import importlib
import os

from supervisor._ordered import Ordered
from supervisor._watching import LogFile, watched
from supervisor.datatypes import Automatic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, ClassVar

    from supervisor._engine import Daemon
    from supervisor._server_options import ServerOptions
    from supervisor._sockets import SocketConfig


# Values that may be changed in place.
_WATCHED = ("environment", "exitcodes")


class Config(Ordered):
    """Something with a name and a priority; ordered by priority, then by name."""

    options: ServerOptions
    name: str
    priority: int

    def _order(self) -> tuple[int, str]:
        return self.priority, self.name

    def __ne__(self, other: object) -> bool:
        return not self == other

    # They are compared by what they say, which may change.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self)} instance at {id(self)} named {self.name}>"


class ProcessConfig(Config):
    """A process: an attribute for each option of its section, with these values beyond text and numbers.

    `uid` is the number of `user`, or None; `stopsignal` a number; `autorestart` one of the classes of
    `supervisor.datatypes` or False; `stdout_logfile` and `stderr_logfile` a path, None, or `Automatic` until
    `create_autochildlogs` was called; `environment` a dictionary; `umask` a number or None.
    """

    req_param_names = (
        "name uid command directory umask priority autostart autorestart startsecs startretries "
        "stdout_logfile stdout_capture_maxbytes stdout_events_enabled stdout_syslog stdout_logfile_backups "
        "stdout_logfile_maxbytes stderr_logfile stderr_capture_maxbytes stderr_logfile_backups "
        "stderr_logfile_maxbytes stderr_events_enabled stderr_syslog stopsignal stopwaitsecs stopasgroup "
        "killasgroup exitcodes redirect_stderr"
    ).split()
    """What has to be given."""
    optional_param_names: ClassVar = ["environment", "serverurl"]
    """What is None unless given."""

    uid: int | None
    command: str
    directory: str | None
    umask: int | None
    autostart: bool
    autorestart: Any
    startsecs: int
    startretries: int
    stdout_logfile: Any = LogFile()
    stdout_capture_maxbytes: int
    stdout_events_enabled: bool
    stdout_syslog: bool
    stdout_logfile_backups: int
    stdout_logfile_maxbytes: int
    stderr_logfile: Any = LogFile()
    stderr_capture_maxbytes: int
    stderr_logfile_backups: int
    stderr_logfile_maxbytes: int
    stderr_events_enabled: bool
    stderr_syslog: bool
    stopsignal: int
    stopwaitsecs: int
    stopasgroup: bool
    killasgroup: bool
    exitcodes: list[int]
    redirect_stderr: bool
    environment: dict[str, str] | None
    serverurl: str | None

    # The daemon and the number of the process whose configuration in use this is.
    _bound: tuple[Daemon, int] | None = None

    def __init__(self, options: ServerOptions, **params: Any) -> None:
        """Take the options it belongs to and a value for each name; raises KeyError where one is missing."""
        self.options = options
        for name in self.req_param_names:
            setattr(self, name, params[name])
        for name in self.optional_param_names:
            setattr(self, name, params.get(name))

    def __eq__(self, other: object) -> bool:
        """Compare all that is said; a log's name that is still to be made up is equal to any."""
        if not isinstance(other, ProcessConfig):
            return False
        for name in [*self.req_param_names, *self.optional_param_names]:
            values = getattr(self, name), getattr(other, name)
            if Automatic not in values and values[0] != values[1]:
                return False
        return True

    __hash__ = None

    def __setattr__(self, name: str, value: Any) -> None:
        if self._bound is not None and name in _WATCHED:
            value = watched(value, self._tell)
        object.__setattr__(self, name, value)
        if self._bound is not None and name in self._names():
            self._tell()

    def _names(self) -> list[str]:
        return [*self.req_param_names, *self.optional_param_names]

    def _params(self) -> dict[str, Any]:
        """Return what is said, for the engine."""
        return {name: getattr(self, name) for name in self._names()}

    def _tell(self) -> None:
        """Tell the engine of a change."""
        if self._bound is not None:
            daemon, number = self._bound
            daemon.configure(number, self._params())

    def _bind(self, daemon: Daemon, number: int) -> None:
        """Become the configuration of a process in use: what is changed from now on, the engine heeds."""
        for name in _WATCHED:
            object.__setattr__(self, name, watched(getattr(self, name), self._tell))
        self._bound = (daemon, number)

    def get_path(self) -> list[str]:
        """Return the folders in which the command is looked for: its own PATH, or the daemon's."""
        own = (self.environment or {}).get("PATH")
        return self.options.get_path() if own is None else own.split(os.pathsep)

    def create_autochildlogs(self) -> None:
        """Make the files of logs that have no name yet, and name them."""
        for channel in ("stdout", "stderr"):
            if getattr(self, f"{channel}_logfile") is Automatic:
                file = self.options.get_autochildlog_name(self.name, self.options.identifier, channel)
                setattr(self, f"{channel}_logfile", file)

    def make_process(self, group: object = None) -> Any:
        """Return a process of this configuration, which belongs to the group given."""
        return _process("Subprocess", self, group)


class EventListenerConfig(ProcessConfig):
    """A process that is told of events."""


class FastCGIProcessConfig(ProcessConfig):
    """A process whose standard input is a listening socket; `socket_config` says which."""

    optional_param_names: ClassVar = [*ProcessConfig.optional_param_names, "socket_config"]

    socket_config: SocketConfig | None

    def make_process(self, group: object = None) -> Any:
        """Return a process of this configuration; raises NotImplementedError without a group."""
        if group is None:
            raise NotImplementedError("FastCGI programs require a group")
        return _process("FastCGISubprocess", self, group)


def _process(kind: str, config: ProcessConfig, group: object) -> Any:
    process = _class(kind)(config)
    process.group = group
    return process


def _class(kind: str) -> Any:
    """Return a class of `supervisor.process`, which imports this module."""
    return getattr(importlib.import_module("supervisor.process"), kind)


class ProcessGroupConfig(Config):
    """A group: its processes' configurations, lowest priority first."""

    def __init__(
        self, options: ServerOptions, name: str, priority: int, process_configs: list[ProcessConfig]
    ) -> None:
        self.options = options
        self.name = name
        self.priority = priority
        self.process_configs = process_configs

    def _said(self) -> tuple[Any, ...]:
        return self.name, self.priority, self.process_configs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._said() == other._said()

    __hash__ = None

    def _params(self) -> dict[str, Any]:
        """Return what is said, for the engine."""
        processes = [config._params() for config in self.process_configs]
        return {"name": self.name, "priority": self.priority, "processes": processes, "listener": None}

    def after_setuid(self) -> None:
        """Make the files of logs that have no name yet, which the daemon does once it is who it will be."""
        for config in self.process_configs:
            config.create_autochildlogs()

    def make_group(self) -> Any:
        """Return a group of this configuration."""
        return _class("ProcessGroup")(self)


class EventListenerPoolConfig(ProcessGroupConfig):
    """A pool of event listeners: which events, how many may wait, and what judges the results."""

    def __init__(
        self,
        options: ServerOptions,
        name: str,
        priority: int,
        process_configs: list[ProcessConfig],
        buffer_size: int,
        pool_events: Iterable[type],
        result_handler: Callable[..., Any],
    ) -> None:
        super().__init__(options, name, priority, process_configs)
        self.buffer_size = buffer_size
        self.pool_events = pool_events
        self.result_handler = result_handler

    def _said(self) -> tuple[Any, ...]:
        return *super()._said(), self.buffer_size, self.pool_events, self.result_handler

    def _params(self) -> dict[str, Any]:
        from supervisor.events import getEventNameByType

        handler = self.result_handler
        listener = {
            "events": [getEventNameByType(event) for event in self.pool_events],
            "buffer_size": self.buffer_size,
            "result_handler": f"{handler.__module__}:{handler.__qualname__}",
        }
        return {**super()._params(), "listener": listener}

    def make_group(self) -> Any:
        """Return a pool of this configuration."""
        return _class("EventListenerPool")(self)


class FastCGIGroupConfig(ProcessGroupConfig):
    """A group whose processes share a listening socket."""

    def __init__(
        self,
        options: ServerOptions,
        name: str,
        priority: int,
        process_configs: list[ProcessConfig],
        socket_config: SocketConfig,
    ) -> None:
        super().__init__(options, name, priority, process_configs)
        self.socket_config = socket_config

    def _said(self) -> tuple[Any, ...]:
        return *super()._said(), self.socket_config

    def make_group(self) -> Any:
        """Return a group of this configuration."""
        return _class("FastCGIProcessGroup")(self)
