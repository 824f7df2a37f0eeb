"""Descriptors of plug-ins that are watched for them: those that `supervisord.get_process_map` names.

A thread sleeps until one is ready and has the daemon's loop call its dispatcher; it is not watched again
before that has happened.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import Any

_READ = select.POLLIN | select.POLLPRI | select.POLLHUP


class Descriptors:
    """What is watched for one life of the daemon.

    `ready` is called, on a thread of its own, with a descriptor and whether it is writable.
    """

    def __init__(self, ready: Callable[[int, bool], None]) -> None:
        self._ready = ready
        self._lock = threading.Lock()
        self._armed: dict[int, int] = {}
        # Ready, and not taken care of yet.
        self._told: set[int] = set()
        self._waker: int | None = None

    def watch(self, dispatchers: dict[int, Any]) -> None:
        """Watch the descriptors of these dispatchers for what they say they wait for, and no others."""
        wanted = {}
        for descriptor, dispatcher in dispatchers.items():
            reads = _READ if dispatcher.readable() else 0
            writes = select.POLLOUT if hasattr(dispatcher, "writable") and dispatcher.writable() else 0
            if reads or writes:
                wanted[descriptor] = reads | writes
        with self._lock:
            wanted = {each: mask for each, mask in wanted.items() if each not in self._told}
            if wanted == self._armed:
                return
            self._armed = wanted
            if self._waker is None:
                heard, self._waker = os.pipe()
                threading.Thread(target=self._work, args=(heard,), name="descriptors", daemon=True).start()
            else:
                os.write(self._waker, b"w")

    def heed(self, descriptor: int) -> None:
        """Take in that a descriptor that was told of is taken care of: it may be watched again."""
        with self._lock:
            self._told.discard(descriptor)

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self._armed = {}
            if self._waker is not None:
                os.close(self._waker)
                self._waker = None

    def _work(self, heard: int) -> None:
        while True:
            poll = select.poll()
            poll.register(heard, select.POLLIN)
            with self._lock:
                for descriptor, mask in self._armed.items():
                    poll.register(descriptor, mask)
            for descriptor, event in poll.poll():
                if descriptor != heard:
                    with self._lock:
                        self._armed.pop(descriptor, None)
                        self._told.add(descriptor)
                    self._ready(descriptor, not event & _READ)
                elif not os.read(heard, 64):
                    os.close(heard)
                    return
