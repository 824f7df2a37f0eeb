"""Groups as plug-ins see them, and the mappings that they and processes are found in.

`supervisor.process` has the classes of groups by their names.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from supervisor._ordered import Ordered
from supervisor.states import STOPPED_STATES, ProcessStates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, ValuesView
    from typing import Any

    from supervisor._configs import ProcessGroupConfig
    from supervisor._engine import Daemon
    from supervisor._live import LiveOptions
    from supervisor.process import Subprocess


class ProcessGroupBase(Ordered):
    """A group of processes. They are ordered by priority, and equal where that is equal."""

    def __init__(self, config: ProcessGroupConfig) -> None:
        self.config = config
        made = {each.name: each.make_process(self) for each in config.process_configs}
        self.processes: Processes = Processes(self, made)

    def transition(self) -> None:
        """Have each process do what is due."""
        for process in self.processes.values():
            process.transition()

    def get_unstopped_processes(self) -> list[Subprocess]:
        """Return the processes that are not in one of the STOPPED_STATES."""
        return [process for process in self.processes.values() if process.state not in STOPPED_STATES]

    def stop_all(self) -> None:
        """Have all processes end, that of the highest priority number first."""
        for process in sorted(self.processes.values(), reverse=True):
            if process.state in (ProcessStates.RUNNING, ProcessStates.STARTING):
                process.stop()
            elif process.state == ProcessStates.BACKOFF:
                process.give_up()

    def get_dispatchers(self) -> dict[int, Any]:
        """Return nothing: the engine reads pipes natively."""
        return {}

    def before_remove(self) -> None:
        """Do nothing; called before it is removed."""

    def _order(self) -> int:
        return self.config.priority

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProcessGroupBase) and self.config.priority == other.config.priority

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self)} instance at {id(self)} named {self.config.name}>"


class ProcessGroup(ProcessGroupBase):
    """A group of programs."""


class FastCGIProcessGroup(ProcessGroup):
    """A group of programs that share a listening socket."""


class EventListenerPool(ProcessGroupBase):
    """A pool of event listeners."""


class Processes(MutableMapping[str, "Subprocess"]):
    """The processes of a group by their names; each stays the same object while the process is there.

    In a group that is in use, a process that is put in is the engine's from then on, and one that is taken
    out is forgotten.
    """

    def __init__(self, group: ProcessGroupBase, made: dict[str, Subprocess]) -> None:
        self._group = group
        # By name while the group is not in use, then by number.
        self._made: dict[str, Subprocess] | None = made
        self._known: dict[int, Subprocess] = {}

    def _bind(self, daemon: Daemon) -> None:
        """The group is in use now: bind each process to that of its name."""
        self._daemon = daemon
        made, self._made = self._made or {}, None
        for number, name in self._members():
            if name in made:
                made[name]._bind(daemon, number)
                self._known[number] = made[name]

    def _members(self) -> list[tuple[int, str]]:
        return self._daemon.members(self._group.config.name)

    def _is_current(self) -> bool:
        """Return whether the engine's group is still the one that this is the view of."""
        name = self._group.config.name
        return any(self._daemon.is_member(number, name) for number in self._known) or not (
            self._known and self._members()
        )

    def __getitem__(self, name: str) -> Subprocess:
        if self._made is not None:
            return self._made[name]
        number = self._daemon.find(self._group.config.name, name)
        if number not in self._known:
            raise KeyError(name)
        return self._known[number]

    def __setitem__(self, name: str, process: Subprocess) -> None:
        if self._made is not None:
            self._made[name] = process
            return
        if name != process.config.name:
            raise ValueError(f"the process {process.config.name} cannot be put in as {name}")
        if name in self:
            del self[name]
        number = self._daemon.add_process(self._group.config.name, process.config._params())
        if number is None:
            raise KeyError(self._group.config.name)
        process.group = self._group
        self._known[number] = process
        process._bind(self._daemon, number)

    def __delitem__(self, name: str) -> None:
        if self._made is not None:
            del self._made[name]
            return
        number = self[name]._engine_id("remove")
        self._daemon.remove_process(number)
        self._known.pop(number, None)

    def __iter__(self) -> Iterator[str]:
        if self._made is not None:
            return iter(list(self._made))
        return iter([name for _, name in self._members()])

    def __len__(self) -> int:
        return len(self._members() if self._made is None else self._made)

    def _all(self) -> dict[str, Subprocess]:
        """Return all processes by one look at the engine."""
        if self._made is not None:
            return dict(self._made)
        return {name: self._known[number] for number, name in self._members() if number in self._known}

    def items(self) -> ItemsView[str, Subprocess]:
        """Return names and processes."""
        return self._all().items()

    def values(self) -> ValuesView[Subprocess]:
        """Return the processes."""
        return self._all().values()

    def __repr__(self) -> str:
        return repr(dict(self))


class ProcessGroups(MutableMapping[str, ProcessGroupBase]):
    """The groups in use by their names; each is the same object for as long as the group is there."""

    def __init__(self, options: LiveOptions) -> None:
        self._options = options
        self._known: dict[str, ProcessGroupBase] = {}

    @property
    def _daemon(self) -> Daemon:
        return self._options._daemon

    def __getitem__(self, name: str) -> ProcessGroupBase:
        known = self._known.get(name)
        if known is not None and name in self and known.processes._is_current():
            return known
        self._known.pop(name, None)
        group: ProcessGroupBase = self._options._group(self._daemon.group(name)).make_group()
        group.processes._bind(self._daemon)
        self._known[name] = group
        return group

    def __setitem__(self, name: str, group: ProcessGroupBase) -> None:
        if name != group.config.name:
            raise ValueError(f"the group {group.config.name} cannot be put in as {name}")
        if not self._add(group):
            raise ValueError(f"there is a group {name} already")

    def _add(self, group: ProcessGroupBase) -> bool:
        """Take a group into use; returns whether there was none of that name."""
        if not self._daemon.add_group(group.config._params()):
            return False
        self._known[group.config.name] = group
        group.processes._bind(self._daemon)
        return True

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        if not self._daemon.remove_group(name):
            raise RuntimeError(f"the group {name} has processes that are not stopped")

    def __iter__(self) -> Iterator[str]:
        return iter(self._daemon.groups())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._daemon.has_group(name)

    def __len__(self) -> int:
        return len(self._daemon.groups())

    def __repr__(self) -> str:
        return repr(dict(self))

    def _find(self, number: int, group: str) -> Subprocess | None:
        """Return a process by its number, also one that was in its group until now."""
        known = self._known.get(group)
        if known is not None and number in known.processes._known:
            return known.processes._known[number]
        if group not in self:
            return None
        return self[group].processes._known.get(number)
