"""Write the two corpora beside this file, with the original's own reader and Python's own writer as oracles.

Run it in an environment that has ``supervisor==4.3.0``.
"""

from __future__ import annotations

import json
import math
from importlib import import_module
from pathlib import Path
from typing import Any
from xmlrpc.client import Binary, DateTime, Fault, dumps

HERE = Path(__file__).parent

TEXTS = [
    "",
    "plain",
    "<&>\"'",
    "]]>",
    "tab\tnewline\n",
    "carriage\rreturn",
    "\u00e4\u20ac\U0001f600",
    "  around  ",
    "\x7f",
]
NUMBERS = [0, 1, -1, 2147483647, -2147483648]
DOUBLES = [
    0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 1e-4, 1e-5, 9.999e-5, 1e15, 1e16, 123456789012345680.0, 1e300, 5e-324,
    1.7976931348623157e308, 1e22, 1.5e-10, 100000.0, math.inf, -math.inf, math.nan,
]  # fmt: skip
BYTES = [b"", b"a", b"\x00\xff", bytes(range(57)), bytes(range(58)), bytes(range(256))]
ANSWERS: list[Any] = [
    *TEXTS, *NUMBERS, *DOUBLES, True, False, None, *(Binary(data) for data in BYTES),
    DateTime("20240229T23:59:59"), [], [[]], [[[1]], "two", [None]], {},
    {"name": "a", "group": {"deep": [1, {"x": True}]}, "<&>": "k"},
    [{"name": "p", "start": 0, "spawnerr": "", "logfile": "/var/log/p.log"}] * 2,
]  # fmt: skip
FAULTS = [(1, "UNKNOWN_METHOD"), (10, "BAD_NAME: <x> & 'y'"), (-32500, ""), (0, "line\nline")]

IN_VALUE = [
    "", "text", " text ", "a\r\nb", "a\rb", "a&#13;b", "a&#10;b", "a&#x41;b", "&lt;&gt;&amp;&quot;&apos;",
    "<![CDATA[ <x>&amp;\r\n ]]>", "<![CDATA[]]>", "a<![CDATA[b]]>c", "a<!-- c -->b", "a<?pi x?>b", "\x01",
    "\ufffe",
    "&#27;", "&#0;", "&#xFFFE;", "&#xD800;", "&#x110000;", "&#x10FFFF;", "\x7f", "]]>", "&bogus;", "a & b",
    "&;",
    "<string/>", "<string></string>", "<string> a </string>",
    "<string>a<b/>c</string>", '<string a="1">x</string>',
    '<string a="1" a="2">x</string>', "<string a=1>x</string>", "x<string>y</string>z",
    "<int>5</int>", "<i4>5</i4>", "<int> 5\n</int>", "<int>+5</int>", "<int>-5</int>", "<int>1_0</int>",
    "<int>1__0</int>", "<int>_1</int>", "<int>2147483648</int>", "<int>-9223372036854775808</int>", "<int/>",
    "<int>x</int>", "<int>5.0</int>", "<int>5<!-- c --></int>", "<int>5<foo/>6</int>",
    "<int>5</int><int>6</int>",
    "<boolean>1</boolean>", "<boolean>0</boolean>", "<boolean>true</boolean>", "<boolean> 1</boolean>",
    "<boolean/>",
    "<double>1.5</double>", "<double> 1e3 </double>", "<double>.5</double>", "<double>5.</double>",
    "<double>inf</double>", "<double>-Infinity</double>", "<double>1_0.5</double>", "<double/>",
    "<double>x</double>",
    "<dateTime.iso8601>20240102T03:04:05</dateTime.iso8601>",
    "<dateTime.iso8601>20230229T03:04:05</dateTime.iso8601>",
    "<dateTime.iso8601>20240229T24:00:00</dateTime.iso8601>",
    "<dateTime.iso8601>2024-01-02T03:04:05</dateTime.iso8601>",
    "<dateTime.iso8601/>", "<base64>YWJjZGVm</base64>", "<base64>\nYWJj\n ZGVm\n</base64>", "<base64/>",
    "<base64>YWJ</base64>", "<base64>YWI=</base64>", "<base64>YW*Jj</base64>", "<base64>YQ</base64>",
    "<nil/>", "<nil></nil>", "<biginteger>7</biginteger>", "<foo>x</foo>", "<foo/>", "<value>x</value>",
    "<array><data/></array>", "<array/>",
    "<array><data><value>a</value><value><int>1</int></value></data></array>",
    "<array>\n<data>\n<value>a</value>\n</data>\n</array>", "<struct/>",
    "<struct><member><name>a</name><value>1</value></member></struct>",
    (
        "<struct><member><name>a</name><value>1</value></member><member><name>b</name><value/></member>"
        "<member><name>a</name><value>2</value></member></struct>"
    ),
    "<struct><member><name/><value><int>1</int></value></member></struct>",
    "<struct><member><name>a</name></member></struct>", "<struct><member/></struct>",
    "<struct><member><name>a</name><value/><value/></member></struct>",
    "<struct>\n<member>\n<name>a</name>\n<value><array><data><value>x</value></data></array></value>\n</member></struct>",
    "<a", "<1>x</1>", "</value>", "<a></b>", "<!-- a -- b -->x", "<![CDATA[", "<string", "<a b='<'/>",
    "<array><data>" * 40 + "</data></array>" * 40,
]  # fmt: skip
BODIES = [
    "", " ", "x", "<a/>", "<methodName>m</methodName>", "<methodName/>",
    "<m><methodName> a </methodName></m>",
    "<?xml version='1.0'?><methodCall><methodName>m</methodName></methodCall>",
    "\n<?xml version='1.0'?><methodCall><methodName>m</methodName></methodCall>",
    "\ufeff<methodCall><methodName>m</methodName></methodCall>",
    "<?xml version='1.0' encoding='latin-1'?><m><methodName>\u00e4</methodName></m>",
    "<!-- c --><methodName>m</methodName><!-- d -->\n", "<methodName>m</methodName>x",
    "x<methodName>m</methodName>",
    "<methodName>m</methodName><a/>", "<methodCall><methodName>m</methodName>",
    "<!DOCTYPE x><methodName>m</methodName>",
    "<m><methodName>m</methodName><params/></m>", "<m><methodName>m</methodName><params></params></m>",
    "<m><methodName>m</methodName><params><param/></params></m>",
    "<m><params><param><value>1</value></param></params></m>",
    "<m><params><param><value>1</value></param></params><methodName>late</methodName></m>",
    "<m><methodName>m</methodName><params><value>1</value></params></m>",
    "<m><methodName>a</methodName><methodName>b</methodName></m>", "<m><methodName>a<b/>c</methodName></m>",
    "<m>\n <methodName>m</methodName>\n <params>\n <param>\n <value>1</value>\n </param>\n </params>\n</m>\n",
    "<m><methodName>m</methodName></m>&amp;", "<m><methodName>m</methodName></m><![CDATA[x]]>",
    "<methodName>m</methodName><?xml version='1.0'?>", "&lt;", "<m><methodName>m</methodName></m ><!-- -",
]  # fmt: skip


def tagged(value: Any) -> Any:
    """``value`` as JSON that tells the types of XML-RPC apart."""
    if value is None:
        return {"nil": None}
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": value}
    if isinstance(value, float):
        return {"double": repr(value)}
    if isinstance(value, str):
        return {"string": value}
    if isinstance(value, Binary):
        return {"bytes": list(value.data)}
    if isinstance(value, DateTime):
        return {"date": value.value}
    if isinstance(value, list):
        return {"array": [tagged(item) for item in value]}
    if isinstance(value, dict):
        return {"struct": [[name, tagged(item)] for name, item in value.items()]}
    return {"date": value.strftime("%Y%m%dT%H:%M:%S")}


def answers() -> dict[str, Any]:
    """Values and faults with the text that Python writes for them."""
    values = [[tagged(value), dumps((value,), methodresponse=True, allow_none=True)] for value in ANSWERS]
    faults = [[code, text, dumps(Fault(code, text))] for code, text in FAULTS]
    everything = [value for value in ANSWERS if not isinstance(value, float)]
    calls = [["supervisor.method", [tagged(value) for value in everything]]]
    calls[0].append(dumps(tuple(everything), "supervisor.method", allow_none=True))
    return {"values": values, "faults": faults, "calls": calls}


def requests() -> list[Any]:
    """Bodies of requests with the method and the arguments that the original reads, or nothing for a 400."""
    handler = import_module("supervisor.xmlrpc").supervisor_xmlrpc_handler(None, [])
    head = "<methodCall><methodName>m</methodName><params><param><value>"
    tail = "</value></param></params></methodCall>"
    rows: list[Any] = []
    for body in [*(head + inner + tail for inner in IN_VALUE), *BODIES]:
        try:
            params, method = handler.loads(body)
        except Exception:  # whatever it is, the original answers with a 400
            method = None
        rows.append([body, [method, [tagged(value) for value in params or ()]] if method else None])
    return rows


if __name__ == "__main__":
    for name, content in (("answers", answers()), ("requests", requests())):
        (HERE / f"{name}.json").write_text(json.dumps(content, indent=0) + "\n", encoding="ascii")
