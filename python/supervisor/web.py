"""The pages as plug-ins see them: what is put into `VIEWS` is served.

The engine makes its own pages natively. A page whose entry, template or view, is a plug-in's, is made by that
view: mostly from a template, by the package ``meld3`` (see `supervisor.templating`).
"""

from __future__ import annotations

from supervisor._handlers import is_patched, note_pristine
from supervisor._views import MeldView, OKView, StatusView, TailView, ViewContext
from supervisor.compat import as_bytes
from supervisor.http import NOT_DONE_YET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from supervisor._requests import Request
    from supervisor.supervisord import Supervisor

__all__ = [
    "VIEWS",
    "DeferredWebProducer",
    "MeldView",
    "OKView",
    "StatusView",
    "TailView",
    "ViewContext",
    "supervisor_ui_handler",
]


class DeferredWebProducer:
    """Asks a view until its page is done, then sends it.

    A view is a callable with an attribute `delay`, in seconds. It returns ``NOT_DONE_YET`` or a dictionary
    with `body`, text or bytes, and `headers`; with a ``Location`` among them the answer is a redirect. What
    it raises is a traceback in the main log and status 500.
    """

    def __init__(self, request: Request, callback: Callable[[], Any]) -> None:
        self.request = request
        self.callback = callback
        self.finished = False
        self.delay = float(callback.delay)  # type: ignore[attr-defined]

    def more(self) -> Any:
        """Ask the view; returns ``NOT_DONE_YET`` or, once the answer is sent, nothing."""
        if self.finished:
            return ""
        try:
            response = self.callback()
            if response is NOT_DONE_YET:
                return NOT_DONE_YET
            self.finished = True
            self.sendresponse(response)
        except Exception:
            import traceback

            self.finished = True
            self.request.channel.server.logger.log("Web interface error", traceback.format_exc())
            self.request.error(500)
        return None

    def sendresponse(self, response: dict[str, Any]) -> None:
        """Send what a view returned."""
        headers = response.get("headers", {})
        for name, value in headers.items():
            self.request[name] = value
        if "Content-Type" not in self.request:
            self.request["Content-Type"] = "text/plain"
        if headers.get("Location"):
            self.request["Content-Length"] = 0
            self.request.error(301)
            return
        body = response.get("body", "")
        self.request["Content-Length"] = len(as_bytes(body))
        self.request.push(body)
        self.request.done()


VIEWS: dict[str, dict[str, Any]] = {
    "index.html": {"template": "ui/status.html", "view": StatusView},
    "tail.html": {"template": "ui/tail.html", "view": TailView},
    "ok.html": {"template": None, "view": OKView},
}
"""Pages by their names: template and view, a class that is called with a `ViewContext`."""

_NATIVE = {name: dict(view) for name, view in VIEWS.items()}


class supervisor_ui_handler:
    """Answers with the pages of `VIEWS`."""

    IDENT = "Supervisor Web UI HTTP Request Handler"

    def __init__(self, supervisord: Supervisor) -> None:
        self.supervisord = supervisord

    def match(self, request: Request) -> bool:
        """Return whether the request is for a page."""
        is_page = request.command in ("GET", "POST") and _page_of(request) in VIEWS
        return is_page or (request._kind == "pages" and _page_of(request) not in _NATIVE)

    def handle_request(self, request: Request) -> None:
        """Answer with a page; those of the engine are left to it."""
        if _page_of(request) not in replaced():
            request._leave("pages")
        elif request.command == "POST":
            from supervisor.medusa.xmlrpc_handler import collector

            request.collector = collector(self, request)
        else:
            self.continue_request("", request)

    def continue_request(self, data: str, request: Request) -> None:
        """Make the view of a page with what a form sent, and have it asked."""
        from urllib.parse import parse_qsl

        form: dict[str, Any] = {"QUERY_STRING": "", **request.cgi_environment()}
        # Of what is said twice the address' first counts, and the form's last.
        form.update(reversed(parse_qsl(form["QUERY_STRING"])))
        form.update(parse_qsl(data))
        form["SERVER_URL"] = request.get_server_url()
        entry = VIEWS[_page_of(request)]
        context = ViewContext(
            template=entry["template"],
            request=request,
            form=form,
            response={"headers": {}},
            supervisord=self.supervisord,
        )
        view = entry["view"](context)
        request.channel.push_with_producer(DeferredWebProducer(request, view))


class _Files:
    """Answers with the files of the pages, which are the engine's. Matches whatever no other handler did."""

    IDENT = "Default HTTP Request Handler"

    def match(self, request: Request) -> bool:
        """Return that any request is for this handler."""
        return True

    def handle_request(self, request: Request) -> None:
        """Leave the request to the engine."""
        request._leave("files")


def _page_of(request: Request) -> str:
    return request.split_uri()[0].lstrip("/") or "index.html"


note_pristine([MeldView, StatusView, TailView, OKView, supervisor_ui_handler, _Files])


def replaced() -> list[str]:
    """Return the names of pages that are not the engine's own: put into VIEWS, changed, or taken away."""
    patched = {view for view in (StatusView, TailView, OKView) if is_patched(view)}
    if is_patched(MeldView):
        patched |= {StatusView, TailView}
    names = [name for name, view in VIEWS.items() if view != _NATIVE.get(name) or view["view"] in patched]
    return sorted({*names, *(_NATIVE.keys() - VIEWS.keys())})
