"""Types of configuration values: functions that turn the text of an option into a value.

Each raises ValueError with the message that the daemon shows for a bad value. The classes of sockets are what
`socket=` of a FastCGI program means.
"""

from __future__ import annotations

import os
import pwd

from supervisor._names import importing
from supervisor.loggers import getLevelNumByDescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, Union

    from supervisor._signals import SIGNUMS as SIGNUMS
    from supervisor._sockets import InetStreamSocketConfig as InetStreamSocketConfig
    from supervisor._sockets import SocketAddress as SocketAddress
    from supervisor._sockets import SocketConfig as SocketConfig
    from supervisor._sockets import UnixStreamSocketConfig as UnixStreamSocketConfig

    AutoRestart = Union[type[Union["RestartUnconditionally", "RestartWhenExitUnexpected"]], Literal[False]]
    LogFile = Union[str, type[Union["Automatic", "Syslog"]], None]
    """A path, a name to be made up, the system's log, or none at all."""
else:
    _SOCKETS = ("InetStreamSocketConfig", "SocketAddress", "SocketConfig", "UnixStreamSocketConfig")
    __getattr__ = importing(
        __name__,
        {
            "SIGNUMS": "supervisor._signals:SIGNUMS",
            **{name: f"supervisor._sockets:{name}" for name in _SOCKETS},
        },
    )

TRUTHY_STRINGS = ("yes", "true", "on", "1")
FALSY_STRINGS = ("no", "false", "off", "0")

MAX_EXIT_CODE = 255
"""The largest status that a process can exit with."""


class Automatic:
    """Stands for ``AUTO``: a log file of a name that the daemon makes up."""


class Syslog:
    """Stands for the log file name ``syslog``, an older way to say ``stdout_syslog=true``."""


class RestartWhenExitUnexpected:
    """Stands for ``autorestart=unexpected``."""


class RestartUnconditionally:
    """Stands for ``autorestart=true``."""


LOGFILE_NONES = ("none", "off", None)
LOGFILE_AUTOS = (Automatic, "auto")
LOGFILE_SYSLOGS = (Syslog, "syslog")


def process_or_group_name(name: object) -> str:
    """Return a name without its margins; it must not break event headers or URLs of the web pages."""
    text = str(name).strip()
    for character in " :/":
        if character in text:
            raise ValueError(f"Invalid name: {text!r} because of character: {character!r}")
    return text


def integer(value: str | float) -> int:
    """Return an integer, written as Python's ``int`` reads it."""
    return int(value)


def boolean(s: object) -> bool:
    """Return the truth of yes/true/on/1 and no/false/off/0, in any case."""
    text = str(s).lower()
    if text in TRUTHY_STRINGS:
        return True
    if text in FALSY_STRINGS:
        return False
    raise ValueError(f"not a valid boolean value: {s!r}")


def list_of_strings(arg: str | None) -> list[str]:
    """Return the words between commas, without their margins."""
    if not arg:
        return []
    try:
        return [word.strip() for word in arg.split(",")]
    except (AttributeError, TypeError):
        raise ValueError(f"not a valid list of strings: {arg!r}") from None


def list_of_ints(arg: str | None) -> list[int]:
    """Return the integers between commas."""
    if not arg:
        return []
    try:
        return [int(word) for word in arg.split(",")]
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"not a valid list of ints: {arg!r}") from None


def list_of_exitcodes(arg: str | None) -> list[int]:
    """Return the exit codes between commas, each 0 to 255."""
    try:
        codes = list_of_ints(arg)
    except ValueError:
        codes = [-1]
    if any(not 0 <= code <= MAX_EXIT_CODE for code in codes):
        raise ValueError(f"not a valid list of exit codes: {arg!r}")
    return codes


def dict_of_key_value_pairs(arg: object) -> dict[str, str]:
    """Return the pairs of ``KEY=value,KEY2="value, with comma"``, by the shell's rules for quotes."""
    import shlex

    lexer = shlex.shlex(str(arg), posix=True)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    pairs = {}
    # The fourth of each four is what stands between two pairs.
    for start in range(0, len(tokens), 4):
        pair = tokens[start : start + 3]
        if len(pair) < 3 or pair[1] != "=":
            raise ValueError(f"Unexpected end of key/value pairs in value '{arg}'")
        pairs[pair[0]] = pair[2]
    return pairs


def logfile_name(val: LogFile) -> LogFile:
    """Return what a log file option means; a path must lead into a directory that exists."""
    known = val.lower() if isinstance(val, str) else val
    if known in LOGFILE_NONES:
        return None
    if known in LOGFILE_AUTOS:
        return Automatic
    if known in LOGFILE_SYSLOGS:
        return Syslog
    return existing_dirpath(str(val))


class RangeCheckedConversion:
    """A conversion whose results must lie within bounds; a bound of None is none."""

    def __init__(
        self, conversion: Callable[[Any], int], min: int | None = None, max: int | None = None
    ) -> None:
        self._conversion = conversion
        self._min = min
        self._max = max

    def __call__(self, value: Any) -> int:
        """Convert a value; raises ValueError out of bounds."""
        converted = self._conversion(value)
        if self._min is not None and converted < self._min:
            raise ValueError(f"{converted!r} is below lower bound ({self._min!r})")
        if self._max is not None and converted > self._max:
            raise ValueError(f"{converted!r} is above upper bound ({self._max!r})")
        return converted


port_number = RangeCheckedConversion(integer, min=1, max=0xFFFF)
"""Convert a TCP port, 1 to 65535."""


def inet_address(s: str) -> tuple[str, int]:
    """Return host and port of ``port``, ``host:port``, ``:port`` or ``*:port``; an empty host means all."""
    host, colon, port = s.rpartition(":")
    if colon:
        if not port:
            raise ValueError(f"no port number specified in {port!r}")
        number = port_number(port)
    else:
        try:
            number = port_number(port)
        except ValueError:
            raise ValueError(f"not a valid port number: {s!r} ") from None
    return ("" if host == "*" else host.lower()), number


def name_to_uid(name: str) -> int:
    """Return the id of a user that exists, given by name or by id."""
    try:
        number = int(name)
    except ValueError:
        try:
            return pwd.getpwnam(name)[2]
        except KeyError:
            raise ValueError(f"Invalid user name {name}") from None
    try:
        return pwd.getpwuid(number)[2]
    except (KeyError, OverflowError):
        raise ValueError(f"Invalid user id {name}") from None


def name_to_gid(name: str) -> int:
    """Return the id of a group that exists, given by name or by id."""
    import grp

    try:
        number = int(name)
    except ValueError:
        try:
            return grp.getgrnam(name)[2]
        except KeyError:
            raise ValueError(f"Invalid group name {name}") from None
    try:
        return grp.getgrgid(number)[2]
    except (KeyError, OverflowError):
        raise ValueError(f"Invalid group id {name}") from None


def gid_for_uid(uid: int) -> int:
    """Return the main group of a user. Raises KeyError for a user that does not exist."""
    return pwd.getpwuid(uid).pw_gid


def colon_separated_user_group(arg: str) -> tuple[int, int]:
    """Return the ids of ``user:group``; the group is -1 where only ``user`` is given."""
    try:
        user, colon, group = arg.partition(":")
        return name_to_uid(user), (name_to_gid(group) if colon else -1)
    except (AttributeError, ValueError):
        raise ValueError(f"Invalid user:group definition {arg}") from None


def octal_type(arg: str) -> int:
    """Return a number written in octal, such as a umask."""
    try:
        return int(arg, 8)
    except (TypeError, ValueError):
        raise ValueError(f"{arg} can not be converted to an octal type") from None


def existing_directory(v: str) -> str:
    """Return the path of a directory that exists; ``~`` is the home directory."""
    path = os.path.expanduser(v)
    if os.path.isdir(path):
        return path
    raise ValueError(f"{v} is not an existing directory")


def existing_dirpath(v: str) -> str:
    """Return a path whose directory exists (the file need not); ``~`` is the home directory."""
    path = os.path.expanduser(v)
    directory = os.path.dirname(path)
    if not directory or os.path.isdir(directory):
        return path
    raise ValueError(f"The directory named as part of the path {v} does not exist")


def logging_level(value: object) -> int:
    """Return the number of a log level such as ``info``, in any case."""
    level = getLevelNumByDescription(str(value).lower())
    if level is None:
        raise ValueError(f"bad logging level name {value!r}")
    return level


class SuffixMultiplier:
    """Convert an integer with a unit: ``d`` gives the factor of each suffix, all of one length.

    Suffixes are compared in lower case. A number without one is multiplied by ``default``.
    """

    def __init__(self, d: Mapping[str, int], default: int = 1) -> None:
        lengths = {len(suffix) for suffix in d}
        if len(lengths) > 1:
            raise AssertionError("suffixes differ in length")
        self._d = d
        self._default = default
        self._length = max(lengths, default=0)

    def __call__(self, v: str) -> int:
        """Convert a text; raises ValueError where no integer is left."""
        text = v.lower()
        factor = self._d.get(text[-self._length :]) if self._length else None
        if factor is None:
            return int(text) * self._default
        return int(text[: -self._length]) * factor


byte_size = SuffixMultiplier({"kb": 1024, "mb": 1024**2, "gb": 1024**3})
"""Convert a size in bytes, KB, MB or GB; the units are powers of 1024."""


def url(value: str) -> str:
    """Return a text that has the parts of a URL: a scheme, and a host or a path."""
    from urllib.parse import urlparse

    parts = urlparse(value)
    if parts.scheme and (parts.netloc or parts.path):
        return value
    raise ValueError(f"value {value!r} is not a URL")


def signal_number(value: str | int) -> int:
    """Return the number of a signal given by number or by name, in any case, with or without SIG."""
    import signal

    from supervisor._signals import SIGNUMS

    try:
        number = int(value)
    except (TypeError, ValueError):
        name = str(value).strip().upper()
        found = getattr(signal, name if name.startswith("SIG") else f"SIG{name}", None)
        if found is None:
            raise ValueError(f"value {value!r} is not a valid signal name") from None
        number = found
    if number not in SIGNUMS:
        raise ValueError(f"value {value!r} is not a valid signal number")
    return number


def auto_restart(value: str) -> AutoRestart:
    """Return what ``autorestart`` means: a boolean, or ``unexpected``."""
    text = value.lower()
    if text in TRUTHY_STRINGS:
        return RestartUnconditionally
    if text in FALSY_STRINGS:
        return False
    if text == "unexpected":
        return RestartWhenExitUnexpected
    raise ValueError(f"invalid 'autorestart' value {text!r}")


def profile_options(value: str | None) -> tuple[list[str], bool]:
    """Return the sort keys of a profile, and whether callers are wanted."""
    words = [word.lower() for word in list_of_strings(value)]
    return [word for word in words if word != "callers"], "callers" in words
