"""The plug-in host: what the engine calls when the configuration names Python code.

The other side is `rust/python/src/plugins.rs`. Everything here runs on the thread of the daemon's loop.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from supervisor import dispatchers, events, http, process, rpcinterface, web
from supervisor._child_fds import ChildDescriptors, Step
from supervisor._descriptors import Descriptors
from supervisor._live import LiveOptions
from supervisor._namespaces import SystemNamespaceRPCInterface
from supervisor.http import NOT_DONE_YET
from supervisor.options import ProcessConfig, ProcessGroupConfig, ServerOptions
from supervisor.process import ProcessGroup, Subprocess
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.supervisord import Supervisor
from supervisor.xmlrpc import Faults, RPCError

if TYPE_CHECKING:
    from supervisor._engine import Daemon

_NATIVE_GET_SIGNAL = ServerOptions.get_signal

_lives = itertools.count()

# A plug-in's busy thread gives the loop its turn after this many seconds, not only after Python's
# five milliseconds.
_SWITCH_INTERVAL = 0.0005

Section = tuple[str, str, list[tuple[str, str]]]
Replaced = tuple[list[str], list[tuple[str, str]], list[int]]
"""Methods by their names alone, standard methods with their help texts, periods of ticks."""
Handler = tuple[str, str]
"""Name of a pool, and what its `result_handler` is called."""
Namespaces = list[tuple[str, list[tuple[str, str]]]]
Answer = tuple[Any, ...]
"""A value alone in a tuple, or code and text of a fault, or number and delay of a deferred answer."""


class _Custom(events.Event):
    """An event that a plug-in told of, as a result handler gets it."""

    def __init__(self, payload: str) -> None:
        self._payload = payload

    def payload(self) -> str:
        """Return what the listener got to read."""
        return self._payload


class Host:
    """The plug-ins of one life of the daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._options = LiveOptions(daemon)
        self._supervisord = Supervisor(self._options)
        self._namespaces: dict[str, Any] = {}
        self._handlers: dict[str, Callable[[events.Event, bytes], object]] = {}
        self._deferred: dict[int, Callable[[], Any]] = {}
        self._numbers = itertools.count(1)
        self._replaced: Replaced | None = None
        self._descriptors = Descriptors(daemon.ready)
        self._standard = SupervisorNamespaceRPCInterface(self._supervisord)

    def load(
        self, sections: list[Section], handlers: list[Handler], event_types: list[Handler], servers: int
    ) -> Namespaces | tuple[str, str | None]:
        """Make the plug-ins of the sections, once for each HTTP server as the original does.

        Returns the namespaces with their methods, or why they cannot be made with a traceback for the log.
        """
        sys.setswitchinterval(_SWITCH_INTERVAL)
        events.clear()
        events.forward(self._forward)
        if next(_lives):
            self._options.cleanup_fds()
        factories = []
        for name, spec, settings in sections:
            try:
                factories.append((name, _resolve(spec), dict(settings)))
            except (AttributeError, ImportError) as why:
                return _unresolved(spec, f"rpcinterface:{name}", why), None
        refusal = self.resolve_handlers(handlers, event_types)
        if refusal is not None:
            return refusal, None
        namespaces: dict[str, Any] = {"supervisor": self._standard}
        self._options.httpservers = http.make_servers(self._options.server_configs, self._supervisord)
        for name, factory, options in factories * servers:
            try:
                self._namespaces[name] = factory(self._supervisord, **options)
            except Exception:
                return f"Could not make {name} rpc interface", traceback.format_exc()
        namespaces.update(self._namespaces)
        namespaces["system"] = SystemNamespaceRPCInterface(list(namespaces.items()))
        for _, server in self._options.httpservers:
            server.find(namespaces)
        for page in web.replaced():
            self._options.logger.warn(f"the page {page} of a plug-in is not served: pages are made natively")
        return [(name, _methods(plugin)) for name, plugin in self._namespaces.items()]

    def call(self, namespace: str, method: str, params: list[Any]) -> Answer:
        """Call a method; an exception that is no RPCError is raised."""
        function = getattr(self._namespaces.get(namespace, self._standard), method, None)
        if not isinstance(function, types.MethodType):
            return Faults.UNKNOWN_METHOD, "UNKNOWN_METHOD"
        try:
            try:
                value = function(*params)
            except TypeError:
                raise RPCError(Faults.INCORRECT_PARAMETERS) from None
        except RPCError as fault:
            return fault.code, fault.text
        if not callable(value):
            return (value,)
        number = next(self._numbers)
        self._deferred[number] = value
        return self.poll(number)

    def poll(self, number: int) -> Answer:
        """Ask for a deferred answer."""
        deferred = self._deferred.pop(number)
        try:
            value = deferred()
        except RPCError as fault:
            return fault.code, fault.text
        if value is NOT_DONE_YET:
            self._deferred[number] = deferred
            return number, float(getattr(deferred, "delay", 0.05))
        return (value,)

    def wants_events(self) -> bool:
        """Return whether anybody subscribed."""
        return bool(events.callbacks)

    def notify(self, name: str, details: tuple[Any, ...]) -> None:
        """Tell subscribers of an event: the name of its type, and what `details` of the engine tells."""
        with self._made(name, details) as event:
            events.tell(event)

    def resolve_handlers(self, handlers: list[Handler], event_types: list[Handler]) -> str | None:
        """Import the result handlers of pools; returns why one of them cannot be.

        Also refuses types of events, named like handlers, that no plug-in has registered.
        """
        for pool, name in event_types:
            if not hasattr(events.EventTypes, name):
                return f"Unknown event type {name} in [eventlistener:{pool}] events"
        for pool, spec in handlers:
            try:
                self._handlers[spec] = _resolve(spec)
            except (AttributeError, ImportError) as why:
                return _unresolved(spec, f"eventlistener:{pool}", why)
        return None

    def judge(self, spec: str, result: bytes, name: str, details: tuple[Any, ...]) -> bool:
        """Return whether a result handler accepts what a listener answered to an event.

        An exception other than RejectEvent is raised.
        """
        with self._made(name, details) as event:
            pass
        try:
            self._handlers[spec](event, result)
        except dispatchers.RejectEvent:
            return False
        return True

    @contextlib.contextmanager
    def _made(self, name: str, details: tuple[Any, ...]) -> Iterator[events.Event]:
        """Make an event; meanwhile the process of a change of state shows what the event says."""
        event_type: Any = getattr(events.EventTypes, name, _Custom)
        if issubclass(event_type, events.ProcessStateEvent):
            process, from_state, state, pid, tries, expected = details
            changed = self._process(*process)
            changed._told = {"state": state, "pid": pid, "backoff": tries}
            try:
                yield event_type(changed, from_state, expected)
            finally:
                changed._told = None
        elif issubclass(event_type, (events.ProcessLogEvent, events.ProcessCommunicationEvent)):
            process, pid, data = details
            yield event_type(self._process(*process), pid, data)
        elif issubclass(event_type, events.TickEvent):
            yield event_type(*details, self._supervisord)
        else:
            yield event_type(*details)

    def _process(self, number: int, group: str, name: str) -> Subprocess:
        """Return a process; one that is gone knows its names alone."""
        found = self._supervisord.process_groups._find(number, group)
        if found is not None:
            return found
        gone = ProcessConfig.__new__(ProcessConfig)
        gone.options, gone.name, gone.priority = self._options, name, 0
        lonely = Subprocess(gone)
        lonely.group = ProcessGroup(ProcessGroupConfig(self._options, group, 0, []))
        return lonely

    def replaced(self) -> Replaced | None:
        """Return what plug-ins replaced, and which ticks they want.

        None where nothing changed since this was asked last. Also looks which descriptors are to be watched.
        """
        if "get_process_map" in vars(self._supervisord):
            self._descriptors.watch(self._supervisord.get_process_map())
        methods = sorted(process.replaced())
        if getattr(self._options.get_signal, "__func__", None) is not _NATIVE_GET_SIGNAL:
            methods.append("get_signal")
        if dispatchers.replaced():
            methods.append("_log")
        now = (methods, rpcinterface.replaced(), events.wanted_ticks())
        if now == self._replaced:
            return None
        self._replaced = now
        return now

    def spawn(self, number: int) -> None:
        """Start a process in the way that replaced the engine's."""
        found = self._by_number(number)
        if found is not None:
            found.spawn()

    def transitions(self) -> None:
        """Have each process do what is due, in the way that replaced the engine's."""
        groups = sorted(self._supervisord.process_groups.values(), key=lambda group: group.config.priority)
        failure: Exception | None = None
        for each in [each for group in groups for each in group.processes.values()]:
            try:
                each.transition()
            except Exception as why:
                failure = why
        if failure is not None:
            raise failure

    def finish(self, number: int, pid: int, sts: int) -> None:
        """Take in that a process ended, in the way that replaced the engine's."""
        found = self._by_number(number)
        if found is None:
            self._daemon.finish(number, sts)
        else:
            found.finish(pid, sts)

    def prepare_child_fds(self, number: int, pipes: dict[str, int | None]) -> tuple[list[Step], str | None]:
        """Return what a child is to do to its descriptors, and the traceback of a replacement that failed."""
        found = self._by_number(number)
        child = ChildDescriptors()
        if found is None:
            child.usual()
            return child.steps, None
        failure = None
        self._options._child, found._pipes = child, pipes
        try:
            found._prepare_child_fds()
        except Exception:
            failure = traceback.format_exc()
            child.give_up()
        finally:
            self._options._child = found._pipes = None
        return child.steps, failure

    def output(self, number: int, channel: str, data: bytes) -> tuple[list[bytes], str | None]:
        """Give output of a process to what replaced its logging.

        Returns what is to be logged natively, and the traceback of a replacement that failed: then that is
        all of it unless something was logged already.
        """
        found = self._by_number(number)
        if found is None:
            return [data], None
        pid, outputs = found._outputs
        if pid != found.pid:
            # They belong to one run of the process.
            found._outputs = found.pid, {}
            outputs = found._outputs[1]
        if channel not in outputs:
            outputs[channel] = dispatchers.of_channel(found, channel)
        logged: list[bytes] = []
        try:
            outputs[channel]._take(data, logged)
        except Exception:
            return logged or [data], traceback.format_exc()
        return logged, None

    def signal(self, sig: int) -> int | None:
        """Return which signal is to be heeded when one has arrived."""
        self._options._signal = sig
        return self._options.get_signal()

    def ready(self, descriptor: int, writable: bool) -> None:
        """Have a dispatcher of a plug-in read or write."""
        dispatcher = self._supervisord.get_process_map().get(descriptor)
        if dispatcher is None:
            return
        try:
            (dispatcher.handle_write_event if writable else dispatcher.handle_read_event)()
        except Exception:
            dispatcher.handle_error()

    def _by_number(self, number: int) -> Subprocess | None:
        for group in self._supervisord.process_groups.values():
            if number in group.processes._known:
                return group.processes._known[number]
        return None

    def _forward(self, event: object) -> None:
        """Pass an event that a plug-in tells of on to event listeners."""
        names = (events.getEventNameByType(each) for each in type(event).__mro__)
        types = [name for name in names if name is not None]
        if types:
            payload: Callable[[], object] = getattr(event, "payload", lambda: "")
            self._daemon.emit(types, str(payload()))

    def unload(self) -> None:
        """Let go of the plug-ins: nobody is told of anything any more."""
        events.clear()
        self._descriptors.close()
        self._namespaces.clear()
        self._handlers.clear()
        self._deferred.clear()


def _unresolved(spec: str, section: str, why: Exception) -> str:
    """Return what whoever starts the daemon reads when Python code is not there."""
    return f"{spec} cannot be resolved within [{section}]: {why}"


def _resolve(spec: str) -> Callable[..., Any]:
    """Return what `module:attribute` names; raises ImportError or AttributeError."""
    module_name, _, path = spec.partition(":")
    found: Any = importlib.import_module(module_name.strip())
    for attribute in path.strip().split("."):
        found = getattr(found, attribute)
    resolved: Callable[..., Any] = found
    return resolved


def _methods(plugin: object) -> list[tuple[str, str]]:
    """Return the methods that clients can call, those of the plug-in's class, with their help texts."""
    names = [name for name in vars(type(plugin)) if not name.startswith("_")]
    found = ((name, getattr(plugin, name)) for name in names)
    return [(name, str(method.__doc__)) for name, method in found if callable(method)]
