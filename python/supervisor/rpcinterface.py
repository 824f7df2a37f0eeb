"""The standard namespace of the XML-RPC interface, for plug-ins that call its methods or derive from it.

The methods are the engine's: their names, arguments and help texts come from its table. A method that is
replaced, on the class, is called for the calls of clients, too.
"""

from __future__ import annotations

import time

from supervisor import _engine
from supervisor.datatypes import RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.http import NOT_DONE_YET
from supervisor.options import make_namespec, split_namespec
from supervisor.states import (
    RUNNING_STATES,
    SIGNALLABLE_STATES,
    ProcessStates,
    SupervisorStates,
    getProcessStateDescription,
)
from supervisor.xmlrpc import Faults, RPCError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from supervisor.process import ProcessGroupBase, Subprocess
    from supervisor.supervisord import Supervisor

__all__ = [
    "API_VERSION",
    "ProcessStates",
    "RestartUnconditionally",
    "RestartWhenExitUnexpected",
    "SupervisorNamespaceRPCInterface",
    "getProcessStateDescription",
    "isNotRunning",
    "isRunning",
    "isSignallable",
    "make_allfunc",
    "make_main_rpcinterface",
]

API_VERSION = "3.0"

_POLL = 0.05
"""Seconds between two looks for an answer that comes later."""


class SupervisorNamespaceRPCInterface:
    """The methods of the namespace `supervisor`, called from inside the daemon.

    A method returns its value or raises RPCError. One whose answer depends on something that the engine has
    yet to do returns a function: called later, it returns NOT_DONE_YET or the value, or raises RPCError.
    Passed on as the result of a plug-in's own method, it is answered to the client when it is done.
    """

    def __init__(self, supervisord: Supervisor) -> None:
        self.supervisord = supervisord

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def _update(self, text: str) -> None:
        """Raise SHUTDOWN_STATE while everything stops."""
        self.update_text = text
        if self.supervisord.options.mood < SupervisorStates.RUNNING:
            raise RPCError(Faults.SHUTDOWN_STATE)

    def _getAllProcesses(self, lexical: bool = False) -> list[tuple[ProcessGroupBase, Subprocess]]:
        """Return all groups and processes: by priority, or by name."""

        def key(item: tuple[str, Any]) -> Any:
            return item[0] if lexical else item[1].config.priority

        groups = sorted(self.supervisord.process_groups.items(), key=key)
        return [
            (group, process) for _, group in groups for _, process in sorted(group.processes.items(), key=key)
        ]

    def _getGroupAndProcess(self, name: str) -> tuple[ProcessGroupBase, Subprocess | None]:
        """Return what an address means, None for all of a group; raises BAD_NAME."""
        group_name, process_name = split_namespec(name)
        group = self.supervisord.process_groups.get(group_name)
        if group is None:
            raise RPCError(Faults.BAD_NAME, name)
        if process_name is None:
            return group, None
        process = group.processes.get(process_name)
        if process is None:
            raise RPCError(Faults.BAD_NAME, name)
        return group, process

    def _interpretProcessInfo(self, info: dict[str, Any]) -> str:
        """Return the text behind the state in `status`, from what `getProcessInfo` says."""
        start, stop, now = (max(int(info.get(name) or 0), 0) for name in ("start", "stop", "now"))
        return _engine.describe_process(
            info["state"],
            info.get("name", ""),
            info.get("pid", 0),
            # The clock may have been set back.
            max(now - start, 0),
            info.get("spawnerr") or "",
            (stop, time.localtime(stop).tm_gmtoff) if start else None,
        )


def _method(name: str, help: str, parameters: list[tuple[str, bool]]) -> Callable[..., Any]:
    """Make a method that asks the engine; its optional parameters are true unless given."""
    signature = ", ".join(["self", *(f"{each}=True" if optional else each for each, optional in parameters)])
    arguments = "".join(f"{each}, " for each, _ in parameters)
    made: dict[str, Any] = {"_later": _later}
    # The names are those of the engine's table.
    exec(f"def {name}({signature}): return _later(self, {name!r}, ({arguments}))", made)  # noqa: S102
    method: Callable[..., Any] = made[name]
    method.__module__, method.__doc__ = __name__, help
    method.__qualname__ = f"{SupervisorNamespaceRPCInterface.__name__}.{name}"
    return method


def _later(self: SupervisorNamespaceRPCInterface, name: str, params: tuple[Any, ...]) -> Any:
    daemon = self.supervisord.options._daemon
    called = daemon.call(name, params)
    if not isinstance(called, int):
        return self.supervisord._value(called)
    number = called

    def onwait() -> Any:
        answer = daemon.answer(number)
        return NOT_DONE_YET if answer is None else self.supervisord._value(answer)

    onwait.delay = _POLL  # type: ignore[attr-defined]
    onwait.rpcinterface = self  # type: ignore[attr-defined]
    return onwait


for _name, _help, _parameters in _engine.standard_methods():
    setattr(SupervisorNamespaceRPCInterface, _name, _method(_name, _help, _parameters))

_NATIVE = {name: vars(SupervisorNamespaceRPCInterface)[name] for name, _, _ in _engine.standard_methods()}


def replaced() -> list[tuple[str, str]]:
    """Return the methods that a plug-in replaced on the class, with their help texts."""
    current = vars(SupervisorNamespaceRPCInterface)
    return [
        (name, str(current[name].__doc__))
        for name, native in _NATIVE.items()
        if name in current and current[name] is not native
    ]


def isRunning(process: Subprocess) -> bool:
    """Return whether it is in one of the RUNNING_STATES."""
    return process.get_state() in RUNNING_STATES


def isNotRunning(process: Subprocess) -> bool:
    """Return whether it is in none of the RUNNING_STATES."""
    return not isRunning(process)


def isSignallable(process: Subprocess) -> bool:
    """Return whether a signal can be sent to it."""
    return process.get_state() in SIGNALLABLE_STATES


def make_allfunc(
    processes: list[tuple[ProcessGroupBase, Subprocess]],
    predicate: Callable[[Subprocess], bool],
    func: Callable[..., Any],
    **extra_kwargs: Any,
) -> Callable[[], Any]:
    """Return a function that calls `func` with the address of each process that fulfils a predicate.

    It returns NOT_DONE_YET until all of those calls are done, then a result for each process.
    """
    open_calls: list[tuple[ProcessGroupBase, Subprocess, Callable[[], Any]]] = []
    results: list[dict[str, Any]] = []
    waiting = list(processes)

    def take(group: ProcessGroupBase, process: Subprocess, call: Callable[[], Any]) -> None:
        result = {"name": process.config.name, "group": group.config.name}
        try:
            value = call()
        except RPCError as fault:
            results.append({**result, "status": fault.code, "description": fault.text})
            return
        if value is NOT_DONE_YET:
            open_calls.append((group, process, call))
        elif callable(value):
            open_calls.append((group, process, value))
        else:
            results.append({**result, "status": Faults.SUCCESS, "description": "OK"})

    def allfunc() -> Any:
        while waiting:
            group, process = waiting.pop(0)
            if predicate(process):
                name = make_namespec(group.config.name, process.config.name)
                take(group, process, lambda name=name: func(name, **extra_kwargs))  # type: ignore[misc]
        for entry in open_calls[:]:
            open_calls.remove(entry)
            take(*entry)
        return NOT_DONE_YET if open_calls else results

    allfunc.delay = _POLL  # type: ignore[attr-defined]
    return allfunc


def make_main_rpcinterface(supervisord: Supervisor) -> SupervisorNamespaceRPCInterface:
    """Return the standard namespace of a daemon: the default factory of `[rpcinterface:supervisor]`."""
    return SupervisorNamespaceRPCInterface(supervisord)
