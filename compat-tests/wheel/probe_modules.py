"""Run by an environment's own Python: calls the package's plain functions and prints what came, as JSON.

The output of the original and of ours is compared line by line. Results are shown by ``repr``, classes by
their name, errors by class and message.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from supervisor import childutils, compat, datatypes, loggers, options, states, xmlrpc


def show(value: Any) -> str:
    """Return a text that is the same for equal values of both."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(show(each) for each in value)})"
    return repr(value)


def outcome(call: Callable[..., Any], *arguments: Any) -> str:
    """Return what a call returned or raised."""
    try:
        return show(call(*arguments))
    except Exception as why:
        return f"{type(why).__name__}: {why}"


CASES: list[tuple[str, Callable[..., Any], Iterable[Any]]] = [
    ("boolean", datatypes.boolean, ["yes", "TRUE", "on", "1", "no", "False", "off", "0", "", "maybe", True, 0, None]),
    ("integer", datatypes.integer, ["1", " 7 ", "-3", "1_000", "x", "", "1.5", "٣"]),
    ("byte_size", datatypes.byte_size, ["0", "10", "1KB", "2mb", "3Gb", "1M", "KB", "1.5MB", " 4 KB", "-1kb", ""]),
    ("list_of_strings", datatypes.list_of_strings, ["", None, "a", "a, b ,c", ",", 3]),
    ("list_of_ints", datatypes.list_of_ints, ["", None, "1", "1, 2", "1,x", ","]),
    ("list_of_exitcodes", datatypes.list_of_exitcodes, ["", "0", "0,2", "255", "256", "-1", "x"]),
    ("process_or_group_name", datatypes.process_or_group_name, ["a", " b ", "a b", "a:b", "a/b", "ü", ""]),
    ("octal_type", datatypes.octal_type, ["022", "0o22", "700", "-1", "9", "", None]),
    ("existing_directory", datatypes.existing_directory, ["/", "/nowhere/at/all", "", "~nobody-of-this-name"]),
    ("existing_dirpath", datatypes.existing_dirpath, ["/x", "name", "", "/nowhere/x", "./x"]),
    ("logging_level", datatypes.logging_level, ["info", "WARN", "blather", "warning", "", 20]),
    ("logfile_name", datatypes.logfile_name, ["NONE", "off", None, "AUTO", "syslog", "/x.log", "/nowhere/x.log"]),
    ("inet_address", datatypes.inet_address, ["9001", ":9001", "*:1", "HOST:80", "h:", "h:0", "65536", "x", "a:b:3"]),
    ("port_number", datatypes.port_number, ["1", "65535", "0", "65536", "-1", "x"]),
    ("name_to_uid", datatypes.name_to_uid, ["root", "0", "no-such-user", "4294967294", "-5"]),
    ("name_to_gid", datatypes.name_to_gid, ["0", "no-such-group", "4294967294"]),
    ("gid_for_uid", datatypes.gid_for_uid, [0]),
    ("user:group", datatypes.colon_separated_user_group, ["root", "0:0", "root:no-such-group", ":", ""]),
    ("url", datatypes.url, ["http://localhost:9001", "unix:///tmp/x", "localhost", "", "http:"]),
    ("signal", datatypes.signal_number, ["TERM", "sigusr1", " hup ", "9", 15, "0", "99", "NOSUCH", "SIG_IGN", ""]),
    ("auto_restart", datatypes.auto_restart, ["true", "0", "Unexpected", "maybe", ""]),
    ("profile_options", datatypes.profile_options, ["cumulative,calls", "Callers, time", ""]),
    ("key values", datatypes.dict_of_key_value_pairs, ["", "A=1", "A=1,B=2", "A='1,2',B=\"x y\"", "A=/a.b+c-d():", "A", "A=", "A=1,", "=1", "A=1,B", "A==1"]),
    ("getLevelNumByDescription", loggers.getLevelNumByDescription, ["critical", "trace", "x"]),
    ("process state", states.getProcessStateDescription, [0, 10, 20, 30, 40, 100, 200, 1000, 5]),
    ("supervisor state", states.getSupervisorStateDescription, [2, 1, 0, -1, 5]),
    ("listener state", states.getEventListenerStateDescription, [10, 20, 30, 40, 5]),
    ("split_namespec", options.split_namespec, ["a", "a:b", "a:*", "a:", ":b", "a:b:c", ""]),
    ("signame", options.signame, [*range(1, 32), 64, 99]),
    ("decode_wait_status", options.decode_wait_status, [0, 256, 0xFF00, 9, 15, 0x8B, 0x137F]),
    ("fault", xmlrpc.getFaultDescription, [*range(100), -1]),
    ("capped_int", xmlrpc.capped_int, [0, 1.9, -1.9, 2**31, -(2**31) - 1, 2**31 - 1, "12"]),
    ("marshal", xmlrpc.xmlrpc_marshal, [1, "ü<", [1, "a"], {"k": True}, compat.Fault(10, "BAD_NAME")]),
    ("get_headers", childutils.get_headers, ["", "ver:3.0 len:5\n", "a:"]),
    ("eventdata", childutils.eventdata, ["a:1 b:2\nthe\ndata", "a:1\n"]),
    ("get_asctime", childutils.get_asctime, [0, 1000000000.987, 1.0009]),
    ("as_bytes", compat.as_bytes, ["ü", b"x"]),
    ("as_string", compat.as_string, ["ü", b"\xc3\xbc"]),
    ("is_text_stream", compat.is_text_stream, [io.StringIO(), io.BytesIO(), 1]),
    ("import_spec", compat.import_spec, ["supervisor.states:RUNNING_STATES", "os.path:sep", "no.such.module:x"]),
]  # fmt: skip

PAIRS: list[tuple[str, Callable[..., Any], Iterable[tuple[Any, ...]]]] = [
    ("make_namespec", options.make_namespec, [("a", "a"), ("a", "b"), ("", "")]),
    (
        "expand",
        options.expand,
        [
            ("%(a)s-%(n)02d", {"a": 1, "n": 7}, "command"),
            ("%(b)s", {"z": 1, "a": 1}, "command"),
            ("100%", {}, "command"),
            ("%(a)d", {"a": "x"}, "command"),
            ("%%", {}, "command"),
            ("plain", {"a": 1}, "command"),
        ],
    ),
    ("RPCError", lambda *arguments: str(xmlrpc.RPCError(*arguments)), [(10,), (10, "x"), (7, "x")]),
]

DOCSTRINGS = [
    "",
    "One line.",
    """ Start a process

    @param string name Process name (or ``group:name``, or ``group:*``)
    @param boolean wait Wait for process to be fully started
    @return boolean result     Always true unless error

    """,
    "@return\n@return int\n@return int pid\ntext\n  more text  \n@\n@x y z   w  v",
    "first\n\n  second\n\t@param  array  calls   An array\n   of calls\n",
]


def spoken(call: Callable[[io.StringIO], Any]) -> str:
    """Return what a call writes to a stream."""
    stream = io.StringIO()
    call(stream)
    return stream.getvalue()


def captured(message: bytes) -> str:
    """Return what a captured message looks like."""
    stream = io.BytesIO()
    childutils.pcomm.send(message, stream)
    return repr(stream.getvalue())


def answers() -> dict[str, str]:
    """Return every outcome by what was called."""
    found: dict[str, str] = {}
    for name, call, values in CASES:
        for value in values:
            key = (
                type(value).__name__
                if hasattr(value, "read") or isinstance(value, Exception)
                else repr(value)
            )
            found[f"{name} {key}"] = outcome(call, value)
    for name, call, several in PAIRS:
        for arguments in several:
            found[f"{name} {arguments!r}"] = outcome(call, *arguments)
    for text in DOCSTRINGS:
        found[f"gettags {text!r}"] = outcome(xmlrpc.gettags, text)
    listener = childutils.listener
    found["listener ok"] = spoken(listener.ok)
    found["listener fail"] = spoken(listener.fail)
    found["listener ready"] = spoken(listener.ready)
    found["listener send"] = spoken(lambda stream: listener.send("a\nb", stream))
    found["listener wait"] = outcome(listener.wait, io.StringIO("ver:3.0 len:3\nabcdef"), io.StringIO())
    found["listener wait at the end"] = outcome(listener.wait, io.StringIO(""), io.StringIO())
    found["pcomm"] = captured(b"a\nb")
    found["states"] = show([states.STOPPED_STATES, states.RUNNING_STATES, states.SIGNALLABLE_STATES])
    found["codes"] = show(sorted(states._process_states_by_code.items()))
    found["faults"] = show(sorted(name for name in vars(xmlrpc.Faults) if not name.startswith("_")))
    found["levels"] = show(sorted(loggers.LOG_LEVELS_BY_NUM.items()))
    found["signals"] = show(sorted(datatypes.SIGNUMS))
    found["errors"] = show(
        [
            issubclass(each, options.ProcessException)
            for each in (options.BadCommand, options.NotFound, options.NotExecutable, options.NoPermission)
        ]
    )
    return found


if __name__ == "__main__":
    json.dump(answers(), sys.stdout)
