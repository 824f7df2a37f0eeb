"""Events: every type with its payload, their order, their numbers."""

from __future__ import annotations

import signal
from textwrap import dedent

import pytest

from conftest import Supervise
from harness.daemon import Daemon, program
from harness.events import listener, received, wait_events
from harness.waiting import wait_for

STATE = "^PROCESS_STATE"


def of(daemon: Daemon, count: int, process: str, only: str = "PROCESS_STATE") -> list[str]:
    """Wait for this many events of a process; without the name that stands in each of them."""
    events = wait_events(daemon, count, f"^{only}[^ ]* processname:{process} ")
    return [event.plain.replace(f" processname:{process} groupname:{process}", "") for event in events]


def test_the_header_and_the_numbers(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION"), supervisord="identifier = one")
    for number, data in enumerate(["a", "", "bä\nc"]):
        daemon.rpc.sendRemoteCommEvent("kind", data)
        event = wait_events(daemon, number + 1)[number]
        length = len("type:kind\n") + len(data)
        assert event.header == (
            f"ver:3.0 server:one serial:{number} pool:pool poolserial:{number} "
            f"eventname:REMOTE_COMMUNICATION len:{length}\n"
        )
        # The length counts characters, so this listener, which reads bytes, misses the last of them.
        assert event.payload.encode() == f"type:kind\n{data}".encode()[:length]


def test_the_life_of_a_process(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_STATE")
        + dedent("""
        [program:x]
        command = sleep 1000
        startsecs = 0
        """)
    )
    daemon.wait_state("x", "RUNNING")
    daemon.rpc.stopProcess("x")
    daemon.rpc.startProcess("x")
    assert of(daemon, 6, "x") == [
        "PROCESS_STATE_STARTING from_state:STOPPED tries:0",
        "PROCESS_STATE_RUNNING from_state:STARTING pid:N",
        "PROCESS_STATE_STOPPING from_state:RUNNING pid:N",
        "PROCESS_STATE_STOPPED from_state:STOPPING pid:N",
        "PROCESS_STATE_STARTING from_state:STOPPED tries:0",
        "PROCESS_STATE_RUNNING from_state:STARTING pid:N",
    ]


def test_a_crash_and_an_expected_end(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_STATE")
        + dedent("""
        [program:crash]
        command = sh -c "exit 3"
        startsecs = 0
        autorestart = false
        [program:done]
        command = true
        startsecs = 0
        autorestart = false
        """)
    )
    for name, expected in (("crash", 0), ("done", 1)):
        assert of(daemon, 3, name) == [
            "PROCESS_STATE_STARTING from_state:STOPPED tries:0",
            "PROCESS_STATE_RUNNING from_state:STARTING pid:N",
            f"PROCESS_STATE_EXITED from_state:RUNNING expected:{expected} pid:N",
        ]


def test_a_restart_after_a_crash(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_STATE")
        + dedent("""
        [program:x]
        command = sleep 1000
        startsecs = 0
        """)
    )
    daemon.wait_state("x", "RUNNING")
    daemon.rpc.signalProcess("x", "KILL")
    assert of(daemon, 5, "x")[2:] == [
        "PROCESS_STATE_EXITED from_state:RUNNING expected:0 pid:N",
        "PROCESS_STATE_STARTING from_state:EXITED tries:0",
        "PROCESS_STATE_RUNNING from_state:STARTING pid:N",
    ]


def test_back_off_and_giving_up(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_STATE")
        + dedent("""
        [program:x]
        command = sh -c "exit 3"
        startsecs = 30
        startretries = 1
        """)
    )
    assert of(daemon, 5, "x") == [
        "PROCESS_STATE_STARTING from_state:STOPPED tries:0",
        "PROCESS_STATE_BACKOFF from_state:STARTING tries:1",
        "PROCESS_STATE_STARTING from_state:BACKOFF tries:1",
        "PROCESS_STATE_BACKOFF from_state:STARTING tries:2",
        "PROCESS_STATE_FATAL from_state:BACKOFF",
    ]


def test_a_program_that_is_missing(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_STATE") + "[program:x]\ncommand = /no/such/program\nstartretries = 0\n"
    )
    assert of(daemon, 3, "x") == [
        "PROCESS_STATE_STARTING from_state:STOPPED tries:0",
        "PROCESS_STATE_BACKOFF from_state:STARTING tries:1",
        "PROCESS_STATE_FATAL from_state:BACKOFF",
    ]


def test_the_start_of_the_daemon(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "SUPERVISOR_STATE_CHANGE,PROCESS_GROUP,PROCESS_STATE_STARTING")
        + dedent("""
        [program:b]
        command = sleep 1000
        priority = 1
        [program:a]
        command = sleep 1000
        priority = 2
        """)
    )
    starting = "PROCESS_STATE_STARTING processname:{0} groupname:{0} from_state:STOPPED tries:0"
    assert [event.plain for event in wait_events(daemon, 7)] == [
        "PROCESS_GROUP_ADDED groupname:pool\n",
        "PROCESS_GROUP_ADDED groupname:b\n",
        "PROCESS_GROUP_ADDED groupname:a\n",
        "SUPERVISOR_STATE_CHANGE_RUNNING ",
        starting.format("pool"),
        starting.format("b"),
        starting.format("a"),
    ]


def test_the_end_of_the_daemon(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "SUPERVISOR_STATE_CHANGE,PROCESS_STATE_STOPPING,PROCESS_STATE_STOPPED")
        + f"[program:b]\ncommand = {program('stubborn', '%(here)s/ready')}\nstopwaitsecs = 1\n"
        + dedent("""
        priority = 1
        startsecs = 0
        [program:a]
        command = sleep 1000
        priority = 2
        startsecs = 0
        """)
    )
    daemon.wait_state("a", "RUNNING")
    daemon.wait_state("b", "RUNNING")
    daemon.wait_file("ready")
    wait_events(daemon, 1, "SUPERVISOR_STATE_CHANGE_RUNNING")
    assert daemon.stop() == 0
    # The last stop comes together with that of the listeners; before it b takes its second.
    assert [event.plain for event in received(daemon)][1:5] == [
        "SUPERVISOR_STATE_CHANGE_STOPPING ",
        "PROCESS_STATE_STOPPING processname:a groupname:a from_state:RUNNING pid:N",
        "PROCESS_STATE_STOPPED processname:a groupname:a from_state:STOPPING pid:N",
        "PROCESS_STATE_STOPPING processname:b groupname:b from_state:RUNNING pid:N",
    ]
    stops = [line for line in daemon.log_lines() if "stopped: " in line]
    assert [line.split()[2] for line in stops] == ["a", "b", "pool"]


def test_a_reload_goes_on_counting_events_and_begins_anew_in_the_pool(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "SUPERVISOR_STATE_CHANGE_RUNNING,REMOTE_COMMUNICATION"))
    wait_events(daemon, 1, "RUNNING")
    daemon.rpc.sendRemoteCommEvent("a", "b")
    wait_events(daemon, 1, "REMOTE")
    daemon.signal(signal.SIGHUP)
    events = wait_events(daemon, 2, "RUNNING")
    numbers = [(event.headers["serial"], event.headers["poolserial"]) for event in events]
    assert numbers == [("0", "0"), ("2", "0")]


def test_everything_that_a_listener_is_told_from_the_start_to_the_end(supervise: Supervise) -> None:
    """A start, a crash with its restart, a stop, a start, a program that is given up, a reload, the end."""
    daemon = supervise(
        listener("pool", "PROCESS_STATE,PROCESS_GROUP,SUPERVISOR_STATE_CHANGE")
        + f"[program:x]\ncommand = {program('patient', '%(here)s/events', '%(here)s/up')}\nstartsecs = 0\n"
        + dedent("""
        [program:bad]
        command = sh -c "exit 3"
        startsecs = 30
        startretries = 1
        autostart = false
        """)
    )

    def wait_up(last: int) -> int:
        """Wait until x runs again and waits for a signal; its pid."""
        up = daemon.folder / "up"

        def look() -> int:
            daemon.nudge()
            info = daemon.info("x")
            ready = up.exists() and up.read_text() == str(info["pid"]) and info["pid"] != last
            return int(info["pid"]) if ready and info["statename"] == "RUNNING" else 0

        return wait_for(look, "x to be up")

    daemon.wait_state("pool", "RUNNING")
    pid = wait_up(0)
    daemon.rpc.signalProcess("x", "KILL")
    wait_events(daemon, 2, "RUNNING processname:x")
    pid = wait_up(pid)
    daemon.rpc.stopProcess("x")
    daemon.rpc.startProcess("x")
    pid = wait_up(pid)
    daemon.rpc.startProcess("bad", False)
    wait_events(daemon, 1, "FATAL")
    daemon.signal(signal.SIGHUP)
    wait_events(daemon, 4, "RUNNING processname:x")
    wait_up(pid)
    assert daemon.stop() == 0

    def state(name: str, to: str, rest: str) -> str:
        return f"PROCESS_STATE_{to} processname:{name} groupname:{name} from_state:{rest}"

    begin = [
        *[f"PROCESS_GROUP_ADDED groupname:{name}\n" for name in ("pool", "bad", "x")],
        "SUPERVISOR_STATE_CHANGE_RUNNING ",
        state("pool", "STARTING", "STOPPED tries:0"),
    ]
    up = [state("x", "STARTING", "STOPPED tries:0"), state("x", "RUNNING", "STARTING pid:N")]
    down = [state("x", "STOPPING", "RUNNING pid:N"), state("x", "STOPPED", "STOPPING pid:N")]
    end = ["SUPERVISOR_STATE_CHANGE_STOPPING ", down[0]]
    again = [state("x", "STARTING", "EXITED tries:0"), up[1]]
    given_up = [
        state("bad", "STARTING", "STOPPED tries:0"),
        state("bad", "BACKOFF", "STARTING tries:1"),
        state("bad", "STARTING", "BACKOFF tries:1"),
        state("bad", "BACKOFF", "STARTING tries:2"),
        state("bad", "FATAL", "BACKOFF"),
    ]
    # When the listener itself is up depends on when it is looked at.
    told = [event.plain for event in received(daemon) if "RUNNING processname:pool" not in event.plain]
    for place in [place for place, plain in enumerate(told) if plain == end[0]][::-1]:
        # The listener is stopped together with the last stop of another one, and may be told of that.
        if told[place + 2 : place + 3] == down[1:]:
            del told[place + 2]
    assert told == [
        *begin,
        *up,
        state("x", "EXITED", "RUNNING expected:0 pid:N"),
        *again,
        *down,
        *up,
        *given_up,
        *end,
        *begin,
        *up,
        *end,
    ]
    serials = [int(event.headers["serial"]) for event in received(daemon)]
    assert serials == sorted(set(serials))


def test_groups_that_come_and_go(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_GROUP") + "[program:x]\ncommand = sleep 1000\nautostart = false\n"
    )
    assert daemon.rpc.removeProcessGroup("x") is True
    assert daemon.rpc.addProcessGroup("x") is True
    assert [event.plain for event in wait_events(daemon, 4)] == [
        "PROCESS_GROUP_ADDED groupname:pool\n",
        "PROCESS_GROUP_ADDED groupname:x\n",
        "PROCESS_GROUP_REMOVED groupname:x\n",
        "PROCESS_GROUP_ADDED groupname:x\n",
    ]


def test_ticks_are_aligned_to_the_wall_clock(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "TICK"))
    first, second = wait_events(daemon, 2, "TICK_5 when:N")[:2]
    times = [int(event.payload.removeprefix("when:")) for event in (first, second)]
    assert times[0] % 5 == 0
    assert times[1] == times[0] + 5


def test_a_type_and_one_above_it_come_twice(supervise: Supervise) -> None:
    daemon = supervise(listener("pool", "EVENT,REMOTE_COMMUNICATION"))
    daemon.rpc.sendRemoteCommEvent("a", "b")
    first, second = wait_events(daemon, 2, "REMOTE_COMMUNICATION")
    assert first.headers == second.headers


@pytest.mark.parametrize(
    ("kind", "data", "payload"),
    [
        (5, True, "type:5\nTrue"),
        (1.5, [1, "a"], "type:1.5\n[1, 'a']"),
        ("x", {"k": "v"}, "type:x\n{'k': 'v'}"),
    ],
)
def test_messages_of_clients_may_be_anything(
    supervise: Supervise, kind: object, data: object, payload: str
) -> None:
    daemon = supervise(listener("pool", "REMOTE_COMMUNICATION"))
    assert daemon.rpc.sendRemoteCommEvent(kind, data) is True
    assert wait_events(daemon, 1)[0].payload == payload


def output(text: str, *more: str, options: str) -> str:
    """A program that writes a text and more texts to its streams in turn."""
    return f"[program:x]\ncommand = {program('printer', text, *more)}\nstartsecs = 0\n{options}\n"


def test_logged_output(supervise: Supervise) -> None:
    daemon = supervise(
        listener("pool", "PROCESS_LOG")
        + output("one\\n", "\\xff\\n", options="stdout_events_enabled = true\nstderr_events_enabled = true")
    )
    head = "processname:x groupname:x pid:N channel:"
    assert sorted(event.plain for event in wait_events(daemon, 2)) == [
        f"PROCESS_LOG_STDERR {head}stderr\nUndecodable: b'\\xff\\n'",
        f"PROCESS_LOG_STDOUT {head}stdout\none\n",
    ]


def test_captured_output_on_both_streams(supervise: Supervise) -> None:
    out = "before<!--XSUPERVISOR:BEGIN-->said<!--XSUPERVISOR:END-->after, and long enough"
    err = "<!--XSUPERVISOR:BEGIN-->cried<!--XSUPERVISOR:END-->and more than that, to be sure"
    daemon = supervise(
        listener("pool", "PROCESS_COMMUNICATION")
        + output(
            out,
            err,
            options="stdout_capture_maxbytes = 1MB\nstderr_capture_maxbytes = 1MB\n"
            "stdout_logfile = %(here)s/x.out\nstderr_logfile = %(here)s/x.err",
        )
    )
    head = "processname:x groupname:x pid:N\n"
    assert sorted(event.plain for event in wait_events(daemon, 2)) == [
        f"PROCESS_COMMUNICATION_STDERR {head}cried",
        f"PROCESS_COMMUNICATION_STDOUT {head}said",
    ]
    assert daemon.wait_file("x.out").startswith("before")
    assert "said" not in (daemon.folder / "x.out").read_text()


def test_captured_text_is_logged_output_too(supervise: Supervise) -> None:
    text = "<!--XSUPERVISOR:BEGIN-->said<!--XSUPERVISOR:END-->after, and long enough for it"
    daemon = supervise(
        listener("pool", "PROCESS_COMMUNICATION,PROCESS_LOG")
        + output(text, options="stdout_capture_maxbytes = 1MB\nstdout_events_enabled = true")
    )
    head = "processname:x groupname:x pid:N"
    assert [event.plain for event in wait_events(daemon, 3)] == [
        f"PROCESS_LOG_STDOUT {head} channel:stdout\nsaid",
        f"PROCESS_COMMUNICATION_STDOUT {head}\nsaid",
        f"PROCESS_LOG_STDOUT {head} channel:stdout\nafter, and long enough for it",
    ]


@pytest.mark.differs("the newest capture_maxbytes are kept; the original keeps whole reads")
def test_the_newest_captured_bytes(supervise: Supervise) -> None:
    said = "".join(chr(ord("a") + number % 26) for number in range(1000))
    text = f"<!--XSUPERVISOR:BEGIN-->{said}<!--XSUPERVISOR:END-->after, and long enough for it"
    daemon = supervise(
        listener("pool", "PROCESS_COMMUNICATION") + output(text, options="stdout_capture_maxbytes = 100")
    )
    kept = wait_events(daemon, 1)[0].payload.partition("\n")[2]
    assert kept == (said[-100:] if daemon.under_test.ours else said)


@pytest.mark.differs("what is held back for capture mode is logged when the program ends")
def test_output_that_is_held_back_at_the_end(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = echo short\nstartsecs = 0\nautorestart = false\n"
        "stdout_capture_maxbytes = 1MB\nstdout_logfile = %(here)s/x.out\n"
    )
    daemon.wait_state("x", "EXITED")
    if daemon.under_test.ours:
        assert daemon.wait_file("x.out") == "short\n"
    else:
        assert (daemon.folder / "x.out").read_text() == ""
