"""What the options of both programs have in common: a command line, a file, and what both come to.

`supervisor.options` has the class by this name; it is derived from there and in `_server_options`.
"""

from __future__ import annotations

import os
import sys
import warnings
from types import SimpleNamespace

from supervisor import _engine
from supervisor._added_options import AddedOptions
from supervisor.compat import as_bytes, import_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO, Any

    Factory = tuple[str, Callable[..., Any], dict[str, str]]
    """Of a plug-in: the name of its section, what is called, with which keyword arguments."""

with open(os.path.join(os.path.dirname(__file__), "version.txt"), encoding="utf-8") as _file:
    VERSION = _file.read().strip()
    """The Supervisor that is answered for, and after ``+rs.`` the version of this project."""


def file_name(fp: str | IO[Any]) -> str:
    """Return the name of a file; of one that is open and has none, something to call it by."""
    name = fp if isinstance(fp, str) else getattr(fp, "name", None)
    return name if isinstance(name, str) else "<???>"


def file_text(fp: str | IO[Any] | None) -> bytes | None:
    """Return what is in an open file; None for one that is given by its name."""
    return None if fp is None or isinstance(fp, str) else as_bytes(fp.read())


def environment_of(expansions: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the variables among the names that can be expanded."""
    prefix = "ENV_"
    return [(name[len(prefix) :], str(text)) for name, text in expansions.items() if name.startswith(prefix)]


class Options(AddedOptions):
    """What both programs' options have in common. An instance reads one configuration, in `realize`.

    `searchpaths` are the places of a file that is not named. `configfile` is the name of a file, or an open
    one. A derived class adds options of its own by `add`, and overrides `read_config` where the file is to
    tell them; one that is derived from this class itself has a help and a file, and reads the file itself.
    """

    positional_args_allowed: bool | int = False
    """Whether a class derived from this one takes words behind its options."""

    stderr = sys.stderr
    stdout = sys.stdout
    exit = staticmethod(sys.exit)
    warnings = warnings

    progname = sys.argv[0]
    doc: str | None = None
    configfile: str | IO[Any] | None = None
    here: str | None = None
    uid: int | None = None
    gid: int | None = None

    def __init__(self, require_configfile: bool = True) -> None:
        """Say whether the absence of any file is a mistake."""
        super().__init__()
        self.require_configfile = require_configfile
        self.args: list[str] = []
        self.searchpaths = _engine.search_paths(sys.argv[0])
        self.environ_expansions = {f"ENV_{name}": value for name, value in os.environ.items()}
        self.configroot = SimpleNamespace()
        # Texts of the command line, which win over those of the file.
        self._overrides: dict[str, str] = {}
        if self.native_options == ([], []):
            self.add(None, None, "h", "help", self.help)
            self.add(None, None, "?", None, self.help)
            self.add("configfile", None, "c:", "configuration=")

    def __getattr__(self, name: str) -> Any:
        # Called for what is not there.
        raise AttributeError(
            f"{type(self).__name__} has no attribute {name!r}: not known, not read yet, or done by the "
            "native engine, which offers no such place to Python code"
        )

    def realize(
        self, args: Sequence[str] | None = None, doc: str | None = None, progname: str | None = None
    ) -> None:
        """Read a command line (without the program's name) and the configuration that it names.

        `args` are those of this program when left out, `doc` is a help text instead of the program's own, in
        which ``%s`` stands for `progname`. A mistake is printed on standard error and raises SystemExit with
        code 2; help and version are printed and raise it with code 0.
        """
        self.progname = sys.argv[0] if progname is None else progname
        self.doc = doc
        arguments = list(sys.argv[1:] if args is None else args)
        if self.options_map:
            arguments = self._take_from_arguments(arguments)
        said = self._read_arguments(arguments)
        if said["ending"] is not None:
            self._end(*said["ending"])
            return
        self.args = said.get("action", [])
        self._overrides = said["overrides"]
        if self.configfile is None:
            self.configfile = said["config_file"]
        self._take_from_environment()
        if self.configfile is None:
            self.configfile = self.default_configfile()
        self.process_config()

    def _read_arguments(self, arguments: list[str]) -> dict[str, Any]:
        """Read what the native parser knows, for a class that has one: those here are all added."""
        words = arguments[1:]
        if words and not self.positional_args_allowed:
            self.usage(f"positional arguments are not supported: {words}")
        return {"ending": None, "action": words, "overrides": {}, "config_file": None}

    def help(self, dummy: object) -> None:
        """Print the help text and end the program."""
        self._end("", "", 0)

    def _end(self, stdout: str, stderr: str, status: int) -> None:
        if self.doc is not None and status == 0 and stdout.strip() != VERSION:
            stdout = self.doc.replace("%s", self.progname) + "\n"
        self.stdout.write(stdout)
        self.stderr.write(stderr)
        self.exit(status)

    def usage(self, msg: object) -> None:
        """Print a mistake and end the program with code 2."""
        self.stderr.write(f"Error: {msg}\nFor help, use {self.progname} -h\n")
        self.exit(2)

    def default_configfile(self) -> str | None:
        """Return the first file at the default places; where there is none, None or a mistake."""
        try:
            return _engine.find_configuration(self.searchpaths)
        except ValueError as why:
            if self.require_configfile:
                self.usage(why)
            return None

    def process_config(self, do_usage: bool = True) -> None:
        """Read the file (again). A mistake ends the program, or is raised as ValueError."""
        self._find_here()
        try:
            self.read_config(self.configfile)
        except ValueError as why:
            if not do_usage:
                raise
            self.usage(why)
        self._take_from_configuration()

    def _find_here(self) -> None:
        """Note the folder of the file; of an open one that has no name, the one of the process."""
        if self.configfile is not None:
            self.here = os.path.abspath(os.path.dirname(file_name(self.configfile)))

    def read_config(self, fp: str | IO[Any] | None) -> Any:
        """Read a file, by its name or open, into the attributes. Raises ValueError for a mistake in it."""
        raise NotImplementedError

    def import_spec(self, spec: str) -> Any:
        """Return what ``module:attribute`` names; raises ImportError or AttributeError."""
        return import_spec(spec)

    def _resolve(self, spec: str, section: str) -> Any:
        try:
            return self.import_spec(spec)
        except (AttributeError, ImportError) as why:
            raise ValueError(f"{spec} cannot be resolved within [{section}]: {why}") from None

    def _factories(self, prefix: str, plugins: list[tuple[str, str, dict[str, str]]]) -> list[Factory]:
        return [(name, self._resolve(spec, prefix + name), kwargs) for name, spec, kwargs in plugins]
