"""Fixtures and markers of the compatibility tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import pytest

from harness.daemon import Daemon
from harness.under_test import UnderTest, chosen

DAEMONS = pytest.StashKey[list[Daemon]]()


def pytest_configure() -> None:
    """Refuse to begin without a Supervisor to test."""
    try:
        chosen()
    except ValueError as why:
        raise pytest.UsageError(str(why)) from None


def pytest_report_header() -> str:
    """Says what is tested."""
    found = chosen()
    return f"supervisor under test: {found.name} ({found.prefix})"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`not_yet` is an expected failure for ours, and only there; `needs_root` is skipped without root."""
    ours = chosen().ours
    for item in items:
        for mark in item.iter_markers("not_yet"):
            if ours:
                item.add_marker(pytest.mark.xfail(reason=mark.args[0], strict=True))
        if item.get_closest_marker("needs_root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its daemons logged."""
    report = yield
    if report.failed and call.when == "call":
        for daemon in item.stash.get(DAEMONS, []):
            if daemon.folder.exists():
                report.sections.append(("main log", daemon.log_text))
                report.sections.append(("stderr of supervisord", daemon.stderr if daemon.child else ""))
    return report


@pytest.fixture(scope="session")
def under_test() -> UnderTest:
    """The installation that the tests run against."""
    return chosen()


class Prepare(Protocol):
    """What the `prepare` fixture gives."""

    def __call__(self) -> Daemon:
        """A daemon with a folder and nothing else."""


class Supervise(Protocol):
    """What the `supervise` fixture gives."""

    def __call__(self, programs: str, *options: str, **sections: Any) -> Daemon:
        """Write a configuration and start supervisord on it; see `Daemon.configure`."""


@pytest.fixture
def prepare(under_test: UnderTest, request: pytest.FixtureRequest) -> Iterator[Prepare]:
    """Makes daemons that are not started yet; all are ended after the test, and may leave nothing."""
    daemons: list[Daemon] = []
    request.node.stash[DAEMONS] = daemons

    def make() -> Daemon:
        daemon = Daemon(under_test)
        daemons.append(daemon)
        return daemon

    yield make
    problems = [problem for daemon in daemons for problem in daemon.end()]
    assert not problems, problems


@pytest.fixture
def supervise(prepare: Prepare) -> Supervise:
    """Starts daemons; all are ended after the test, and nothing may be left of them."""

    def start(programs: str, *options: str, **sections: Any) -> Daemon:
        daemon = prepare()
        daemon.configure(programs, **sections)
        daemon.start(*options)
        return daemon

    return start
