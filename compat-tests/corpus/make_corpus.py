#!/usr/bin/env python3
"""Write the corpora that the Rust parsers must agree with.

Run it with the Python of an environment in which ``supervisor==4.3.0`` is installed; it feeds each
input to the original's own parser (or to Python's, where the original only passes it on) and
writes what came out as JSON beside this file::

    <environment>/bin/python compat-tests/corpus/make_corpus.py

Two rules are those of the original's next version, 4.4.0.dev0, as the project has chosen: lists of
``environment=`` are read by ``shlex`` in POSIX mode.
"""

from __future__ import annotations

import getopt
import json
import os
import shlex
from pathlib import Path
from typing import Any, Callable

from supervisor import datatypes
from supervisor.options import ServerOptions, ClientOptions, UnhosedConfigParser, expand, normalize_path

HERE = Path(__file__).parent

INI_TEXTS = [
    "",
    "[a]\n",
    "[a]\nx=1\n",
    "[a]\nx=1\ny:2\n",
    "[a]\nX = 1\nLong Name : 2\n",
    "[a]\nx=1\n[b]\nx=2\n[a]\nx=3\ny=4\n",
    "[a]\nx=1\nx=2\n",
    "[A]\nx=1\n[a]\nx=2\n",
    "[ a ]\nx=1\n",
    "[program:x]\ncommand=/bin/cat ; a comment\n",
    "[program:x]\ncommand=/bin/cat;no comment\n",
    "[program:x]\ncommand=sh -c 'a;b' ; c\n",
    "[program:x]\ncommand=sh -c 'a; b'\n",
    "[program:x]\ncommand=bash -c 'foo ; bar'\n",
    "[a]\nx=a#b\ny=a #b\nz=a\t#b\n",
    "[a]\nx=a;b;c ;d #e\n",
    "[a]\nx=a;b #c ;d\n",
    "[a]\nx=a;b;c;d #e\n",
    "[a]\nx=a#b;c ;d #e\n",
    "[a]\nx=;y\n",
    "[a]\nx= ;y\n",
    "[a]\nx=#y\n",
    "[a]\nx = ; y\n",
    "; comment\n# comment\n[a]\n;x=1\n#y=2\n ;z=3\nw=4\n",
    "[a] ; comment\nx=1\n",
    "[a];comment\nx=1\n",
    "[a]b]\nx=1\n",
    "[a]trailing\nx=1\n",
    "[]]\nx=1\n",
    "[a\nx=1\n",
    "[]\nx=1\n",
    "[a]\n[]\n",
    "[a]\n[]=1\n",
    "[a]\nx=1\n  2\n  3\n",
    "[a]\nx=1\n\t2\n",
    "[a]\nx=1\n\n  2\n\n\n  3\n\n\ny=4\n",
    "[a]\nx=1\n  ; comment\n  2\n",
    "[a]\nx=1\n; comment\n  2 ; comment\n",
    "[a]\nx=1\n  2\n y=3\n",
    "[a]\n  x=1\n  y=2\n    3\nz=4\n",
    "  [a]\n  x=1\n y=2\n",
    "[a]\nx=\n  1\n  2\n",
    "[a]\nx=1\n  [b]\ny=2\n",
    "[a]\n  x=1\n[b]\n  y=2\n",
    "[a]\nfiles = a.conf\n    b.conf   c.conf\n",
    "[a]\nenvironment=A=\"1\",\n    B=\"2\",\n    C=\"3\"\n",
    "[a]\nx=a=b\ny:a:b\nz=a:b\nw:a=b\n",
    "[a]\nx = http://host:9001/path?a=b#c\n",
    "[a]\nx==1\ny:=2\nz=:3\n",
    "[a]\ngarbage\n",
    "[a]\nx=1\ngarbage\ny=2\nmore garbage\n",
    "[a]\n=1\n",
    "[a]\n = 1\n:2\n",
    "garbage\n",
    "x=1\n[a]\n",
    "\ufeff[a]\nx=1\n",
    "[a]\r\nx=1\r\n  2\r\ny=3\r\n",
    "[a]\rx=1\ry=2\r",
    "[a]\r\ngarbage\r\n",
    "[a]\nx=1",
    "[a]\nx=1\n  2",
    "[a]\ngarbage",
    "[DEFAULT]\nx=1\n[a]\ny=2\n[b]\nx=3\n",
    "[DEFAULT]\nx=1\n[a]\n[DEFAULT]\ny=2\n",
    "[default]\nx=1\n[a]\n",
    "[a]\nx=%(here)s/%%\n",
    "[a]\nx=\"quoted\"\ny='quoted'\n",
    "[a]\nÄÖ=ü\nİ=1\n",
    "[a]\nx=\u00a0 value \u2003\n",
    "[a]\nx=a\u00a0;b\n",
    "[a]\nx=a\x0bb\n\x0b\ny=1\n",
    "[a]\nx=a\u2028b\ny=\x1c1\x1f\n",
    "[a]\n\u00a0x=1\ny=2\n",
    "[a]\nx=1\n   \n  2\n",
    "[a]\nx\n[b]\n  y\n",
    "[a]\nx=1\ngarbage\n  goes on\n",
    "[a]\n=x\n  continued=1\n",
    "[a]\nkey with spaces=1\nkey.with.dots=2\n",
    "[a]\nx=1 ;c1 ;c2\n",
    "[a]\nx=\\;1\n",
    "[a]\nrem comment\n",
    "[a]\nx=1\n#\n;\n\n y=1\n",
    "[program:a]\ncommand=/bin/a\n[program:b]\ncommand=/bin/b\n[group:g]\nprograms=a,b\n",
]

EXPANSIONS = {
    "here": "/etc/app",
    "program_name": "web",
    "group_name": "it's",
    "process_num": 7,
    "numprocs": 12,
    "ENV_HOME": "/home/user",
    "ENV_EMPTY": "",
    "ENV_UMLAUT": "ä\n\"",
    "odd(name)": "balanced",
    "ENV_C": "c",
}

FORMATS = [
    "", "plain", "100%%", "%%%%", "%(here)s", "%(here)s/%(program_name)s", "%(process_num)d",
    "%(process_num)02d", "%(process_num)5d|", "%(process_num)-5d|", "%(process_num)+d", "%(process_num) d",
    "%(process_num)05d", "%(process_num)-05d|", "%(process_num)+05d", "%(process_num)s", "%(process_num)3s|",
    "%(process_num)03s|", "%(process_num)i", "%(process_num)u", "%(numprocs)x", "%(numprocs)X",
    "%(numprocs)#x", "%(numprocs)#08x", "%(numprocs)#X", "%(numprocs)o", "%(numprocs)#o", "%(numprocs)#8o|",
    "%(numprocs)-#8o|", "%(process_num).3d", "%(process_num)6.3d|", "%(process_num)06.3d|", "%(process_num)f",
    "%(process_num).0f", "%(process_num)#.0f", "%(process_num)08.2f", "%(numprocs)e", "%(numprocs).0e",
    "%(numprocs)E", "%(numprocs)g", "%(numprocs)#g", "%(numprocs).1g", "%(numprocs)G", "%(process_num)c",
    "%(process_num)r", "%(group_name)r", "%(ENV_UMLAUT)r", "%(ENV_UMLAUT)a", "%(ENV_UMLAUT)s", "%(here)10s|",
    "%(here)-10s|", "%(here)010s|", "%(here).4s|", "%(here)10.4s|", "%(here).s|", "%(here).0s|",
    "%(ENV_EMPTY)s|", "%(odd(name))s", "%(ENV_C)c", "%(process_num)ld", "%(process_num)hd", "%(process_num)Ld",
    "%(here)%", "%(process_num)5%", "%5%", "%-%", "%(nope)s", "%(nope)%", "%()s", "%(here)d", "%(here)x",
    "%(here)i", "%(here)o", "%(here)f", "%(here)e", "%(here)c", "%", "a%", "%(here)", "%(here", "%(", "%(here)5",
    "%(here).", "%(here)-", "%(here)l", "%(here)lls", "%(here)y", "%y", "5%y 6%z", "%(here)\u00e9", "%(here)\n",
    "%d", "%x", "%f", "%c", "%*d", "%(process_num)*d", "%(here)*d", "%(process_num).*d", "%(here)s %d",
    "%(here)s %s", "%(here)s%%%(here)s", "% d", "date +%Y-%m-%d", "100%", "100% sure", "50%; echo",
    "%(ENV_HOME)s/%(ENV_NOPE)s", "%( here )s", "%(HERE)s", "%(here)s%(here)s%(here)s", "%s", "x%sx", "%r",
    "%5.3", "%(process_num)99999999999999999999d", "%(process_num).99999999999999999999d",
]

COMMANDS = [
    "", " ", "a", "a b", "  a   b  ", "a\tb\nc\rd", "'a b' c", "\"a b\" c", "a'b c'd", "a\"b c\"d", "''", "\"\"",
    "a '' b", "a''b", "'a\\b'", "\"a\\b\"", "\"a\\\"b\"", "\"a\\\\b\"", "\"a\\$b\"", "'a\\'", "a\\ b", "a\\\\b",
    "a\\'b", "\\a", "a\\\nb", "\"a\\\nb\"", "echo #foo", "echo foo#bar", "#", "a;b|c&d", "$HOME ~ *", "a=b",
    "sh -c 'echo \"x y\"; exit 0'", "\"it's\"", "'say \"hi\"'", "a\"b'c\"d'e\"f'", "ä 'ö ü'", "a\u00a0b", "a\x0bb",
    "'unclosed", "\"unclosed", "a 'b", "a\\", "\"a\\", "\"a\\\"", "'a'\\", "%(x)s {a,b} [c]", "\\\"", "\\'",
    "java -Xmx1g -jar 'my app.jar' --x=\"1 2\"", "\"a\"'b'c", "\\", "'", "a\\\tb", "\"\\a\\b\"", "\"'\"", "'\"'",
]

LISTS = [
    "", " ", "A=1", "A=1,B=2", "A=\"1\"", "A='1'", "A=\"1,2\",B=3", "A = 1 , B = 2", "A=1,", "A=1, ", "A=1,B",
    "A=1,B=", "A=", "A", "=", "=1", "A==1", "A=1 B=2", "A=1;B=2", "A=\"x\\\"y\"", "A='x\\'", "A=\"x\\ny\"",
    "A=\"\"", "A='',B=1", "A=\"\",B=\"\"", "A=a\"b\"c", "A=\"a\"b", "A=\"a\"'b'", "A='\"x\"'", "A=\"'x'\"",
    "PATH=/usr/bin:/bin,X=a.b-c+d(e)", "PATH=\"/a b:/c\"", "A=http://h:1/p", "A=\"http://h/?a=b&c=d\"",
    "A=http://h/?a=b", "A=1,\n  B=2,\n  C=3\n", "A=1 # comment", "A=1,# comment\nB=2", "A=\"#1\"", "A=#1", "A=a#b",
    "A=a@b", "A=$HOME", "A=~/x", "A=*", "A=1,A=2", "B=1,A=2,B=3", "A=\u00e4", "A=\u65e5\u672c", "A=\"\u65e5\u672c\"",
    "\u00e4=1", "A-B=1", "A.B=1", "A/B=1", "\"A B\"=1", "A=1\\,2", "A=\\", "A=\"1", "A='1", "A=\"1\\", "A=\\\"x\\\"",
    "A=a\\ b", "A=1,,B=2", ",A=1", "A=1,B=2,C", "A=%", "A=50%", "A=[1]", "A={1}", "A=\"{\\\"k\\\": 1}\"", "A='{\"k\": 1}'",
    "A=1 ,B=\"2\" ,C='3'", "A\"=\"1", "A \"=\" 1", "A=\"=\"", "A=\"\"B", "A=true,B=False,C=None", "A=1\tB=2",
    "A=-1", "A=+1", "A=(x)", "A=x!", "A=a\u00d7b", "A=\\#", "A=x\"#\"y",
]

DATATYPES: dict[str, tuple[Callable[[str], Any], list[str]]] = {
    "integer": (datatypes.integer, [
        "0", "1", "-1", "+1", " 12 ", "1_000", "1__0", "_1", "1_", "0x10", "010", "1.0", "", " ", "- 1", "abc", "\u0663",
        "\uff11\uff12", "12a", "1 2", "\u00b2", "\n5\n", "--1", "1e3", "None", "it's", "9223372036854775807", "\U0001d7d8",
    ]),
    "boolean": (datatypes.boolean, [
        "yes", "true", "on", "1", "no", "false", "off", "0", "YES", "True", "oN", "FALSE", "", " yes", "yes ", "y",
        "n", "t", "2", "enabled", "None", "it's",
    ]),
    "byte_size": (datatypes.byte_size, [
        "0", "1", "1024", "1KB", "1kb", "1Kb", "50MB", "1gb", "1 GB", "0MB", "1_0KB", "1K", "1M", "1B", "KB", "",
        "-1", "-1KB", "1.5MB", "1TB", "50 MB ", "mb50", "10KBMB", "5kB", "\u0661KB",
    ]),
    "octal": (datatypes.octal_type, [
        "0", "022", "22", "0700", "0o22", "0O22", "0o_22", "0_22", "777", "8", "089", "-1", "", "x", "0x1", "1.0",
        " 022 ", "+7", "0o", "o22",
    ]),
    "log_level": (datatypes.logging_level, [
        "critical", "error", "warn", "info", "debug", "trace", "blather", "INFO", "Warn", "warning", "crit", "", "10",
        " info", "none",
    ]),
    "signal": (datatypes.signal_number, [
        "TERM", "term", "SIGTERM", "sigterm", " TERM ", "15", " 15 ", "HUP", "USR1", "usr2", "KILL", "INT", "QUIT",
        "STOP", "CONT", "WINCH", "CHLD", "CLD", "IOT", "POLL", "IO", "PWR", "STKFLT", "RTMIN", "SIGRTMAX", "34",
        "35", "64", "0", "1", "_DFL", "SIG_IGN", "sig_block", "-1", "100", "", "SIGSIGTERM", "NOPE", "TER", "SIG", "1.5",
        "99999999999999999999", "_SETMASK", "EMT",
    ]),
    "exit_codes": (datatypes.list_of_exitcodes, [
        "", "0", "0,2", "0, 2 ,3", "255", "256", "-1", "0,", ",", "a", "0;2", "1_0", " ", "0 2", "0,0",
    ]),
    "list_of_strings": (datatypes.list_of_strings, [
        "", "a", "a,b", " a , b ", "a,", ",", "a b,c", "a\n,b", " ",
    ]),
    "inet_address": (datatypes.inet_address, [
        "9001", "127.0.0.1:9001", "*:9001", ":9001", "LocalHost:80", "[::1]:9001", "::1:9001", "localhost:", ":", "",
        "0", "65535", "65536", "h:0", "h:65536", "h:-1", "h:x", "x", "-1", " 80 ", "h: 80", "*", "*:*", "h:1_0",
        "example.COM:8080", "a:b:80", "h:it's",
    ]),
    "autorestart": (datatypes.auto_restart, [
        "true", "false", "unexpected", "TRUE", "Unexpected", "yes", "no", "1", "0", "on", "off", "", "maybe", "Always",
        " true",
    ]),
    "name": (datatypes.process_or_group_name, [
        "web", " web ", "a b", "a:b", "a/b", "a/b c", "%(program_name)s_%(process_num)02d", "", "a\tb", "ä", "it's:x", ":", "/",
    ]),
    "url": (datatypes.url, [
        "http://localhost:9001", "unix:///tmp/s.sock", "unix://s.sock", "https://h", "localhost:9001", "localhost", "",
        "http://", "http:", "unix:", "http:x", "://x", "1http://x", "h+t.p-1://x", "h_p://x", "/tmp/s", "http:///p",
        " http://h", "http://?q", "http:?q", "http:#f", "ht\ntp://h", "http://[::1]:9001", "http://[::1", "HTTP://X", "-a://b",
        "http://user:pw@h:1/p?q#f",
    ]),
    "normalize_path": (normalize_path, [
        "/a/b", "/a/../b", "//a", "///a", "/a//b/", "/./a/.", "/..", "/a/b/../../..", "~/x", "~",
    ]),
}

COMMAND_LINES = {
    "supervisord": [
        [], ["-n"], ["--nodaemon"], ["-c", "a"], ["-ca"], ["-c/a", "-n"], ["-nc", "a"], ["-nca"], ["-ncs"],
        ["--configuration", "a"], ["--configuration=a"], ["--configuration="], ["--conf", "a"], ["--conf=a"], ["--c=a"],
        ["-c", "-n"], ["-c", "--help"], ["--configuration", "-n"], ["-n", "-n"], ["-n", "--nodaemon"],
        ["-l", "a", "--logfile", "b"], ["--log", "a"], ["--logfile", "a"], ["--logfile_m", "1"], ["--no"], ["--nod"],
        ["--nodaemon=1"], ["--nodaemon="], ["-x"], ["-nx"], ["--bogus"], ["--bogus=1"], ["-c"], ["-nc"], ["--conf"],
        ["--configuration"], ["-n", "foo"], ["foo", "-n"], ["foo", "-x"], ["-"], ["-n", "-"], ["--"], ["--", "-n"],
        ["-n", "--", "-s"], ["-?"], ["-h"], ["-v"], ["--vers"], ["-hv"], ["-n?"], ["--help"], ["--h"], ["-y", "-1"],
        ["--minprocs", "5"], ["--minprocs=5"], ["--minf", "5"], ["--min", "5"], ["--i", "x"], ["-i", "x y"], ["-i", ""],
        ["--identifier", ""], ["-i", "a=b"], ["--identifier=a=b"], ["--identifier", "--"], ["-i", "--", "-n"],
        ["--profile_options=calls"], ["-s", "-k", "-t", "-n"], ["-skt"], ["-u", "root", "-m", "022", "-d", "/"],
        ["--s"], ["--strip"], ["--silent", "--strip_ansi"], ["--umask", "22", "--user", "x"], ["--u", "1"], ["---"],
        ["---n"], ["-e", "debug", "-j", "p"], ["--childlogdir", "/tmp", "-q", "/"], ["-é"], ["--é"], ["-n", "é"],
        ["--configuration", "a", "--conf", "b"],
    ],
    "supervisorctl": [
        [], ["status"], ["-c", "a", "status"], ["-ca", "status", "x"], ["-i", "status"], ["-ic", "f"], ["-i"],
        ["status", "-i"], ["tail", "-f", "web"], ["tail", "-100", "web"], ["-s", "http://h:1", "-u", "x", "-p", "y", "pid"],
        ["--serverurl=unix:///s", "start", "a:*", "b"], ["--server", "http://h", "stop", "all"], ["--", "status"],
        ["--", "-i"], ["-x"], ["--bogus", "status"], ["signal USR1", "web"], ["signal", "HUP", "all"], ["-r", "h", "help"],
        ["--history_file=h"], ["--history-file=h"], ["-", "status"], ["", "status"], ["help", "--help"], ["-p", "-i"],
        ["-p"], ["status", "--", "x"], ["status", ""], ["-u", "a", "-u", "b"],
    ],
}


def outcome(function: Callable[[Any], Any], value: Any) -> dict[str, Any]:
    """What a function returned, or the text of its error."""
    try:
        return {"ok": plain(function(value))}
    except Exception as error:  # noqa: BLE001 - every kind of error is part of the corpus
        return {"error": str(error)}


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
    parser = UnhosedConfigParser()
    # From a file, as the original does, so that line ends are translated.
    path = HERE / "corpus.conf"
    path.write_bytes(text.encode())
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file, source="corpus.conf")
    finally:
        path.unlink()
    return [[name, [[key, parser.get(name, key)] for key in parser.options(name)]] for name in parser.sections()]


class PosixShlex:
    """Stands in for the module that the original's reader of lists asks for its lexer."""

    tokens: list[str] = []

    @classmethod
    def shlex(cls, text: str) -> shlex.shlex:
        """The lexer of 4.4.0.dev0; what it will read is kept aside as well."""
        copy = shlex.shlex(text, posix=True)
        copy.wordchars += "/.+-():"
        cls.tokens = list(copy)
        return shlex.shlex(text, posix=True)


def read_list(text: str) -> list[list[str]]:
    """``environment=`` by the rules of 4.4.0.dev0.

    The original's function checks the form. Its values are not used: it strips quotes from them,
    which is no longer done in POSIX mode.
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


def split_line(options: Any, arguments: list[str]) -> list[Any]:
    """A command line, split by ``getopt`` with the option lists of the original's own class."""
    found, rest = getopt.getopt(arguments, "".join(options.short_options), options.long_options)
    return [[list(pair) for pair in found], rest]


def write(name: str, cases: list[dict[str, Any]]) -> int:
    """Write one corpus; returns its size."""
    body = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    (HERE / f"{name}.json").write_text(f"[\n{body}\n]\n", encoding="ascii")
    return len(cases)


def main() -> None:
    """Write all corpora."""
    # What `~` stands for must not depend on who runs this.
    os.environ["HOME"] = "/home/user"
    written = {
        "ini": write("ini", [{"input": text, **outcome(read_ini, text)} for text in INI_TEXTS]),
        "expand": write(
            "expand",
            [{"input": text, **outcome(lambda text: expand(text, EXPANSIONS, "x.y"), text)} for text in FORMATS],
        ),
        "expand_names": write("expand_names", [{"name": name, "value": term} for name, term in EXPANSIONS.items()]),
        "words": write("words", [{"input": text, **outcome(shlex.split, text)} for text in COMMANDS]),
        "lists": write("lists", [{"input": text, **outcome(read_list, text)} for text in LISTS]),
        "datatypes": write(
            "datatypes",
            [
                {"type": name, "input": text, **outcome(function, text)}
                for name, (function, texts) in DATATYPES.items()
                for text in texts
            ],
        ),
        "command_lines": write(
            "command_lines",
            [
                {"program": program, "input": line, **outcome(lambda line: split_line(options, line), line)}
                for program, options in (("supervisord", ServerOptions()), ("supervisorctl", ClientOptions()))
                for line in COMMAND_LINES[program]
            ],
        ),
    }
    for name, count in written.items():
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()
