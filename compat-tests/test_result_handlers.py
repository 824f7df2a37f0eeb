"""A `result_handler` of one's own: Python code inside the daemon that judges what listeners answer."""

from __future__ import annotations

import os
import re
import signal
import xmlrpc.client
from pathlib import Path

import pytest

from conftest import Prepare
from harness.daemon import Daemon, program
from harness.events import listener, wait_events

PLUGINS = Path(__file__).resolve().parent / "plugins"
HANDLER = "result_handler = verdicts:judge"


def result(text: str) -> str:
    """A word for the listener of these tests: how it answers one event."""
    return f"answer=RESULT {len(text)}\\n{text}READY\\n"


def start(daemon: Daemon, programs: str, *, supervisord: str = "", ready: bool = True) -> None:
    """Start a daemon that finds the handler."""
    daemon.configure(programs, supervisord=supervisord)
    daemon.start(env={"PYTHONPATH": str(PLUGINS), "VERDICTS": str(daemon.folder / "verdicts")}, ready=ready)


def send(daemon: Daemon, *texts: str) -> None:
    """Send a message to listeners for each text."""
    for text in texts:
        assert daemon.rpc.sendRemoteCommEvent("t", text) is True


def verdicts(daemon: Daemon) -> list[str]:
    """What the handler noted, without what differs from run to run."""
    return re.sub(r"pid:\d+", "pid:N", daemon.wait_file("verdicts")).splitlines()


def test_the_handler_gets_the_event_and_the_bytes_of_the_answer(prepare: Prepare) -> None:
    daemon = prepare()
    events = "REMOTE_COMMUNICATION,PROCESS_STATE_EXITED,PROCESS_LOG,PROCESS_GROUP_REMOVED"
    start(
        daemon,
        listener("pool", events, *[result("fine")] * 5, more=HANDLER)
        + f"[program:x]\ncommand = {program('printer', 'said')}\nstartsecs = 0\nautostart = false\n"
        "autorestart = false\nstdout_events_enabled = true\n",
        supervisord="loglevel = debug",
    )
    send(daemon, "a")
    wait_events(daemon, 1)
    daemon.rpc.startProcess("x", False)
    wait_events(daemon, 2)
    daemon.rpc.signalProcess("x", "KILL")
    wait_events(daemon, 3)
    assert daemon.rpc.removeProcessGroup("x") is True
    daemon.wait_log("DEBG pool: event was processed", 4)
    head = "processname:x groupname:x"
    assert verdicts(daemon) == [
        "supervisor.events.RemoteCommunicationEvent 'type:t\\na' b'fine'",
        f"supervisor.events.ProcessLogStdoutEvent '{head} pid:N channel:stdout\\nsaid' b'fine'",
        f"supervisor.events.ProcessStateExitedEvent '{head} from_state:RUNNING expected:0 pid:N' b'fine'",
        "supervisor.events.ProcessGroupRemovedEvent 'groupname:x\\n' b'fine'",
    ]


def test_a_rejected_event_comes_again(prepare: Prepare) -> None:
    daemon = prepare()
    words = [result("no"), result("fine"), result("fine")]
    start(daemon, listener("pool", "REMOTE_COMMUNICATION", *words, more=HANDLER))
    send(daemon, "a", "b")
    events = wait_events(daemon, 3)
    assert [event.payload for event in events] == ["type:t\na", "type:t\na", "type:t\nb"]
    assert [event.headers["serial"] for event in events] == ["0", "0", "1"]
    daemon.wait_log("WARN pool: event was rejected")


def test_an_exception_of_the_handler_rejects_the_event_and_ends_the_listener(prepare: Prepare) -> None:
    daemon = prepare()
    start(daemon, listener("pool", "REMOTE_COMMUNICATION", result("what?"), more=HANDLER))
    send(daemon, "a", "b")
    daemon.wait_log("WARN pool: event caused an error")
    daemon.wait_log_match("WARN pool: has entered the UNKNOWN state .*")
    if daemon.under_test.ours:
        # The original does not say what was raised.
        text = daemon.log_text
        assert "ERRO Traceback (most recent call last):" in text
        assert "RuntimeError: told to fail" in text
    os.kill(daemon.info("pool")["pid"], signal.SIGKILL)
    first, second = wait_events(daemon, 2)[:2]
    assert first.headers == second.headers


@pytest.mark.differs("the reason of the failed import follows, as for other plug-ins")
@pytest.mark.parametrize("spec", ["no_such_module:judge", "verdicts:no_such_name"])
def test_a_handler_that_cannot_be_found_is_refused(prepare: Prepare, spec: str) -> None:
    daemon = prepare()
    start(
        daemon,
        listener("pool", "REMOTE_COMMUNICATION", more=f"result_handler = {spec}"),
        ready=False,
    )
    assert daemon.wait_end() == 2
    message = daemon.stderr.splitlines()[-2]
    expected = f"Error: {spec} cannot be resolved within [eventlistener:pool]"
    if daemon.under_test.ours:
        assert re.fullmatch(re.escape(expected) + ": .+", message)
    else:
        assert message == expected


def test_a_configuration_whose_handler_cannot_be_found_is_not_read_again(prepare: Prepare) -> None:
    daemon = prepare()
    pool = listener("pool", "REMOTE_COMMUNICATION", *[result("fine")] * 3, more=HANDLER)
    start(daemon, pool)
    other = listener(
        "other", "REMOTE_COMMUNICATION", log="other", more="result_handler = verdicts:no_such_name"
    )
    daemon.configure(pool + other)
    with pytest.raises(xmlrpc.client.Fault) as caught:
        daemon.rpc.reloadConfig()
    assert caught.value.faultCode == 92
    expected = "CANT_REREAD: verdicts:no_such_name cannot be resolved within [eventlistener:other]"
    assert caught.value.faultString.startswith(expected)
    daemon.configure(pool + other.replace("no_such_name", "judge"))
    assert daemon.rpc.reloadConfig() == [[["other"], [], []]]
    assert daemon.rpc.addProcessGroup("other") is True
    daemon.wait_state("other", "RUNNING")
    send(daemon, "a")
    wait_events(daemon, 1, log="other")
    daemon.wait_log("WARN other: event caused an error")


@pytest.mark.differs(
    "a daemon that was started without Python learns of a result handler when it is reloaded"
)
def test_a_handler_in_a_configuration_that_is_loaded_later(prepare: Prepare) -> None:
    daemon = prepare()
    start(daemon, listener("pool", "REMOTE_COMMUNICATION"))
    daemon.configure(listener("pool", "REMOTE_COMMUNICATION", result("no"), result("fine"), more=HANDLER))
    if daemon.under_test.ours:
        with pytest.raises(xmlrpc.client.Fault) as caught:
            daemon.rpc.reloadConfig()
        assert "this daemon runs without Python until it is reloaded" in caught.value.faultString
    else:
        assert daemon.rpc.reloadConfig() == [[[], ["pool"], []]]
    daemon.signal(signal.SIGHUP)
    started = f"INFO supervisord started with pid {daemon.started_as}"
    daemon.wait_log(started, times=2)
    send(daemon, "a")
    assert [event.payload for event in wait_events(daemon, 2)] == ["type:t\na"] * 2
    daemon.wait_log("WARN pool: event was rejected")
    assert daemon.stop() == 0
