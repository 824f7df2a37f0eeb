"""`supervisord.options` inside the daemon: the options of the running daemon and its main log."""

from __future__ import annotations

from supervisor._server_options import ServerOptions
from supervisor._watching import watched
from supervisor.compat import as_string
from supervisor.loggers import Handler, Logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from supervisor._child_fds import ChildDescriptors
    from supervisor._configs import ProcessGroupConfig
    from supervisor._engine import Daemon
    from supervisor._handlers import Server
    from supervisor.loggers import LogRecord
    from supervisor.supervisord import Supervisor


class _MainLogHandler(Handler):
    """Hands records over to the engine, which writes the main log."""

    level = 0

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._daemon = daemon

    def emit(self, record: LogRecord) -> None:
        """Hand a record over."""
        message = as_string(record.msg)
        self._daemon.log(record.level, message % record.kw if record.kw else message)

    def close(self) -> None:
        """Do nothing: the log is the engine's."""

    def reopen(self) -> None:
        """Do nothing: the log is the engine's."""

    def remove(self) -> None:
        """Do nothing: the log is the engine's."""


class LiveOptions(ServerOptions):
    """What the daemon runs with, as plug-ins see it: `supervisord.options`."""

    def __init__(self, supervisord: Supervisor, daemon: Daemon) -> None:
        self._daemon = daemon
        self._supervisord = supervisord
        super().__init__()
        settings = daemon.settings()
        self.configfile = settings.pop("configfile")
        vars(self).update(settings)
        self.server_configs = daemon.servers()
        self._locate()
        self._handler = _MainLogHandler(daemon)
        self._logger = self.logger = Logger(self.loglevel, [self._handler])

    def _logs_elsewhere(self) -> bool:
        """Return whether a plug-in has lines of the main log go elsewhere, or there as well."""
        return self.logger is not self._logger or list(self.logger.handlers) != [self._handler]

    # While a plug-in says what a child does to its descriptors.
    _child: ChildDescriptors | None = None

    def _arranged(self) -> ChildDescriptors:
        if self._child is None:
            raise RuntimeError(
                "descriptors can be arranged only while Subprocess._prepare_child_fds is called"
            )
        return self._child

    def dup2(self, frm: int, to: int) -> None:
        """Have a child make `to` the same as `frm`. For a replaced `_prepare_child_fds` to call."""
        self._arranged().dup2(frm, to)

    def close_fd(self, fd: int) -> None:
        """Have a child close a descriptor, if it is open. For a replaced `_prepare_child_fds` to call."""
        self._arranged().close(fd)

    @property
    def httpservers(self) -> Sequence[Any]:
        """The HTTP servers: configuration and object of each. What is assigned is only what is read again."""
        assigned: Sequence[Any] | None = vars(self).get("_assigned_servers")
        return self._own_servers() if assigned is None else assigned

    @httpservers.setter
    def httpservers(self, servers: Sequence[Any]) -> None:
        self._assigned_servers = servers

    def close_httpservers(self) -> None:
        """Shut the servers down for the rest of this life, whoever is served."""
        self._daemon.close_servers()

    def _own_servers(self) -> list[tuple[dict[str, Any], Server]]:
        """Return the servers as they are, whatever was assigned."""
        made: list[tuple[dict[str, Any], Server]] | None = vars(self).get("_servers")
        if made is None:
            from supervisor._handlers import make_servers

            # Threads of plug-ins may ask at the same time, and have to get the same ones.
            made = vars(self).setdefault("_servers", make_servers(self.server_configs, self._supervisord))
        return made

    def _changed_handlers(self) -> list[list[str]]:
        """Return the kinds of the handlers of each server, nothing for one as it was made."""
        return [server.kinds() for _, server in vars(self).get("_servers", ())]

    @property
    def mood(self) -> int:
        """The state of the daemon, of `SupervisorStates`; assigning one shuts it down or restarts it."""
        return self._daemon.mood()

    @mood.setter
    def mood(self, mood: int) -> None:
        self._daemon.set_mood(mood)

    @property
    def process_group_configs(self) -> list[ProcessGroupConfig]:
        """The groups of the configuration as it was read last, which need not be those in use.

        What is appended or assigned can be added by `addProcessGroup` and counts when changes are looked for.
        """
        configs: list[ProcessGroupConfig] = watched(
            [self._group(read) for read in self._daemon.staged()], lambda: self._stage(configs)
        )
        return configs

    @process_group_configs.setter
    def process_group_configs(self, configs: Iterable[ProcessGroupConfig]) -> None:
        # The constructor has nothing to say yet.
        if "logger" in vars(self):
            self._stage(configs)

    def _stage(self, configs: Iterable[ProcessGroupConfig]) -> None:
        self._daemon.stage([config._params() for config in configs])
