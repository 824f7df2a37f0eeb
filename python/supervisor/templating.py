"""Templates of web pages, for plug-ins that have pages of their own: those of the package ``meld3``.

The pages of the daemon need none. For a plug-in that does: ``pip install 'supervisor-rs[pages]'``.
Templates name their elements by ``meld:id``, of the original's namespace or of that package's.
"""

from __future__ import annotations

import importlib
import io
import os
from typing import IO, Any

_NEEDED = (
    "supervisor.templating is the package meld3, which is not installed: pip install 'supervisor-rs[pages]'"
)

_OURS = b"https://github.com/Supervisor/supervisor"


def _meld3() -> Any:
    try:
        return importlib.import_module("meld3")
    except ImportError:
        raise ImportError(_NEEDED, name="meld3") from None


def _translated(text: bytes) -> bytes:
    """Return a template with the package's own namespace."""
    return text.replace(_OURS, str(_meld3()._MELD_NS_URL).encode())


def parse_xml(source: str | os.PathLike[str] | IO[Any]) -> Any:
    """Read a template from a file, or from a path. Raises OSError, and ParseError of `xml.etree`."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            text: str | bytes = file.read()
    else:
        text = source.read()
    data = text.encode() if isinstance(text, str) else text
    return _meld3().parse_xml(io.BytesIO(_translated(data)))


def parse_xmlstring(text: str) -> Any:
    """Read a template from a text. Raises ParseError of `xml.etree`."""
    return _meld3().parse_xmlstring(_translated(text.encode()).decode())


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_meld3(), name)
