"""Plug-ins that do what those of Knot Resolver do: logs, readiness and signals in their own way, all at once."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, N802

from __future__ import annotations

import os
import signal
import socket
import struct
import time

from supervisor.dispatchers import POutputDispatcher
from supervisor.events import ProcessStateEvent, ProcessStateStartingEvent, subscribe
from supervisor.http import NOT_DONE_YET
from supervisor.loggers import LevelsByName, StreamHandler
from supervisor.medusa.asyncore_25 import compact_traceback
from supervisor.options import NotFound, ServerOptions, split_namespec
from supervisor.process import Subprocess
from supervisor.states import RUNNING_STATES, ProcessStates
from supervisor.xmlrpc import Faults, RPCError

SOCKET = "ready.sock"
CREDENTIALS = struct.Struct("3i")


def make_logging(supervisord, target):
    """Has the main log, and what children write, go to a file, each in a form of its own."""
    stream = open(target, "a")  # noqa: SIM115
    logger = supervisord.options.logger

    def handler(form):
        made = StreamHandler(stream)
        made.setFormat(form)
        made.setLevel(supervisord.options.loglevel)
        return [made]

    own = handler("daemon[%(levelname)s] %(message)s\n")
    children = handler("child %(message)s\n")
    logger.info("the last line in the usual place")
    logger.handlers = own

    def log(self, data):
        if not data:
            return
        config = self.process.config
        config.options.logger.handlers = children
        for line in data.decode("utf-8", "replace").splitlines():
            config.options.logger.log(
                LevelsByName.CRIT,
                "%(name)s/%(stream)s: %(data)s",
                name=config.name,
                stream=self.channel,
                data=line,
            )
        config.options.logger.handlers = own

    POutputDispatcher._log = log


class ReadySocket:
    """A dispatcher that hears which process is ready."""

    def __init__(self, supervisord):
        self.supervisord = supervisord
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(SOCKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.starting = []

    def readable(self):
        """It always listens."""
        return True

    def writable(self):
        """It says nothing."""
        return False

    def handle_read_event(self):
        """Take in a message of a process."""
        data, ancillary, _, _ = self.socket.recvmsg(1024, socket.CMSG_SPACE(CREDENTIALS.size))
        pid, _, _ = CREDENTIALS.unpack(ancillary[0][2])
        for process in self.starting:
            if process.pid == pid and waits_for_word(process) and data == b"READY=1":
                process._assertInState(ProcessStates.STARTING)
                process.change_state(ProcessStates.RUNNING)
                process.config.options.logger.info(f"ready: {process.config.name}")
                return
        self.supervisord.options.logger.warn(f"nobody waits for {data!r}")

    def handle_error(self):
        """Say it."""
        _, kind, value, _ = compact_traceback()
        self.supervisord.options.logger.error(f"{kind} {value}")

    def note(self, event):
        """Remember who is starting."""
        if isinstance(event, ProcessStateStartingEvent):
            self.starting.append(event.process)
        else:
            self.starting = [each for each in self.starting if each.pid is not event.process.pid]


def waits_for_word(process):
    """Whether a process says itself when it is ready."""
    return (process.config.environment or {}).get("X-TYPE") == "notify"


def make_readiness(supervisord):
    """Has processes be RUNNING when they say so, and given up when they do not within `startsecs`."""
    heard = []
    old_map = supervisord.get_process_map

    def get_process_map():
        if not heard:
            heard.append(ReadySocket(supervisord))
            subscribe(ProcessStateEvent, heard[0].note)
        process_map = old_map()
        process_map[heard[0].socket.fileno()] = heard[0]
        return process_map

    supervisord.get_process_map = get_process_map
    transition, finish, spawn = Subprocess.transition, Subprocess.finish, Subprocess._spawn_as_child

    def new_transition(self):
        is_waiting = waits_for_word(self) and self.state == ProcessStates.STARTING
        if is_waiting and time.time() - self.laststart > self.config.startsecs:
            self.config.options.logger.warn(f"no word of {self.config.name}")
            self.kill(signal.SIGKILL)
            self.x_late = True
            # It is not to be RUNNING meanwhile.
            self.laststart = time.time() + 1
        return transition(self)

    def new_finish(self, pid, sts):
        result = finish(self, pid, sts)
        if getattr(self, "x_late", False):
            self.change_state(ProcessStates.FATAL)
            del self.x_late
        return result

    def new_spawn(self, filename, argv):
        if waits_for_word(self):
            self.config.environment["NOTIFY_SOCKET"] = os.path.join(os.getcwd(), SOCKET)
        return spawn(self, filename, argv)

    Subprocess.transition, Subprocess.finish, Subprocess._spawn_as_child = (
        new_transition,
        new_finish,
        new_spawn,
    )


def make_signals(supervisord):
    """Passes SIGHUP on to the program `manager`."""

    def get_signal(self):
        sig = self.signal_receiver.get_signal()
        if sig != signal.SIGHUP:
            return sig
        supervisord.options.logger.info("SIGHUP is passed on")
        os.kill(supervisord.process_groups["manager"].processes["manager"].pid, signal.SIGHUP)
        return None

    ServerOptions.get_signal = get_signal


class Quick:
    """The namespace `quick`: a start that is answered as soon as the process runs."""

    def __init__(self, supervisord):
        self.supervisord = supervisord

    def startProcess(self, name):
        """Start a process.

        @param string name
        @return boolean
        """
        group_name, process_name = split_namespec(name)
        process = self.supervisord.process_groups[group_name].processes[process_name]
        try:
            process.get_execv_args()
        except NotFound as why:
            raise RPCError(Faults.NO_FILE, why.args[0]) from None
        if process.get_state() in RUNNING_STATES:
            raise RPCError(Faults.ALREADY_STARTED, name)
        process.spawn()
        self.supervisord.reap()
        if process.spawnerr:
            raise RPCError(Faults.SPAWN_ERROR, name)
        process.transition()

        def onwait():
            if process.spawnerr:
                raise RPCError(Faults.SPAWN_ERROR, name)
            state = process.get_state()
            if state not in (ProcessStates.STARTING, ProcessStates.RUNNING):
                raise RPCError(Faults.ABNORMAL_TERMINATION, name)
            return True if state == ProcessStates.RUNNING else NOT_DONE_YET

        onwait.delay = 0
        return onwait


def make_quick(supervisord):
    """The factory of the namespace."""
    return Quick(supervisord)
