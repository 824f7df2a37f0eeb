"""`exiter.py CODE SECONDS [LOG]`: appends its pid to LOG; ends after SECONDS with CODE or by signal -CODE."""

import os
import signal
import sys
import time

code, seconds = int(sys.argv[1]), float(sys.argv[2])
if len(sys.argv) > 3:
    with open(sys.argv[3], "a") as log:
        log.write(f"{os.getpid()}\n")
time.sleep(seconds)
if code < 0:
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
