"""Pages and handlers of plug-ins in the HTTP servers."""

from __future__ import annotations

import json
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest

from conftest import Prepare
from harness import http
from harness.daemon import Daemon
from harness.under_test import UnderTest
from harness.waiting import wait_for
from test_plugin_host import PLUGINS
from test_plugin_packages import folder

PROGRAM = """
[program:talker]
command = sh -c "printf 'one two three'; exec sleep 1000"
startsecs = 0

[program:idle]
command = sleep 1000
autostart = false
startsecs = 0
"""


def begin(daemon: Daemon, settings: str = "", *, path: str = "", **sections: Any) -> Daemon:
    """Start a daemon with the plug-in; `settings` are lines of its section, `path` is for its imports."""
    lines = (
        f"[rpcinterface:webmaster]\nsupervisor.rpcinterface_factory = webmaster:make_webmaster\n{settings}"
    )
    daemon.configure(f"{lines}\n{PROGRAM}", **sections)
    daemon.start(env={"PYTHONPATH": f"{PLUGINS['PYTHONPATH']}:{path}"})
    return daemon


def get(daemon: Daemon, path: str, **headers: str) -> http.Answer:
    """The answer to a GET over the unix socket."""
    return http.ask(daemon.socket, "GET", path, headers=headers)


# Pages


def test_a_new_page_is_made_by_its_view(prepare: Prepare) -> None:
    daemon = begin(prepare())
    answer = get(daemon, "/new.html?a=1&b=%C3%BC&a=2&c=", **{"X-Test": "yes", "Host": "example.org:8000"})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["x-made-by"] == "webmaster"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert json.loads(answer.body) == {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/new.html",
        "QUERY_STRING": "a=1&b=%C3%BC&a=2&c=",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_X_TEST": "yes",
        "REMOTE_ADDR": "127.0.0.1",
        "sent": {"a": "1", "b": "ü"},
        "url": "http://example.org:8000",
        "template": "a/template",
        "pid": daemon.started_as,
    }


def test_a_page_gets_what_a_form_sends(prepare: Prepare) -> None:
    daemon = begin(prepare())
    body = b"a=3&a=4&d=x+y"
    answer = http.ask(daemon.socket, "POST", "/new.html?a=1", body, {"Host": "h:80"})
    told = json.loads(answer.body)
    assert told["sent"] == {"a": "4", "d": "x y"}
    assert (told["REQUEST_METHOD"], told["url"]) == ("POST", "http://h")
    assert b" 411 " in http.exchange(daemon.socket, b"POST /new.html HTTP/1.0\r\n\r\n")


def test_a_page_may_take_the_place_of_the_status_page(prepare: Prepare) -> None:
    daemon = begin(prepare(), "index = yes")
    for path in ("/", "/index.html", "//index.html?x=1"):
        answer = get(daemon, path)
        assert (answer.status, answer.headers.get("x-made-by")) == (200, "webmaster"), path
    assert get(daemon, "/ok.html").body == b"OK"
    assert b"Supervisor tail" in get(daemon, "/tail.html?processname=talker").body
    assert http.call(daemon.socket, "supervisor.getState").status == 200
    assert http.ask(daemon.socket, "HEAD", "/index.html").status == 404


def test_a_page_may_come_later(prepare: Prepare) -> None:
    daemon = begin(prepare())
    connection = http.Connection(daemon.socket)
    connection.request("GET", "/slow.html")
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "text/plain"
    assert answer.read() == b"asked 3 times"
    connection.close()


def test_a_page_may_lead_elsewhere(prepare: Prepare) -> None:
    answer = get(begin(prepare()), "/away.html")
    assert (answer.status, answer.reason) == (301, "Moved Permanently")
    assert answer.headers["location"] == "/new.html?from=away"


@pytest.mark.parametrize(
    ("path", "what"),
    [("/broken.html", "the page is broken"), ("/unmade.html", "the page cannot be begun")],
)
def test_a_page_that_fails_is_an_internal_error_and_said(prepare: Prepare, path: str, what: str) -> None:
    daemon = begin(prepare())
    answer = get(daemon, path)
    assert (answer.status, answer.reason) == (500, "Internal Server Error")
    assert b"Error code 500" in answer.body
    daemon.wait_log_match(rf"(?s)ERRO .*{what}.*")
    assert get(daemon, "/new.html").status == 200


def test_pages_may_come_and_go_at_any_time(prepare: Prepare) -> None:
    daemon = begin(prepare())
    assert get(daemon, "/later.html").status == 404
    assert daemon.server.webmaster.addPage("later.html") is True
    assert get(daemon, "/later.html").status == 200
    assert daemon.server.webmaster.removePage("later.html") is True
    assert get(daemon, "/later.html").status == 404
    assert get(daemon, "/ok.html").status == 200
    assert daemon.server.webmaster.removePage("ok.html") is True
    assert get(daemon, "/ok.html").status == 404


def test_a_client_that_leaves_harms_nobody(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes")
    for path in ("/slow.html", "/mine/late", "/mine/pieces", "/mine/long"):
        connection = http.Connection(daemon.socket)
        connection.request("GET", path)
        connection.close()
    assert get(daemon, "/new.html").status == 200
    assert get(daemon, "/slow.html").status == 200


@pytest.mark.differs("the length of a text is told in bytes, not in characters")
def test_a_page_may_be_any_text(prepare: Prepare, under_test: UnderTest) -> None:
    answer = get(begin(prepare()), "/foreign.html")
    assert answer.headers["content-length"] == ("7" if under_test.ours else "5")
    assert answer.body == "grüß!".encode()[: 7 if under_test.ours else 5]


@pytest.mark.differs("a line break makes no second header")
def test_a_header_is_one_header(prepare: Prepare, under_test: UnderTest) -> None:
    daemon = begin(prepare())
    answer = get(daemon, "/injecting.html")
    if under_test.ours:
        assert answer.status == 500
        daemon.wait_log('ERRO a plug-in answers with a bad header: X-First: "a\\r\\nX-Second: b"')
    else:
        assert answer.headers["x-second"] == "b"


@pytest.mark.differs("a form of another site is refused")
def test_a_form_of_another_site_is_not_for_a_plug_in(prepare: Prepare, under_test: UnderTest) -> None:
    daemon = begin(prepare(), "handler = yes", inet="allow_get_actions = true" if under_test.ours else "")
    foreign = {"Host": "h", "Origin": "http://evil.example"}
    for path in ("/new.html", "/mine"):
        answer = http.ask(daemon.socket, "POST", path, b"a=1", foreign)
        assert answer.status == (403 if under_test.ours else 200), path
        assert http.ask(daemon.port, "POST", path, b"a=1", foreign).status == 200, path
        assert http.ask(daemon.socket, "POST", path, b"a=1", {**foreign, "Origin": "http://h"}).status == 200


# Templates


TEMPLATE = """
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:meld="https://github.com/Supervisor/supervisor">
<head><title meld:id="title">t</title></head>
<body><p>our own</p><pre meld:id="tailbody">x</pre><a href="#" meld:id="refresh_anchor">again</a></body>
</html>
"""


def test_a_standard_page_may_get_another_template(prepare: Prepare) -> None:
    daemon = prepare()
    template = daemon.write("tail.html", TEMPLATE)
    begin(daemon, f"template = {template}", path=folder("meld3"))
    wait_for(lambda: b"one two three" in get(daemon, "/tail.html?processname=talker").body, "the log")
    page = get(daemon, "/tail.html?processname=talker").body.decode()
    assert "<p>our own</p>" in page
    assert "<title>Supervisor tail of process talker</title>" in page
    assert 'href="tail.html?processname=talker&amp;limit=1024"' in page
    page = get(daemon, "/tail.html?processname=nosuch").body.decode()
    assert "ERROR: unexpected rpc fault [10] BAD_NAME" in page
    page = get(daemon, "/tail.html").body.decode()
    assert "No process name found" in page
    assert "again" not in page


def test_the_status_page_may_be_derived_from(prepare: Prepare) -> None:
    daemon = begin(prepare(), "status = yes", path=folder("meld3"))
    daemon.wait_state("talker", "RUNNING")
    page = get(daemon, "/status.html").body.decode()
    assert 'href="tail.html?processname=talker"' in page
    assert 'href="index.html?processname=idle&amp;action=start"' in page
    assert 'href="logtail/talker/stderr"' in page

    def act(action: str, name: str = "idle") -> str:
        answer = get(daemon, f"/status.html?processname={name}&action={action}", Host="h")
        assert answer.status == 301
        return answer.headers["location"]

    assert act("start") == "http://h/?message=Process%20idle%20started"
    assert daemon.info("idle")["statename"] == "RUNNING"
    assert act("start") == "http://h/?message=ERROR%3A%20Process%20idle%3A%20already%20started"
    assert act("restart") == "http://h/?message=Process%20idle%20restarted"
    assert act("clearlog") == "http://h/?message=Log%20for%20idle%20cleared"
    assert act("stop") == "http://h/?message=Process%20idle%20stopped"
    assert act("stop") == "http://h/?message=unexpected%20rpc%20fault%20%5B70%5D%20NOT_RUNNING%3A%20idle"
    assert act("stop", "nosuch") == "http://h/?message=No%20such%20process%20named%20nosuch"
    assert act("refresh").startswith("http://h/?message=Page%20refreshed%20at%20")
    assert act("restartall").startswith("http://h/?message=All%20restarted%20at%20")
    assert daemon.info("idle")["statename"] == "RUNNING"
    assert act("stopall").startswith("http://h/?message=All%20stopped%20at%20")
    assert daemon.info("idle")["statename"] == "STOPPED"
    assert get(daemon, "/status.html?action=nonsense").status == 500
    page = get(daemon, "/status.html?message=%3Cb%3Ehello").body.decode()
    assert "hello" in page
    assert "<b>hello" not in page


def test_without_meld3_the_error_says_what_to_install(prepare: Prepare, under_test: UnderTest) -> None:
    if not under_test.ours:
        pytest.skip("the original has its own")
    daemon = begin(prepare(), "status = yes")
    assert get(daemon, "/status.html").status == 500
    daemon.wait_log_match(r"(?s)ERRO .*pip install 'supervisor-rs\[pages\]'.*")


# Handlers


def test_handlers_stand_where_the_original_has_them(prepare: Prepare) -> None:
    daemon = begin(prepare())
    webmaster: Any = daemon.server.webmaster
    (handlers,) = webmaster.handlers()
    assert handlers[1:3] == ["logtail_handler", "mainlogtail_handler"]
    assert len(handlers) == 5


def test_a_handler_that_is_put_first_is_asked_first(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes", inet="")
    for address, peer in ((daemon.socket, ""), (daemon.port, "127.0.0.1")):
        answer = http.ask(address, "GET", "/mine/a%20b;p?q=1", headers={"X-Test": "yes"})
        assert (answer.status, answer.headers["x-mine"]) == (200, "7")
        assert json.loads(answer.body) == {
            "command": "GET",
            "uri": "/mine/a b;p?q=1",
            "path": "/mine/a b",
            "params": ";p",
            "query": "?q=1",
            "version": "1.1",
            "test": "yes",
            "line": "X-Test: yes",
            "peer": peer,
        }
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    assert get(daemon, "/ok.html").body == b"OK"
    assert get(daemon, "/new.html").status == 200
    assert get(daemon, "/nothing").status == 404


def test_a_handler_may_take_the_body(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes")
    text = "grüße " * 20000
    answer = http.ask(daemon.socket, "POST", "/mine", text.encode())
    assert json.loads(answer.body) == {"data": text}


def test_a_plug_in_may_have_calls_at_a_path_of_its_own(prepare: Prepare) -> None:
    daemon = begin(prepare(), "calls = yes")

    def call(method: str, *params: Any) -> Any:
        body = xmlrpc.client.dumps(params, method).encode()
        answer = http.ask(daemon.socket, "POST", "/OWN", body, headers={"Content-Type": "text/xml"})
        assert answer.status == 200, answer
        return xmlrpc.client.loads(answer.body)[0][0]

    assert call("own.add", "grüße ", "alle") == "grüße alle"
    assert call("own.add", 20, 22) == 42
    assert call("own.later", "in time") == "in time"
    for method, fault in (("own.refuse", "FAILED: told to"), ("own.nothing", "UNKNOWN_METHOD")):
        with pytest.raises(xmlrpc.client.Fault, match=fault):
            call(method)
    for body in (b"garbage", b"<methodCall><methodName></methodName></methodCall>"):
        assert http.ask(daemon.socket, "POST", "/OWN", body).status == 400
    assert get(daemon, "/OWN").status == 400
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    broken = xmlrpc.client.dumps((), "own.fail").encode()
    assert http.ask(daemon.socket, "POST", "/OWN", broken).status == 500
    daemon.wait_log_match(
        r"(?s)CRIT Handling XML-RPC request with data .* raised an unexpected exception: .*"
    )


def test_a_handler_may_answer_with_an_error(prepare: Prepare) -> None:
    answer = get(begin(prepare(), "handler = yes"), "/mine/busy")
    assert (answer.status, answer.reason) == (503, "Service Unavailable")
    assert b"Error code 503" in answer.body


def test_a_handler_that_fails_is_an_internal_error_and_said(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes")
    assert get(daemon, "/mine/broken").status == 500
    daemon.wait_log_match(r"(?s)ERRO .*Server Error: .*the handler is broken.*")
    assert daemon.rpc.getState()["statename"] == "RUNNING"


def test_a_body_may_come_in_pieces(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes")
    answer = get(daemon, "/mine/pieces")
    assert answer.body == b"zero one two three"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert len(get(daemon, "/mine/long").body) == 64 * 65536


def test_a_handler_may_answer_when_it_likes(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes")
    connection = http.Connection(daemon.socket)
    connection.request("GET", "/mine/late")
    wait_for(lambda: daemon.server.webmaster.finish() == 1, "the request")
    assert connection.getresponse().read() == b"at last"
    connection.close()


def test_a_handler_may_pass_a_request_on_to_the_one_before_it(prepare: Prepare) -> None:
    daemon = begin(prepare(), "counting = yes")
    webmaster: Any = daemon.server.webmaster
    before = webmaster.counted()
    assert daemon.rpc.getState()["statename"] == "RUNNING"
    assert http.call(daemon.socket, "no.such").status == 200
    assert get(daemon, "/RPC2").status == 400
    assert get(daemon, "/ok.html").status == 200
    assert webmaster.counted() == before + 4


def test_the_head_of_a_followed_log_may_be_another(prepare: Prepare) -> None:
    daemon = begin(prepare(), "tail = yes")
    log = Path(daemon.info("talker")["stdout_logfile"])
    wait_for(lambda: log.read_text() == "one two three", "the log")
    connection = http.Connection(daemon.socket)
    connection.request("GET", "/logtail/talker")
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "text/plain;charset=utf-8"
    assert answer.getheader("Last-Modified")
    assert answer.read(4) == b"hree"
    with log.open("a") as file:
        file.write(" four")
    assert answer.read(5) == b" four"
    connection.close()
    assert get(daemon, "/logtail/nosuch").status == 404
    assert http.ask(daemon.socket, "POST", "/logtail/talker", b"x").status == 400


def test_a_plug_in_may_close_the_servers_and_wait_for_those_whom_they_kept_waiting(prepare: Prepare) -> None:
    daemon = begin(prepare(), "handler = yes\nclosing = yes", inet="")
    wait_for(lambda: daemon.server.webmaster.waiting() == 1, "the request of the thread")
    assert daemon.stop() == 0
    daemon.wait_log("INFO the thread was left alone: True")


# Files


@pytest.fixture
def site(prepare: Prepare) -> Daemon:
    """A daemon that serves a folder."""
    daemon = prepare()
    daemon.write("ui/index.html", "never")
    daemon.write("ui/css/style.css", "body {}")
    daemon.write("ui/docs/index.html", "the docs")
    daemon.write("ui/a b.data", "x" * 200_000)
    daemon.write("secret", "above")
    return begin(daemon, f"files = {daemon.folder}/ui")


def test_static_files_come_from_a_folder_of_the_plug_in(site: Daemon) -> None:
    answer = get(site, "/css/style.css")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/css", b"body {}")
    assert answer.headers["content-length"] == "7"
    assert get(site, "/docs/").body == b"the docs"
    answer = get(site, "/a%20b.data")
    assert (answer.body, answer.headers["content-type"]) == (b"x" * 200_000, "text/plain")
    assert answer.headers["content-length"] == "200000"
    answer = http.ask(site.socket, "HEAD", "/a%20b.data")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "200000", b"")
    assert get(site, "/docs").status == 301
    assert get(site, "/css/").status == 404
    assert get(site, "/stylesheets/supervisor.css").status == 404
    assert get(site, "/css/../../secret").status == 404
    assert get(site, "/..%2fsecret").status == 404
    assert http.ask(site.socket, "PUT", "/css/style.css", b"x").status == 400
    assert b"never" not in get(site, "/").body
    assert site.rpc.getState()["statename"] == "RUNNING"


def test_static_files_that_a_client_knows_are_not_sent_again(site: Daemon) -> None:
    date = get(site, "/css/style.css").headers["last-modified"]
    answer = get(site, "/css/style.css", **{"If-Modified-Since": date})
    assert (answer.status, answer.body) == (304, b"")
    old = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert get(site, "/css/style.css", **{"If-Modified-Since": old}).status == 200
    assert get(site, "/css/style.css", **{"If-Modified-Since": f"{date}; length=8"}).status == 200


# Users


def test_handlers_are_behind_the_server_s_user(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.write("ui/style.css", "body {}")
    settings = f"handler = yes\nindex = yes\nfiles = {daemon.folder}/ui\ntail = yes"
    begin(daemon, settings, inet="username = user\npassword = {SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d")
    right, wrong = http.basic("user", "thepassword"), http.basic("user", "x")
    for path in ("/mine", "/style.css", "/", "/new.html", "/logtail/talker", "/RPC2"):
        answer = http.ask(daemon.port, "GET", path)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="default"'), path
        assert http.ask(daemon.port, "GET", path, headers=wrong).status == 401, path
    for path in ("/mine", "/style.css", "/", "/new.html"):
        assert http.ask(daemon.port, "GET", path, headers={**right, "X-Test": "yes"}).status == 200, path
    assert http.call(daemon.port, "supervisor.getState", headers=right).status == 200


@pytest.mark.differs("the server's user is asked for, whatever a handler is wrapped in")
def test_a_handler_that_asks_for_nobody(prepare: Prepare, under_test: UnderTest) -> None:
    user = "username = user\npassword = thepassword"
    daemon = begin(prepare(), "handler = yes\nunwrapped = yes", inet=user)
    answer = http.ask(daemon.port, "GET", "/mine/busy")
    assert answer.status == (401 if under_test.ours else 503)
    assert http.ask(daemon.port, "GET", "/mine/busy", headers=http.basic("user", "thepassword")).status == 503


@pytest.mark.differs("the name of the machine is left out of redirects")
def test_a_folder_without_its_slash(site: Daemon, under_test: UnderTest) -> None:
    place = get(site, "/docs").headers["location"]
    assert place == ("/docs/" if under_test.ours else "http://<unix domain socket>/docs/")


def test_a_handler_may_have_users_of_its_own(prepare: Prepare) -> None:
    daemon = begin(prepare(), "members = yes")
    answer = get(daemon, "/mine")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="members"')
    assert get(daemon, "/mine", **http.basic("member", "x")).status == 401
    assert get(daemon, "/mine", **http.basic("member", "only"), **{"X-Test": "yes"}).status == 200
    assert get(daemon, "/ok.html").status == 200
