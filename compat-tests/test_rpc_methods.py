"""Every XML-RPC method: what is published of it, wrong numbers and types of arguments, the shutdown state."""

from __future__ import annotations

import os
import re
import signal
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import http
from harness.daemon import Daemon, program, running
from harness.under_test import UnderTest

PROGRAMS = """
[program:x]
command = cat
autostart = false
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
"""


@dataclass(frozen=True)
class Method:
    """A method: what it returns, and its parameters as `type name`, optional ones with a question mark."""

    returns: str
    parameters: tuple[str, ...] = ()

    @property
    def signature(self) -> list[str]:
        """What `system.methodSignature` answers."""
        return [self.returns, *(parameter.split()[0] for parameter in self.parameters)]

    @property
    def required(self) -> int:
        """How many arguments it needs."""
        return sum("?" not in parameter for parameter in self.parameters)


def log_reader(returns: str) -> Method:
    """A method that reads the log of a process."""
    return Method(returns, ("string name", "int offset", "int length"))


ONE = Method("boolean", ("string name", "boolean wait?"))
GROUP = Method("array", ("string name", "boolean wait?"))
ALL = Method("array", ("boolean wait?",))
NAMED = Method("boolean", ("string name",))
MAIN_LOG = Method("string", ("int offset", "int length"))
METHODS = {
    "supervisor.addProcessGroup": NAMED,
    "supervisor.clearAllProcessLogs": Method("array"),
    "supervisor.clearLog": Method("boolean"),
    "supervisor.clearProcessLog": NAMED,
    "supervisor.clearProcessLogs": NAMED,
    "supervisor.getAPIVersion": Method("string"),
    "supervisor.getAllConfigInfo": Method("array"),
    "supervisor.getAllProcessInfo": Method("array"),
    "supervisor.getIdentification": Method("string"),
    "supervisor.getPID": Method("int"),
    "supervisor.getProcessInfo": Method("struct", ("string name",)),
    "supervisor.getState": Method("struct"),
    "supervisor.getSupervisorVersion": Method("string"),
    "supervisor.getVersion": Method("string"),
    "supervisor.readLog": MAIN_LOG,
    "supervisor.readMainLog": MAIN_LOG,
    "supervisor.readProcessLog": log_reader("string"),
    "supervisor.readProcessStderrLog": log_reader("string"),
    "supervisor.readProcessStdoutLog": log_reader("string"),
    "supervisor.reloadConfig": Method("array"),
    "supervisor.removeProcessGroup": NAMED,
    "supervisor.restart": Method("boolean"),
    "supervisor.sendProcessStdin": Method("boolean", ("string name", "string chars")),
    "supervisor.sendRemoteCommEvent": Method("boolean", ("string type", "string data")),
    "supervisor.shutdown": Method("boolean"),
    "supervisor.signalAllProcesses": Method("array", ("string signal",)),
    "supervisor.signalProcess": Method("boolean", ("string name", "string signal")),
    "supervisor.signalProcessGroup": Method("array", ("string name", "string signal")),
    "supervisor.startAllProcesses": ALL,
    "supervisor.startProcess": ONE,
    "supervisor.startProcessGroup": GROUP,
    "supervisor.stopAllProcesses": ALL,
    "supervisor.stopProcess": ONE,
    "supervisor.stopProcessGroup": GROUP,
    "supervisor.tailProcessLog": log_reader("array"),
    "supervisor.tailProcessStderrLog": log_reader("array"),
    "supervisor.tailProcessStdoutLog": log_reader("array"),
    "system.listMethods": Method("array"),
    "system.methodHelp": Method("string", ("string name",)),
    "system.methodSignature": Method("array", ("string name",)),
    "system.multicall": Method("array", ("array calls",)),
}


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon with one program that does not run; no test here changes that."""
    with running(under_test, PROGRAMS) as daemon:
        yield daemon


def ask(daemon: Daemon, method: str, values: list[str]) -> Any:
    """The answer to a call with arguments in XML: the HTTP status unless 200, a fault as `(code, text)`, the value."""
    params = "".join(f"<param><value>{value}</value></param>" for value in values)
    body = f"<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"
    answer = http.ask(daemon.socket, "POST", "/RPC2", body.encode())
    if answer.status != 200:
        return answer.status
    try:
        (value,), _ = xmlrpc.client.loads(answer.body.decode())
    except xmlrpc.client.Fault as fault:
        return fault.faultCode, fault.faultString
    return value


#: Well-formed arguments that name nothing.
GOOD = {
    "string": "<string>nobody</string>",
    "int": "<int>0</int>",
    "boolean": "<boolean>1</boolean>",
    "array": "<array><data/></array>",
}


def good(method: str) -> list[str]:
    """Arguments of the right types for a method."""
    return [GOOD[kind] for kind in METHODS[method].signature[1:]]


def test_all_methods_are_listed(daemon: Daemon) -> None:
    assert daemon.methods() == sorted(METHODS)


def test_the_signature_of_every_method(daemon: Daemon) -> None:
    server: Any = daemon.server
    assert {name: server.system.methodSignature(name) for name in METHODS} == {
        name: method.signature for name, method in METHODS.items()
    }


def test_the_help_of_every_method_names_its_parameters(daemon: Daemon) -> None:
    server: Any = daemon.server
    for name, method in METHODS.items():
        tags = re.findall(r"@param +(\w+) +(\w+)", server.system.methodHelp(name))
        expected = [tuple(parameter.rstrip("?").split()) for parameter in method.parameters]
        assert tags == expected, name


@pytest.mark.parametrize("method", ["system.methodHelp", "system.methodSignature"])
@pytest.mark.parametrize("name", ["nothing", "supervisor.nothing", "supervisor", "supervisor._update", ""])
def test_nothing_is_published_of_an_unknown_method(daemon: Daemon, method: str, name: str) -> None:
    assert ask(daemon, method, [f"<string>{name}</string>"]) == (4, "SIGNATURE_UNSUPPORTED")


def test_every_method_refuses_a_wrong_number_of_arguments(daemon: Daemon) -> None:
    for name, method in METHODS.items():
        arguments = good(name)
        assert ask(daemon, name, [*arguments, GOOD["string"]]) == (2, "INCORRECT_PARAMETERS"), name
        for count in range(method.required):
            assert ask(daemon, name, arguments[:count]) == (2, "INCORRECT_PARAMETERS"), name


def test_every_method_that_takes_a_name_refuses_an_unknown_one(daemon: Daemon) -> None:
    for name, method in METHODS.items():
        if name.startswith("supervisor.") and "string name" in method.parameters:
            assert ask(daemon, name, good(name)) == (10, "BAD_NAME: nobody"), name


WRONG = {
    "a number": "<int>5</int>",
    "a truth value": "<boolean>1</boolean>",
    "nothing": "<nil/>",
    "a fraction": "<double>1.5</double>",
    "an array": "<array><data><value><int>1</int></value></data></array>",
    "a struct": "<struct><member><name>a</name><value><int>1</int></value></member></struct>",
    "a time": "<dateTime.iso8601>20200102T03:04:05</dateTime.iso8601>",
}


@pytest.mark.parametrize("wrong", ["nothing", "an array", "a struct", "a time"])
@pytest.mark.parametrize("method", ["readLog", "readMainLog"])
def test_a_place_in_a_log_that_is_no_number(daemon: Daemon, method: str, wrong: str) -> None:
    for values in ([WRONG[wrong], GOOD["int"]], [GOOD["int"], WRONG[wrong]]):
        assert ask(daemon, f"supervisor.{method}", values) == (2, "INCORRECT_PARAMETERS")


@pytest.mark.parametrize("value", [*WRONG.values(), "", "<string>0</string>", "<int>0</int>", "<string/>"])
def test_whether_to_wait_may_be_any_value(daemon: Daemon, value: str) -> None:
    assert ask(daemon, "supervisor.stopAllProcesses", [value]) == []


@pytest.mark.differs(
    "a name of a wrong type is INCORRECT_PARAMETERS; in the original often HTTP 500, or a name"
)
def test_a_name_that_is_no_text(daemon: Daemon, under_test: UnderTest) -> None:
    for name, method in METHODS.items():
        if "string name" not in method.parameters:
            continue
        # Groups are compared with whatever comes, as in the original, so a number may be the name of one.
        takes_numbers = name in ("supervisor.addProcessGroup", "supervisor.removeProcessGroup")
        for what, wrong in WRONG.items():
            answer = ask(daemon, name, [wrong, *good(name)[1:]])
            if not under_test.ours:
                assert answer == 500 or answer[0] in (2, 4, 10), (name, what)
            elif takes_numbers and what == "a number":
                assert answer == (10, "BAD_NAME: 5")
            else:
                assert answer == (2, "INCORRECT_PARAMETERS"), (name, what)
    assert daemon.rpc.getState()["statename"] == "RUNNING"


def test_text_for_a_process_that_is_no_text(daemon: Daemon) -> None:
    for wrong in ("<int>5</int>", "<boolean>1</boolean>", "<double>1.5</double>"):
        code, text = ask(daemon, "supervisor.sendProcessStdin", ["x", wrong])
        assert (code, text.partition(":")[0]) == (2, "INCORRECT_PARAMETERS")


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("stopProcess", ["x"]),
        ("signalProcess", ["x", "HUP"]),
        ("sendProcessStdin", ["x", "text"]),
    ],
)
def test_what_needs_a_running_process_refuses_another(daemon: Daemon, method: str, values: list[str]) -> None:
    assert ask(daemon, f"supervisor.{method}", values) == (70, "NOT_RUNNING: x")


def test_groups_that_are_in_use_or_run(daemon: Daemon) -> None:
    assert ask(daemon, "supervisor.addProcessGroup", ["x"]) == (90, "ALREADY_ADDED: x")


def test_while_everything_stops_every_method_but_one_is_refused(under_test: UnderTest) -> None:
    config = (
        f"[program:x]\ncommand = {program('stubborn', '%(here)s/ready')}\nstartsecs = 0\nstopwaitsecs = 600"
    )
    with running(under_test, config) as daemon:
        daemon.wait_file("ready")
        pid = daemon.wait_state("x", "RUNNING")["pid"]
        assert daemon.rpc.shutdown() is True
        for name in METHODS:
            namespace, _, method = name.partition(".")
            if namespace == "supervisor" and method != "sendRemoteCommEvent":
                assert ask(daemon, name, good(name)) == (6, "SHUTDOWN_STATE"), name
                # Types are looked at later; in the original, one method looks at the group's name before that.
                if method != "signalProcessGroup":
                    wrong = [WRONG["a struct"]] * len(good(name))
                    assert ask(daemon, name, wrong) == (6, "SHUTDOWN_STATE"), name
                # The number of arguments comes first.
                assert ask(daemon, name, [*good(name), GOOD["int"]]) == (2, "INCORRECT_PARAMETERS"), name
        assert ask(daemon, "supervisor.sendRemoteCommEvent", good("supervisor.sendRemoteCommEvent")) is True
        assert ask(daemon, "system.listMethods", []) == sorted(METHODS)
        calls: Any = [{"methodName": "supervisor.getState"}, {"methodName": "supervisor.nothing"}]
        server: Any = daemon.server
        assert server.system.multicall(calls) == [
            {"faultCode": 6, "faultString": "SHUTDOWN_STATE"},
            {"faultCode": 1, "faultString": "UNKNOWN_METHOD"},
        ]
        os.kill(pid, signal.SIGKILL)
        assert daemon.wait_end() == 0


def test_the_stubs_for_type_checkers_know_the_same_methods(under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original has no stubs")
    stubs = next(
        Path(under_test.prefix).glob("lib/python3*/site-packages/supervisor/_methods.pyi")
    ).read_text()
    assert sorted(re.findall(r"def (\w+)\(", stubs)) == sorted(name.partition(".")[2] for name in METHODS)
