"""`listener.py LOG [start=TEXT] [answer=TEXT ...]`: a listener without any library.

It says the start text (`READY` unless told otherwise), then reads one event after the other, appends each to LOG
as a line of JSON, and says the next answer (accepts it and asks for the next one, when none are left). The answer
`die` ends it, `hold` lets it sleep for ever. Backslashes in texts are escapes.
"""

import json
import os
import signal
import sys


def say(text: str) -> None:
    """Write to standard output at once."""
    os.write(1, text.encode().decode("unicode_escape").encode("latin-1"))


def read(count: int) -> bytes:
    """Read this many bytes."""
    data = b""
    while len(data) < count:
        data += os.read(0, count - len(data))
    return data


def line() -> str:
    """Read one line, byte by byte; the daemon's end is the end."""
    text = b""
    while not text.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)
        text += byte
    return text.decode()


texts = [word.partition("=") for word in sys.argv[2:]]
start = [text for name, _, text in texts if name == "start"] or ["READY\\n"]
answers = [text for name, _, text in texts if name == "answer"]
say(start[0])
while True:
    header = line()
    headers = dict(word.split(":", 1) for word in header.split())
    payload = read(int(headers["len"])).decode()
    event = {"header": header, "headers": headers, "payload": payload, "pid": os.getpid()}
    with open(sys.argv[1], "a") as log:
        log.write(json.dumps(event) + "\n")
    answer = answers.pop(0) if answers else "RESULT 2\\nOKREADY\\n"
    if answer == "die":
        sys.exit(1)
    while answer == "hold":
        signal.pause()
    say(answer)
