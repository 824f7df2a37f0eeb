"""A real browser, and pages that may neither complain nor ask another host for anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from harness.daemon import Daemon, running
from harness.under_test import UnderTest

CHROMIUM = "/usr/bin/chromium"
#: Why a test is skipped where there is no Playwright.
WANTING = "needs Playwright: compat-tests/environments.py browser"
#: Milliseconds that a page may take to become as expected, on a machine that is busy with everything else.
PATIENCE = 30_000
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

PROGRAMS = """
[program:cat]
command = cat
startsecs = 0
stdout_logfile = %(here)s/cat.log
stderr_logfile = %(here)s/cat.err

[program:idle]
command = sleep 1000
autostart = false
startsecs = 0

[program:one]
command = sleep 1000
startsecs = 0

[program:two]
command = sleep 1000
startsecs = 0

[group:pair]
programs = one, two
"""


@pytest.fixture(scope="session")
def browser(under_test: UnderTest) -> Iterator[Any]:
    """One browser for all tests of a worker; every page has a context of its own."""
    if not under_test.ours:
        pytest.skip("the page is our own")
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"needs {CHROMIUM}: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason=WANTING)
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=OPTIONS, timeout=4 * PATIENCE
        )
        yield browser
        browser.close()


class Open(Protocol):
    """What the fixture `visit` gives."""

    def __call__(self, daemon: Daemon, path: str = "", *, tolerant: bool = False, **context: Any) -> Any:
        """A page of a daemon in a context of its own; `tolerant` of errors that the test brings about."""


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens pages; none of them may complain or ask another host, unless a test says that it brings that about."""
    contexts: list[Any] = []
    problems: list[str] = []

    def open_page(daemon: Daemon, path: str = "", *, tolerant: bool = False, **context: Any) -> Any:
        made = browser.new_context(**context)
        contexts.append(made)
        made.set_default_timeout(PATIENCE)
        page = made.new_page()
        address = f"http://127.0.0.1:{daemon.port}/"

        def on_console(message: Any) -> None:
            if message.type in ("error", "warning") and not tolerant:
                problems.append(f"console: {message.text}")

        def on_request(request: Any) -> None:
            if urlsplit(request.url).hostname != "127.0.0.1":
                problems.append(f"request: {request.url}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.on("request", on_request)
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest, browser: Any) -> Iterator[Daemon]:
    """A daemon that the tests of a file share; each leaves its programs as they were."""
    with running(under_test, PROGRAMS, inet="") as daemon:
        for name in ("cat", "pair:one", "pair:two"):
            daemon.wait_state(name, "RUNNING")
        yield daemon


def row(page: Any, name: str) -> Any:
    """The row of a program on the status page."""
    return page.locator(f'.row[data-id="{name}"]')


def state(page: Any, name: str) -> Any:
    """The word for the state in a row."""
    return row(page, name).locator(".state b")


def confirm(page: Any) -> None:
    """Press what goes ahead in the question that is asked."""
    page.locator("#question button[value=yes]").click()
