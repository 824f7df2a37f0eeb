"""Plug-ins of other people, as they come from PyPI, inside the daemon."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from conftest import Prepare
from harness import http
from harness.daemon import Daemon, free_port
from harness.under_test import REPOSITORY
from harness.waiting import wait_for
from test_plugin_host import PLUGINS, fault

ENVIRONMENT = REPOSITORY / ".environments" / "plugins"


def folder(package: str) -> str:
    """Where the plug-ins are installed; skips the test where the package does not run on this Python."""
    found = sorted(ENVIRONMENT.glob(f"lib/python3*/site-packages/{package}"))
    if not found:
        pytest.skip(f"{package} is not installed in {ENVIRONMENT}")
    return str(found[0].parent)


def begin(daemon: Daemon, package: str, config: str, **sections: Any) -> None:
    """Start a daemon that finds the plug-ins."""
    daemon.configure(config, **sections)
    daemon.start(env={"PYTHONPATH": folder(package)})


TWIDDLER = """
[rpcinterface:twiddler]
supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface

[program:first]
command = sleep 1000
autostart = false
startsecs = 0

[group:team]
programs = first
"""


def test_twiddler_adds_and_removes_a_program(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, "supervisor_twiddler", TWIDDLER)
    twiddler = daemon.server.twiddler
    assert twiddler.getAPIVersion() == "1.0"
    assert twiddler.getGroupNames() == ["team"]
    options = {"command": "sleep 1000", "startsecs": "0", "autostart": "false", "numprocs": "2"}
    options["process_name"] = "%(program_name)s%(process_num)s"
    assert twiddler.addProgramToGroup("team", "added", options) is True
    daemon.rpc.startProcess("team:added1")
    assert daemon.info("team:added1")["statename"] == "RUNNING"
    assert fault(twiddler.removeProcessFromGroup, "team", "added1") == (91, "STILL_RUNNING: added1")
    assert fault(twiddler.addProgramToGroup, "team", "added", options) == (10, "BAD_NAME: added0")
    daemon.rpc.stopProcess("team:added1")
    assert twiddler.removeProcessFromGroup("team", "added1") is True
    assert [entry["name"] for entry in daemon.rpc.getAllProcessInfo()] == ["added0", "first"]
    assert twiddler.log("seen from outside", "WARN") is True
    daemon.wait_log("WARN seen from outside")
    code, text = fault(twiddler.addProgramToGroup, "team", "bad", {"autostart": "maybe"})
    assert code == 2
    assert text.startswith("INCORRECT_PARAMETERS: ")


def test_twiddler_keeps_to_its_whitelist(prepare: Prepare) -> None:
    daemon = prepare()
    begin(daemon, "supervisor_twiddler", TWIDDLER.replace("[program", "whitelist = getAPIVersion\n[program"))
    assert daemon.server.twiddler.getAPIVersion() == "1.0"
    assert fault(daemon.server.twiddler.getGroupNames) == (230, "UNKNOWN: getGroupNames")


CLIENT = """
import json, sys
from multivisor.zerorpc import Client
client = Client(sys.argv[1], timeout=20)
for line in sys.stdin:
    method, *arguments = json.loads(line)
    try:
        print(json.dumps(client(method, *arguments)), flush=True)
    except Exception as why:
        print(json.dumps(f"error: {why}"), flush=True)
"""


def zerorpc(url: str, calls: list[list[Any]]) -> list[Any]:
    """The answers of multivisor's own client."""
    client = subprocess.run(
        [str(ENVIRONMENT / "bin" / "python"), "-c", CLIENT, url],
        input="".join(json.dumps(call) + "\n" for call in calls),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in client.stdout.splitlines()]


def test_multivisor_answers(prepare: Prepare) -> None:
    daemon = prepare()
    url = f"tcp://127.0.0.1:{free_port()}"
    begin(
        daemon,
        "multivisor",
        f"[rpcinterface:multivisor]\nsupervisor.rpcinterface_factory = multivisor.rpc:make_rpc_interface\n"
        f"bind = {url}\n\n[program:one]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0\n",
    )
    answers = zerorpc(
        url,
        [
            ["getPID"],
            ["getProcessInfo", "one"],
            ["startProcess", "one"],
            ["getAllProcessInfo"],
            ["startProcess", "one"],
            ["stopProcess", "one"],
            ["startProcess", "nosuch"],
        ],
    )
    assert answers[0] == daemon.started_as
    assert (answers[1]["name"], answers[1]["statename"]) == ("one", "STOPPED")
    assert answers[2] is True
    assert [entry["statename"] for entry in answers[3]] == ["RUNNING"]
    assert "ALREADY_STARTED" in answers[4]
    assert answers[5] is True
    assert "BAD_NAME" in answers[6]
    assert daemon.server.multivisor.getPID() == daemon.started_as
    assert daemon.stop() == 0


SUPVISORS = """
[rpcinterface:supvisors]
supervisor.rpcinterface_factory = lone_supvisors:make_supvisors_rpcinterface
supvisors_list = <alone>127.0.0.1:{port}
rules_files = {here}/rules.xml
synchro_options = STRICT
tailf_limit = 2048

[ctlplugin:supvisors]
supervisor.ctl_factory = supvisors.supvisorsctl:make_supvisors_controller_plugin

[program:till]
command = sh -c "printf '%%03000d' 7; exec sleep 1000"
autostart = false
startsecs = 0

[program:stock]
command = sleep 1000
autostart = false
startsecs = 0

[group:shop]
programs = till, stock
"""

RULES = """\
<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<root>
    <application name="shop">
        <programs>
            <program name="till"><start_sequence>1</start_sequence></program>
            <program name="stock"><start_sequence>2</start_sequence></program>
        </programs>
    </application>
</root>
"""


@pytest.mark.parametrize("user", ["", "username = user\npassword = thepassword"])
def test_supvisors_reaches_operation_starts_an_application_and_shows_its_pages(
    prepare: Prepare, user: str
) -> None:
    daemon = prepare()
    daemon.port = free_port()
    daemon.write("rules.xml", RULES)
    daemon.configure(SUPVISORS.format(port=daemon.port, here=daemon.folder), inet=user)
    path = {"PYTHONPATH": f"{PLUGINS['PYTHONPATH']}:{folder('supvisors')}:{folder('meld3')}"}
    daemon.start(env=path)
    supvisors: Any = daemon.server.supvisors
    wait_for(
        lambda: supvisors.get_supvisors_state()["fsm_statename"] == "OPERATION",
        "the state OPERATION",
    )
    assert supvisors.start_application("CONFIG", "shop") is True
    assert {entry["statename"] for entry in daemon.rpc.getAllProcessInfo()} == {"RUNNING"}
    assert supvisors.get_application_info("shop")["statename"] == "RUNNING"

    headers = http.basic("user", "thepassword") if user else {}

    def get(path: str) -> http.Answer:
        return http.ask(daemon.port, "GET", path, headers=headers)

    pages = "index conciliation proc_instance host_instance maintail tail ok application"
    for page in pages.split():
        answer = get(f"/{page}.html?processname=shop:till&appname=shop")
        assert answer.status == 200, page
        assert b"Error response" not in answer.body, page
        if user:
            assert http.ask(daemon.port, "GET", f"/{page}.html").status == 401, page
    assert get("/application.html").status == 301
    assert b"shop" in get("/").body
    assert b"till" in get("/proc_instance.html").body
    assert b"supervisord started with pid" in get("/maintail.html?limit=9999999").body
    for file, kind in (
        ("css/index.css", "text/css"),
        ("img/supvisors.png", "image/png"),
        ("supervisor_icon.png", "image/png"),
    ):
        answer = get(f"/{file}")
        assert (answer.status, answer.headers["content-type"]) == (200, kind), file
        assert answer.body, file
    assert get("/nosuch.css").status == 404

    answer = get("/proc_instance.html?action=stop&namespec=shop:till")
    assert answer.status == 301
    assert "message=Process%20shop%3Atill%20stopped" in answer.headers["location"]
    assert daemon.info("shop:till")["statename"] == "STOPPED"

    connection = http.Connection(daemon.port)
    connection.request("GET", "/logtail/shop:till", headers=headers)
    assert connection.getresponse().read(2048) == b"0" * 2047 + b"7"
    connection.close()

    assert daemon.ctl("start", "shop:till", env=path).out == "shop:till: started\n"
    assert "shop" in daemon.ctl("application_info", env=path).out
    assert daemon.ctl("disable", "till", env=path).code == 0
    done = daemon.ctl("start", "shop:till", env=path)
    assert (done.code, done.out) == (1, "shop:till: ERROR disabled\n")
    assert daemon.stop() == 0
