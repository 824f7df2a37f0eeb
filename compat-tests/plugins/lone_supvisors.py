"""Supvisors on a machine of which nothing but the loopback interface is known.

Supvisors finds itself in its list by the names and addresses of the machine's other interfaces, which need a name
that can be looked up. So it is told of one interface, the loopback one, on any machine in the same way.
"""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors

from __future__ import annotations

from supvisors.internal_com import mapper
from supvisors.plugin import make_supvisors_rpcinterface

__all__ = ["make_supvisors_rpcinterface"]

mapper.get_network_info = lambda: [mapper.NicInformation("lo", "127.0.0.1", "255.0.0.0")]
