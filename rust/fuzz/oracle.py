"""What Python makes of texts: the oracle of the fuzz target beside it.

Reads lines of JSON from standard input, each the name of a parser and a list of texts, and
answers each with a line of results: ``{"ok": value}`` or ``{"error": text}``. Only Python's standard library
is used, set up as the original Supervisor sets it up.
"""

from __future__ import annotations

import base64
import configparser
import io
import json
import shlex
import sys
import xmlrpc.client
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

# The names that the fuzz target knows too.
NAMES = {"here": "/etc", "ENV_X": "va%lue", "é": "ü'", "a(b)": "nested", "process_num": 7, "minus": -42}

# What the lists of ``environment=`` have besides Python's own word characters.
WORD_CHARACTERS = "/.+-():"


def ini(text: str) -> Any:
    """Sections with their options, in order."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    # Line ends are translated as they are when a file is opened.
    parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"), source="fuzz.conf")
    return [
        [name, [[key, parser.get(name, key)] for key in parser.options(name)]] for name in parser.sections()
    ]


def words(text: str) -> Any:
    """The words of a command."""
    return shlex.split(text)


def expand(text: str) -> Any:
    """Python's formatting; an error is the name that is not known, or what is wrong with the format."""
    try:
        return text % NAMES
    except KeyError as unknown:
        raise ValueError(f"unknown name {unknown.args[0]}") from None


def environment(text: str) -> Any:
    """Pairs of a list of variables: tokens in fours, of which the last may be missing."""
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += WORD_CHARACTERS
    tokens = list(lexer)
    pairs: dict[str, str] = {}
    for start in range(0, len(tokens), 4):
        entry = tokens[start : start + 3]
        if len(entry) < 3 or entry[1] != "=":
            raise ValueError("not a list of pairs")
        pairs[entry[0]] = entry[2]
    return [[key, value] for key, value in pairs.items()]


def element_text(element: ElementTree.Element) -> Any:
    """The text of the first child, whatever its type."""
    return element[0].text


#: What elements of a call become once they are closed.
ELEMENTS: dict[str, Callable[[ElementTree.Element], Any]] = {
    "int": lambda element: int(element.text or ""),
    "i4": lambda element: int(element.text or ""),
    "boolean": lambda element: element.text == "1",
    "string": lambda element: element.text or "",
    "double": lambda element: float(element.text or ""),
    "base64": lambda element: base64.decodebytes((element.text or "").encode()).decode(),
    "array": element_text,
    "param": element_text,
    "data": lambda element: [item.text for item in element],
    "struct": lambda element: {name.text or "": value.text for name, value in element},
    "value": lambda element: element[0].text if len(element) else element.text or "",
}


def call(text: str) -> Any:
    """Name and arguments of a call, in the dialect of the original, the arguments written again by Python."""
    method: Any = None
    params: list[Any] = []
    for _, element in ElementTree.iterparse(io.StringIO(text)):  # noqa: S314
        convert = ELEMENTS.get(element.tag)
        if convert is not None:
            value = convert(element)
            element.clear()
            element.text = value
        elif element.tag == "methodName":
            method = element.text
        elif element.tag == "params":
            params = [item.text for item in element]
    if not method:
        raise ValueError("no method name")
    return [method, xmlrpc.client.dumps(tuple(params), "m", allow_none=True)]


PARSERS: dict[str, Callable[[str], Any]] = {
    "ini": ini,
    "words": words,
    "expand": expand,
    "environment": environment,
    "call": call,
}


def answer(parse: Callable[[str], Any], text: str) -> dict[str, Any]:
    """One result."""
    try:
        return {"ok": parse(text)}
    except configparser.Error as error:
        return {"error": error.message}
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        return {"error": str(error)}
    except (SyntaxError, LookupError, AttributeError) as error:
        return {"error": str(error)}


def main() -> None:
    """Answer until the input ends."""
    print(json.dumps(".".join(map(str, sys.version_info[:3]))), flush=True)
    for line in sys.stdin:
        kind, texts = json.loads(line)
        print(json.dumps([answer(PARSERS[kind], text) for text in texts]), flush=True)


if __name__ == "__main__":
    main()
