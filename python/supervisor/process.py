"""Processes and groups as plug-ins see them: live views of the engine's state.

What is read is the state of the moment, what is assigned is in force at once. A method that is replaced, on
the class, on one process or by a class of its own, is called by the engine instead of what it does itself;
that is possible for those of HOOKS. A process is the engine's from the
moment it is put into the `processes` of a group that is in use, or its group into `process_groups`.
"""

from __future__ import annotations

import errno
import os

from supervisor import events
from supervisor._groups import EventListenerPool, FastCGIProcessGroup, ProcessGroup, ProcessGroupBase
from supervisor._ordered import Ordered
from supervisor._server_options import BadCommand, ProcessException
from supervisor.compat import as_bytes
from supervisor.options import signame
from supervisor.states import ProcessStates, SupervisorStates, getProcessStateDescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from supervisor._configs import ProcessConfig
    from supervisor._engine import Daemon

__all__ = [
    "EventListenerPool",
    "FastCGIProcessGroup",
    "FastCGISubprocess",
    "ProcessException",
    "ProcessGroup",
    "ProcessGroupBase",
    "ProcessStates",
    "Subprocess",
    "SupervisorStates",
]

HOOKS = ("spawn", "transition", "finish", "_spawn_as_child", "_prepare_child_fds")
"""Methods of `Subprocess` whose replacement the engine calls."""

_NATIVE = frozenset(
    "_spawn_as_parent dispatchers drain pipes removelogs reopenlogs".split() + "set_uid stop_report".split()
)
"""What the engine does natively, and offers no place for Python code to."""


def _refuse(name: str) -> str:
    return (
        f"Subprocess.{name} is done by the native engine, which offers no such place to Python code "
        "(see docs/plugins.md)"
    )


class _Attribute:
    """An attribute that the engine owns; before the process is the engine's, one like any other."""

    def __init__(self, default: Any) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, process: Subprocess | None, owner: type) -> Any:
        if process is None:
            return self.default
        told, number = process._told, process._id
        if told is not None and self.name in told:
            return told[self.name]
        if number is None:
            return vars(process).get(f"_{self.name}", self.default)
        try:
            return process._daemon.attribute(number, self.name)
        except KeyError:
            return self.default

    def __set__(self, process: Subprocess, value: Any) -> None:
        if process._id is None:
            vars(process)[f"_{self.name}"] = value
            return
        process._daemon.assign(process._id, self.name, value)
        if process._told is not None:
            process._told.pop(self.name, None)


class _Watched(type):
    """Refuses replacements that nobody would call."""

    def __setattr__(cls, name: str, value: object) -> None:
        if name in _NATIVE:
            raise NotImplementedError(_refuse(name))
        if name in HOOKS and cls is not Subprocess:
            # Of the class itself it can be told later, and whether it was put back.
            Subprocess._replaced.add(name)
        super().__setattr__(name, value)


class Subprocess(Ordered, metaclass=_Watched):
    """A process. They are ordered by priority, and equal where that is equal."""

    pid = _Attribute(0)
    """Its pid, 0 when there is none."""
    state = _Attribute(ProcessStates.STOPPED)
    """Its state, a number of `ProcessStates`. Assigned, there is no event."""
    backoff = _Attribute(0)
    """Failed starts in a row."""
    laststart = _Attribute(0)
    """When it was started last, in seconds since 1970; 0 for never."""
    laststop = _Attribute(0)
    """When it ended last, in seconds since 1970; 0 for never."""
    spawnerr = _Attribute(None)
    """What went wrong with the last start or end, or None."""
    exitstatus = _Attribute(None)
    """Exit code of the last end, -1 after a signal; None without one."""
    killing = _Attribute(False)
    """Whether it was told to stop; cannot be assigned."""

    group: Any = None
    """The group that it belongs to."""

    # Its number in the engine; what an event says, while it is told; methods replaced on instances and by
    # classes of plug-ins.
    _id: int | None = None
    _told: dict[str, Any] | None = None
    # The numbers of its pipes while a replaced `_prepare_child_fds` is called.
    _pipes: dict[str, int | None] | None = None
    # What its output goes through, for the pid that it is of.
    _outputs: tuple[int, dict[str, Any]] = (0, {})
    _replaced: ClassVar[set[str]] = set()

    event_map: ClassVar[dict[int, type]] = {
        ProcessStates.BACKOFF: events.ProcessStateBackoffEvent,
        ProcessStates.FATAL: events.ProcessStateFatalEvent,
        ProcessStates.UNKNOWN: events.ProcessStateUnknownEvent,
        ProcessStates.STOPPED: events.ProcessStateStoppedEvent,
        ProcessStates.EXITED: events.ProcessStateExitedEvent,
        ProcessStates.RUNNING: events.ProcessStateRunningEvent,
        ProcessStates.STARTING: events.ProcessStateStartingEvent,
        ProcessStates.STOPPING: events.ProcessStateStoppingEvent,
    }

    def __init__(self, config: ProcessConfig) -> None:
        self.config = config

    def __init_subclass__(cls) -> None:
        Subprocess._replaced.update(set(HOOKS) & vars(cls).keys())

    def __setattr__(self, name: str, value: object) -> None:
        if name in HOOKS:
            Subprocess._replaced.add(name)
        elif name in _NATIVE:
            raise NotImplementedError(_refuse(name))
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name == "pipes" and self._pipes is not None:
            return self._pipes
        if name in _NATIVE:
            raise AttributeError(_refuse(name))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _bind(self, daemon: Daemon, number: int) -> None:
        """Become the view of a process of the engine."""
        self._daemon = daemon
        self._id = number
        self.config._bind(daemon, number)

    def _engine_id(self, what: str) -> int:
        if self._id is None:
            raise RuntimeError(f"{what}: the process {self.config.name} is not in a group that is in use")
        return self._id

    def get_state(self) -> int:
        """Return its state, a number of `ProcessStates`."""
        return int(self.state)

    def get_execv_args(self) -> tuple[str, list[str]]:
        """Return the file that would be executed, and its arguments; raises one of the errors of a start."""
        import shlex

        try:
            argv = shlex.split(self.config.command)
        except ValueError as why:
            raise BadCommand(f"can't parse command {self.config.command!r}: {why}") from None
        if not argv:
            raise BadCommand("command is empty")
        places = [argv[0]]
        if "/" not in argv[0]:
            places = [os.path.join(folder, argv[0]) for folder in self.config.get_path()]
        filename = next((place for place in places if os.path.exists(place)), argv[0])
        found = os.stat(filename) if os.path.exists(filename) else None
        self.config.options.check_execv_args(filename, argv, found)
        return filename, argv

    def spawn(self) -> int | None:
        """Start it. The engine does so once the caller has returned, hence there is no pid to return yet."""
        number = self._engine_id("spawn")
        if "_spawn_as_child" not in replaced():
            self._daemon.spawn(number)
            return None
        try:
            filename, argv = self.get_execv_args()
        except ProcessException:
            # The engine finds the same, and says so.
            self._daemon.spawn(number)
        else:
            self._spawn_as_child(filename, argv)
        return None

    def _spawn_as_child(self, filename: str, argv: list[str]) -> None:
        """Start it, in the native way. Called in the daemon, before there is a child: not in it."""
        if (filename, argv) != self.get_execv_args():
            raise NotImplementedError(_refuse("_spawn_as_child with another file or other arguments"))
        number = self._engine_id("spawn")
        self._daemon.spawn(number)

    def _prepare_child_fds(self) -> None:
        """Have the child do to its descriptors what is usual. For a replacement of this method to call.

        That is called in the daemon, before there is a child. It knows the pipes by `pipes`, has the child do
        something by `config.options.dup2` and `close_fd`, and touches no descriptor by itself.
        """
        self.config.options._arranged().usual()

    def stop(self) -> str | None:
        """Have it end, by its stop signal."""
        return self.kill(self.config.stopsignal)

    def kill(self, sig: int) -> str | None:
        """Send a signal that is to end it. Returns an error message, or None."""
        number = self._engine_id("kill")
        # One that is being started has no pid yet, and gets the signal with it.
        has_something_to_end = (ProcessStates.BACKOFF, ProcessStates.STARTING, ProcessStates.STOPPING)
        if self.state not in has_something_to_end and not self.pid:
            return self._not_running("kill", sig)
        self._daemon.kill(number, sig)
        return None

    def signal(self, sig: int) -> str | None:
        """Send a signal. Returns an error message, or None."""
        number = self._engine_id("signal")
        if not self.pid:
            return self._not_running("send", sig)
        self._daemon.send_signal(number, sig)
        return None

    def _not_running(self, what: str, sig: int) -> str:
        with_what = f"with sig {signame(sig)}" if what == "kill" else f"sig {signame(sig)}"
        message = f"attempted to {what} {self.config.name} {with_what} but it wasn't running"
        self.config.options.logger.debug(message)
        return message

    def write(self, chars: str | bytes) -> None:
        """Write to its standard input; raises OSError where there is none any more."""
        if not self.pid or self.killing:
            raise OSError(errno.EPIPE, "Process already closed")
        number = self._engine_id("write")
        self._daemon.write(number, as_bytes(chars))

    def transition(self) -> None:
        """Do what is due: start it (again), call it RUNNING, give it up, or kill it when it does not stop."""
        if self._id is not None:
            self._daemon.settle(self._id)

    def finish(self, pid: int, sts: int) -> None:
        """Take in that it ended, with a status of `os.waitpid`. For a replacement of this method to call."""
        number = self._engine_id("finish")
        self._daemon.finish(number, sts)

    def change_state(self, new_state: int, expected: bool = True) -> bool | None:
        """Have it go to a state, with the event; returns False where it is in that state."""
        if new_state == self.state:
            return False
        number = self._engine_id("change_state")
        self._daemon.change_state(number, new_state, expected)
        return None

    def give_up(self) -> None:
        """Give up starting it: BACKOFF to FATAL."""
        self._assertInState(ProcessStates.BACKOFF)
        number = self._engine_id("give_up")
        self._daemon.give_up(number)

    def record_spawnerr(self, msg: str) -> None:
        """Say, also in the log, what went wrong with a start."""
        self.spawnerr = msg
        self.config.options.logger.info(f"spawnerr: {msg}")

    def _assertInState(self, *states: int) -> None:
        if self.state not in states:
            allowed = " ".join(str(getProcessStateDescription(state)) for state in states)
            current = getProcessStateDescription(self.state)
            raise AssertionError(f"Assertion failed for {self.config.name}: {current} not in {allowed}")

    def _order(self) -> int:
        return self.config.priority

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Subprocess) and self.config.priority == other.config.priority

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        state = getProcessStateDescription(self.get_state())
        return f"<Subprocess at {id(self)} with name {self.config.name} in state {state}>"


class FastCGISubprocess(Subprocess):
    """A process whose standard input is the listening socket of its program."""

    # As in the original, what replaces that of other processes is not for these.
    _prepare_child_fds = Subprocess._prepare_child_fds


_NATIVE_HOOKS = {name: vars(Subprocess)[name] for name in HOOKS}
Subprocess._replaced.clear()


def replaced() -> frozenset[str]:
    """Return the names of HOOKS that a plug-in replaced, for all processes or for some."""
    on_class = {name for name in HOOKS if vars(Subprocess).get(name) is not _NATIVE_HOOKS[name]}
    return frozenset(on_class | Subprocess._replaced)
