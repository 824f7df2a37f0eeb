"""Names of the original that stand for parts which are native here: importing one says so."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NoReturn


def refusing(module: str, names: Collection[str], why: str) -> Callable[[str], NoReturn]:
    """Return a module's ``__getattr__`` that refuses some names with a reason.

    They raise ImportError, as ``from module import name`` does; any other name raises AttributeError.
    """

    def refuse(name: str) -> NoReturn:
        if name in names:
            raise ImportError(f"{module}.{name} is not supported: {why}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return refuse
