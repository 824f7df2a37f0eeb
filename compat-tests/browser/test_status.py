"""The status page in a browser: it follows the daemon, and does what its buttons say."""

from __future__ import annotations

from typing import Any

import pytest

from browser.conftest import WANTING, Open, confirm, row, state
from conftest import Supervise
from harness.daemon import Daemon

expect: Any = pytest.importorskip("playwright.sync_api", reason=WANTING).expect


def told(page: Any, text: str) -> None:
    """Wait for a message."""
    expect(page.locator("#messages")).to_contain_text(text)


def test_a_change_shows_without_a_reload(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon)
    expect(state(page, "cat")).to_have_text("running")
    page.evaluate("window.stays = true")
    daemon.rpc.stopProcess("cat")
    expect(state(page, "cat")).to_have_text("stopped")
    expect(row(page, "cat").locator("small")).not_to_be_empty()
    daemon.rpc.startProcess("cat")
    expect(state(page, "cat")).to_have_text("running")
    expect(row(page, "cat").locator(".pid")).to_have_text(str(daemon.info("cat")["pid"]))
    expect(row(page, "cat").locator(".memory")).to_contain_text("B")
    assert page.evaluate("window.stays") is True


def test_one_program_is_started_and_stopped(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon)
    page.get_by_role("button", name="Start idle", exact=True).click()
    told(page, "Process idle started")
    expect(state(page, "idle")).to_have_text("running")
    page.get_by_role("button", name="Stop idle", exact=True).click()
    expect(page.get_by_role("heading", name="Stop idle?")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    assert daemon.state("idle") == "RUNNING"
    page.get_by_role("button", name="Stop idle", exact=True).click()
    confirm(page)
    told(page, "Process idle stopped")
    expect(state(page, "idle")).to_have_text("stopped")


def test_one_program_is_restarted_and_its_logs_are_cleared(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon)
    pid = daemon.info("cat")["pid"]
    page.get_by_role("button", name="Restart cat", exact=True).click()
    confirm(page)
    told(page, "Process cat restarted")
    assert daemon.info("cat")["pid"] != pid
    page.get_by_role("button", name="Clear logs of cat", exact=True).click()
    confirm(page)
    told(page, "Log for cat cleared")


def test_a_selection_is_stopped_and_started(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon)
    page.get_by_role("button", name="Stop selection", exact=True).click()
    told(page, "No program is selected.")
    for name in ("cat", "pair:two"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(page.locator("#selected")).to_have_text("2 selected")
    page.get_by_role("button", name="Stop selection", exact=True).click()
    expect(page.locator("#question h2")).to_have_text("Stop 2 selected programs?")
    confirm(page)
    told(page, "2 selected programs stopped")
    expect(state(page, "cat")).to_have_text("stopped")
    expect(state(page, "pair:two")).to_have_text("stopped")
    assert daemon.state("pair:one") == "RUNNING"
    page.get_by_role("button", name="Start selection", exact=True).click()
    told(page, "2 selected programs started")
    expect(state(page, "cat")).to_have_text("running")


def test_a_group_folds_and_is_stopped_and_started(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon)
    page.locator('.group[data-group="pair"] summary').click()
    expect(row(page, "pair:one")).to_be_hidden()
    page.reload()
    expect(row(page, "pair:one")).to_be_hidden()
    page.locator('.group[data-group="pair"] summary').click()
    page.get_by_role("button", name="Stop group pair", exact=True).click()
    confirm(page)
    told(page, "2 programs of pair stopped")
    expect(page.locator('.group[data-group="pair"] .tally')).to_have_text("0 of 2 running")
    page.get_by_role("button", name="Start group pair", exact=True).click()
    told(page, "2 programs of pair started")
    expect(state(page, "pair:two")).to_have_text("running")


def test_all_are_stopped_and_started(supervise: Supervise, visit: Open) -> None:
    daemon = supervise(
        "[program:a]\ncommand=cat\nstartsecs=0\n[program:b]\ncommand=cat\nstartsecs=0\n", inet=""
    )
    page = visit(daemon)
    page.get_by_role("button", name="Stop all", exact=True).click()
    confirm(page)
    told(page, "All stopped at")
    expect(page.locator("#counts")).to_have_text("2 stopped")
    page.get_by_role("button", name="Start all", exact=True).click()
    told(page, "All started at")
    expect(page.locator("#counts")).to_have_text("2 running")


def test_filter_and_order_of_a_thousand_programs(supervise: Supervise, visit: Open) -> None:
    daemon = supervise(
        "[program:w]\ncommand = sleep 1000\nprocess_name = w_%(process_num)04d\nnumprocs = 1000\n"
        "autostart = false\nstartsecs = 0\nstdout_logfile = NONE\nstderr_logfile = NONE\n",
        inet="",
    )
    daemon.rpc.startProcess("w:w_0777")
    page = visit(daemon)
    rows = page.locator(".row[data-id]:not([hidden])")
    expect(rows).to_have_count(1000)
    page.get_by_role("searchbox").fill("w_077")
    expect(rows).to_have_count(10)
    page.get_by_role("combobox", name="State").select_option("running")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-id", "w:w_0777")
    # The address keeps the choice.
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("nothing like that")
    expect(page.locator("#nothing")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox", name="State").select_option("")
    expect(rows).to_have_count(1000)
    page.get_by_role("combobox", name="Sort").select_option("uptime")
    expect(rows.first).to_have_attribute("data-id", "w:w_0777")
    page.get_by_role("combobox", name="Sort").select_option("name")
    expect(rows.first).to_have_attribute("data-id", "w:w_0000")
    # A count is a filter, too.
    page.locator("#counts button[value=running]").click()
    expect(rows).to_have_count(1)


def test_a_changed_configuration_is_told_and_updated(supervise: Supervise, visit: Open) -> None:
    daemon = supervise("[program:old]\ncommand = cat\nstartsecs = 0\n", inet="")
    daemon.wait_state("old", "RUNNING")
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("program:old", "program:new"))
    page = visit(daemon)
    expect(page.locator("#pending")).to_contain_text("added new; removed old")
    page.locator("#pending button").click()
    confirm(page)
    told(page, "Configuration in use: added new; removed old")
    expect(state(page, "new")).to_have_text("running")
    expect(row(page, "old")).to_have_count(0)
    expect(page.locator("#pending")).to_be_hidden()


def test_a_daemon_that_is_gone_is_told_and_found_again(supervise: Supervise, visit: Open) -> None:
    daemon = supervise("[program:cat]\ncommand = cat\nstartsecs = 0\n", inet="")
    page = visit(daemon, tolerant=True)
    expect(state(page, "cat")).to_have_text("running")
    expect(page.locator("#banner")).to_be_hidden()
    assert daemon.stop() == 0
    expect(page.locator("#banner")).to_be_visible()
    daemon.log.unlink()
    daemon.start()
    expect(page.locator("#banner")).to_be_hidden()
    expect(row(page, "cat").locator(".pid")).to_have_text(str(daemon.wait_state("cat", "RUNNING")["pid"]))
    # It has another token by now.
    page.get_by_role("button", name="Stop cat", exact=True).click()
    confirm(page)
    expect(page.locator("#messages")).to_contain_text("Process cat stopped")


@pytest.mark.parametrize(
    "path", ["", "process.html?name=cat", "log.html", "about.html", "tail.html?processname=cat"]
)
def test_a_narrow_page_does_not_scroll_sideways(daemon: Daemon, visit: Open, path: str) -> None:
    page = visit(daemon, path, viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_page_is_dark_where_people_like_it_dark(daemon: Daemon, visit: Open) -> None:
    def ground(scheme: str) -> int:
        page = visit(daemon, color_scheme=scheme)
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    assert ground("light") > 600
    assert ground("dark") < 150


def test_the_keyboard_is_enough(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    wanted = page.get_by_role("button", name="Start idle", exact=True)
    for _ in range(60):
        if wanted.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    page.keyboard.press("Enter")
    expect(state(page, "idle")).to_have_text("running")
    page.get_by_role("button", name="Stop idle", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Go ahead")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#question")).to_be_hidden()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Go ahead")).to_be_focused()
    page.keyboard.press("Enter")
    expect(state(page, "idle")).to_have_text("stopped")


def test_everything_works_without_scripts(daemon: Daemon, visit: Open) -> None:
    page = visit(daemon, java_script_enabled=False)
    row(page, "idle").get_by_role("button", name="Start").click()
    expect(page.locator("#messages")).to_have_text("Process idle started")
    row(page, "idle").get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stop idle?")).to_be_visible()
    page.get_by_role("button", name="Stop idle").click()
    expect(page.locator("#messages")).to_have_text("Process idle stopped")
    page.get_by_role("searchbox").fill("pair")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".row[data-id]")).to_have_count(2)
    page.get_by_role("link", name="one").click()
    expect(page.get_by_role("heading", name="pair:one")).to_be_visible()
