"""The plug-in host: what the engine calls when the configuration names Python code.

The other side is `rust/python/src/plugins.rs`. Everything here runs on the thread of the daemon's loop.
"""

from __future__ import annotations

import itertools
import sys
import types

from supervisor import events
from supervisor.compat import import_spec
from supervisor.http import NOT_DONE_YET
from supervisor.supervisord import Supervisor
from supervisor.xmlrpc import Faults, RPCError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union

    from supervisor._child_fds import Step
    from supervisor._descriptors import Descriptors
    from supervisor._engine import Daemon
    from supervisor._serving import Serving, Told
    from supervisor.process import Subprocess

    Section = tuple[str, str, list[tuple[str, str]]]
    Changed = tuple[list[str], list[list[str]]]
    """Pages that are not the engine's, and the kinds of each server's handlers, empty for a plug-in's."""
    Replaced = tuple[list[str], list[tuple[str, str]], list[int], Union[Changed, None]]
    """Methods by their names alone, standard methods with their help texts, periods of ticks, servers."""
    Handler = tuple[str, str]
    """Name of a pool, and what its `result_handler` is called."""
    Namespaces = list[tuple[str, list[tuple[str, str]]]]
    Answer = tuple[Any, ...]
    """A value alone in a tuple, or code and text of a fault, or number and delay of a deferred answer."""

_lives = itertools.count()

# A plug-in's busy thread gives the loop its turn after this many seconds, not only after Python's
# five milliseconds.
_SWITCH_INTERVAL = 0.0005


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
        self._supervisord = Supervisor._of(daemon)
        self._namespaces: dict[str, Any] = {}
        self._handlers: dict[str, Callable[[events.Event, bytes], object]] = {}
        self._deferred: dict[int, Callable[[], Any]] = {}
        self._numbers = itertools.count(1)
        self._replaced: Replaced | None = None
        self._descriptors: Descriptors | None = None
        self._serving: Serving | None = None
        # The process whose state is that of the event that is being told.
        self._shown: Subprocess | None = None

    def load(
        self, sections: list[Section], handlers: list[Handler], event_types: list[Handler], servers: int
    ) -> Namespaces | tuple[str, str | None]:
        """Make the plug-ins of the sections, once for each HTTP server as the original does.

        Returns the namespaces with their methods, or why they cannot be made with a traceback for the log.
        """
        sys.setswitchinterval(_SWITCH_INTERVAL)
        events.clear()
        events.forward(self._forward)
        if next(_lives) and _loaded("_server_options"):
            self._supervisord.options.cleanup_fds()
        factories = []
        for name, spec, settings in sections:
            try:
                factories.append((name, import_spec(spec), dict(settings)))
            except (AttributeError, ImportError) as why:
                return _unresolved(spec, f"rpcinterface:{name}", why), None
        refusal = self.resolve_handlers(handlers, event_types)
        if refusal is not None:
            return refusal, None
        for name, factory, options in factories * servers:
            try:
                self._namespaces[name] = factory(self._supervisord, **options)
            except Exception:
                return f"Could not make {name} rpc interface", _traceback()
        vars(self._supervisord._namespaces).update(self._namespaces)
        return [(name, _methods(plugin)) for name, plugin in self._namespaces.items()]

    def call(self, namespace: str, method: str, params: list[Any]) -> Answer:
        """Call a method; an exception that is no RPCError is raised."""
        namespaces = self._supervisord._namespaces
        function = getattr(getattr(namespaces, namespace, None), method, None)
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
        try:
            events.tell(self._event(name, details))
        finally:
            self._show_no_more()

    def resolve_handlers(self, handlers: list[Handler], event_types: list[Handler]) -> str | None:
        """Import the result handlers of pools; returns why one of them cannot be.

        Also refuses types of events, named like handlers, that no plug-in has registered.
        """
        for pool, name in event_types:
            if not hasattr(events.EventTypes, name):
                return f"Unknown event type {name} in [eventlistener:{pool}] events"
        for pool, spec in handlers:
            try:
                self._handlers[spec] = import_spec(spec)
            except (AttributeError, ImportError) as why:
                return _unresolved(spec, f"eventlistener:{pool}", why)
        return None

    def judge(self, spec: str, result: bytes, name: str, details: tuple[Any, ...]) -> bool:
        """Return whether a result handler accepts what a listener answered to an event.

        An exception other than RejectEvent is raised.
        """
        from supervisor.dispatchers import RejectEvent

        try:
            event = self._event(name, details)
        finally:
            self._show_no_more()
        try:
            self._handlers[spec](event, result)
        except RejectEvent:
            return False
        return True

    def _event(self, name: str, details: tuple[Any, ...]) -> Any:
        """Return an event. The process of a change of state shows what it says, until `_show_no_more`."""
        event_type: Any = getattr(events.EventTypes, name, _Custom)
        if issubclass(event_type, events.ProcessStateEvent):
            process, from_state, state, pid, tries, expected = details
            self._shown = self._process(*process)
            self._shown._told = {"state": state, "pid": pid, "backoff": tries}
            return event_type(self._shown, from_state, expected)
        if issubclass(event_type, (events.ProcessLogEvent, events.ProcessCommunicationEvent)):
            process, pid, data = details
            return event_type(self._process(*process), pid, data)
        if issubclass(event_type, events.TickEvent):
            return event_type(*details, self._supervisord)
        return event_type(*details)

    def _show_no_more(self) -> None:
        if self._shown is not None:
            self._shown._told = None
            self._shown = None

    def _process(self, number: int, group: str, name: str) -> Subprocess:
        """Return a process; one that is gone knows its names alone."""
        found = self._supervisord.process_groups._find(number, group)
        if found is not None:
            return found
        from supervisor._configs import ProcessConfig, ProcessGroupConfig
        from supervisor.process import ProcessGroup, Subprocess

        options = self._supervisord.options
        gone = ProcessConfig.__new__(ProcessConfig)
        gone.options, gone.name, gone.priority = options, name, 0
        lonely = Subprocess(gone)
        lonely.group = ProcessGroup(ProcessGroupConfig(options, group, 0, []))
        return lonely

    def replaced(self) -> Replaced | None:
        """Return what plug-ins replaced, and which ticks they want.

        None where nothing changed since this was asked last. Also looks which descriptors are to be watched.
        """
        if "get_process_map" in vars(self._supervisord):
            self._watch(self._supervisord.get_process_map())
        process, options, methods = _loaded("process"), _loaded("_server_options"), _loaded("rpcinterface")
        dispatchers = _loaded("dispatchers")
        hooks = sorted(process.replaced()) if process else []
        live = vars(self._supervisord).get("options")
        if options and options.get_signal_is_replaced(live):
            hooks.append("get_signal")
        if dispatchers and dispatchers.replaced():
            hooks.append("_log")
        if live is not None and live._logs_elsewhere():
            hooks.append("logger")
        standard = methods.replaced() if methods else []
        now = (hooks, standard, events.wanted_ticks(), self._changed_servers())
        if now == self._replaced:
            return None
        self._replaced = now
        return now

    def _changed_servers(self) -> Changed | None:
        web, options = _loaded("web"), vars(self._supervisord).get("options")
        pages: list[str] = web.replaced() if web else []
        servers: list[list[str]] = [] if options is None else options._changed_handlers()
        return (pages, servers) if pages or any(servers) else None

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
        from supervisor._child_fds import ChildDescriptors

        found = self._by_number(number)
        child = ChildDescriptors()
        if found is None:
            child.usual()
            return child.steps, None
        failure = None
        options = self._supervisord.options
        options._child, found._pipes = child, pipes
        try:
            found._prepare_child_fds()
        except Exception:
            failure = _traceback()
            child.give_up()
        finally:
            options._child = found._pipes = None
        return child.steps, failure

    def output(self, number: int, channel: str, data: bytes) -> tuple[list[bytes], str | None]:
        """Give output of a process to what replaced its logging.

        Returns what is to be logged natively, and the traceback of a replacement that failed: then that is
        all of it unless something was logged already.
        """
        from supervisor.dispatchers import of_channel

        found = self._by_number(number)
        if found is None:
            return [data], None
        pid, outputs = found._outputs
        if pid != found.pid:
            # They belong to one run of the process.
            found._outputs = found.pid, {}
            outputs = found._outputs[1]
        if channel not in outputs:
            outputs[channel] = of_channel(found, channel)
        logged: list[bytes] = []
        try:
            outputs[channel]._take(data, logged)
        except Exception:
            return logged or [data], _traceback()
        return logged, None

    def main_log(self, level: int, message: str) -> None:
        """Pass a line of the main log on to the logger as a plug-in left it."""
        from supervisor.loggers import LevelsByDescription

        # Its methods are called as the levels are.
        levels = vars(LevelsByDescription).items()
        (name,) = (name for name, number in levels if number == level and not name.startswith("_"))
        getattr(self._supervisord.options.logger, name)(message)

    def signal(self, sig: int) -> int | None:
        """Return which signal is to be heeded when one has arrived."""
        self._supervisord.options.signal_receiver.receive(sig, None)
        return self._supervisord.options.get_signal()

    def _watch(self, dispatchers: dict[int, Any]) -> None:
        """Have these dispatchers called when their descriptors are ready, and no others."""
        if self._descriptors is None:
            from supervisor._descriptors import Descriptors

            self._descriptors = Descriptors(self._daemon.ready)
        self._descriptors.watch(dispatchers)

    def respond(self, *asked: Any) -> Told:
        """Have handlers of plug-ins answer a request of HTTP, whose parts are `Asked`."""
        if self._serving is None:
            from supervisor._serving import Serving

            servers = [server for _, server in self._supervisord.options._own_servers()]
            self._serving = Serving(servers, self._daemon.answered)
        return self._serving.respond(*asked)

    def go_on(self, number: int) -> Told:
        """Ask for more about a request that is not finished."""
        return b"" if self._serving is None else self._serving.go_on(number)

    def let_go(self, number: int) -> None:
        """Forget a request that nobody waits for any more."""
        if self._serving is not None:
            self._serving.let_go(number)

    def ready(self, descriptor: int, writable: bool) -> None:
        """Have a dispatcher of a plug-in read or write."""
        if self._descriptors is not None:
            self._descriptors.heed(descriptor)
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
        if self._descriptors is not None:
            self._descriptors.close()
        self._serving = None
        options = vars(self._supervisord).get("options")
        if options is not None:
            options.logger.close()
        self._namespaces.clear()
        self._handlers.clear()
        self._deferred.clear()


def reread(
    host: Host | None, file: str, groups: list[dict[str, Any]], environment: dict[str, str]
) -> list[dict[str, Any]] | str | None:
    """Return the groups of a configuration that was read again as a plug-in makes them of their sections.

    The plug-in replaced `ServerOptions._processes_from_section`; None where none did, and why not where it
    refuses a section. Without a host the groups are for the next life of the daemon, which has options of its
    own; `environment` is that of `[supervisord]`.
    """
    module = _loaded("_server_options")
    if module is None or not module.sections_are_replaced():
        return None
    if host is None:
        options = module.ServerOptions()
        options.configfile = file
        options._find_here()
    else:
        options = host._supervisord.options
    try:
        reread: list[dict[str, Any]] = options._reread(file, groups, environment)
    except ValueError as why:
        return str(why)
    return reread


def _unresolved(spec: str, section: str, why: Exception) -> str:
    """Return what whoever starts the daemon reads when Python code is not there."""
    return f"{spec} cannot be resolved within [{section}]: {why}"


def _traceback() -> str:
    """Return the text of the exception that is being handled."""
    import traceback

    return traceback.format_exc()


def _loaded(name: str) -> Any:
    """Return a module of the package that somebody has imported; in any other, nothing can be replaced."""
    return sys.modules.get(f"supervisor.{name}")


def _methods(plugin: object) -> list[tuple[str, str]]:
    """Return the methods that clients can call, those of the plug-in's class, with their help texts."""
    names = [name for name in vars(type(plugin)) if not name.startswith("_")]
    found = ((name, getattr(plugin, name)) for name in names)
    return [(name, str(method.__doc__)) for name, method in found if callable(method)]
