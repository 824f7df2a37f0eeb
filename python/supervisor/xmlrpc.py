"""XML-RPC: codes of faults, values, tags of help texts, and a transport over a unix socket or http."""

from __future__ import annotations

from supervisor._names import importing
from supervisor.compat import as_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    import http.client as httplib
    import xmlrpc.client as xmlrpclib
    from typing import Any

    from supervisor._namespaces import AttrDict, RootRPCInterface, SystemNamespaceRPCInterface, traverse
    from supervisor._transport import SupervisorTransport, UnixStreamHTTPConnection
    from supervisor._xmlrpc_handler import DeferredXMLRPCResponse, supervisor_xmlrpc_handler
else:
    _NAMESPACES = ("AttrDict", "RootRPCInterface", "SystemNamespaceRPCInterface", "traverse")
    _HANDLER = ("DeferredXMLRPCResponse", "supervisor_xmlrpc_handler")
    _TRANSPORT = ("SupervisorTransport", "UnixStreamHTTPConnection")
    __getattr__ = importing(
        __name__,
        {
            "httplib": "http.client",
            "xmlrpclib": "xmlrpc.client",
            **{name: f"supervisor._namespaces:{name}" for name in _NAMESPACES},
            **{name: f"supervisor._transport:{name}" for name in _TRANSPORT},
            **{name: f"supervisor._xmlrpc_handler:{name}" for name in _HANDLER},
        },
    )

__all__ = [
    "AttrDict",
    "DeferredXMLRPCResponse",
    "Faults",
    "RPCError",
    "RootRPCInterface",
    "SupervisorTransport",
    "SystemNamespaceRPCInterface",
    "UnixStreamHTTPConnection",
    "capped_int",
    "getFaultDescription",
    "gettags",
    "httplib",
    "loads",
    "make_datetime",
    "supervisor_xmlrpc_handler",
    "traverse",
    "xmlrpc_marshal",
    "xmlrpclib",
]


class Faults:
    """The codes of XML-RPC faults; plug-ins may add their own as attributes."""

    UNKNOWN_METHOD = 1
    INCORRECT_PARAMETERS = 2
    BAD_ARGUMENTS = 3
    SIGNATURE_UNSUPPORTED = 4
    SHUTDOWN_STATE = 6
    BAD_NAME = 10
    BAD_SIGNAL = 11
    NO_FILE = 20
    NOT_EXECUTABLE = 21
    FAILED = 30
    ABNORMAL_TERMINATION = 40
    SPAWN_ERROR = 50
    ALREADY_STARTED = 60
    NOT_RUNNING = 70
    SUCCESS = 80
    ALREADY_ADDED = 90
    STILL_RUNNING = 91
    CANT_REREAD = 92


def getFaultDescription(code: int) -> str:
    """Return the name of a fault code, ``UNKNOWN`` for a number that is none."""
    # Looked up each time: plug-ins add codes. Names with underscores are Python's own.
    known = (name for name, value in vars(Faults).items() if value == code and not name.startswith("_"))
    return next(known, "UNKNOWN")


class RPCError(Exception):
    """Raised by an RPC method: becomes a fault of this code, with the name of the code as its text."""

    def __init__(self, code: int, extra: object = None) -> None:
        super().__init__(code, extra)
        self.code = code
        self.text = getFaultDescription(code)
        if extra is not None:
            self.text = f"{self.text}: {extra}"

    def __str__(self) -> str:
        return f"code={self.code!r}, text={self.text!r}"


def capped_int(value: float | str) -> int:
    """Return the integer nearest to the value among those that XML-RPC can carry (32 bits, signed)."""
    return max(-(2**31), min(int(value), 2**31 - 1))


def xmlrpc_marshal(value: Any) -> str:
    """Return the XML of an answer: a fault when the value is one, a single return value otherwise."""
    from xmlrpc.client import Fault, dumps

    if isinstance(value, Fault):
        return dumps(value)
    return dumps(value if isinstance(value, tuple) else (value,), methodresponse=True)


Tag = tuple[int, "str | None", "str | None", "str | None", str]
"""A tag of a docstring: its line, its name, a type, a name (``@param string name``), and its text."""


def gettags(comment: str) -> list[Tag]:
    """Read the ``@param``/``@return`` tags of an RPC method's docstring.

    ``system.methodSignature`` is made from them. The first entry has no tag and holds the text before the
    first one; a part that a tag lacks is empty; lines of text lose their margins, empty ones are left out.
    """
    tags: list[Tag] = []
    head: tuple[int, str | None, str | None, str | None] = (0, None, None, None)
    text: list[str] = []
    for number, line in enumerate(comment.split("\n")):
        stripped = line.strip()
        if stripped.startswith("@"):
            tags.append((*head, "\n".join(text)))
            parts = stripped.split(None, 3)
            text = parts[3:]
            tag, datatype, name = (*parts, "", "")[:3]
            head = (number, tag[1:], datatype, name)
        elif stripped:
            text.append(stripped)
    tags.append((*head, "\n".join(text)))
    return tags


def make_datetime(text: str) -> datetime.datetime:
    """Return the time that XML-RPC writes so; raises ValueError."""
    from datetime import datetime

    return datetime.strptime(text, "%Y%m%dT%H:%M:%S")


def loads(data: str | bytes) -> tuple[tuple[Any, ...], str | None]:
    """Return parameters and method name of a request; raises what a parser raises for what is none."""
    from xmlrpc import client

    return client.loads(as_string(data), use_builtin_types=True)
