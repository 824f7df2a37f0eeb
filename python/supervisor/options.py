"""Configurations and command lines, names of processes, expansion of ``%(name)s``, errors of a failed start.

`ServerOptions` and `ClientOptions` read what `supervisord` and `supervisorctl` would run with. The parser is
the native one; what it read becomes attributes here, by the names of the options.
"""

from __future__ import annotations

import os

from supervisor._names import importing
from supervisor.compat import as_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from supervisor._client_options import ClientOptions
    from supervisor._configs import (
        Config,
        EventListenerConfig,
        EventListenerPoolConfig,
        FastCGIGroupConfig,
        FastCGIProcessConfig,
        ProcessConfig,
        ProcessGroupConfig,
    )
    from supervisor._ini import UnhosedConfigParser
    from supervisor._options import VERSION, Options
    from supervisor._server_options import (
        BadCommand,
        NoPermission,
        NotExecutable,
        NotFound,
        ProcessException,
        ServerOptions,
        SignalReceiver,
    )
else:
    _PLACES = {
        "_client_options": "ClientOptions",
        "_configs": "Config ProcessConfig EventListenerConfig FastCGIProcessConfig ProcessGroupConfig "
        "EventListenerPoolConfig FastCGIGroupConfig",
        "_ini": "UnhosedConfigParser",
        "_options": "VERSION Options",
        "_server_options": "BadCommand NoPermission NotExecutable NotFound ProcessException ServerOptions "
        "SignalReceiver",
    }
    __getattr__ = importing(
        __name__,
        {name: f"supervisor.{module}:{name}" for module, names in _PLACES.items() for name in names.split()},
    )

__all__ = [
    "VERSION",
    "BadCommand",
    "ClientOptions",
    "Config",
    "EventListenerConfig",
    "EventListenerPoolConfig",
    "FastCGIGroupConfig",
    "FastCGIProcessConfig",
    "NoPermission",
    "NotExecutable",
    "NotFound",
    "Options",
    "ProcessConfig",
    "ProcessException",
    "ProcessGroupConfig",
    "ServerOptions",
    "SignalReceiver",
    "UnhosedConfigParser",
    "decode_wait_status",
    "expand",
    "make_namespec",
    "normalize_path",
    "readFile",
    "signame",
    "split_namespec",
    "tailFile",
]


def normalize_path(v: str) -> str:
    """Return the absolute path; ``~`` is the home directory, and ``..`` goes back."""
    return os.path.normpath(os.path.abspath(os.path.expanduser(v)))


def make_namespec(group_name: str, process_name: str) -> str:
    """Return how a process is addressed: ``group:process``, or its name alone where both are the same."""
    return process_name if group_name == process_name else f"{group_name}:{process_name}"


def split_namespec(namespec: str) -> tuple[str, str | None]:
    """Return group and process of an address; the process is None for a whole group, ``group:*``."""
    group_name, colon, process_name = namespec.partition(":")
    if not colon:
        return namespec, namespec
    return group_name, (None if process_name in ("", "*") else process_name)


def expand(s: str, expansions: Mapping[str, Any], name: str) -> str:
    """Return the text with its ``%(key)s`` replaced; ``name`` is the option, for the message.

    Raises ValueError for a key that is not known and for a format that is none.
    """
    try:
        return s % expansions
    except KeyError as why:
        known = ", ".join(sorted(expansions))
        raise ValueError(
            f"Format string {s!r} for {name!r} contains names ({why}) which cannot be expanded. "
            f"Available names: {known}"
        ) from None
    except (TypeError, ValueError) as why:
        raise ValueError(f"Format string {s!r} for {name!r} is badly formatted: {why}") from None


def signame(sig: int) -> str:
    """Return the name of a signal, ``signal 99`` for a number without one."""
    from supervisor._signals import NAMES

    return NAMES.get(sig) or f"signal {sig}"


def decode_wait_status(sts: int) -> tuple[int, str]:
    """Return the exit status in a status of ``os.wait``, -1 after a signal, and a text that says it."""
    if os.WIFEXITED(sts):
        status = os.WEXITSTATUS(sts)
        return status, f"exit status {status}"
    if os.WIFSIGNALED(sts):
        core = " (core dumped)" if os.WCOREDUMP(sts) else ""
        return -1, f"terminated by {signame(os.WTERMSIG(sts))}{core}"
    return -1, f"unknown termination cause 0x{sts:04x}"


def readFile(filename: str, offset: int, length: int) -> bytes:
    """Return bytes of a file: `length` from `offset` on, to its end for 0, or its last ``-offset`` bytes.

    Raises ValueError with the name of a fault: ``BAD_ARGUMENTS`` or ``FAILED``.
    """
    if length < 0 or (offset < 0 and length):
        raise ValueError("BAD_ARGUMENTS")
    try:
        with open(filename, "rb") as file:
            if offset < 0:
                file.seek(max(file.seek(0, os.SEEK_END) + offset, 0))
                return file.read(-offset)
            file.seek(offset)
            return file.read(length or -1)
    except OSError:
        raise ValueError("FAILED") from None


def tailFile(filename: str, offset: int, length: int) -> list[Any]:
    """Return the last `length` bytes of a file as text, its size, and whether more came since `offset`.

    A file that cannot be read is empty.
    """
    try:
        with open(filename, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            overflow = size > offset + length
            wanted = length if overflow or offset + length > size > offset else 0
            file.seek(max(size - wanted, 0))
            return [as_string(file.read(max(wanted, 0))), size, overflow]
    except OSError:
        return ["", offset, False]
