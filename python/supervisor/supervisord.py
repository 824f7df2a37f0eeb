"""The daemon, started from Python: ``python -m supervisor.supervisord``.

The native program hands over to this module when the configuration names Python code; it is the same
engine, with an interpreter around it.
"""

from __future__ import annotations

import sys

from supervisor.states import SupervisorStates, getSupervisorStateDescription
from supervisor.xmlrpc import RPCError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from supervisor._configs import ProcessGroupConfig
    from supervisor._engine import Daemon
    from supervisor._groups import ProcessGroups
    from supervisor._live import LiveOptions

__all__ = ["Supervisor", "SupervisorStates", "getSupervisorStateDescription", "main"]


class Supervisor:
    """The daemon as plug-ins see it: what their factory gets as its first argument."""

    stop_groups: Any = None

    if TYPE_CHECKING:
        process_groups: ProcessGroups
        _daemon: Daemon
        _namespaces: Namespaces

    def __init__(self, options: LiveOptions) -> None:
        self.options = options

    @classmethod
    def _of(cls, daemon: Daemon) -> Supervisor:
        """Return the running daemon."""
        made = cls.__new__(cls)
        made._daemon = daemon
        return made

    def __getattr__(self, name: str) -> Any:
        """Make what most of the memory is for once it is asked for: many a plug-in never does."""
        made: Any
        if name == "options":
            from supervisor._live import LiveOptions

            made = LiveOptions(self, self._daemon)
        elif name == "process_groups":
            from supervisor._groups import ProcessGroups

            made = ProcessGroups(self.options)
        elif name == "_namespaces":
            made = Namespaces(self)
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        # Threads of plug-ins may ask at the same time, and have to get the same one.
        return vars(self).setdefault(name, made)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "get_process_map":
            # Else a thread would wait until the loop has something to do.
            self._daemon.wake()

    @property
    def stopping(self) -> bool:
        """Whether everything is being stopped."""
        return self.options.mood < SupervisorStates.RUNNING

    def get_state(self) -> int:
        """Return the state of the daemon, a number of `SupervisorStates`."""
        return self.options.mood

    def add_process_group(self, config: ProcessGroupConfig) -> bool:
        """Take a group into use, with its event; returns False where there is one of that name."""
        if config.name in self.process_groups:
            return False
        config.after_setuid()
        return self.process_groups._add(config.make_group())

    def remove_process_group(self, name: str) -> bool:
        """Let go of a group, with its event; returns False while one of its processes is not stopped."""
        group = self.process_groups[name]
        if group.get_unstopped_processes():
            return False
        group.before_remove()
        del self.process_groups[name]
        return True

    def diff_to_active(
        self,
    ) -> tuple[list[ProcessGroupConfig], list[ProcessGroupConfig], list[ProcessGroupConfig]]:
        """Return groups: of the configuration and not in use, of it and different, in use and not of it."""
        staged = {config.name: config for config in self.options.process_group_configs}
        used = {name: group.config for name, group in self.process_groups.items()}
        added = [config for name, config in staged.items() if name not in used]
        changed = [config for name, config in staged.items() if config != used.get(name, config)]
        removed = [config for name, config in used.items() if name not in staged]
        return added, changed, removed

    def get_process_map(self) -> dict[int, Any]:
        """Return nothing: pipes are read natively.

        Replaced on the object, it may return dispatchers by their descriptors. The engine calls their
        `handle_read_event` and `handle_write_event` when the descriptor is ready and `readable` or `writable`
        said that this is waited for, and `handle_error` when one of them raises. It is asked again whenever a
        plug-in's code was called, or changed something from a thread.
        """
        return {}

    def reap(self, once: bool = False, recursionguard: int = 0) -> None:
        """Do nothing: the engine collects children by itself."""

    def _value(self, returned: Any) -> Any:
        """Return the value that the engine answered; raises RPCError for a fault."""
        if len(returned) == 1:
            return returned[0]
        fault = RPCError.__new__(RPCError)
        fault.code, fault.text = returned
        fault.args = returned
        raise fault


class Namespaces:
    """The namespaces of the XML-RPC interface as attributes: what a server's first handler knows."""

    def __init__(self, supervisord: Supervisor) -> None:
        self._supervisord = supervisord

    def __getattr__(self, name: str) -> Any:
        """Make the two that every daemon has once they are asked for."""
        made: Any
        if name == "supervisor":
            from supervisor.rpcinterface import SupervisorNamespaceRPCInterface

            made = SupervisorNamespaceRPCInterface(self._supervisord)
        elif name == "system":
            from supervisor._namespaces import SystemNamespaceRPCInterface

            others = {other: made for other, made in vars(self).items() if other != "_supervisord"}
            made = SystemNamespaceRPCInterface({"supervisor": self.supervisor, **others}.items())
        else:
            raise AttributeError(f"there is no namespace {name!r}")
        return vars(self).setdefault(name, made)


def main(args: Sequence[str] | None = None) -> None:
    """Run the daemon until it ends, with the given arguments or those of the command line.

    Raises SystemExit with the code of the program unless it is 0.
    """
    from supervisor._engine import run_supervisord

    code = run_supervisord([sys.argv[0], *(sys.argv[1:] if args is None else args)])
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
