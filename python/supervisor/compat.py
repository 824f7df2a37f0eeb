"""Names that once hid the differences between Python 2 and 3.

Packages that extend Supervisor import them from here, so they stay; new code takes them from the standard
library. Conversions between text and bytes are UTF-8 unless told otherwise.
"""

from __future__ import annotations

import _thread as thread
import configparser as ConfigParser
import html.entities as htmlentitydefs
import http.client as httplib
import io
import syslog
import urllib.parse as urlparse
import xmlrpc.client as xmlrpclib
from base64 import decodebytes as decodestring
from base64 import encodebytes as encodestring
from hashlib import md5, sha1
from html import escape
from html.parser import HTMLParser
from io import StringIO
from string import ascii_letters as letters
from sys import maxsize as maxint
from typing import Any
from xmlrpc.client import Fault

urllib = urlparse

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
    from importlib.metadata import EntryPoint

    return EntryPoint(name="", value=spec, group="").load()


def resource_filename(package: str, path: str) -> str:
    """Return the path of a file that is installed with a package."""
    from importlib.resources import files

    return str(files(package).joinpath(path))
