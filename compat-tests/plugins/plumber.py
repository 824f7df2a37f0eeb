"""A plug-in that has children get other descriptors, and looks after their output itself."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, ANN204

from __future__ import annotations

import socket

from supervisor.dispatchers import POutputDispatcher
from supervisor.loggers import Handler
from supervisor.process import FastCGISubprocess, Subprocess

KEPT = []
SUPERVISORD = []
ORIGINAL_LOG = POutputDispatcher._log


class Plumber:
    """The namespace `plumber`."""

    def __init__(self, supervisord):
        self.supervisord = supervisord

    def kept(self):
        """What was kept, as text."""
        return [str(each) for each in KEPT]

    def say(self, message):
        """Say something in the main log."""
        self.supervisord.options.logger.info(message)
        return True

    def refused(self, name):
        """What is said about an attribute of a dispatcher that is read, and that is replaced."""
        texts = []
        dispatcher = KEPT[-1]
        for attempt in (lambda: getattr(dispatcher, name), lambda: setattr(POutputDispatcher, name, None)):
            try:
                attempt()
            except (AttributeError, NotImplementedError) as why:
                texts.append(str(why))
        return texts

    def late(self):
        """What is said when output is to be logged, or descriptors arranged, when it is too late."""
        texts = []
        options = self.supervisord.options
        for attempt in (
            lambda: ORIGINAL_LOG(KEPT[-1], b"late"),
            lambda: options.dup2(0, 9),
            lambda: options.close_fd(9),
        ):
            try:
                attempt()
            except RuntimeError as why:
                texts.append(str(why))
        return texts


def hand_socket():
    """Gives every child a socket as its descriptor 20."""
    listening = socket.socket(socket.AF_UNIX)
    KEPT.append(listening)

    def prepare_child_fds(self):
        options = self.config.options
        options.dup2(self.pipes["child_stdin"], 0)
        options.dup2(self.pipes["child_stdout"], 1)
        options.dup2(self.pipes["child_stdout" if self.config.redirect_stderr else "child_stderr"], 2)
        options.dup2(listening.fileno(), 20)
        for descriptor in range(3, options.minfds):
            if descriptor != 20:
                options.close_fd(descriptor)

    Subprocess._prepare_child_fds = prepare_child_fds


def keep_stderr():
    """Leaves a child the daemon's own standard error."""

    def prepare_child_fds(self):
        options = self.config.options
        options.dup2(self.pipes["child_stdin"], 0)
        options.dup2(self.pipes["child_stdout"], 1)
        for descriptor in range(3, options.minfds):
            options.close_fd(descriptor)

    Subprocess._prepare_child_fds = prepare_child_fds


def do_as_usual():
    """Does what the original does."""
    original = Subprocess._prepare_child_fds

    def prepare_child_fds(self):
        original(self)

    Subprocess._prepare_child_fds = prepare_child_fds


def fail_to_prepare():
    """Fails before a child has its descriptors."""

    def prepare_child_fds(self):
        raise RuntimeError("told to fail")

    Subprocess._prepare_child_fds = prepare_child_fds


def name_missing():
    """Wants a descriptor that is not there."""

    def prepare_child_fds(self):
        self.config.options.dup2(self.pipes["child_stderr"], 2)
        self.config.options.dup2(987, 3)

    Subprocess._prepare_child_fds = prepare_child_fds


def fail_for_sockets():
    """Fails for FastCGI programs alone."""

    def prepare_child_fds(self):
        raise RuntimeError("told to fail")

    FastCGISubprocess._prepare_child_fds = prepare_child_fds


def forward_output():
    """Says what children write in the main log, and logs it in capital letters."""

    def log(self, data):
        if data:
            config = self.process.config
            for line in data.decode().splitlines():
                config.options.logger.log(
                    50,
                    "%(name)s %(stream)s %(known)s: %(line)s",
                    name=config.name,
                    stream=self.channel,
                    known=self.process.pid > 0,
                    line=line,
                )
            ORIGINAL_LOG(self, data.upper())

    POutputDispatcher._log = log


def swallow_output():
    """Keeps what children write to itself."""

    def log(self, data):
        KEPT.append(self)

    POutputDispatcher._log = log


def fail_to_log():
    """Fails at output."""

    def log(self, data):
        raise RuntimeError("told to fail")

    POutputDispatcher._log = log


def hear_lines():
    """Has a handler of its own hear the lines of the main log, besides the usual."""
    SUPERVISORD[0].options.logger.handlers.append(Hearer())


class Hearer(Handler):
    """Keeps the messages that it gets."""

    def __init__(self):
        super().__init__()
        self.setLevel(3)

    def close(self):
        """Tell that the daemon ends."""
        print("closed")

    def emit(self, record):
        """Keep one; fail where it says so."""
        KEPT.append(f"{record.level} {record.asdict()['message']}")
        if "fail" in KEPT[-1]:
            raise RuntimeError("told to fail")


WAYS = (
    hand_socket,
    keep_stderr,
    do_as_usual,
    fail_to_prepare,
    name_missing,
    fail_for_sockets,
    forward_output,
    swallow_output,
    fail_to_log,
    hear_lines,
)


def make_plumber(supervisord, way):
    """The factory; `way` names what is replaced."""
    SUPERVISORD.append(supervisord)
    {each.__name__: each for each in WAYS}[way]()
    return Plumber(supervisord)
