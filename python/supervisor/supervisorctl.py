"""The control program with plug-ins: ``[ctlplugin:x]`` sections name what adds commands to it.

The built-in commands are those of the native program, which hands over to this module when the configuration
has such a section.
"""

from __future__ import annotations

import cmd
import getpass
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, NoReturn

from supervisor import _engine, http_client, xmlrpc
from supervisor._control import Surroundings
from supervisor._log_thread import fgthread
from supervisor.compat import raw_input, xmlrpclib
from supervisor.options import ClientOptions, make_namespec, split_namespec

__all__ = [
    "DEAD_PROGRAM_FAULTS",
    "Controller",
    "ControllerPluginBase",
    "DefaultControllerPlugin",
    "LSBInitExitStatuses",
    "LSBStatusExitStatuses",
    "fgthread",
    "main",
    "make_namespec",
    "split_namespec",
]


class LSBInitExitStatuses:
    """Exit codes of commands, those of an init script."""

    SUCCESS = 0
    GENERIC = 1
    INVALID_ARGS = 2
    UNIMPLEMENTED_FEATURE = 3
    INSUFFICIENT_PRIVILEGES = 4
    NOT_INSTALLED = 5
    NOT_RUNNING = 7


class LSBStatusExitStatuses:
    """Exit codes of ``status``."""

    NOT_RUNNING = 3
    UNKNOWN = 4


DEAD_PROGRAM_FAULTS = (
    xmlrpc.Faults.SPAWN_ERROR,
    xmlrpc.Faults.ABNORMAL_TERMINATION,
    xmlrpc.Faults.NOT_RUNNING,
)
"""Faults that say that a process is down."""

_INTERRUPTED = 130
"""Exit code after Ctrl-C."""

_COMMANDS = _engine.control_commands()
_COMPLETES = {name: what for name, _, what, _ in _COMMANDS}
_HELP = {name: text for name, text, _, _ in _COMMANDS}
_LISTED = {name for name, _, _, listed in _COMMANDS if listed}


class Controller(cmd.Cmd):
    """Takes lines apart and runs their commands: its own, those built in, those of plug-ins.

    `options` are read already; `exitstatus` is the exit code so far. `onecmd` may be called from any thread.
    """

    def __init__(
        self,
        options: Any,
        completekey: str = "tab",
        stdin: IO[str] | None = None,
        stdout: IO[str] | None = None,
    ) -> None:
        """Make the plug-ins: a factory gets the controller, and the other options of its section as text."""
        self.options = options
        self.prompt = f"{options.prompt}> "
        options.plugins = []
        self.vocab = ["help"]
        self._complete_info: list[dict[str, Any]] | None = None
        self.exitstatus = LSBInitExitStatuses.SUCCESS
        super().__init__(completekey, stdin, stdout)
        for name, factory, kwargs in options.plugin_factories:
            plugin = factory(self, **kwargs)
            self.vocab += [
                attribute[len("do_") :]
                for attribute in dir(plugin)
                if attribute.startswith("do_") and callable(getattr(plugin, attribute))
            ]
            options.plugins.append(plugin)
            plugin.name = name

    def emptyline(self) -> bool:
        """Do nothing for an empty line."""
        return False

    def default(self, line: str) -> None:
        """Complain about a line that is no command."""
        self.output(f"*** Unknown syntax: {line}")
        self.exitstatus = LSBInitExitStatuses.GENERIC

    def exec_cmdloop(self, args: Any, options: Any) -> None:
        """Run ``status``, then what is typed, until the shell is left; `args` are not looked at."""
        _prepare_readline(options.history_file)
        try:
            self.cmdqueue.append("status")
            self.cmdloop()
        except KeyboardInterrupt:
            self.output("")

    def set_exitstatus_from_xmlrpc_fault(self, faultcode: int, ignored_faultcode: int | None = None) -> None:
        """Set the exit code that belongs to a fault, unless it is success or one that does not count."""
        if faultcode in (ignored_faultcode, xmlrpc.Faults.SUCCESS):
            return
        down = faultcode in DEAD_PROGRAM_FAULTS
        self.exitstatus = LSBInitExitStatuses.NOT_RUNNING if down else LSBInitExitStatuses.GENERIC

    def onecmd(self, line: str) -> Any:
        """Run a line; returns true where a shell ends. An exception of the command is printed.

        Where the server wants credentials, they are asked for, if anybody is there to answer.
        """
        command, argument, line = self.parseline(line)
        if not line:
            self.emptyline()
            return None
        function = self._get_do_func(command) if command else None
        if function is None or argument is None:
            self.default(line)
            return None
        self._complete_info = None
        self.lastcmd = line
        try:
            return function(argument)
        except xmlrpclib.ProtocolError as why:
            if why.errcode != http_client.UNAUTHORIZED:
                self._tell_exception()
                return None
        except Exception:
            self._tell_exception()
            return None
        self.output("Server requires authentication")
        if not self.options.interactive:
            self.exitstatus = LSBInitExitStatuses.GENERIC
            return None
        self.options.username = raw_input("Username:")
        self.options.password = getpass.getpass(prompt="Password:")
        self.output("")
        return self.onecmd(line)

    def _tell_exception(self) -> None:
        kind, value, place = sys.exc_info()
        last = traceback.extract_tb(place)[-1]
        self.output(f"error: {kind}, {value}: file: {last.filename} line: {last.lineno}")
        self.exitstatus = LSBInitExitStatuses.GENERIC

    def _get_do_func(self, cmd: str) -> Callable[[str], Any] | None:
        """Return what runs a command: the controller's own, else the first plug-in's that has one."""
        for owner in (self, *self.options.plugins):
            found: Callable[[str], Any] | None = getattr(owner, f"do_{cmd}", None)
            if found is not None:
                return found
        return None

    def output(self, message: str) -> None:
        """Print a line."""
        self.stdout.write(f"{message}\n")

    def get_supervisor(self) -> Any:
        """Return the proxy of the server's namespace ``supervisor``."""
        return self.get_server_proxy("supervisor")

    def get_server_proxy(self, namespace: str | None = None) -> Any:
        """Return a proxy of the server, or of one of its namespaces."""
        proxy = self.options.getServerProxy()
        return proxy if namespace is None else getattr(proxy, namespace)

    def upcheck(self) -> bool:
        """Return whether the server is there and speaks this language; else say so and set the exit code.

        An error that there is no sentence for is raised.
        """
        try:
            is_there, self.exitstatus = _engine.check_control_server(Surroundings(self))
        except Exception:
            self.exitstatus = LSBInitExitStatuses.GENERIC
            raise
        return is_there

    def complete(self, text: str, state: int, line: str | None = None) -> Any:
        """Return the completion of a number for a word, None when there are no more; readline calls it.

        The line is readline's unless it is given.
        """
        if line is None:
            import readline

            line = readline.get_line_buffer()
        words = line.split()
        what = "commands" if len(words) + line.endswith(" ") < 2 else _COMPLETES.get(words[0])
        matches = [f"{name} " for name in self._known(what, text) if name.startswith(text)]
        return matches[state] if state < len(matches) else None

    def _known(self, what: str | None, text: str) -> list[str]:
        if what is None:
            return []
        if what == "commands":
            return self.vocab
        if self._complete_info is None:
            self._complete_info = self.get_supervisor().getAllProcessInfo()
        names: dict[str, None] = {}
        for info in self._complete_info:
            group, name = info["group"], info["name"]
            if what == "groups":
                names[group] = None
            elif ":" in text or name != group:
                names[f"{group}:{name}"] = None
                names[f"{group}:*"] = None
            else:
                names[name] = None
        return list(names)

    def do_help(self, arg: str) -> None:
        """List the commands of every plug-in, or tell how one is used."""
        if arg.strip() == "help":
            self.help_help()
            return
        for plugin in self.options.plugins:
            plugin.do_help(arg)

    def help_help(self) -> None:
        """Tell how ``help`` is used."""
        _print_help(self, "help")

    def do_EOF(self, arg: str) -> bool:
        """Leave the shell at the end of input."""
        return _run(self, "EOF", arg) is True

    def help_EOF(self) -> None:
        """Tell how to leave the shell."""
        self.output("Ctrl-D, exit and quit leave the shell")


def _prepare_readline(history_file: str | None) -> None:
    """Have names of processes complete as one word, and keep the history in a file."""
    try:
        import readline
    except ImportError:
        return
    readline.set_completer_delims("".join(set(readline.get_completer_delims()) - set(":*-")))
    if history_file:
        import atexit
        from contextlib import suppress

        with suppress(OSError):
            readline.read_history_file(history_file)

        def save() -> None:
            with suppress(OSError):
                readline.write_history_file(history_file)

        atexit.register(save)


class ControllerPluginBase:
    """What plug-ins of the control program are derived from.

    A method ``do_x(arg)`` is the command ``x``, ``help_x()`` prints how it is used (or the docstring of
    ``do_x`` tells it). `ctl` is the `Controller`, `name` what its section is called.
    """

    name = "unnamed"

    def __init__(self, controller: Any) -> None:
        self.ctl = controller

    @property
    def doc_header(self) -> str:
        """What heads the list of its commands."""
        return f"{self.name} commands (type help <topic>):"

    def do_help(self, arg: str | None) -> None:
        """List the commands that tell how they are used, or tell how one is used."""
        if arg:
            self._help(arg)
            return
        names = sorted(name[len("do_") :] for name in dir(self) if name.startswith("do_"))
        told = [name for name in names if name != "help" and self._is_told(name)]
        self.ctl.output("")
        self.ctl.print_topics(self.doc_header, told, 15, 80)

    def _is_told(self, command: str) -> bool:
        return hasattr(self, f"help_{command}") or bool(getattr(self, f"do_{command}").__doc__)

    def _help(self, command: str) -> None:
        tell = getattr(self, f"help_{command}", None)
        if tell is not None:
            tell()
            return
        method = getattr(self, f"do_{command}", None)
        described = None if method is None else method.__doc__
        self.ctl.output(described or self.ctl.nohelp % (command,))


class DefaultControllerPlugin(ControllerPluginBase):
    """The built-in commands, ``do_start`` and so on, with ``help_start``: those of the native program."""

    name = "default"

    def _is_told(self, command: str) -> bool:
        return command in _LISTED


def _run(ctl: Any, name: str, argument: str | None, plugin: Any = None) -> bool | None:
    """Run a built-in command for a controller; returns True where a shell ends.

    `plugin` is whose command it is: it may say results in words of its own.
    """
    before = ctl.exitstatus
    try:
        leave, status = _engine.run_control_command(name, argument or "", Surroundings(ctl, plugin))
    except Exception:
        ctl.exitstatus = LSBInitExitStatuses.GENERIC
        raise
    if status != before:
        ctl.exitstatus = status
    return leave or None


def _print_help(ctl: Any, name: str) -> None:
    for line in _HELP[name].split("\n"):
        ctl.output(line)


def _built_in(name: str) -> None:
    """Give the plug-in the methods of a command."""

    def do(self: DefaultControllerPlugin, arg: str | None) -> bool | None:
        return _run(self.ctl, name, arg, self)

    def tell(self: DefaultControllerPlugin) -> None:
        _print_help(self.ctl, name)

    for prefix, method in (("do", do), ("help", tell)):
        method.__name__ = f"{prefix}_{name}"
        method.__qualname__ = f"DefaultControllerPlugin.{prefix}_{name}"
        setattr(DefaultControllerPlugin, method.__name__, method)


def _worded(command: str) -> None:
    """Give the plug-in the method that words a result of a command; what replaces it is called for each."""

    def word(self: DefaultControllerPlugin, result: Mapping[str, Any]) -> str:
        """Return the line for a result: `group`, `name`, `status` and `description` of a process."""
        description = str(result.get("description", ""))
        return _engine.word_control_result(
            command, result["group"], result["name"], result["status"], description
        )

    word.is_built_in = True  # type: ignore[attr-defined]
    setattr(DefaultControllerPlugin, f"_{command}result", word)


for _name in ("start", "stop", "signal", "clear"):
    _worded(_name)

for _name in _HELP:
    # Those two are the controller's.
    if _name not in ("help", "EOF"):
        _built_in(_name)


def main(args: Sequence[str] | None = None, options: Any = None) -> NoReturn:
    """Run a command, or the shell, with the given arguments or those of the command line.

    Raises SystemExit, always, with the code of the command, or 0 after a shell. Options that are given are
    read first.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    given = options is not None
    if not given:
        options = ClientOptions()
    options.realize(arguments)
    if not given and len(options.plugin_factories) == 1:
        # Nothing here is Python's.
        raise SystemExit(_engine.run_supervisorctl([sys.argv[0], *arguments]))
    controller = Controller(options)
    try:
        if options.args:
            controller.onecmd(" ".join(options.args))
        else:
            controller.exec_cmdloop(arguments, options)
        _flush(controller)
    except KeyboardInterrupt:
        controller.output("")
        raise SystemExit(_INTERRUPTED) from None
    raise SystemExit(controller.exitstatus if options.args else 0)


def _flush(controller: Controller) -> None:
    """Let out what was printed; nobody need read it."""
    try:
        controller.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would be tried again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
