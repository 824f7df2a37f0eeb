"""Names and numbers of signals, as Python's ``signal`` knows them."""

from __future__ import annotations

import signal

SIGNUMS = [getattr(signal, name) for name in dir(signal) if name.startswith("SIG")]
"""Every number that the module knows under a name that begins with SIG."""

NAMES = {
    number: name
    for name, number in vars(signal).items()
    if name.startswith("SIG") and not name.startswith("SIG_")
}
"""Names by numbers; of several names of one number the module's last one, as always."""
