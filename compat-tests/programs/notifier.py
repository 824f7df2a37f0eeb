"""`notifier.py [word]`: says a word to `NOTIFY_SOCKET`, where there is one, then prints the signals it gets."""

import os
import signal
import socket
import sys

signal.signal(signal.SIGHUP, lambda number, frame: print("got SIGHUP", flush=True))
if len(sys.argv) > 1:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.connect(os.environ["NOTIFY_SOCKET"])
        speaker.send(sys.argv[1].encode())
print("up", flush=True)
print("trouble", file=sys.stderr, flush=True)
while True:
    signal.pause()
