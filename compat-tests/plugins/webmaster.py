"""A plug-in that has pages and handlers of its own in the HTTP servers."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204, D102, N802

from __future__ import annotations

import http.client as http_client
import json
import os
import threading

from supervisor import events, http, web
from supervisor.http import NOT_DONE_YET
from supervisor.medusa import default_handler, filesys
from supervisor.medusa.xmlrpc_handler import collector
from supervisor.xmlrpc import Faults, RPCError, supervisor_xmlrpc_handler


class View:
    """A page that is done at once."""

    delay = 0.05

    def __init__(self, context):
        self.context = context

    def __call__(self):
        response = self.context.response
        response["headers"]["X-Made-By"] = "webmaster"
        response["headers"]["Content-Type"] = "application/json"
        response["body"] = json.dumps(self.told())
        return response

    def told(self):
        form = self.context.form
        names = "REQUEST_METHOD PATH_INFO QUERY_STRING SERVER_PROTOCOL HTTP_X_TEST REMOTE_ADDR".split()
        told = {name: form.get(name) for name in names}
        told["sent"] = {name: value for name, value in form.items() if name.islower() and "." not in name}
        told["url"] = form["SERVER_URL"]
        told["template"] = self.context.template
        told["pid"] = self.context.supervisord.options.get_pid()
        return told


class Slow(View):
    """A page that is done when it was asked three times."""

    asked = 0

    def __call__(self):
        self.asked += 1
        if self.asked < 3:
            return NOT_DONE_YET
        return {"body": f"asked {self.asked} times"}


class Away(View):
    """A page that leads to another one."""

    def __call__(self):
        return {"headers": {"Location": "/new.html?from=away"}}


class Broken(View):
    """A page that fails when it is made."""

    def __call__(self):
        raise RuntimeError("the page is broken")


class Unmade(View):
    """A page that fails before."""

    def __init__(self, context):
        raise RuntimeError("the page cannot be begun")


class Foreign(View):
    """A page that is not ASCII."""

    def __call__(self):
        return {"body": "grüß!"}


class Injecting(View):
    """A page with a header that is two."""

    def __call__(self):
        return {"headers": {"X-First": "a\r\nX-Second: b"}, "body": "x"}


class Producer:
    """A body in pieces, with a pause in between."""

    delay = 0.05

    def __init__(self):
        self.pieces = [b"one ", NOT_DONE_YET, b"two ", NOT_DONE_YET, b"three", b""]

    def more(self):
        return self.pieces.pop(0)


class Handler:
    """Answers what is below /mine."""

    def __init__(self, webmaster):
        self.webmaster = webmaster

    def match(self, request):
        return request.uri.startswith("/mine")

    def handle_request(self, request):
        path, params, query, _ = request.split_uri()
        if request.command == "POST":
            request.collector = collector(self, request)
        elif path == "/mine/busy":
            request.error(503)
        elif path == "/mine/broken":
            raise RuntimeError("the handler is broken")
        elif path == "/mine/pieces":
            request.push("zero ")
            request.push(Producer())
            request.done()
        elif path == "/mine/long":
            for _ in range(64):
                request.push(b"x" * 65536)
            request["Content-Length"] = 64 * 65536
            request.done()
        elif path == "/mine/late":
            self.webmaster.kept.append(request)
        else:
            told = {"command": request.command, "uri": request.uri, "path": path, "params": params}
            told.update(query=query, version=request.version, test=request.get_header("X-TEST"))
            told["line"] = next(line for line in request.header if line.lower().startswith("x-test"))
            told["peer"] = request.channel.addr[0] if request.channel.addr else ""
            self.answer(request, json.dumps(told))

    def continue_request(self, data, request):
        self.answer(request, json.dumps({"data": data}))

    def answer(self, request, text):
        request["Content-Type"] = "application/json"
        request["X-Mine"] = 7
        assert "X-Mine" in request
        request.push(text)
        request.done()


class Counting:
    """Counts what another handler answers."""

    def __init__(self, inner):
        self.inner = inner
        self.count = 0

    def match(self, request):
        return self.inner.match(request)

    def handle_request(self, request):
        self.count += 1
        self.inner.handle_request(request)


class LongTail(http.logtail_handler):
    """Shows four bytes of a log before it follows it."""

    def handle_request(self, request):
        super().handle_request(request)
        producer = request.outgoing[-1]
        producer.sz = producer.sz + 1024 - 4 if producer.sz else os.path.getsize(producer.filename) - 4


class Calls:
    """What can be called at `/OWN`."""

    def add(self, first, second):
        return first + second

    def later(self, word):
        asked = []

        def look():
            asked.append(word)
            return word if len(asked) > 2 else NOT_DONE_YET

        look.delay = 0.01
        return look

    def refuse(self):
        raise RPCError(Faults.FAILED, "told to")

    def fail(self):
        raise RuntimeError("the call is broken")


class CallHandler(supervisor_xmlrpc_handler):
    """XML-RPC at a path of the plug-in's own."""

    path = "/OWN"


class Webmaster:
    """The namespace `webmaster`."""

    def __init__(self, supervisord, settings):
        self.supervisord = supervisord
        self.settings = settings
        self.kept = []
        self.counting = None
        self.left = False

    def addPage(self, name):
        """Put a page into VIEWS."""
        web.VIEWS[name] = {"template": None, "view": View}
        return True

    def removePage(self, name):
        """Take a page out of VIEWS."""
        del web.VIEWS[name]
        return True

    def waiting(self):
        """How many requests are kept."""
        return len(self.kept)

    def finish(self):
        """Answer the requests that were kept, and tell how many."""
        kept, self.kept = self.kept, []
        for request in kept:
            request.push("at last")
            request.done()
        return len(kept)

    def counted(self):
        """How many calls were counted."""
        return self.counting.count

    def handlers(self):
        """The classes of each server's handlers."""
        return [
            [type(handler).__name__ for handler in server.handlers]
            for _, server in self.supervisord.options.httpservers
        ]

    def ask_oneself(self, port):
        """Wait for an answer of this very daemon."""
        connection = http_client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/mine/late")
            connection.getresponse().read()
        except OSError:
            self.left = True

    def on_stopping(self, event):
        """Wait for the thread that waits for the daemon, on the daemon's own thread."""
        self.supervisord.options.close_httpservers()
        self.thread.join()
        self.supervisord.options.logger.info(f"the thread was left alone: {self.left}")

    def on_running(self, event):
        for config, server in self.supervisord.options.httpservers:
            self.install(config, server)
            if "closing" in self.settings and "port" in config:
                self.thread = threading.Thread(target=self.ask_oneself, args=(config["port"],))
                self.thread.start()
                events.subscribe(events.SupervisorStoppingEvent, self.on_stopping)

    def install(self, config, server):
        def wrapped(handler):
            if not config["username"] or "unwrapped" in self.settings:
                return handler
            return http.supervisor_auth_handler({config["username"]: config["password"]}, handler)

        if "tail" in self.settings:
            server.handlers[1] = wrapped(LongTail(self.supervisord))
        if "handler" in self.settings:
            server.install_handler(wrapped(Handler(self)))
        if "calls" in self.settings:
            server.install_handler(wrapped(CallHandler(self.supervisord, [("own", Calls())])))
        if "members" in self.settings:
            server.install_handler(http.supervisor_auth_handler({"member": "only"}, Handler(self), "members"))
        if "counting" in self.settings:
            self.counting = server.handlers[0] = Counting(server.handlers[0])
        if "files" in self.settings:
            files = default_handler.default_handler(filesys.os_filesystem(self.settings["files"]))
            server.handlers[-1] = wrapped(files)


def make_webmaster(supervisord, **settings):
    """The factory that the configuration names."""
    if hasattr(supervisord, "webmaster"):
        return supervisord.webmaster
    supervisord.webmaster = Webmaster(supervisord, settings)
    web.VIEWS["new.html"] = {"template": "a/template", "view": View}
    web.VIEWS["slow.html"] = {"template": None, "view": Slow}
    web.VIEWS["away.html"] = {"template": None, "view": Away}
    web.VIEWS["broken.html"] = {"template": None, "view": Broken}
    web.VIEWS["unmade.html"] = {"template": None, "view": Unmade}
    web.VIEWS["foreign.html"] = {"template": None, "view": Foreign}
    web.VIEWS["injecting.html"] = {"template": None, "view": Injecting}
    if "index" in settings:
        web.VIEWS["index.html"] = {"template": None, "view": View}
    if "status" in settings:

        class Status(web.StatusView):
            """The page of all processes, derived from."""

        web.VIEWS["status.html"] = {"template": "ui/status.html", "view": Status}
    if "template" in settings:
        web.VIEWS["tail.html"]["template"] = settings["template"]
    events.subscribe(events.SupervisorRunningEvent, supervisord.webmaster.on_running)
    return supervisord.webmaster
