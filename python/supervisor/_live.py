"""`supervisord.options` inside the daemon: the options of the running daemon and its main log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supervisor.loggers import LevelsByName
from supervisor.options import ServerOptions

if TYPE_CHECKING:
    from supervisor._engine import Daemon


class _MainLog:
    """The daemon's main log, with a method for each level."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def _say(self, level: int, message: str, values: dict[str, Any]) -> None:
        self._daemon.log(level, message % values if values else message)

    def critical(self, msg: str, **kw: Any) -> None:
        """Log at level critical; keywords fill `%(name)s` in the message."""
        self._say(LevelsByName.CRIT, msg, kw)

    def error(self, msg: str, **kw: Any) -> None:
        """Log at level error."""
        self._say(LevelsByName.ERRO, msg, kw)

    def warn(self, msg: str, **kw: Any) -> None:
        """Log at level warn."""
        self._say(LevelsByName.WARN, msg, kw)

    def info(self, msg: str, **kw: Any) -> None:
        """Log at level info."""
        self._say(LevelsByName.INFO, msg, kw)

    def debug(self, msg: str, **kw: Any) -> None:
        """Log at level debug."""
        self._say(LevelsByName.DEBG, msg, kw)

    def trace(self, msg: str, **kw: Any) -> None:
        """Log at level trace."""
        self._say(LevelsByName.TRAC, msg, kw)

    def blather(self, msg: str, **kw: Any) -> None:
        """Log at level blather."""
        self._say(LevelsByName.BLAT, msg, kw)


class LiveOptions(ServerOptions):
    """What the daemon runs with, as plug-ins see it: `supervisord.options`."""

    def __init__(self, daemon: Daemon) -> None:
        from supervisor.process import ProcessGroups

        super().__init__()
        self._daemon = daemon
        self._groups = ProcessGroups(self)
        self.logger = _MainLog(daemon)
        vars(self).update(daemon.settings())

    @property
    def mood(self) -> int:
        """The state of the daemon, of `SupervisorStates`; assigning one shuts it down or restarts it."""
        return self._daemon.mood()

    @mood.setter
    def mood(self, mood: int) -> None:
        self._daemon.set_mood(mood)
