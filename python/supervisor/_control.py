"""What the native commands of the control program need of a `Controller`: connection, streams, exit code."""

from __future__ import annotations

import codecs
import signal
import sys
import xmlrpc.client
from typing import Any

from supervisor import compat


class Surroundings:
    """A controller as `_engine.run_control_command` sees it; the native side calls these methods."""

    def __init__(self, ctl: Any, plugin: Any = None) -> None:
        self._ctl = ctl
        self._plugin = plugin
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        # The beginning of a line.
        self._text = ""
        self._heard_before = -1

    @property
    def interactive(self) -> bool:
        """Whether questions are asked."""
        return bool(self._ctl.options.interactive)

    @property
    def on_terminal(self) -> bool:
        """Whether lines are typed on a terminal, which the native side reads by itself."""
        return getattr(self._ctl, "stdin", None) is sys.stdin and sys.stdin.isatty()

    @property
    def exit_status(self) -> int:
        """The exit code so far."""
        return int(self._ctl.exitstatus)

    def endpoint(self) -> tuple[str, str | None, str | None]:
        """Return where log streams are, and as whom they are read."""
        options = self._ctl.options
        return options.serverurl, options.username, options.password

    def set_server_url(self, url: str) -> None:
        """Have calls go to another server from now on."""
        self._ctl.options.serverurl = url

    def exchange(self, request: str) -> str:
        """Make a call, with whatever proxy the controller has."""
        params, method = xmlrpc.client.loads(request)
        # All of them are in this namespace.
        function = getattr(self._ctl.get_supervisor(), str(method).rpartition(".")[2])
        answer = function(*params)
        # A stand-in for a proxy may return nothing where servers answer that it is done.
        return xmlrpc.client.dumps((True if answer is None else answer,), methodresponse=True)

    def check_server(self) -> tuple[bool, int]:
        """Return whether the server is there, and the exit code as it then stands."""
        return bool(self._ctl.upcheck()), self.exit_status

    def reword(self, command: str, group: str, name: str, status: int, description: str) -> str | None:
        """Return the line for a result of a command in the way that replaced the built-in one, or None."""
        method = getattr(self._plugin, f"_{command}result", None)
        if method is None or getattr(method, "is_built_in", False):
            return None
        result = {"group": group, "name": name, "status": status, "description": description}
        return str(method(result))

    def ask(self, prompt: str) -> str | None:
        """Ask a question; None at the end of input."""
        try:
            return compat.raw_input(prompt)
        except EOFError:
            return None

    def readline(self) -> bytes:
        """Return a typed line with its end, nothing at the end of input."""
        line: str = self._ctl.stdin.readline()
        return line.encode()

    def write(self, data: bytes) -> None:
        """Print, whole lines as one output."""
        *lines, self._text = (self._text + self._decoder.decode(data)).split("\n")
        for line in lines:
            self._ctl.output(line)

    def flush(self) -> None:
        """Let out the beginning of a line."""
        if self._text:
            self._ctl.stdout.write(self._text)
            self._text = ""
        if hasattr(self._ctl.stdout, "flush"):
            self._ctl.stdout.flush()

    def write_error(self, data: bytes) -> None:
        """Write to standard error."""
        sys.stderr.write(data.decode("utf-8", "replace"))

    def hear_signals(self, descriptor: int) -> bool:
        """Have the numbers of signals written to a descriptor; returns whether this thread hears of any."""
        try:
            self._heard_before = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
        except ValueError:
            return False
        self._hears = True
        return True

    def hear_signals_no_more(self) -> None:
        """Have them written where they were before."""
        if self._hears:
            signal.set_wakeup_fd(self._heard_before)

    _hears = False
