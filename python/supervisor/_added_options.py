"""Options that a derived class adds to those of a program: from the command line, the environment, a file."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Handler = Callable[[str], Any]
    """Makes a value of a text; raises ValueError."""
    Meaning = tuple["str | None", "Handler | None"]
    """The attribute that the value is for, and what makes it."""

# Where a value comes from; the higher wins.
_FILE, _ENVIRONMENT, _COMMAND_LINE = 0, 1, 2


class AddedOptions:
    """What `add` was told, and where it is looked for. An option is an attribute, None while it has no value.

    `names_list` has attributes and the places of their values below `configroot`; `options_map`, by the way
    they are written, has attributes and handlers of what stands on the command line; `environ_map` those of
    variables; `default_map` and `required_map` are by attribute.
    """

    configroot: Any
    native_options: tuple[list[str], list[str]] = ([], [])
    """What the native parser knows: letters and words, as `getopt` takes them."""

    def __init__(self) -> None:
        self.names_list: list[tuple[str, str | None]] = []
        self.short_options: list[str] = []
        self.long_options: list[str] = []
        self.options_map: dict[str, Meaning] = {}
        self.default_map: dict[str, Any] = {}
        self.required_map: dict[str, str] = {}
        self.environ_map: dict[str, Meaning] = {}
        self.attr_priorities: dict[str, int] = {}

    def usage(self, msg: object) -> None:
        """Print a mistake and end the program."""
        raise NotImplementedError

    def add(
        self,
        name: str | None = None,
        confname: str | None = None,
        short: str | None = None,
        long: str | None = None,
        handler: Handler | None = None,
        default: Any = None,
        required: str | None = None,
        flag: Any = None,
        env: str | None = None,
    ) -> None:
        """Add an option, whose value becomes the attribute `name`.

        Its value is the first that there is of: what stands on the command line, by a letter (``"x"``,
        ``"x:"`` with a value) or a word (``"word"``, ``"word="``), where a `flag` without a text is what it
        says; the variable `env`; what `read_config` has put at the dotted path `confname` of `configroot`;
        the `default`. `handler` makes a value of a text, or does what an option without a name is there for.
        `required` is what is said where there is no value. Raises ValueError for what contradicts itself and
        what is there already.
        """
        if flag is not None:
            if handler is not None:
                raise ValueError("use at most one of flag= and handler=")
            handler = _saying(flag, short or "", long or "")
        self._add_switches(short or "", long or "", (name, handler))
        if env:
            self.environ_map[env] = (name, handler)
        if name:
            if not hasattr(self, name):
                setattr(self, name, None)
            self.names_list.append((name, confname))
            if default is not None:
                self.default_map[name] = default
            if required:
                self.required_map[name] = required

    def _add_switches(self, short: str, long: str, meaning: Meaning) -> None:
        if short and long and short.endswith(":") != long.endswith("="):
            raise ValueError(f"inconsistent short/long options: {short!r} {long!r}")
        if short:
            if short.startswith("-"):
                raise ValueError("short option should not start with '-'")
            if short[1:] not in ("", ":"):
                raise ValueError("short option should be 'x' or 'x:'")
            self._put("short", f"-{short[0]}", short, self.short_options, meaning)
        if long:
            if long.startswith("-"):
                raise ValueError("long option should not start with '-'")
            self._put("long", f"--{long.rstrip('=')}", long, self.long_options, meaning)

    def _put(self, kind: str, key: str, option: str, options: list[str], meaning: Meaning) -> None:
        letters, words = self.native_options
        native = {f"-{letter[0]}" for letter in letters} | {f"--{word.rstrip('=')}" for word in words}
        if key in self.options_map or key in native:
            raise ValueError(f"duplicate {kind} option key {key!r}")
        self.options_map[key] = meaning
        options.append(option)

    def _set(self, attr: str, value: Any, prio: int) -> None:
        """Assign an attribute unless its value comes from somewhere that wins over this."""
        if prio >= self.attr_priorities.get(attr, -1):
            setattr(self, attr, value)
            self.attr_priorities[attr] = prio

    def _take_from_arguments(self, arguments: list[str]) -> list[str]:
        """Take what was added from a command line; returns what is left for the native parser."""
        import getopt

        letters, words = self.native_options
        try:
            found, rest = getopt.getopt(
                arguments, "".join([*letters, *self.short_options]), [*words, *self.long_options]
            )
        except getopt.error as why:
            self.usage(why)
            return []
        left = []
        for option, text in found:
            if option not in self.options_map:
                takes_value = f"{option[1:]}:" in letters or f"{option[2:]}=" in words
                left += [option, text] if takes_value else [option]
                continue
            name, handler = self.options_map[option]
            value = self._handled(handler, text, f"value for {option}")
            if name and value is not None:
                if getattr(self, name) is not None:
                    self.usage(f"conflicting command line option {option!r}")
                self._set(name, value, _COMMAND_LINE)
        return [*left, "--", *rest] if rest else left

    def _handled(self, handler: Handler | None, text: str, what: str) -> Any:
        """Return what a handler makes of a text; the text itself without one, or after a mistake was told."""
        if handler is None:
            return text
        try:
            return handler(text)
        except ValueError as why:
            self.usage(f"invalid {what} {text!r}: {why}")
            return text

    def _take_from_environment(self) -> None:
        """Take what was added from variables."""
        for variable, (name, handler) in self.environ_map.items():
            text = os.environ.get(variable)
            if text is None:
                continue
            value = self._handled(handler, text, f"environment value for {variable}")
            if name and value is not None:
                self._set(name, value, _ENVIRONMENT)

    def _take_from_configuration(self) -> None:
        """Take what was added from what was read, then defaults; say what is missing."""
        for name, confname in self.names_list:
            if confname:
                value = self.configroot
                for part in confname.split("."):
                    value = None if value is None else getattr(value, part)
                self._set(name, value, _FILE)
        for name, default in self.default_map.items():
            if getattr(self, name) is None:
                setattr(self, name, default)
        for name, message in self.required_map.items():
            if getattr(self, name) is None:
                self.usage(message)


def _saying(flag: Any, short: str, long: str) -> Handler:
    """Return a handler of an option without a text; raises ValueError where one would follow."""
    if not (short or long) or short.endswith(":") or long.endswith("="):
        raise ValueError("flag= requires a command line flag")
    return lambda text: flag
