"""Ignores SIGTERM; writes `ready` into the file it is given, and lives until SIGKILL."""

import signal
import sys
from pathlib import Path

signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).write_text("ready")
while True:
    signal.pause()
