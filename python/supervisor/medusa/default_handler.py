"""Files as answers to requests."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import unquote

from supervisor.medusa import http_date

NOT_FOUND = 404
NOT_ALLOWED = 400
MOVED = 301


class default_handler:
    """Answers every request with a file of a filesystem (`supervisor.medusa.filesys`)."""

    valid_commands = ("GET", "HEAD")
    directory_defaults = ("index.html", "default.html")

    def __init__(self, filesystem: Any) -> None:
        self.filesystem = filesystem

    def match(self, request: Any) -> int:
        """Return that any request is for this handler."""
        return 1

    def handle_request(self, request: Any) -> None:
        """Answer a request with the file of its path; a folder's is one of `directory_defaults`."""
        if request.command not in self.valid_commands:
            request.error(NOT_ALLOWED)
            return
        path = unquote(request.split_uri()[0]).lstrip("/")
        if self.filesystem.isdir(path):
            if path and not path.endswith("/"):
                request["Location"] = f"/{path}/"
                request.error(MOVED)
                return
            candidates = [path + name for name in self.directory_defaults]
        else:
            candidates = [path]
        found = next((each for each in candidates if self.filesystem.isfile(each)), None)
        if found is None:
            request.error(NOT_FOUND)
            return
        self._send(request, found)

    def _send(self, request: Any, path: str) -> None:
        try:
            known = self.filesystem.stat(path)
            with self.filesystem.open(path, "rb") as file:
                data = file.read()
        except OSError:
            request.error(NOT_FOUND)
            return
        request["Last-Modified"] = http_date.build_http_date(known.st_mtime)
        request["Content-Length"] = len(data)
        request["Content-Type"] = mimetypes.guess_type(path)[0] or "text/plain"
        if request.command == "GET":
            request.push(data)
        request.done()
