"""A plug-in that imports what most plug-ins import, and else is the one of `idle_plugin.py`."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: F401

from idle_plugin import make_idle

from supervisor import events
from supervisor.http import NOT_DONE_YET
from supervisor.options import make_namespec, split_namespec
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.xmlrpc import Faults, RPCError
