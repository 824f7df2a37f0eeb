"""`family.py FILE`: starts a child that ignores SIGTERM, in its own process group; writes both pids; waits.

The parent ends by SIGTERM; the child ends only when the whole group is killed. With `polite` as second
argument the child ends by SIGTERM too.
"""

import os
import signal
import sys

polite = sys.argv[2:] == ["polite"]
read_end, write_end = os.pipe()
child = os.fork()
if child == 0:
    if not polite:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.close(read_end)
    os.write(write_end, b"1")
    os.close(write_end)
    while True:
        signal.pause()
os.close(write_end)
os.read(read_end, 1)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child}\n")
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    signal.pause()
