"""Templates of web pages, for plug-ins that have pages of their own: those of the package ``meld3``.

The pages of the daemon need none. Install ``meld3`` for a plug-in that does.
"""

from __future__ import annotations

import importlib
from typing import Any

_NEEDED = "supervisor.templating is the package meld3, which is not installed: pip install meld3"


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        meld3 = importlib.import_module("meld3")
    except ImportError:
        raise ImportError(_NEEDED, name="meld3") from None
    return getattr(meld3, name)
