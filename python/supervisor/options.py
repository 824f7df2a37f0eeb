"""The version, names of processes, expansion of ``%(name)s``, and the errors of a failed start."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.loggers import LevelsByName

if TYPE_CHECKING:
    from supervisor._engine import Daemon

VERSION = Path(__file__).with_name("version.txt").read_text(encoding="utf-8").strip()
"""The Supervisor that is answered for, and after ``+rs.`` the version of this project."""


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


class ServerOptions:
    """What the daemon runs with, as plug-ins see it: `supervisord.options`.

    Besides `mood` and `logger` it has an attribute for each setting that the engine tells:
    `configfile`, `identifier`, `logfile`, `loglevel`, `pidfile`, `childlogdir`, `nodaemon`, `silent`,
    `nocleanup`, `minfds`, `minprocs`, `umask`, `strip_ansi`.
    """

    def __init__(self, daemon: Daemon) -> None:
        from supervisor.process import ProcessGroups

        self._daemon = daemon
        self._groups = ProcessGroups(self)
        self._settings = daemon.settings()
        self.logger = _MainLog(daemon)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._settings:
            return self._settings[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def mood(self) -> int:
        """The state of the daemon, of `SupervisorStates`; assigning one shuts it down or restarts it."""
        return self._daemon.mood()

    @mood.setter
    def mood(self, mood: int) -> None:
        self._daemon.set_mood(mood)
