"""`trapper.py FILE SIGNAL...`: appends `ready`, then each of these signals that comes, to FILE."""

import os
import signal
import sys

target = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
# Blocked and waited for: no signal can slip in between two instructions and stay unnoticed.
wanted = {getattr(signal, name) for name in sys.argv[2:]}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
os.write(target, b"ready\n")
while True:
    number = signal.sigwait(wanted)
    os.write(target, (signal.Signals(number).name + "\n").encode())
