"""Processes and groups as plug-ins see them: live views of the engine's state.

What is read is the state of the moment. A method that is replaced, on the class or on one process, is
called by the engine instead of what it does itself; so far that is `Subprocess.spawn`. An attribute of
the engine cannot be assigned yet and says so; attributes of a plug-in's own can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervisor._engine import Daemon
    from supervisor._live import LiveOptions


class ProcessConfig:
    """What the configuration says of a process, an attribute for each option (`user` is `uid`)."""

    def __init__(self, options: LiveOptions, id: int) -> None:  # the engine's word for it
        self.options = options
        self._id = id

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        program = self.options._daemon.program(self._id)
        try:
            return program[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}") from None


class Subprocess:
    """A process."""

    def __init__(self, config: ProcessConfig, group: ProcessGroup) -> None:
        self.config = config
        self.group = group
        # What an event says, while it is told.
        self._told: dict[str, Any] | None = None

    def _attribute(self, name: str) -> Any:
        told = self._told
        if told is not None and name in told:
            return told[name]
        return self.config.options._daemon.process(self.config._id)[name]

    @property
    def pid(self) -> int:
        """Its pid, 0 when there is none."""
        return int(self._attribute("pid"))

    @property
    def state(self) -> int:
        """Its state, a number of `ProcessStates`."""
        return int(self._attribute("state"))

    @property
    def backoff(self) -> int:
        """Failed starts in a row."""
        return int(self._attribute("backoff"))

    @property
    def laststart(self) -> float:
        """When it was started last, in seconds since 1970; 0 for never."""
        return float(self._attribute("laststart"))

    @property
    def laststop(self) -> float:
        """When it ended last, in seconds since 1970; 0 for never."""
        return float(self._attribute("laststop"))

    @property
    def spawnerr(self) -> str | None:
        """What went wrong with the last start or end."""
        text: str | None = self._attribute("spawnerr")
        return text

    @property
    def exitstatus(self) -> int | None:
        """Exit code of the last end, -1 after a signal."""
        code: int | None = self._attribute("exitstatus")
        return code

    def get_state(self) -> int:
        """Return its state, a number of `ProcessStates`."""
        return self.state

    def spawn(self) -> int | None:
        """Start it. The engine does so once the caller has returned, hence there is no pid to return yet."""
        self.config.options._daemon.spawn(self.config._id)
        return None

    def __repr__(self) -> str:
        return f"<Subprocess {self.config.name}>"


class ProcessGroupConfig:
    """What the configuration says of a group."""

    def __init__(self, options: LiveOptions, name: str, priority: int) -> None:
        self.options = options
        self.name = name
        self.priority = priority

    @property
    def process_configs(self) -> list[ProcessConfig]:
        """The configurations of its processes."""
        group = self.options._groups[self.name]
        return [process.config for process in group.processes.values()]


class ProcessGroup:
    """A group of processes."""

    def __init__(self, config: ProcessGroupConfig) -> None:
        self.config = config
        self.processes = Processes(self)


class _View:
    """What live mappings have in common: the engine inserts and removes, plug-ins cannot yet."""

    def __setitem__(self, name: str, value: object) -> None:
        raise NotImplementedError("plug-ins cannot insert groups or processes yet")

    def __delitem__(self, name: str) -> None:
        raise NotImplementedError("plug-ins cannot remove groups or processes yet")


class Processes(_View, Mapping[str, Subprocess]):
    """The processes of a group by their names; each stays the same object while the process is there."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._known: dict[int, Subprocess] = {}

    def _members(self) -> list[tuple[int, str]]:
        config = self._group.config
        return config.options._daemon.members(config.name)

    def _process(self, id: int) -> Subprocess:  # the engine's word for it
        if id not in self._known:
            config = ProcessConfig(self._group.config.options, id)
            self._known[id] = Subprocess(config, self._group)
        return self._known[id]

    def __getitem__(self, name: str) -> Subprocess:
        for member, known in self._members():
            if known == name:
                return self._process(member)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([name for _, name in self._members()])

    def __len__(self) -> int:
        return len(self._members())


class ProcessGroups(_View, Mapping[str, ProcessGroup]):
    """The groups by their names; each is the same object for as long as the group is there."""

    def __init__(self, options: LiveOptions) -> None:
        self._options = options
        self._known: dict[str, ProcessGroup] = {}

    def _groups(self) -> dict[str, int]:
        return dict(self._options._daemon.groups())

    def __getitem__(self, name: str) -> ProcessGroup:
        groups = self._groups()
        if name not in groups:
            self._known.pop(name, None)
            raise KeyError(name)
        if name not in self._known:
            self._known[name] = ProcessGroup(ProcessGroupConfig(self._options, name, groups[name]))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups())

    def __len__(self) -> int:
        return len(self._groups())


def _find(groups: Mapping[str, ProcessGroup], daemon: Daemon, id: int) -> Subprocess:
    """Return a process by its identity; raises KeyError for one that is gone."""
    for group in groups.values():
        if any(member == id for member, _ in daemon.members(group.config.name)):
            return group.processes._process(id)
    raise KeyError(id)
