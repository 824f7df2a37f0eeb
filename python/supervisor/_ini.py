"""A configuration as text, for plug-ins that read sections of their own (`options.UnhosedConfigParser`)."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterable, Mapping
from typing import Any, Union

_Paths = Union[str, bytes, "os.PathLike[Any]", Iterable[Union[str, bytes, "os.PathLike[Any]"]]]

_REQUIRED: Any = object()
"""Stands for a default that is none: the option has to be there."""

_HERE = "%(here)s"


class UnhosedConfigParser(configparser.RawConfigParser):
    """Python's parser by the rules that supervisord reads its file by, with ``%(name)s`` expanded on reading.

    `expansions` are the names that are always known, `mysection` is the section of `getdefault`,
    `section_to_file` tells which file a section that was read by name came from. Values that are set need
    not be text.
    """

    mysection = "supervisord"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("inline_comment_prefixes", (";", "#"))
        kwargs.setdefault("strict", False)
        super().__init__(*args, **kwargs)
        self.section_to_file: dict[str, Any] = {}
        self.expansions: dict[str, Any] = {}

    def read(self, filenames: _Paths, encoding: str | None = None) -> list[str]:
        """Read one file or several and return those that could be opened."""
        names = [filenames] if isinstance(filenames, (str, bytes, os.PathLike)) else list(filenames)
        read = []
        for name in names:
            known = set(self.sections())
            read.extend(super().read([name], encoding))
            self.section_to_file.update(
                (section, name) for section in self.sections() if section not in known
            )
        return read

    def saneget(
        self,
        section: str,
        option: str,
        default: Any = _REQUIRED,
        do_expand: bool = True,
        expansions: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value of an option, or the default, expanded where it is text.

        Raises NoOptionError where there is neither, NoSectionError, and ValueError for a bad expansion.
        """
        try:
            value: Any = self.get(section, option)
        except configparser.NoOptionError:
            if default is _REQUIRED:
                raise
            value = default
        if do_expand and isinstance(value, str):
            # `expand` is the rule for all of them, and its module imports this one.
            from supervisor.options import expand

            value = expand(value, {**self.expansions, **(expansions or {})}, f"{section}.{option}")
        return value

    def getdefault(
        self,
        option: str,
        default: Any = _REQUIRED,
        expansions: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the value of an option of `mysection`, as `saneget` does."""
        return self.saneget(self.mysection, option, default=default, expansions=expansions, **kwargs)

    def expand_here(self, here: str) -> None:
        """Replace ``%(here)s`` in all values by a folder."""
        for section in self.sections():
            values: list[tuple[str, Any]] = self.items(section)
            for option, value in values:
                if isinstance(value, str) and _HERE in value:
                    self.set(section, option, value.replace(_HERE, here))
