"""Always fails."""

import sys

sys.exit("importer: the file to import is missing")
