"""Read a configuration with the original's own classes and print how many processes it has.

Run by the original's Python: what `supervisord --check` is for ours.
"""

from __future__ import annotations

import importlib
import sys

options = importlib.import_module("supervisor.options").ServerOptions()
options.realize(["-c", sys.argv[1]])
print(sum(len(group.process_configs) for group in options.process_group_configs))
