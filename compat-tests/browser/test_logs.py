"""Logs in a browser: followed live, searched, coloured, and harmless whatever is in them."""

from __future__ import annotations

from typing import Any

import pytest

from browser.conftest import WANTING, Open
from conftest import Supervise
from harness.daemon import Daemon

expect: Any = pytest.importorskip("playwright.sync_api", reason=WANTING).expect
HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>"


def send(daemon: Daemon, text: str) -> None:
    """Have `cat` write a line to its standard output."""
    daemon.rpc.sendProcessStdin("cat", text + "\n")


def test_a_log_is_followed_and_searched_and_stands_still(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon, "process.html?name=cat")
    pane = page.locator('[data-log="stdout"]')
    output = pane.locator(".output")
    send(daemon, "first line")
    expect(output).to_contain_text("first line")
    send(daemon, "another one")
    expect(output).to_contain_text("another one")
    pane.get_by_role("searchbox").fill("ANOTHER")
    expect(pane.locator(".output > div:visible")).to_have_text(["another one"])
    expect(pane.locator(".hits")).to_have_text("1 lines")
    pane.get_by_role("searchbox").fill("")
    pause = pane.get_by_role("button", name="Pause")
    pause.click()
    send(daemon, "while it stands still")
    daemon.rpc.signalProcess("cat", "STOP")
    expect(output).not_to_contain_text("while it stands still")
    daemon.rpc.signalProcess("cat", "CONT")
    pause.click()
    expect(output).to_contain_text("while it stands still")
    wrap = pane.get_by_role("button", name="Wrap")
    expect(output).to_have_css("white-space", "pre-wrap")
    wrap.click()
    expect(output).to_have_css("white-space", "pre")


def test_a_line_and_a_signal_are_sent(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon, "process.html?name=cat")
    page.get_by_label("Line for its standard input").fill("a line from a person")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Send line").click()
    expect(page.locator('[data-log="stdout"] .output')).to_contain_text("a line from a person")
    expect(page.get_by_label("Line for its standard input")).to_have_value("")
    page.get_by_role("combobox", name="Signal").select_option("KILL")
    page.get_by_role("button", name="Send signal").click()
    expect(page.locator("#messages")).to_contain_text("Sent KILL to cat")
    # It is told of the end, and that it was started again.
    expect(page.locator("#facts")).to_contain_text("terminated by SIGKILL")
    expect(page.locator("#process .state b")).to_have_text("running")


def test_hostile_names_and_lines_do_nothing(supervise: Supervise, visit: Open) -> None:
    name = "<script>alert(3)<script>\u202etxt"
    daemon = supervise(
        f"[program:{name}]\ncommand = sh -c 'exec cat' \"<script>alert(4)</script>\"\n"
        "startsecs = 0\nstdout_logfile = %(here)s/x.log\nstderr_logfile = NONE\n",
        inet="",
    )
    (daemon.folder / "x.log").write_bytes(
        f"{HOSTILE}\n".encode()
        + b"\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2Jclear \xff\xfe "
        + "\u202eright to left\u202c end\n".encode()
    )
    page = visit(daemon)
    expect(page.locator(".row[data-id] .name a")).to_have_text("<script>alert(3)<script>\ufffdtxt")
    page.locator(".row[data-id] .name a").click()
    output = page.locator('[data-log="stdout"] .output')
    expect(output).to_contain_text(HOSTILE)
    expect(output).to_contain_text("red clear \ufffd\ufffd \ufffdright to left\ufffd end")
    expect(output.locator(".ansi-fg1")).to_have_text("red")
    assert page.locator("main script, main img").count() == 0
    page.get_by_role("button", name="Colours").click()
    expect(page.locator("#facts")).to_contain_text("<script>alert(4)</script>")
    page.goto(page.url.replace("process.html?name", "tail.html?processname"))
    expect(page.locator("pre")).to_contain_text(HOSTILE)
    page.goto(f"http://127.0.0.1:{daemon.port}/?message={HOSTILE}")
    expect(page.locator("#messages")).to_have_text(HOSTILE)


def test_the_main_log_is_followed(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon, "log.html")
    output = page.locator('[data-log="main"] .output')
    expect(output).to_contain_text("supervisord started with pid")
    daemon.rpc.startProcess("idle")
    expect(output).to_contain_text("success: idle entered RUNNING state")
    daemon.rpc.stopProcess("idle")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "supervisord.log"
