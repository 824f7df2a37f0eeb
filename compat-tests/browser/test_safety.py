"""Who is let in by a browser, who can use the pages, and how they get through a proxy."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from browser.conftest import WANTING, Open, confirm, state
from harness.daemon import Daemon
from harness.http import Connection

expect: Any = pytest.importorskip("playwright.sync_api", reason=WANTING).expect
PAGES = [
    "",
    "process.html?name=cat",
    "log.html",
    "about.html",
    "tail.html?processname=cat",
    "?processname=cat&action=stop",
]


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server on a port of its own, which it gives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("path", PAGES)
def test_no_rule_of_accessibility_is_broken(daemon: Daemon, visit: Open, path: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        page = visit(daemon, path, color_scheme=scheme)
        # Scripts of the page's own policy only; axe is put in from outside.
        found = axe.run(page)["violations"]
        assert not found, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


def test_another_site_can_do_nothing(daemon: Daemon, visit: Open) -> None:
    port = daemon.port

    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = f"http://127.0.0.1:{port}/index.html"
            page = (
                f'<img src="{target}?processname=cat&amp;action=stop">'
                f'<iframe src="{target}?processname=cat&amp;action=stop"></iframe>'
                f'<form method="post" action="{target}"><input name="do" value="stop process cat">'
                '<input name="confirmed" value="1"><button>Win</button></form>'
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    pid = daemon.info("cat")["pid"]
    with serving(Evil) as evil:
        page = visit(daemon, tolerant=True)
        page.goto(f"http://127.0.0.1:{evil}/")
        with page.expect_navigation() as navigation:
            page.get_by_role("button", name="Win").click()
        assert navigation.value.status == 403
    assert daemon.info("cat")["pid"] == pid


def test_an_old_link_asks_first(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon, "index.html?processname=cat&action=restart")
    pid = daemon.info("cat")["pid"]
    expect(page.get_by_role("heading", name="Restart cat?")).to_be_visible()
    page.get_by_role("button", name="Restart cat").click()
    expect(page.locator("#messages")).to_have_text("Process cat restarted")
    assert daemon.info("cat")["pid"] != pid


def test_pages_work_under_a_path_of_a_proxy(daemon: Daemon, visit: Open) -> None:
    class Proxy(BaseHTTPRequestHandler):
        def forward(self, body: bytes | None) -> None:
            if not self.path.startswith("/tools/supervisor/"):
                self.send_error(404)
                return
            kept = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            upstream = Connection(daemon.port)
            upstream.request(self.command, self.path[len("/tools/supervisor") :], body, kept)
            answer = upstream.getresponse()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            with contextlib.suppress(OSError):
                while piece := answer.read1(65536):
                    self.wfile.write(piece)
            upstream.close()

        def do_GET(self) -> None:
            self.forward(None)

        def do_POST(self) -> None:
            self.forward(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

    with serving(Proxy) as port:
        page = visit(daemon)
        page.goto(f"http://127.0.0.1:{port}/tools/supervisor/")
        page.get_by_role("button", name="Start idle", exact=True).click()
        expect(page.locator("#messages")).to_contain_text("Process idle started")
        expect(state(page, "idle")).to_have_text("running")
        page.get_by_role("button", name="Stop idle", exact=True).click()
        confirm(page)
        expect(state(page, "idle")).to_have_text("stopped")
        page.get_by_role("link", name="cat", exact=True).click()
        daemon.rpc.sendProcessStdin("cat", "through the proxy\n")
        expect(page.locator('[data-log="stdout"] .output')).to_contain_text("through the proxy")
        page.goto("about:blank")
