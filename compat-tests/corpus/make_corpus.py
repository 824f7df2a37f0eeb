"""Write into the corpora what the original makes of their inputs.

Each JSON file beside this script is a list of cases. A case is an input, to which this script adds what
came out: ``ok`` with a value, or ``error`` with the text of the error. To add a case, add its input to the
file and run the script with the Python of an environment in which ``supervisor==4.3.0`` is installed::

    <environment>/bin/python compat-tests/corpus/make_corpus.py

Inputs go through the original's own parsers, or Python's where the original only passes them on. One rule is
that of the original's next version, 4.4.0.dev0: lists of ``environment=`` are read by ``shlex`` in POSIX
mode. The Rust tests of the parsers compare themselves with every case.
"""

from __future__ import annotations

import getopt
import importlib
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from whole_files import CONFIG_FILE, read_whole

# The original is not typed.
datatypes: Any = importlib.import_module("supervisor.datatypes")
options: Any = importlib.import_module("supervisor.options")

HERE = Path(__file__).parent

Case = dict[str, Any]

DATATYPES: dict[str, Callable[[str], Any]] = {
    "integer": datatypes.integer,
    "boolean": datatypes.boolean,
    "byte_size": datatypes.byte_size,
    "octal": datatypes.octal_type,
    "log_level": datatypes.logging_level,
    "signal": datatypes.signal_number,
    "exit_codes": datatypes.list_of_exitcodes,
    "list_of_strings": datatypes.list_of_strings,
    "inet_address": datatypes.inet_address,
    "autorestart": datatypes.auto_restart,
    "name": datatypes.process_or_group_name,
    "url": datatypes.url,
    "normalize_path": options.normalize_path,
}


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value


def read_ini(text: str) -> list[list[Any]]:
    """Sections with their options, in order, as the original's parser sees them."""
    parser = options.UnhosedConfigParser()
    with tempfile.TemporaryDirectory() as folder:
        # From a file, as the original does, so that line ends are translated.
        path = Path(folder, "corpus.conf")
        path.write_bytes(text.encode())
        with path.open(encoding="utf-8") as file:
            parser.read_file(file, source="corpus.conf")
    return [
        [name, [[key, parser.get(name, key)] for key in parser.options(name)]] for name in parser.sections()
    ]


class PosixShlex:
    """Stands in for the module that the original's reader of lists asks for its lexer."""

    tokens: ClassVar[list[str]] = []

    @classmethod
    def shlex(cls, text: str) -> shlex.shlex:
        """The lexer of 4.4.0.dev0; what it will read is kept aside as well."""
        copy = shlex.shlex(text, posix=True)
        copy.wordchars += "/.+-():"
        cls.tokens = list(copy)
        return shlex.shlex(text, posix=True)


def read_list(text: str) -> list[list[str]]:
    """``environment=`` by the rules of 4.4.0.dev0.

    The original's function checks the form. Its values are not used: it strips quotes from them, which is no
    longer done in POSIX mode.
    """
    original = datatypes.shlex
    datatypes.shlex = PosixShlex
    try:
        datatypes.dict_of_key_value_pairs(text)
    finally:
        datatypes.shlex = original
    tokens = PosixShlex.tokens
    pairs = {tokens[start]: tokens[start + 2] for start in range(0, len(tokens), 4)}
    return [[key, value] for key, value in pairs.items()]


def split_line(case: Case) -> list[Any]:
    """A command line, split by ``getopt`` with the option lists of the original's own class."""
    known = options.ServerOptions() if case["program"] == "supervisord" else options.ClientOptions()
    found, rest = getopt.getopt(case["input"], "".join(known.short_options), known.long_options)
    return [[list(pair) for pair in found], rest]


def sample_options() -> list[Case]:
    """The options that the original's sample shows, and the values of those in force."""
    found: list[Case] = []
    section = ""
    for line in Path(options.__file__).with_name("skel").joinpath("sample.conf").read_text().splitlines():
        header = re.match(r";?\[(\w+)", line)
        if header:
            section = header.group(1)
        option = re.match(r"(;?)([\w.]+) ?= ?(\S+)", line)
        if option:
            mark, name, value = option.groups()
            found.append({"section": section, "name": name, "active": None if mark else value})
    return found


def configurations() -> list[Case]:
    """The configurations of the folder of that name: single files, and folders with the layout of a machine."""
    folder = HERE / "configurations"
    cases: list[Case] = []
    for entry in sorted(folder.iterdir()):
        if entry.is_file():
            cases.append({"name": entry.name, "main": CONFIG_FILE, "files": {CONFIG_FILE: entry.read_text()}})
            continue
        paths = sorted(path for path in entry.rglob("*") if path.is_file())
        files = {f"/{path.relative_to(entry)}": path.read_text() for path in paths}
        main = next(path for path in files if Path(path).stem == "supervisord")
        cases.append({"name": entry.name, "main": main, "files": files})
    return cases


def load(name: str) -> list[Case]:
    """The cases of a corpus."""
    cases: list[Case] = json.loads((HERE / f"{name}.json").read_text(encoding="ascii"))
    return cases


def write(name: str, cases: list[Case]) -> None:
    """Write a corpus, one case in a line."""
    body = ",\n".join(json.dumps(case) for case in cases)
    (HERE / f"{name}.json").write_text(f"[\n{body}\n]\n", encoding="ascii")
    print(f"{name}: {len(cases)}")


def outcome(case: Case, function: Callable[[Case], Any]) -> Case:
    """A case with what came out of it."""
    given = {key: value for key, value in case.items() if key not in {"ok", "error"}}
    try:
        return {**given, "ok": plain(function(given))}
    except Exception as error:  # every kind of error is part of the corpus
        return {**given, "error": str(error)}


def main() -> None:
    """Write all corpora."""
    # What `~` stands for must not depend on who runs this.
    os.environ["HOME"] = "/home/user"
    names = {entry["name"]: entry["value"] for entry in load("expand_names")}
    functions: dict[str, Callable[[Case], Any]] = {
        "ini": lambda case: read_ini(case["input"]),
        "expand": lambda case: options.expand(case["input"], names, "x.y"),
        "words": lambda case: shlex.split(case["input"]),
        "lists": lambda case: read_list(case["input"]),
        "datatypes": lambda case: DATATYPES[case["type"]](case["input"]),
        "command_lines": split_line,
        "files": lambda case: read_whole(case["files"]),
    }
    for name, function in functions.items():
        write(name, [outcome(case, function) for case in load(name)])
    write("sample", sample_options())
    write(
        "configurations",
        [outcome(case, lambda case: read_whole(case["files"], case["main"])) for case in configurations()],
    )


if __name__ == "__main__":
    main()
