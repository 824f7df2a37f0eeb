"""Files as answers to requests."""

from __future__ import annotations

import re
from typing import Any

from supervisor.medusa import http_date
from supervisor.medusa.http_server import get_header_match
from supervisor.medusa.producers import file_producer

NOT_FOUND = 404
NOT_ALLOWED = 400
NOT_MODIFIED = 304
MOVED = 301

IF_MODIFIED_SINCE = re.compile(r"If-Modified-Since: ([^;]+)(?:; length=([0-9]+))?$", re.IGNORECASE)


class default_handler:
    """Answers every request with a file of a filesystem (`supervisor.medusa.filesys`)."""

    IDENT = "Default HTTP Request Handler"
    valid_commands = ("GET", "HEAD")
    directory_defaults = ("index.html", "default.html")
    default_file_producer = file_producer

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
        path = request.split_uri()[0].lstrip("/")
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
            if self._is_known(request, known):
                request.reply_code = NOT_MODIFIED
                request.done()
                return
            file = self.filesystem.open(path, "rb")
        except OSError:
            request.error(NOT_FOUND)
            return
        request["Last-Modified"] = http_date.build_http_date(known.st_mtime)
        request["Content-Length"] = known.st_size
        self.set_content_type(path, request)
        if request.command == "GET":
            request.push(self.default_file_producer(file))
        else:
            file.close()
        request.done()

    def _is_known(self, request: Any, known: Any) -> bool:
        """Return whether the client says that it has the file as it is."""
        asked = get_header_match(IF_MODIFIED_SINCE, request.header)
        if asked is None or int(asked.group(2) or known.st_size) != known.st_size:
            return False
        return int(known.st_mtime) <= http_date.parse_http_date(asked.group(1))

    def set_content_type(self, path: str, request: Any) -> None:
        """Set the header that says what a file is, by the ending of its name."""
        import mimetypes

        request["Content-Type"] = mimetypes.guess_type(path)[0] or "text/plain"
