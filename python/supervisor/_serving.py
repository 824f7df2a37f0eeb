"""Requests that are for plug-ins: from the engine to a handler, and its answer back."""

from __future__ import annotations

import itertools

from supervisor._handlers import followed
from supervisor._requests import Channel, Request
from supervisor.http import NOT_DONE_YET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Union

    from supervisor._handlers import Server

    Asked = tuple[int, str, str, str, str, list[str], bytes, Union[tuple[str, int], None]]
    """Which server, what would answer natively, method, target, version, headers, body, the client."""

    Body = Union[bytes, int, tuple[str, int], None]
    """All of it, the number to ask for pieces by, a log and how long before its end, an error's page."""

    Told = Union[tuple[int, list[tuple[str, str]], Body], tuple[int, Union[float, None]], bytes, None]
    """An answer; a number to ask again by, and when, in seconds; a piece; None: the engine answers."""

_FAILED = 500


class Serving:
    """The requests that plug-ins have not finished, of one life of the daemon.

    `answered` is called, on any thread, with the number of a request that was kept and is answered now.
    """

    def __init__(self, servers: Sequence[Server], answered: Callable[[int], None]) -> None:
        self._servers = servers
        self._answered = answered
        self._numbers = itertools.count(1)
        self._open: dict[int, Request] = {}
        # Pieces that were taken to find out whether they are all.
        self._pieces: dict[int, bytes] = {}

    def respond(self, *asked: Any) -> Told:
        """Have the handlers of a server answer a request, given as `Asked`."""
        server = self._servers[asked[0]]
        request = Request(Channel(server, asked[-1] or ""), asked)
        try:
            self._hand_over(server, request)
        except Exception:
            self._say(request)
            # What was answered before stands.
            if not request._is_done:
                request.error(_FAILED)
        return self._progress(request, None)

    def _hand_over(self, server: Server, request: Request) -> None:
        for handler in list(server.handlers):
            if handler.match(request):
                request.channel.current_request = request
                handler.handle_request(request)
                break
        else:
            request.error(404)
        if request.collector is not None and not request._is_done:
            if request._body:
                request.collector.collect_incoming_data(request._body)
            request.collector.found_terminator()

    def go_on(self, number: int) -> Told:
        """Ask for more about a request."""
        request = self._open.get(number)
        if request is None:
            return b""
        if number not in self._pieces:
            return self._progress(request, number)
        piece: Any = self._pieces[number]
        try:
            piece = piece or request._next_piece()
        except Exception:
            # The answer has begun; all that can be done is to end it.
            self._say(request)
            piece = b""
        self._pieces[number] = b""
        if piece is NOT_DONE_YET:
            return number, request._delay
        if not piece:
            self.let_go(number)
        return bytes(piece)

    def let_go(self, number: int) -> None:
        """Forget a request: nobody waits for it."""
        self._open.pop(number, None)
        self._pieces.pop(number, None)

    def _progress(self, request: Request, number: int | None) -> Told:
        """Look how far a request is that nothing was sent of yet."""
        try:
            delay = _ask(request.channel.producers)
            if delay is None and request._is_done:
                return self._answer(request, number)
        except Exception:
            self._say(request)
            if number is not None:
                self.let_go(number)
            return _FAILED, [], None
        if request._is_native:
            return None
        return self._keep(request, number), delay

    def _keep(self, request: Request, number: int | None) -> int:
        if number is None:
            number = next(self._numbers)
            self._open[number] = request
            kept = number
            request._tell = lambda: self._answered(kept)
        return number

    def _answer(self, request: Request, number: int | None) -> Told:
        headers = [(str(name), str(value)) for name, value in request.reply_headers.items()]
        body: Body = None
        if not request._is_error:
            log = followed(request.outgoing)
            body = self._body(request, number) if log is None else log
        if number is not None and body != number:
            self.let_go(number)
        return request.reply_code, headers, body

    def _body(self, request: Request, number: int | None) -> Body:
        piece = request._next_piece()
        if isinstance(piece, bytes) and not request.outgoing:
            return piece
        number = self._keep(request, number)
        self._pieces[number] = piece if isinstance(piece, bytes) else b""
        return number

    def _say(self, request: Request) -> None:
        import traceback

        request.channel.server.log_info(f"Server Error: {traceback.format_exc()}", "error")


def _ask(producers: list[Any]) -> float | None:
    """Ask what was pushed to a channel; returns when to ask again, None at the end."""
    while producers:
        data = producers[0].more()
        if data is NOT_DONE_YET:
            return float(getattr(producers[0], "delay", 0.0))
        if data:
            raise NotImplementedError("what is sent goes through the request; a channel takes no bytes")
        producers.pop(0)
    return None
