"""XML-RPC at a path of a plug-in's own: a handler of requests that calls objects of Python.

Clients of ``/RPC2`` are answered natively and meet nothing of this.
"""

from __future__ import annotations

import types

from supervisor._namespaces import RootRPCInterface, traverse
from supervisor.compat import as_bytes, as_string
from supervisor.http import NOT_DONE_YET
from supervisor.xmlrpc import RPCError, loads, xmlrpc_marshal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from supervisor.supervisord import Supervisor


def _answer(request: Any, body: str) -> None:
    request["Content-Type"] = "text/xml"
    request["Content-Length"] = len(as_bytes(body))
    request.push(body)
    request.done()


def _fault(error: RPCError) -> Any:
    from xmlrpc.client import Fault

    return Fault(error.code, error.text)


def _traceback() -> str:
    import traceback

    return traceback.format_exc()


class DeferredXMLRPCResponse:
    """A producer that answers a request with what a function returns, once that is not ``NOT_DONE_YET``.

    The function has a `delay`, in seconds.
    """

    def __init__(self, request: Any, callback: Any) -> None:
        self.request = request
        self.callback = callback
        self.delay = float(callback.delay)
        self.finished = False

    def more(self) -> Any:
        """Ask the function, and answer the request when it is done."""
        if self.finished:
            return ""
        try:
            try:
                value = self.callback()
            except RPCError as error:
                value = _fault(error)
            if value is NOT_DONE_YET:
                return NOT_DONE_YET
            self.finished = True
            self.getresponse(xmlrpc_marshal(value))
        except Exception:
            self.finished = True
            self.request.channel.server.logger.log("XML-RPC response callback error", _traceback())
            self.request.error(500)
        return None

    def getresponse(self, body: str) -> None:
        """Answer the request with the XML of an answer."""
        _answer(self.request, body)


class supervisor_xmlrpc_handler:
    """Answers requests below `path` by the methods of namespaces: name and object of each."""

    path = "/RPC2"
    IDENT = "Supervisor XML-RPC Handler"

    def __init__(self, supervisord: Supervisor, subinterfaces: Iterable[tuple[str, object]]) -> None:
        self.supervisord = supervisord
        self.rpcinterface = RootRPCInterface(subinterfaces)

    def match(self, request: Any) -> bool:
        """Return whether the request is for this handler."""
        is_ours: bool = request.uri.startswith(self.path)
        return is_ours

    def handle_request(self, request: Any) -> None:
        """Take the body of a POST; anything else is answered with 400."""
        from supervisor.medusa.xmlrpc_handler import collector

        if request.command == "POST":
            request.collector = collector(self, request)
        else:
            request.error(400)

    def loads(self, data: str) -> tuple[tuple[Any, ...], str | None]:
        """Return parameters and method name of a request, base64 as text."""
        params, method = loads(data)
        return tuple(_with_text(param) for param in params), method

    def continue_request(self, data: str, request: Any) -> None:
        """Answer a request with this body."""
        logger = self.supervisord.options.logger
        try:
            try:
                params, method = self.loads(data)
            except Exception:
                logger.error(f"XML-RPC request data {data!r} is invalid: unmarshallable")
                request.error(400)
                return
            if not method:
                logger.error(f"XML-RPC request data {data!r} is invalid: no method name")
                request.error(400)
                return
            value = self._called(method, params)
            if isinstance(value, types.FunctionType):
                request.channel.push_with_producer(DeferredXMLRPCResponse(request, value))
            else:
                _answer(request, xmlrpc_marshal(value))
        except Exception:
            logger.critical(
                f"Handling XML-RPC request with data {data!r} raised an unexpected exception: {_traceback()}"
            )
            request.error(500)

    def _called(self, method: str, params: tuple[Any, ...]) -> Any:
        logger = self.supervisord.options.logger
        logger.trace(f"XML-RPC method called: {method}()")
        try:
            value = self.call(method, params)
        except RPCError as error:
            logger.trace(f"XML-RPC method {method}() returned fault: [{error.code}] {error.text}")
            return _fault(error)
        logger.trace(f"XML-RPC method {method}() returned successfully")
        return value

    def call(self, method: str, params: tuple[Any, ...]) -> Any:
        """Call a method, ``namespace.name``; raises RPCError."""
        return traverse(self.rpcinterface, method, params)


def _with_text(value: Any) -> Any:
    """Return the value with text in place of bytes."""
    if isinstance(value, bytes):
        return as_string(value)
    if isinstance(value, list):
        return [_with_text(item) for item in value]
    if isinstance(value, dict):
        return {name: _with_text(item) for name, item in value.items()}
    return value
