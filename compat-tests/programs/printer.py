"""`printer.py OUT [ERR [OUT ...]]`: writes its arguments to stdout and stderr in turn, then lives on."""

import signal
import sys

for number, text in enumerate(sys.argv[1:]):
    stream = sys.stderr if number % 2 else sys.stdout
    stream.buffer.write(
        text.encode().decode("unicode_escape").encode("latin-1") if "\\" in text else text.encode()
    )
    stream.flush()
while True:
    signal.pause()
