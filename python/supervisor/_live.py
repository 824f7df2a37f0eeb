"""`supervisord.options` inside the daemon: the options of the running daemon and its main log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from supervisor._groups import ProcessGroups
from supervisor._watching import watched
from supervisor.compat import as_string
from supervisor.loggers import Handler, Logger, LogRecord
from supervisor.options import ProcessGroupConfig, ServerOptions

if TYPE_CHECKING:
    from supervisor._engine import Daemon


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

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        super().__init__()
        self._groups = ProcessGroups(self)
        settings = daemon.settings()
        self.configfile = settings.pop("configfile")
        vars(self).update(settings)
        self.server_configs = daemon.servers()
        self._locate()
        self.logger = Logger(self.loglevel, [_MainLogHandler(daemon)])

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
