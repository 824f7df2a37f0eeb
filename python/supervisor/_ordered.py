"""What processes, groups and their configurations have in common: they are ordered by priority."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Ordered:
    """Ordered by what `_order` returns."""

    def _order(self) -> Any:
        raise NotImplementedError

    def __lt__(self, other: Ordered) -> bool:
        return bool(self._order() < other._order())

    def __le__(self, other: Ordered) -> bool:
        return bool(self._order() <= other._order())

    def __gt__(self, other: Ordered) -> bool:
        return bool(self._order() > other._order())

    def __ge__(self, other: Ordered) -> bool:
        return bool(self._order() >= other._order())
