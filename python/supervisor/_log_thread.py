"""A thread that shows the logs of a process, for commands of plug-ins."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from supervisor import http_client
from supervisor.medusa import asyncore_25 as asyncore

_LONGEST_WAIT = 30.0
"""Seconds that a wait for the server takes before it begins again."""


class _Waker(asyncore.dispatcher):
    """A channel that ends a wait for others, of another thread."""

    def __init__(self, channels: dict[int, Any]) -> None:
        own, self._other = socket.socketpair()
        super().__init__(own, channels)

    def writable(self) -> bool:
        return False

    def handle_read(self) -> None:
        self.recv(1)

    def wake(self) -> None:
        """End the wait."""
        self._other.close()


class fgthread(threading.Thread):
    """Prints both logs of a process as they grow, until `kill`. For commands of plug-ins: `fg` is native."""

    def __init__(self, program: str, ctl: Any) -> None:
        super().__init__()
        self.killed = False
        self.program = program
        self.ctl = ctl
        self.listener = http_client.Listener()
        self._channels: dict[int, Any] = {}
        self.output_handler = self._handler()
        self.error_handler = self._handler()
        self._waker = _Waker(self._channels)

    def _handler(self) -> http_client.HTTPHandler:
        options = self.ctl.options
        return http_client.HTTPHandler(self.listener, options.username, options.password, map=self._channels)

    def run(self) -> None:
        """Read both logs, until they end or `kill` is called."""
        sys.settrace(self.globaltrace)
        try:
            self.output_handler.get(self.ctl.options.serverurl, f"/logtail/{self.program}/stdout")
            self.error_handler.get(self.ctl.options.serverurl, f"/logtail/{self.program}/stderr")
            # The waker is always there.
            while len(self._channels) > 1:
                asyncore.poll(_LONGEST_WAIT, self._channels)
        finally:
            sys.settrace(None)
            self._close()
            self._waker.close()

    def _close(self) -> None:
        self.output_handler.close()
        self.error_handler.close()

    def globaltrace(self, frame: Any, why: str | None, arg: Any) -> Callable[..., Any] | None:
        """Have `localtrace` follow each function."""
        return self.localtrace if why == "call" else None

    def localtrace(self, frame: Any, why: str | None, arg: Any) -> Callable[..., Any]:
        """End the thread at its next line once it was killed."""
        if self.killed and why == "line":
            raise SystemExit
        return self.localtrace

    def kill(self) -> None:
        """End the thread soon, whatever it waits for. Its connections are its own to close while it runs."""
        self.killed = True
        if self.is_alive():
            self._waker.wake()
        else:
            self._close()
