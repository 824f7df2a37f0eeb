"""The original's pages in Python, for plug-ins that derive from them or give them another template."""

from __future__ import annotations

import os

from supervisor.compat import as_bytes, as_string
from supervisor.http import NOT_DONE_YET
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from supervisor.process import Subprocess
    from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
    from supervisor.supervisord import Supervisor

HERE = os.path.dirname(os.path.abspath(__file__))


class ViewContext:
    """What a view is made with, as attributes.

    Of a request: `template`, `request`, `form` (what the client sent, and the variables of a CGI program),
    `response` with its `headers`, and `supervisord`.
    """

    def __init__(self, **kw: Any) -> None:
        self.__dict__.update(kw)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class MeldView:
    """A page that `render` makes of a template; its path is absolute or begins at this package."""

    content_type = "text/html;charset=utf-8"
    delay = 0.5

    def __init__(self, context: ViewContext) -> None:
        from supervisor.templating import parse_xml

        self.context = context
        self.root = parse_xml(os.path.join(HERE, context.template))
        self.callback: Callable[[], Any] | None = None

    def __call__(self) -> Any:
        """Return the response with the page in it, or ``NOT_DONE_YET``."""
        body = self.render()
        if body is NOT_DONE_YET:
            return NOT_DONE_YET
        response: dict[str, Any] = self.context.response
        response["headers"].update(
            {
                "Content-Type": self.content_type,
                "Pragma": "no-cache",
                "Cache-Control": "no-cache",
                "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
            }
        )
        response["body"] = as_bytes(body)
        return response

    def render(self) -> Any:
        """Return the page as text, or ``NOT_DONE_YET``. For derived classes."""

    def clone(self) -> Any:
        """Return a copy of the template to be filled."""
        return self.root.clone()


class TailView(MeldView):
    """The end of a process' log."""

    def render(self) -> str:
        """Return the page of the process that the form names."""
        from urllib.parse import quote

        name = self.context.form.get("processname")
        wanted = self.context.form.get("limit", "")
        limit = max(1024, int(wanted) if wanted.isdigit() else 0)
        root = self.clone()
        root.findmeld("title").content(f"Supervisor tail of process {name}")
        root.findmeld("tailbody").content(self._tail(name, limit))
        anchor = root.findmeld("refresh_anchor")
        if name is None:
            anchor.deparent()
        else:
            anchor.attributes(href=f"tail.html?processname={quote(name)}&limit={limit}")
        return as_string(root.write_xhtmlstring())

    def _tail(self, name: str | None, limit: int) -> str:
        if not name:
            return "No process name found"
        try:
            return str(_standard(self.context.supervisord).readProcessStdoutLog(name, -limit, 0))
        except RPCError as fault:
            if fault.code == Faults.NO_FILE:
                return f"No file for {name}"
            return f"ERROR: {_unexpected(fault)}"


_START_REFUSED = {
    Faults.NO_FILE: "no such file",
    Faults.NOT_EXECUTABLE: "file not executable",
    Faults.ALREADY_STARTED: "already started",
    Faults.SPAWN_ERROR: "spawn error",
    Faults.ABNORMAL_TERMINATION: "abnormal termination",
}


class StatusView(MeldView):
    """The page with all processes, and what it does to them."""

    def actions_for_process(self, process: Subprocess) -> list[dict[str, str | None] | None]:
        """Return what may be done to a process in its state: `name`, `href` and `target`, None for a gap."""
        from urllib.parse import quote

        from supervisor.options import make_namespec

        name = quote(make_namespec(process.group.config.name, process.config.name))

        def button(title: str, href: str, target: str | None = None) -> dict[str, str | None]:
            return {"name": title, "href": href, "target": target}

        def action(title: str, verb: str) -> dict[str, str | None]:
            return button(title, f"index.html?processname={name}&amp;action={verb}")

        first: list[dict[str, str | None] | None] = [None, None]
        state = process.get_state()
        if state == ProcessStates.RUNNING:
            first = [action("Restart", "restart"), action("Stop", "stop")]
        elif state in (ProcessStates.STOPPED, ProcessStates.EXITED, ProcessStates.FATAL):
            first = [action("Start", "start"), None]
        return [
            *first,
            action("Clear Log", "clearlog"),
            button("Tail -f Stdout", f"logtail/{name}", "_blank"),
            button("Tail -f Stderr", f"logtail/{name}/stderr", "_blank"),
        ]

    def css_class_for_state(self, state: int) -> str:
        """Return the class of a state in the style sheet."""
        if state == ProcessStates.RUNNING:
            return "statusrunning"
        return "statuserror" if state in (ProcessStates.FATAL, ProcessStates.BACKOFF) else "statusnominal"

    def make_callback(self, namespec: str | None, action: str | None) -> Callable[[], Any]:
        """Begin what an action asks for; returns a function that returns a message, or ``NOT_DONE_YET``.

        Raises ValueError for an action that is none.
        """
        from time import ctime

        standard = _standard(self.context.supervisord)
        if action == "refresh":
            return _message(f"Page refreshed at {ctime()}")
        if action == "stopall":
            return _deferred([standard.stopAllProcesses], lambda: f"All stopped at {ctime()}")
        if action == "restartall":
            calls = [standard.stopAllProcesses, standard.startAllProcesses]
            return _deferred(calls, lambda: f"All restarted at {ctime()}", lambda fault: None)
        if not namespec or not action:
            raise ValueError(action)
        if not self._is_process(namespec):
            return _message(f"No such process named {namespec}")
        return self._for_process(standard, namespec, action)

    def _for_process(
        self, standard: SupervisorNamespaceRPCInterface, namespec: str, action: str
    ) -> Callable[[], Any]:
        def start_refused(fault: RPCError) -> str:
            return f"ERROR: Process {namespec}: {_START_REFUSED.get(fault.code) or _unexpected(fault)}"

        def start() -> Any:
            return standard.startProcess(namespec)

        def stop() -> Any:
            return standard.stopProcess(namespec)

        if action == "start":
            return _deferred([start], lambda: f"Process {namespec} started", start_refused)
        if action == "stop":
            return _deferred([stop], lambda: f"Process {namespec} stopped")
        if action == "restart":
            return _deferred([stop, start], lambda: f"Process {namespec} restarted", lambda fault: None)
        if action == "clearlog":
            clear = [lambda: standard.clearProcessLogs(namespec)]
            return _deferred(clear, lambda: f"Log for {namespec} cleared")
        raise ValueError(action)

    def _is_process(self, namespec: str) -> bool:
        from supervisor.options import split_namespec

        group_name, process_name = split_namespec(namespec)
        group = self.context.supervisord.process_groups.get(group_name)
        return group is not None and process_name in group.processes

    def render(self) -> Any:
        """Do what the form asks for, with ``NOT_DONE_YET`` until it is done, then return the page."""
        from urllib.parse import quote

        form, message = self.context.form, self.context.form.get("message")
        if form.get("action"):
            if self.callback is None:
                self.callback = self.make_callback(form.get("processname"), form["action"])
                return NOT_DONE_YET
            message = self.callback()
            if message is NOT_DONE_YET:
                return NOT_DONE_YET
            if message is not None:
                place = f"{form['SERVER_URL']}/?message={quote(message)}"
                self.context.response["headers"]["Location"] = place
        root = self.clone()
        if message is not None:
            area = root.findmeld("statusmessage")
            area.attrib["class"] = "status_msg"
            area.content(message)
        self._fill(root)
        return as_string(root.write_xhtmlstring())

    def _fill(self, root: Any) -> None:
        from time import gmtime

        from supervisor.options import VERSION

        groups = self.context.supervisord.process_groups
        members = sorted((group, name) for group in groups for name in groups[group].processes)
        if members:
            rows = root.findmeld("tr").repeat(members)
            for number, (row, (group, name)) in enumerate(rows):
                self._fill_row(row, groups[group].processes[name])
                if number % 2:
                    row.attrib["class"] = "shade"
        else:
            root.findmeld("statustable").replace("No programs to manage")
        root.findmeld("supervisor_version").content(VERSION)
        year = root.findmeld("copyright_date")
        if year is not None:
            year.content(str(gmtime().tm_year))

    def _fill_row(self, row: Any, process: Subprocess) -> None:
        from urllib.parse import quote

        from supervisor.options import make_namespec

        name = make_namespec(process.group.config.name, process.config.name)
        info = _standard(self.context.supervisord).getProcessInfo(name)
        status = row.findmeld("status_text")
        status.content(info["statename"].lower())
        status.attrib["class"] = self.css_class_for_state(info["state"])
        row.findmeld("info_text").content(info["description"])
        anchor = row.findmeld("name_anchor")
        anchor.attributes(href=f"tail.html?processname={quote(name)}")
        anchor.content(name)
        for item, action in row.findmeld("actionitem_td").repeat(self.actions_for_process(process)):
            anchor = item.findmeld("actionitem_anchor")
            if action is None:
                anchor.attrib["class"] = "hidden"
                continue
            anchor.attributes(**{key: value for key, value in action.items() if value})
            anchor.content(action["name"])


class OKView:
    """A page that says OK."""

    delay = 0

    def __init__(self, context: ViewContext) -> None:
        self.context = context

    def __call__(self) -> dict[str, Any]:
        """Return the page."""
        return {"body": "OK"}


def _standard(supervisord: Supervisor) -> SupervisorNamespaceRPCInterface:
    from supervisor.rpcinterface import SupervisorNamespaceRPCInterface

    return SupervisorNamespaceRPCInterface(supervisord)


def _unexpected(fault: RPCError) -> str:
    return f"unexpected rpc fault [{fault.code}] {fault.text}"


def _message(text: str) -> Callable[[], Any]:
    return _deferred([], lambda: text)


def _deferred(
    calls: Iterable[Callable[[], Any]],
    said: Callable[[], str],
    refused: Callable[[RPCError], str | None] = _unexpected,
) -> Callable[[], Any]:
    """Make calls one after the other; returns a function that returns ``NOT_DONE_YET``, then a message.

    That is what `said` returns, or what `refused` makes of a fault; where that is None, the calls go on.
    """
    waiting = list(calls)
    unfinished: list[Callable[[], Any]] = []

    def look() -> Any:
        while unfinished or waiting:
            try:
                value = unfinished[0]() if unfinished else waiting.pop(0)()
            except RPCError as fault:
                unfinished.clear()
                message = refused(fault)
                if message is not None:
                    waiting.clear()
                    return message
                continue
            if value is NOT_DONE_YET:
                return NOT_DONE_YET
            unfinished[:] = [value] if callable(value) else []
        return said()

    outcome = [look()]

    def go_on() -> Any:
        if outcome[0] is NOT_DONE_YET:
            outcome[0] = look()
        return outcome[0]

    go_on.delay = 0.05  # type: ignore[attr-defined]
    return go_on
