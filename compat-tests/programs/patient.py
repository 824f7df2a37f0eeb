"""`patient.py LOG READY`: ends on SIGTERM, but not before a listener has noted in LOG that this was asked of it.

Writes its pid into READY once it knows SIGTERM. The events of a shutdown reach a listener that way, which is else
stopped right behind the last program and may not come to read them.
"""

import os
import signal
import sys
import time
from pathlib import Path


def told() -> int:
    """How often the listener has noted a stop."""
    log = Path(sys.argv[1])
    return log.read_text().count("eventname:PROCESS_STATE_STOPPING") if log.exists() else 0


before = told()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
ready = Path(sys.argv[2] + ".new")
ready.write_text(str(os.getpid()))
ready.rename(sys.argv[2])
signal.sigwait({signal.SIGTERM})
while told() == before:
    time.sleep(0.005)
