"""Calls to methods of namespaces by their names, for plug-ins: what `supervisor.xmlrpc` offers of the server.

The daemon answers clients natively; here a plug-in calls objects of Python by the same rules.
"""

from __future__ import annotations

import types

from supervisor.xmlrpc import Faults, RPCError, gettags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

_DELAY = 0.05


class AttrDict(dict):  # type: ignore[type-arg]
    """A dictionary whose keys are attributes, None where they are missing."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


class RootRPCInterface:
    """Namespaces as attributes."""

    def __init__(self, subinterfaces: Iterable[tuple[str, object]]) -> None:
        for name, interface in subinterfaces:
            setattr(self, name, interface)


def traverse(ob: Any, method: str, params: Sequence[Any]) -> Any:
    """Call ``namespace.method`` of an object whose attributes are namespaces.

    Raises RPCError: UNKNOWN_METHOD for what is no method of a namespace or begins with an underscore,
    INCORRECT_PARAMETERS where the method raises TypeError.
    """
    # Two parts and no more: what lies behind a method's own attributes is not for callers.
    namespace, dot, name = method.partition(".")
    if not dot or "." in name or name.startswith("_"):
        raise RPCError(Faults.UNKNOWN_METHOD)
    function = getattr(getattr(ob, namespace, None), name, None)
    if not isinstance(function, types.MethodType):
        raise RPCError(Faults.UNKNOWN_METHOD)
    try:
        return function(*params)
    except TypeError:
        raise RPCError(Faults.INCORRECT_PARAMETERS) from None


class SystemNamespaceRPCInterface:
    """The namespace ``system`` over others: name and object of each."""

    def __init__(self, namespaces: Iterable[tuple[str, object]]) -> None:
        self.namespaces: dict[str, Any] = {**dict(namespaces), "system": self}

    def _listMethods(self) -> dict[str, str]:
        methods = {}
        for namespace, owner in self.namespaces.items():
            for name in vars(type(owner)):
                function = getattr(owner, name)
                if callable(function) and not name.startswith("_"):
                    methods[f"{namespace}.{name}"] = str(function.__doc__)
        return methods

    def listMethods(self) -> list[str]:
        """Return the names of all methods.

        @return array result  Their names
        """
        return sorted(self._listMethods())

    def methodHelp(self, name: str) -> str:
        """Return the help text of a method; the fault for an unknown one is SIGNATURE_UNSUPPORTED.

        @param string name  The method
        @return string result  Its help text
        """
        # Compared, for a client may send what is no key of a dictionary.
        for known, text in self._listMethods().items():
            if known == name:
                return text
        raise RPCError(Faults.SIGNATURE_UNSUPPORTED)

    def methodSignature(self, name: str) -> list[str | None]:
        """Return the types of a method's result and parameters, as its help text tells them.

        @param string name  The method
        @return array result  The types
        """
        tags = gettags(self.methodHelp(name))
        results = [kind for _, tag, kind, _, _ in tags if tag == "return"]
        if not results:
            raise RPCError(Faults.SIGNATURE_UNSUPPORTED)
        return [results[-1], *(kind for _, tag, kind, _, _ in tags if tag == "param")]

    def multicall(self, calls: Sequence[Mapping[str, Any]]) -> Any:
        """Make calls one after the other; a fault is among the results, and the rest is called all the same.

        @param array calls  Structures of methodName and params
        @return array result  The results, a structure of faultCode and faultString for a fault
        """
        from supervisor.http import NOT_DONE_YET

        remaining = list(calls)
        waiting: list[Callable[[], Any]] = []
        results: list[Any] = []

        def go_on() -> Any:
            while waiting or remaining:
                value = _caught(waiting[0]) if waiting else self._make(remaining.pop(0))
                if value is NOT_DONE_YET:
                    return NOT_DONE_YET
                waiting.clear()
                if isinstance(value, types.FunctionType):
                    waiting.append(value)
                    # It is asked when the caller's turn comes again.
                    return NOT_DONE_YET
                results.append(value)
            return results

        go_on.delay = _DELAY  # type: ignore[attr-defined]
        value = go_on()
        return go_on if value is NOT_DONE_YET else value

    def _make(self, call: Mapping[str, Any]) -> Any:
        name, params = call.get("methodName"), call.get("params", [])

        def make() -> Any:
            if name is None:
                raise RPCError(Faults.INCORRECT_PARAMETERS, "No methodName")
            if name == "system.multicall":
                raise RPCError(Faults.INCORRECT_PARAMETERS, "Recursive system.multicall forbidden")
            return traverse(AttrDict(self.namespaces), name, params)

        return _caught(make)


def _caught(call: Callable[[], Any]) -> Any:
    """Return what a call returns, a fault as a structure."""
    try:
        return call()
    except RPCError as fault:
        return {"faultCode": fault.code, "faultString": fault.text}
    except Exception as why:
        return {"faultCode": Faults.FAILED, "faultString": f"FAILED: {type(why)}:{why}"}
