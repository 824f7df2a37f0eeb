"""Deferred answers, and the HTTP servers' handlers, which plug-ins import from here."""

from __future__ import annotations

from supervisor._names import importing, refusing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from supervisor._handlers import (
        logtail_handler,
        mainlogtail_handler,
        supervisor_auth_handler,
        tail_f_producer,
    )
else:
    _HANDLERS = ("logtail_handler", "mainlogtail_handler", "supervisor_auth_handler", "tail_f_producer")
    _SERVER = (
        "LogWrapper",
        "deferring_chunked_producer",
        "deferring_composite_producer",
        "deferring_globbing_producer",
        "deferring_hooked_producer",
        "deferring_http_channel",
        "deferring_http_request",
        "encrypted_dictionary_authorizer",
        "make_http_servers",
        "supervisor_af_inet_http_server",
        "supervisor_af_unix_http_server",
        "supervisor_http_server",
    )
    __getattr__ = importing(
        __name__,
        {name: f"supervisor._handlers:{name}" for name in _HANDLERS},
        refusing(__name__, _SERVER, "clients are answered natively"),
    )

__all__ = [
    "NOT_DONE_YET",
    "logtail_handler",
    "mainlogtail_handler",
    "supervisor_auth_handler",
    "tail_f_producer",
]


class NOT_DONE_YET:  # the name that plug-ins import
    """Returned by a deferred answer, a callable with an attribute `delay`, to be asked again after it."""
