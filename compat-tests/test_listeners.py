"""Listeners: the protocol and what violates it, pools and their buffers, standard input."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest

from conftest import Supervise
from harness.daemon import PROGRAMS, Daemon, program
from harness.events import listener, received, wait_events, wait_ready
from harness.processes import stat_fields
from harness.under_test import UnderTest
from harness.waiting import wait_for

UNKNOWN = (
    "WARN pool: has entered the UNKNOWN state and will no longer receive events, this usually indicates the "
    "process violated the eventlistener protocol"
)


SHELL = """\
while echo READY && read -r header; do
    length=${header##*len:}
    payload=$(dd bs=1 count="$length" 2>/dev/null)
    echo "$header|$payload" >>"$1"
    printf 'RESULT 2\\nOK'
done
"""


def send(daemon: Daemon, *texts: str) -> None:
    """Send a message to listeners for each text."""
    for text in texts:
        assert daemon.rpc.sendRemoteCommEvent("t", text) is True


def texts(daemon: Daemon, count: int) -> list[str]:
    """Wait for this many messages; their texts."""
    return [event.payload.removeprefix("type:t\n") for event in wait_events(daemon, count, "type:t")]


def json_lines(path: Path) -> list[Any]:
    """What whole lines of a file say; nothing while there is no file."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


@pytest.mark.parametrize("start", ["hello!", "ready\\n", "READY\\nREADY\\n", "READY\\nx"])
def test_what_is_said_instead_of_ready_is_a_violation(supervise: Supervise, start: str) -> None:
    daemon = supervise(listener("pool", "TICK_3600", f"start={start}"))
    daemon.wait_log(UNKNOWN)


@pytest.mark.parametrize("line", ["RESULT x", "OK", "RESULT", "READY", "RESULT 2.0"])
def test_a_result_line_without_a_length_is_a_violation(supervise: Supervise, line: str) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", f"answer={line}\\nREADY\\n"))
    send(daemon, "a", "b")
    daemon.wait_log(UNKNOWN)
    daemon.wait_log(f"WARN pool: bad result line: '{line}'")
    pid = daemon.info("pool")["pid"]
    os.kill(pid, signal.SIGKILL)
    # Its next life violates again, so the event comes twice with its number and nothing else comes.
    first, second = wait_events(daemon, 2)[:2]
    assert first.headers == second.headers
    assert first.pid != second.pid


def test_a_violation_leaves_the_events_to_the_others_of_the_pool(supervise: Supervise) -> None:
    daemon = supervise(
        listener(
            "pool",
            "REMOTE_COMMUNICATION",
            "answer=RESULT 2\\nOKREADY\\n",
            "answer=nonsense\\n",
            more="numprocs = 2\nprocess_name = %(program_name)s_%(process_num)d",
        )
    )
    for number in range(2):
        daemon.wait_state(f"pool:pool_{number}", "RUNNING")
    # Each accepts one and answers nonsense to the next: of five messages at least one finds nobody, the rest comes
    # again to the other one.
    send(daemon, "a", "b", "c")
    daemon.wait_log("WARN pool_0: bad result line: 'nonsense'")
    daemon.wait_log("WARN pool_1: bad result line: 'nonsense'")
    told = [event.payload[-1] for event in wait_events(daemon, 4)]
    assert sorted(set(told)) == ["a", "b", "c"]
    send(daemon, "d")
    assert len(received(daemon)) == 4


@pytest.mark.parametrize("result", ["RESULT 2\\nO", "RESULT 200000\\nOK", "RESULT", "RESULT 2"])
def test_an_answer_that_is_not_finished_is_waited_for(supervise: Supervise, result: str) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", f"answer={result}", "answer=hold"))
    send(daemon, "a", "b")
    first = wait_events(daemon, 1)[0]
    os.kill(first.pid, signal.SIGKILL)
    # Its next life has the same event before it, and violates in the same way.
    second = wait_events(daemon, 2)[1]
    assert (second.headers, second.pid != first.pid) == (first.headers, True)
    assert not [line for line in daemon.log_lines() if "UNKNOWN" in line or "bad result" in line]


@pytest.mark.differs("a negative length is a violation; the original waits for ever")
def test_a_negative_length(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", "answer=RESULT -1\\nOKREADY\\n"))
    send(daemon, "a")
    wait_events(daemon, 1)
    if daemon.under_test.ours:
        daemon.wait_log("WARN pool: bad result line: 'RESULT -1'")
        daemon.wait_log(UNKNOWN)
    else:
        assert UNKNOWN not in daemon.log_lines()


def test_a_rejected_event_comes_again_before_the_others(supervise: Supervise) -> None:
    daemon = supervise(
        listener(
            "pool", "REMOTE_COMMUNICATION", "answer=RESULT 4\\nFAILREADY\\n", "answer=RESULT 2\\nNOREADY\\n"
        )
    )
    send(daemon, "a", "b")
    events = wait_events(daemon, 4)
    assert [event.payload for event in events] == ["type:t\na"] * 3 + ["type:t\nb"]
    assert [event.headers["serial"] for event in events] == ["0", "0", "0", "1"]
    assert [event.headers["poolserial"] for event in events] == ["0", "0", "0", "1"]
    daemon.wait_log("WARN pool: event was rejected", 2)


def test_the_event_of_a_listener_that_dies_comes_again(supervise: Supervise) -> None:
    words = ["answer=RESULT 2\\nOKREADY\\n", "answer=die"]
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", *words))
    send(daemon, "a", "b")
    events = wait_events(daemon, 3)
    assert [event.payload[-1] for event in events] == ["a", "b", "b"]
    assert [event.headers["serial"] for event in events] == ["0", "1", "1"]
    assert events[2].pid != events[1].pid


@pytest.mark.differs("a rejected event goes back to its own pool alone")
def test_a_rejected_event_and_another_pool(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "REMOTE_COMMUNICATION", "answer=RESULT 4\\nFAILREADY\\n")
        + listener("other", "TICK_3600", log="other")
    )
    daemon.wait_state("other", "RUNNING")
    send(daemon, "a")
    assert texts(daemon, 2) == ["a", "a"]
    if daemon.under_test.ours:
        assert received(daemon, "other") == []
    else:
        assert wait_events(daemon, 1, log="other")[0].payload == "type:t\na"


def test_several_listeners_of_a_pool_share_its_events(supervise: Supervise) -> None:
    daemon = supervise(
        listener(
            "pool",
            "REMOTE_COMMUNICATION",
            "answer=hold",
            more="numprocs = 3\nprocess_name = %(program_name)s_%(process_num)d",
        )
    )
    for number in range(3):
        daemon.wait_state(f"pool:pool_{number}", "RUNNING")
    send(daemon, "a", "b", "c")
    events = wait_events(daemon, 3)
    assert sorted(event.payload[-1] for event in events) == ["a", "b", "c"]
    assert len({event.pid for event in events}) == 3
    assert sorted(event.headers["poolserial"] for event in events) == ["0", "1", "2"]


def test_a_full_buffer_loses_the_oldest(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", "answer=hold", buffer_size=3))
    send(daemon, "held")
    wait_events(daemon, 1)
    send(daemon, *"abcdefgh")
    lines = [f"ERRO pool pool event buffer overflowed, discarding event {number}" for number in range(1, 6)]
    # Here it is said once, so that a listener that never reads does not flood the log.
    daemon.expect_log(lines[:1] if daemon.under_test.ours else lines, only="overflowed")
    os.kill(daemon.info("pool")["pid"], signal.SIGKILL)
    assert wait_events(daemon, 2)[1].payload in ("type:t\nheld", "type:t\nf")


def test_a_listener_that_reads_nothing_holds_up_nobody(supervise: Supervise) -> None:
    command = "sh -c 'echo READY; exec sleep 1000'"
    daemon = supervise(
        f"[eventlistener:pool]\ncommand = {command}\nevents = REMOTE_COMMUNICATION\nstartsecs = 0\n"
        + listener("other", "REMOTE_COMMUNICATION")
    )
    daemon.wait_state("pool", "RUNNING")
    wait_ready(daemon)
    send(daemon, "x" * 1_000_000, "y")
    assert [len(text) for text in texts(daemon, 2)] == [1_000_000, 1]
    assert daemon.state("pool") == "RUNNING"
    daemon.rpc.stopProcess("pool")


def test_a_listener_that_is_stopped_in_the_middle_of_an_event_goes_on_later(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION") + listener("other", "TICK_3600", log="other"))
    wait_ready(daemon)
    pid = daemon.info("pool")["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: stat_fields(pid)[0] == "T", "the stop")
    send(daemon, "x" * 300_000, "b")
    assert daemon.state("other") == "RUNNING"
    os.kill(pid, signal.SIGCONT)
    assert [len(text) for text in texts(daemon, 2)] == [300_000, 1]


def test_a_listener_without_any_library_in_the_shell(supervise: Supervise) -> None:
    daemon = supervise(
        "[eventlistener:pool]\ncommand = sh listener.sh %(here)s/events\nevents = REMOTE_COMMUNICATION\n"
        "directory = %(here)s\nstartsecs = 0\nautostart = false\n"
    )
    (daemon.folder / "listener.sh").write_text(SHELL)
    daemon.rpc.startProcess("pool")
    send(daemon, "a", "b")
    wait_for(
        lambda: daemon.nudge() and len(daemon.wait_file("events").splitlines()) == 4,
        "both events",
    )
    assert daemon.wait_file("events").splitlines()[1::2] == ["a", "b"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_listener_without_any_library_in_javascript(supervise: Supervise) -> None:
    script = PROGRAMS / "listener.js"
    daemon = supervise(
        f"[eventlistener:pool]\ncommand = node {script} %(here)s/events\nevents = REMOTE_COMMUNICATION\n"
        "startsecs = 0\n"
    )
    send(daemon, "a", "again", "bä\nc", "d")
    expected = ["a", "again", "again", "bä\nc", "d"]
    wait_for(
        lambda: (
            daemon.nudge()
            and [event["payload"] for event in json_lines(daemon.folder / "events")]
            == [f"type:t\n{text}" for text in expected]
        ),
        "all messages, the rejected one twice",
    )
    serials = [event["headers"]["serial"] for event in json_lines(daemon.folder / "events")]
    assert serials == ["0", "1", "1", "2", "3"]


def test_a_listener_of_childutils(supervise: Supervise, under_test: UnderTest) -> None:
    code = (
        "import sys; from supervisor import childutils as c\n"
        "while True:\n"
        "    headers, payload = c.listener.wait()\n"
        "    print(headers['eventname'], payload, file=sys.stderr, flush=True)\n"
        "    getattr(c.listener, 'fail' if payload.endswith('again') and not hasattr(c, 'x') else 'ok')()\n"
        "    c.x = 1\n"
    )
    daemon = supervise(
        f"[eventlistener:pool]\ncommand = {under_test.program('python')} %(here)s/listener.py\nevents = REMOTE_COMMUNICATION\n"
        "startsecs = 0\nautostart = false\nstderr_logfile = %(here)s/x.err\nstdout_logfile = %(here)s/x.out\n"
    )
    (daemon.folder / "listener.py").write_text(code)
    daemon.rpc.startProcess("pool")
    send(daemon, "again", "b")
    again = "REMOTE_COMMUNICATION type:t\nagain\n"
    wait_for(lambda: daemon.nudge() and daemon.wait_file("x.err").endswith("\nb\n"), "both events")
    assert daemon.wait_file("x.err") == again * 2 + "REMOTE_COMMUNICATION type:t\nb\n"
    expected = "READY\nRESULT 4\nFAILREADY\nRESULT 2\nOKREADY\nRESULT 2\nOKREADY\n"
    wait_for(
        lambda: daemon.nudge() and daemon.wait_file("x.out") == expected, "its standard output in its log"
    )


# Standard input


def test_text_for_standard_input_arrives_whole(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = cat\nstdout_logfile = %(here)s/x.out\nstdout_logfile_maxbytes = 0"
    )
    daemon.wait_state("x", "RUNNING")
    text = "".join(f"line {number} ä\n" for number in range(60_000))
    assert daemon.rpc.sendProcessStdin("x", text) is True
    # As bytes: what is there so far may end inside a character.
    written = daemon.folder / "x.out"
    wait_for(lambda: daemon.nudge() and written.read_bytes() == text.encode(), "all of it")


def test_text_for_a_process_that_does_not_read_holds_up_nobody(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sh -c 'read go; exec cat >%(here)s/x.out'\n", supervisord="loglevel = info"
    )
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: stat_fields(pid)[0] == "T", "the stop")
    assert daemon.rpc.sendProcessStdin("x", "go\n" + "x" * 500_000) is True
    assert daemon.state("x") == "RUNNING"
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: daemon.nudge() and len(daemon.wait_file("x.out")) == 500_000, "all of it")


@pytest.mark.differs(
    "what a full pipe does not take waits, up to a bound; the original fails and sends it nonetheless"
)
def test_text_beyond_what_may_wait_is_refused_and_nothing_of_it_arrives(supervise: Supervise) -> None:
    daemon = supervise("[program:x]\ncommand = sh -c 'read go; exec cat >%(here)s/x.out'\n")
    pid = daemon.wait_state("x", "RUNNING")["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: stat_fields(pid)[0] == "T", "the stop")
    assert daemon.rpc.sendProcessStdin("x", "go\n") is True
    piece, accepted = "x" * 100_000, 0
    while accepted < 20 and sends(daemon, "x", piece):
        accepted += 1
    if not daemon.under_test.ours:
        assert accepted == 1
        return
    # One mebibyte, and what the pipe holds.
    assert accepted in range(10, 13)
    assert fault(daemon, "x", piece) == (30, "FAILED: x has not read what was sent to it before")
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: len(daemon.wait_file("x.out")) == accepted * len(piece), "all of it")
    assert sends(daemon, "x", "end")
    wait_for(lambda: daemon.wait_file("x.out").endswith("xend"), "what came later")


def sends(daemon: Daemon, name: str, text: str) -> bool:
    """Whether sendProcessStdin takes a text."""
    try:
        return daemon.rpc.sendProcessStdin(name, text) is True
    except (xmlrpc.client.Fault, xmlrpc.client.ProtocolError):
        return False


def fault(daemon: Daemon, name: str, text: object) -> tuple[int, str]:
    """The fault that sendProcessStdin answers."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        daemon.rpc.sendProcessStdin(name, text)
    return caught.value.faultCode, caught.value.faultString


def test_what_cannot_be_written_to_standard_input(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:x]
        command = sh -c 'exec <&-; echo >%(here)s/closed; exec sleep 1000'
        [program:off]
        command = cat
        autostart = false
        """
    )
    daemon.wait_state("x", "RUNNING")
    daemon.wait_file("closed")
    assert fault(daemon, "x", "text") == (20, "NO_FILE: x")
    assert fault(daemon, "off", "text") == (70, "NOT_RUNNING: off")
    assert fault(daemon, "no", "text") == (10, "BAD_NAME: no")
    assert fault(daemon, "off:*", "text") == (10, "BAD_NAME: off:*")
    assert fault(daemon, "x", 5) == (2, "INCORRECT_PARAMETERS: 5")


def test_nothing_is_sent_while_nobody_asks(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", "start=", more="startsecs = 1"))
    daemon.wait_state("pool", "RUNNING")
    send(daemon, "a")
    assert received(daemon) == []


@pytest.mark.differs("a listener is left to the events of the shutdown before it is stopped")
def test_a_listener_is_told_of_all_that_a_shutdown_stops(supervise: Supervise, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("how many events its listener reads is a matter of luck")
    programs = "".join(
        f"[program:{name}]\ncommand = {program('sleeper')}\nstartsecs = 0\n" for name in ("a", "b", "c", "d")
    )
    daemon = supervise(listener("pool", "PROCESS_STATE_STOPPED,REMOTE_COMMUNICATION") + programs)
    wait_ready(daemon)
    for name in ("a", "b", "c", "d"):
        daemon.wait_state(name, "RUNNING")
    assert daemon.stop() == 0
    stopped = sorted(re.findall(r"processname:(\w)", "".join(event.payload for event in received(daemon))))
    assert stopped == ["a", "b", "c", "d"]


def test_a_shutdown_waits_for_a_listener_that_hangs_only_for_a_moment(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION", "answer=hold", more="stopwaitsecs = 1000"))
    daemon.rpc.sendRemoteCommEvent("t", "d")
    wait_events(daemon, 1)
    assert daemon.stop() == 0
