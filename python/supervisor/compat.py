"""Names that once hid the differences between Python 2 and 3.

Packages that extend Supervisor import them from here, so they stay; new code takes them from the standard
library. Conversions between text and bytes are UTF-8 unless told otherwise.
"""

from __future__ import annotations

import _thread as thread
import importlib
import io
from io import StringIO
from sys import maxsize as maxint

from supervisor._names import importing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import configparser as ConfigParser
    import html.entities as htmlentitydefs
    import http.client as httplib
    import syslog
    import urllib.parse as urlparse
    import xmlrpc.client as xmlrpclib
    from base64 import decodebytes as decodestring
    from base64 import encodebytes as encodestring
    from hashlib import md5, sha1
    from html import escape
    from html.parser import HTMLParser
    from string import ascii_letters as letters
    from typing import Any
    from xmlrpc.client import Fault

    urllib = urlparse
else:
    __getattr__ = importing(
        __name__,
        {
            "ConfigParser": "configparser",
            "Fault": "xmlrpc.client:Fault",
            "HTMLParser": "html.parser:HTMLParser",
            "decodestring": "base64:decodebytes",
            "encodestring": "base64:encodebytes",
            "escape": "html:escape",
            "htmlentitydefs": "html.entities",
            "httplib": "http.client",
            "letters": "string:ascii_letters",
            "md5": "hashlib:md5",
            "sha1": "hashlib:sha1",
            "syslog": "syslog",
            "urllib": "urllib.parse",
            "urlparse": "urllib.parse",
            "xmlrpclib": "xmlrpc.client",
        },
    )

__all__ = [
    "PY2",
    "ConfigParser",
    "Fault",
    "HTMLParser",
    "StringIO",
    "StringTypes",
    "as_bytes",
    "as_string",
    "basestring",
    "decodestring",
    "encodestring",
    "escape",
    "htmlentitydefs",
    "httplib",
    "import_spec",
    "is_text_stream",
    "letters",
    "long",
    "maxint",
    "md5",
    "raw_input",
    "resource_filename",
    "sha1",
    "syslog",
    "thread",
    "unichr",
    "unicode",
    "urllib",
    "urlparse",
    "xmlrpclib",
]

PY2 = False
StringTypes = (str,)
basestring = str
long = int
raw_input = input
unichr = chr
unicode = str


def as_bytes(s: str | bytes, encoding: str = "utf-8") -> bytes:
    """Return bytes: those given, or the text given, encoded."""
    return s if isinstance(s, bytes) else s.encode(encoding)


def as_string(s: str | bytes, encoding: str = "utf-8") -> str:
    """Return text: the one given, or the bytes given, decoded."""
    return s if isinstance(s, str) else s.decode(encoding)


def is_text_stream(stream: object) -> bool:
    """Tell whether a stream takes text rather than bytes."""
    return isinstance(stream, io.TextIOBase)


def import_spec(spec: str) -> Any:
    """Return the object that ``package.module:attribute`` names, as entry points write it.

    Raises what the import raises, and AttributeError for a name that is not there.
    """
    module, _, path = spec.partition(":")
    found: Any = importlib.import_module(module.strip())
    for attribute in path.strip().split(".") if path else ():
        found = getattr(found, attribute)
    return found


def resource_filename(package: str, path: str) -> str:
    """Return the path of a file that is installed with a package."""
    from importlib.resources import files

    return str(files(package).joinpath(path))
