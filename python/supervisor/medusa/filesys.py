"""Files below a folder, by paths that begin at it."""

from __future__ import annotations

import os
import posixpath
from typing import IO, Any


class os_filesystem:
    """A folder; nothing above it can be named, but links lead where they lead."""

    def __init__(self, root: str, wd: str = "/") -> None:
        """Take the folder, and the one below it at which relative paths begin."""
        self.root = root
        self.wd = wd

    def current_directory(self) -> str:
        """Return the folder at which relative paths begin."""
        return self.wd

    def isfile(self, path: str) -> bool:
        """Return whether there is a file."""
        return os.path.isfile(self.translate(path))

    def isdir(self, path: str) -> bool:
        """Return whether there is a folder."""
        return os.path.isdir(self.translate(path))

    def listdir(self, path: str) -> list[str]:
        """Return the names in a folder; raises OSError."""
        return os.listdir(self.translate(path))

    def stat(self, path: str) -> os.stat_result:
        """Return what is known of a file; raises OSError."""
        return os.stat(self.translate(path))

    def open(self, path: str, mode: str) -> IO[Any]:
        """Open a file; raises OSError."""
        return open(self.translate(path), mode)

    def normalize(self, path: str) -> str:
        """Return a path without its detours; what would lead above the folder stays in it."""
        return posixpath.normpath(f"/{path}".replace("//", "/")) if path else path

    def translate(self, path: str) -> str:
        """Return where a path leads on this machine."""
        inside = self.normalize(posixpath.join(self.wd, path))
        return os.path.join(self.root, inside.lstrip("/"))

    def __repr__(self) -> str:
        return f"<os_filesystem root:{self.root} wd:{self.wd}>"
