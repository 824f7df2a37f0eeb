"""`own_options.py daemon|client [argument ...]`: options of a derived class, and a configuration from an open file.

Prints as JSON what they came to, or the message of a mistake.
"""

# Written like the code of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN204

import io
import json
import sys

from supervisor.options import ClientOptions, ServerOptions

DAEMON = """
[supervisord]
identifier = told
environment = FROM_FILE=yes

[program:one]
command = /bin/one %(ENV_SHADE)s
"""

CLIENT = """
[supervisorctl]
serverurl = http://localhost:1
prompt = told
"""


def number(text):
    """A number, or a mistake."""
    return int(text)


class Own:
    """What is added to either."""

    def __init__(self):
        super().__init__()
        self.add("depth", "own.depth", "D:", "depth=", number, env="OWN_DEPTH")
        self.add("strict", None, "S", "strict", flag=1, default=0)
        self.add("given", None, None, "given=", required="--given is needed")
        self.environ_expansions["ENV_SHADE"] = "green"

    def read_config(self, fp):
        """Read more."""
        section = super().read_config(fp)
        self.configroot.own = type("Own", (), {"depth": 7})
        return section


class OwnServer(Own, ServerOptions):
    """The daemon's."""


class OwnClient(Own, ClientOptions):
    """The client's."""


kind, *arguments = sys.argv[1:]
options = OwnServer() if kind == "daemon" else OwnClient()
options.configfile = io.StringIO(DAEMON if kind == "daemon" else CLIENT)
options.stderr = sys.stdout
options.realize(arguments)
found = {"depth": options.depth, "strict": options.strict, "given": options.given}
if kind == "daemon":
    found["identifier"] = options.identifier
    found["nodaemon"] = bool(options.nodaemon)
    found["commands"] = [group.process_configs[0].command for group in options.process_group_configs]
    found["environment"] = options.process_group_configs[0].process_configs[0].environment
else:
    found.update(prompt=options.prompt, serverurl=options.serverurl, words=options.args)
print(json.dumps(found))
