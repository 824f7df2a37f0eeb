"""Waiting for descriptors was Python's in the original; the loop of this daemon is native."""

from supervisor._names import refusing

__getattr__ = refusing(
    __name__,
    ("BasePoller", "KQueuePoller", "PollPoller", "Poller", "SelectPoller"),
    "the daemon's loop is native, and has no descriptors of Python code in it",
)
