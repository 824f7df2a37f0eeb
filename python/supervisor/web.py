"""The names of the web page's classes, for plug-ins that derive from them.

The page is made natively: nothing of this module is called by the daemon, and what is put into `VIEWS` is not
served. The daemon says so in its main log when a plug-in does that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["VIEWS", "DeferredWebProducer", "MeldView", "OKView", "StatusView", "TailView", "ViewContext"]


class ViewContext:
    """What a view is made with: any values, as attributes."""

    def __init__(self, **kw: Any) -> None:
        self.__dict__.update(kw)


class MeldView:
    """A page that is made from a template."""

    def __init__(self, context: ViewContext) -> None:
        self.context = context

    def __call__(self) -> NoReturn:
        """Raise NotImplementedError: pages are made natively."""
        raise NotImplementedError("pages are made by the native engine, which calls no view of a plug-in")


class TailView(MeldView):
    """The end of a process' log."""


class StatusView(MeldView):
    """The page with all processes."""


class OKView:
    """A page that says OK."""

    def __init__(self, context: ViewContext) -> None:
        self.context = context


class DeferredWebProducer:
    """What sends a page that is not done at once."""


VIEWS: dict[str, dict[str, Any]] = {
    "index.html": {"template": "ui/status.html", "view": StatusView},
    "tail.html": {"template": "ui/tail.html", "view": TailView},
    "ok.html": {"template": None, "view": OKView},
}
"""Pages by their names: template and view."""

_NATIVE = {name: view["view"] for name, view in VIEWS.items()}


def replaced() -> list[str]:
    """Return the names of pages that a plug-in put into VIEWS."""
    return [name for name, view in VIEWS.items() if view["view"] is not _NATIVE.get(name)]
