"""What a handler uses that wants the body of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supervisor.compat import as_string

if TYPE_CHECKING:
    from supervisor._requests import Request


class collector:
    """Takes the body of a request and calls `handler.continue_request` with its text and the request.

    To be assigned to the request's `collector`. A request that does not tell its length is answered with 411.
    """

    def __init__(self, handler: Any, request: Request) -> None:
        self.handler = handler
        self.request = request
        self.data: list[bytes] = []
        if not request.get_header("content-length"):
            request.error(411)

    def collect_incoming_data(self, data: bytes) -> None:
        """Take what came."""
        self.data.append(data)

    def found_terminator(self) -> None:
        """Have the handler go on: the body is complete."""
        self.handler.continue_request(as_string(b"".join(self.data)), self.request)
