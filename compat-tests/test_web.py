"""The pages by plain HTTP: the original's addresses, actions and messages; who may act, and from where."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from conftest import Supervise
from harness import http
from harness.daemon import Daemon, running
from harness.http import Answer
from harness.under_test import UnderTest

PROGRAMS = """
[program:cat]
command = cat
startsecs = 0
stdout_logfile = %(here)s/cat.log

[program:idle]
command = sleep 1000
autostart = false
startsecs = 0
stdout_logfile = NONE

[program:dies]
command = sh -c 'exit 3'
autostart = false
autorestart = false
startsecs = 1
startretries = 0
stdout_logfile = NONE

[program:absent]
command = /nowhere/at/all
autostart = false
stdout_logfile = NONE

[group:pair]
programs = idle
"""
#: Every path of the original's pages that answers a GET.
PATHS = (
    "/", "/index.html", "/tail.html", "/ok.html", "/stylesheets/supervisor.css", "/images/icon.png",
    "/images/rule.gif", "/images/state0.gif", "/images/state1.gif", "/images/state2.gif",
    "/images/state3.gif", "/images/supervisor.gif",
)  # fmt: skip
#: What only ours has.
OUR_PATHS = (
    "/process.html?name=cat", "/log.html", "/about.html", "/live", "/live.json", "/pending.json", "/logfile",
    "/scripts/live.js",
)  # fmt: skip
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def daemon(under_test: UnderTest) -> Iterator[Daemon]:
    """A daemon that the tests of this file share; each brings the programs that it uses into the state it needs."""
    with running(under_test, PROGRAMS, inet="") as daemon:
        daemon.wait_state("cat", "RUNNING")
        yield daemon


@pytest.fixture
def ours(under_test: UnderTest) -> None:
    """The test is about what only ours has."""
    if not under_test.ours:
        pytest.skip("the original has no such thing")


def act(daemon: Daemon, headers: dict[str, str] | None = None, **fields: str) -> Answer:
    """An action as a link of the original's page asks for it."""
    return http.ask(daemon.port, "GET", f"/index.html?{urlencode(fields)}", headers=headers)


def post(daemon: Daemon, headers: dict[str, str] | None = None, **fields: str) -> Answer:
    """An action as a form asks for it."""
    body = urlencode(fields).encode()
    return http.ask(daemon.port, "POST", "/index.html", body, {"Content-Type": FORM, **(headers or {})})


def message(answer: Answer) -> str:
    """The message that an action leads to."""
    assert answer.status == 301, answer
    location = urlsplit(answer.headers["location"])
    assert location.path in ("/", "./")
    return parse_qs(location.query)["message"][0]


def token(daemon: Daemon) -> str:
    """What the page's forms send back."""
    page = http.ask(daemon.port, "GET", "/").body.decode()
    found = re.search(r'name="token" value="(\w+)"', page)
    assert found is not None
    return found[1]


def ensure(daemon: Daemon, name: str, state: str) -> None:
    """Bring a program into RUNNING or STOPPED."""
    if daemon.state(name) != state:
        change = daemon.rpc.startProcess if state == "RUNNING" else daemon.rpc.stopProcess
        change(name)
    daemon.wait_state(name, state)


# The original's addresses


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_the_original_answers(daemon: Daemon, path: str) -> None:
    answer = http.ask(daemon.port, "GET", path)
    assert (answer.status, answer.reason) == (200, "OK")
    assert len(answer.body) == int(answer.headers["content-length"])
    kind = {
        "html": "text/html;charset=utf-8", "css": "text/css", "png": "image/png", "gif": "image/gif",
    }.get(path.rpartition(".")[2], "text/html;charset=utf-8")  # fmt: skip
    assert answer.headers["content-type"] == ("text/plain" if path == "/ok.html" else kind)


@pytest.mark.parametrize("path", ["/", "/index.html", "/tail.html?processname=cat"])
def test_a_page_may_not_be_kept(daemon: Daemon, path: str) -> None:
    headers = http.ask(daemon.port, "GET", path).headers
    assert headers["cache-control"] == "no-cache"
    assert headers["pragma"] == "no-cache"
    assert headers["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize("path", ["/stylesheets/supervisor.css", "/images/state0.gif"])
def test_a_static_file_is_sent_again_only_when_it_is_new(daemon: Daemon, path: str) -> None:
    first = http.ask(daemon.port, "GET", path)
    assert http.ask(daemon.port, "HEAD", path).status == 200
    known = {"If-Modified-Since": first.headers["last-modified"]}
    again = http.ask(daemon.port, "GET", path, headers=known)
    assert (again.status, again.body) == (304, b"")


def test_the_status_page_names_every_process(daemon: Daemon, under_test: UnderTest) -> None:
    page = http.ask(daemon.port, "GET", "/").body.decode()
    for name in ("cat", "dies", "absent", "idle"):
        assert name in page
    assert under_test.version.search(page)
    assert http.ask(daemon.port, "POST", "/", b"x=y").status == 200


def test_a_page_without_programs_says_so(supervise: Supervise) -> None:
    assert b"No programs to manage" in http.ask(supervise("", inet="").port, "GET", "/").body


def test_a_message_is_shown_as_text(daemon: Daemon) -> None:
    text = "<script>alert(1)</script> & more"
    page = http.ask(daemon.port, "GET", f"/?message={quote(text)}").body.decode()
    assert "<script>alert" not in page
    assert text in html.unescape(page)


# The original's actions


@pytest.mark.parametrize("how", [act, post])
def test_an_action_tells_what_was_done(daemon: Daemon, how: Callable[..., Answer]) -> None:
    ensure(daemon, "pair:idle", "STOPPED")
    assert message(how(daemon, processname="pair:idle", action="start")) == "Process pair:idle started"
    daemon.wait_state("pair:idle", "RUNNING")
    assert message(how(daemon, processname="pair:idle", action="restart")) == "Process pair:idle restarted"
    daemon.wait_state("pair:idle", "RUNNING")
    assert message(how(daemon, processname="pair:idle", action="clearlog")) == "Log for pair:idle cleared"
    assert message(how(daemon, processname="pair:idle", action="stop")) == "Process pair:idle stopped"
    assert daemon.state("pair:idle") == "STOPPED"


@pytest.mark.parametrize(
    ("name", "action", "expected"),
    [
        ("cat", "start", "ERROR: Process cat: already started"),
        ("dies", "stop", "unexpected rpc fault [70] NOT_RUNNING: dies"),
        ("dies", "start", "ERROR: Process dies: spawn error"),
        ("absent", "start", "ERROR: Process absent: no such file"),
        ("nobody", "start", "No such process named nobody"),
        ("pair:nobody", "stop", "No such process named pair:nobody"),
        ("pair:*", "stop", "No such process named pair:*"),
        ("<b>&", "stop", "No such process named <b>&"),
    ],
)
def test_an_action_that_fails_says_why(daemon: Daemon, name: str, action: str, expected: str) -> None:
    ensure(daemon, "cat", "RUNNING")
    assert message(act(daemon, processname=name, action=action)) == expected


def test_the_page_is_refreshed(daemon: Daemon) -> None:
    told = message(act(daemon, action="refresh"))
    assert re.fullmatch(r"Page refreshed at \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", told)


def test_all_are_stopped_and_restarted(supervise: Supervise) -> None:
    daemon = supervise("[program:cat]\ncommand = cat\nstartsecs = 0\n", inet="")
    daemon.wait_state("cat", "RUNNING")
    assert re.fullmatch(r"All stopped at \w{3} .* \d{4}", message(act(daemon, action="stopall")))
    assert daemon.state("cat") == "STOPPED"
    assert re.fullmatch(r"All restarted at \w{3} .* \d{4}", message(act(daemon, action="restartall")))
    daemon.wait_state("cat", "RUNNING")


@pytest.mark.differs("an unknown action is a bad request; in the original it is an internal error")
@pytest.mark.parametrize(
    "query",
    ["action=nonsense", "action=start", "action=nonsense&processname=cat", "action=stop&processname="],
)
def test_an_unknown_action(daemon: Daemon, under_test: UnderTest, query: str) -> None:
    answer = http.ask(daemon.port, "GET", f"/index.html?{query}")
    assert answer.status == (400 if under_test.ours else 500)


def test_the_end_of_a_log(daemon: Daemon) -> None:
    ensure(daemon, "cat", "RUNNING")
    log = daemon.folder / "cat.log"
    log.write_text("<i>first</i>\n" + "x" * 1500 + "\nlast\n")

    def tail(query: str) -> str:
        answer = http.ask(daemon.port, "GET", f"/tail.html?{query}")
        assert answer.status == 200
        return html.unescape(answer.body.decode())

    assert "Supervisor tail of process cat" in tail("processname=cat")
    assert "last" in tail("processname=cat")
    assert "first" not in tail("processname=cat&limit=10")
    assert "<i>first</i>" in tail("processname=cat&limit=5000")
    assert (
        "<i>first</i>"
        not in http.ask(daemon.port, "GET", "/tail.html?processname=cat&limit=5000").body.decode()
    )
    assert "No file for dies" in tail("processname=dies")
    assert "ERROR: unexpected rpc fault [10] BAD_NAME: nobody" in tail("processname=nobody")
    assert "No process name found" in tail("")


# Who may act


def test_a_link_in_a_browser_only_asks(daemon: Daemon, ours: None) -> None:
    ensure(daemon, "cat", "RUNNING")
    pid = daemon.info("cat")["pid"]
    for headers in (BROWSER, {"Sec-Fetch-Site": "none"}, {**BROWSER, "Sec-Fetch-Site": "cross-site"}):
        answer = act(daemon, headers, processname="cat", action="restart")
        assert answer.status == 200
        assert "Restart cat?" in html.unescape(answer.body.decode())
    assert daemon.info("cat")["pid"] == pid


def test_a_form_needs_the_token_and_a_confirmation_in_a_browser(daemon: Daemon, ours: None) -> None:
    ensure(daemon, "cat", "RUNNING")
    pid = daemon.info("cat")["pid"]
    good = token(daemon)
    for fields in ({}, {"token": "wrong", "confirmed": "1"}, {"token": good}):
        assert post(daemon, BROWSER, processname="cat", action="restart", **fields).status == 200
    assert daemon.info("cat")["pid"] == pid
    answer = post(daemon, BROWSER, processname="cat", action="restart", token=good, confirmed="1")
    assert (answer.status, answer.headers["location"]) == (303, "./?message=Process%20cat%20restarted")
    assert daemon.info("cat")["pid"] != pid


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(daemon: Daemon, ours: None, foreign: dict[str, str]) -> None:
    fields = {"processname": "cat", "action": "stop", "token": token(daemon), "confirmed": "1"}
    assert post(daemon, foreign, **fields).status == 403
    assert post(daemon, {**BROWSER, **foreign}, **fields).status == 403
    assert daemon.state("cat") == "RUNNING"


def test_the_old_way_can_be_had_back(supervise: Supervise, ours: None) -> None:
    daemon = supervise(PROGRAMS, inet="allow_get_actions = true")
    daemon.wait_state("cat", "RUNNING")
    answer = act(daemon, BROWSER, processname="cat", action="stop")
    assert (answer.status, answer.headers["location"]) == (303, "./?message=Process%20cat%20stopped")
    assert daemon.state("cat") == "STOPPED"


def test_buttons_name_processes_groups_and_everything(supervise: Supervise, ours: None) -> None:
    daemon = supervise(PROGRAMS, inet="")
    daemon.wait_state("cat", "RUNNING")

    def told(button: str, **fields: str) -> str:
        return message(post(daemon, None, do=button, **fields))

    assert told("start group pair") == "1 programs of pair started"
    assert told("clearlog group pair") == "1 programs of pair cleared"
    assert told("stop process pair:idle") == "Process pair:idle stopped"
    assert told("stop selection", selected="cat") == "1 selected programs stopped"
    assert told("start selection", selected="cat") == "1 selected programs started"
    assert told("signal process cat", signal="CONT") == "Sent CONT to cat"
    assert told("signal process cat", signal="NONSENSE") == "unexpected rpc fault [11] BAD_SIGNAL: NONSENSE"
    assert told("line process cat", line="hello from a page") == "Sent a line to cat"
    assert daemon.wait_file("cat.log") == "hello from a page\n"
    assert told("clearlog main") == "Main log cleared"
    assert told("start all").startswith("ERROR: ")
    assert post(daemon, do="fly process cat").status == 400


def test_a_changed_configuration_is_told_and_taken_into_use(supervise: Supervise, ours: None) -> None:
    daemon = supervise(PROGRAMS, inet="")
    assert http.ask(daemon.port, "GET", "/pending.json").body == b'{"difference":"","error":""}'
    daemon.config.write_text(daemon.config.read_text() + "[program:new]\ncommand = cat\nstartsecs = 0\n")
    pending = http.ask(daemon.port, "GET", "/pending.json").body
    assert pending == b'{"difference":"added new","error":""}'
    # Looking changes nothing.
    assert "new" not in [info["name"] for info in daemon.rpc.getAllConfigInfo()]
    assert message(post(daemon, do="reread")) == "Configuration read: added new"
    assert "added new" in http.ask(daemon.port, "GET", "/").body.decode()
    assert message(post(daemon, do="update")) == "Configuration in use: added new"
    daemon.wait_state("new", "RUNNING")
    daemon.config.write_text("[supervisord]\nlogfile_maxbytes = nonsense\n")
    assert b"nonsense" in http.ask(daemon.port, "GET", "/pending.json").body


def test_pages_work_without_an_interface_of_that_name(supervise: Supervise) -> None:
    daemon = supervise(PROGRAMS, inet="", rpc=False)
    daemon.wait_log_match(r"INFO spawned: 'cat' with pid \d+")
    assert message(act(daemon, processname="cat", action="stop")) == "Process cat stopped"


# What nobody may get at


def test_every_path_asks_for_the_password(supervise: Supervise, under_test: UnderTest) -> None:
    daemon = supervise(PROGRAMS, inet="username = anna\npassword = secret\n")
    for path in (*PATHS, *(OUR_PATHS if under_test.ours else ())):
        assert http.ask(daemon.port, "GET", path).status == 401, path
    good = http.basic("anna", "secret")
    assert http.ask(daemon.port, "GET", "/stylesheets/supervisor.css", headers=good).status == 200


def test_no_page_may_be_framed_or_load_from_elsewhere(daemon: Daemon, ours: None) -> None:
    for path in ("/", "/tail.html", "/process.html?name=cat", "/log.html", "/about.html"):
        headers = http.ask(daemon.port, "GET", path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"


def test_the_page_of_a_process_tells_its_past(supervise: Supervise, ours: None) -> None:
    daemon = supervise(PROGRAMS, inet="")
    daemon.wait_state("cat", "RUNNING")
    with pytest.raises(Exception, match="SPAWN_ERROR"):
        daemon.rpc.startProcess("dies")
    daemon.wait_state("dies", "FATAL")
    page = http.ask(daemon.port, "GET", "/process.html?name=dies").body.decode()
    assert "exit status 3" in page
    for state in ("starting", "backoff", "fatal"):
        assert f'data-state="{state}"' in page
    daemon.rpc.signalProcess("cat", "KILL")
    daemon.wait_log_match(r"WARN exited: cat \(terminated by SIGKILL; not expected\)")
    assert "terminated by SIGKILL" in http.ask(daemon.port, "GET", "/process.html?name=cat").body.decode()
    assert http.ask(daemon.port, "GET", "/process.html?name=nobody").status == 404


def test_a_log_is_downloaded_whole(supervise: Supervise, ours: None) -> None:
    daemon = supervise(PROGRAMS, inet="")
    daemon.wait_state("cat", "RUNNING")
    text = bytes(range(256)) * 2000
    (daemon.folder / "cat.log").write_bytes(text)
    answer = http.ask(daemon.port, "GET", "/logfile?name=cat&channel=stdout")
    assert answer.body == text
    assert answer.headers["content-disposition"] == 'attachment; filename="cat-stdout.log"'
    assert http.ask(daemon.port, "GET", "/logfile").body.decode() in daemon.log_text
    for query in ("name=dies", "name=nobody", "name=cat&channel=stdin"):
        assert http.ask(daemon.port, "GET", f"/logfile?{query}").status == 404
