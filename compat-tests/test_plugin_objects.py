"""Live objects: what a plug-in assigns, inserts and calls inside the daemon is what the daemon goes by."""

from __future__ import annotations

import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import Prepare
from harness import http
from harness.daemon import Daemon, program
from harness.under_test import UnderTest
from harness.waiting import wait_for
from test_plugin_host import fault, start

PLUGIN = """
[rpcinterface:meddler]
supervisor.rpcinterface_factory = meddler:make_meddler
"""

PROGRAMS = f"""
{PLUGIN}
[program:one]
command = {program("recorder")}
environment = KEPT="yes"
autostart = false
startsecs = 0
startretries = 0

[program:two]
command = sleep 1000
autostart = false
startsecs = 1000

[group:team]
programs = two
"""


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """One daemon with the plug-in for all tests that leave it as it was."""
    daemon = Daemon(under_test)
    try:
        start(daemon, PROGRAMS)
        yield daemon
    finally:
        daemon.close()


@pytest.fixture
def meddler(daemon: Daemon) -> Any:
    """The plug-in's namespace."""
    return daemon.server.meddler


def stop(daemon: Daemon, name: str) -> None:
    """Leave a process stopped."""
    if daemon.info(name)["state"] in (10, 20):
        daemon.rpc.stopProcess(name)
