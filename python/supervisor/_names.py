"""Names that a module does not hold itself: they are imported when they are asked for, or refused.

So whoever imports a module pays for what it uses alone: a plug-in that wants the codes of faults loads no
HTTP client with them, and a daemon with it stays small.
"""

from __future__ import annotations

import importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, NoReturn


def refusing(module: str, names: Collection[str] = (), why: str = "") -> Callable[[str], NoReturn]:
    """Return a module's ``__getattr__`` that refuses some names with a reason.

    They stand for parts of the original that are native here and raise ImportError, as ``from module import
    name`` does; any other name raises AttributeError.
    """

    def refuse(name: str) -> NoReturn:
        if name in names:
            raise ImportError(f"{module}.{name} is not supported: {why}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return refuse


def importing(
    module: str, places: Mapping[str, str], otherwise: Callable[[str], Any] | None = None
) -> Callable[[str], Any]:
    """Return a module's ``__getattr__`` that imports some names, each once and when it is asked for.

    `places` says where each is: ``package.module``, or ``package.module:attribute``. Any other name is
    `otherwise`'s, which raises AttributeError unless it is given.
    """
    missing = otherwise or refusing(module)

    def find(name: str) -> Any:
        place = places.get(name)
        if place is None:
            return missing(name)
        source, _, attribute = place.partition(":")
        found: Any = importlib.import_module(source)
        if attribute:
            found = getattr(found, attribute)
        setattr(sys.modules[module], name, found)
        return found

    return find
