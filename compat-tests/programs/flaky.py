"""`flaky.py LOG N`: the first N starts end at once with code 1, the next one lives until a signal ends it."""

import os
import signal
import sys

with open(sys.argv[1], "a+") as log:
    log.write(f"{os.getpid()}\n")
    log.seek(0)
    starts = len(log.readlines())
if starts <= int(sys.argv[2]):
    sys.exit(1)
while True:
    signal.pause()
