"""A plug-in of the control program for the tests: commands that use everything a plug-in can use."""

from __future__ import annotations

import threading
from typing import Any

from supervisor.options import make_namespec
from supervisor.supervisorctl import ControllerPluginBase, LSBInitExitStatuses, fgthread


class Probe(ControllerPluginBase):
    """Commands of the tests' own."""

    name = "probe"

    def __init__(self, controller: Any, **config: str) -> None:
        super().__init__(controller)
        self.config = config

    def do_config(self, arg: str) -> None:
        """Show what the section says."""
        self.ctl.output(f"{sorted(self.config.items())} {arg!r} {self.name}")

    def do_names(self, arg: str) -> None:
        """Ask the server."""
        if not self.ctl.upcheck():
            return
        infos = self.ctl.get_supervisor().getAllProcessInfo()
        self.ctl.output(" ".join(make_namespec(info["group"], info["name"]) for info in infos))
        self.ctl.output(self.ctl.get_server_proxy("system").listMethods()[0])

    def do_fail(self, arg: str) -> None:
        """Raise what nobody handles."""
        raise ValueError("oops")

    def do_status(self, arg: str) -> None:
        """Never run: built-in commands come first."""
        self.ctl.output("not this one")

    def do_reword(self, arg: str) -> None:
        """Run a built-in command whose results are said in other words."""
        default = self.ctl.options.plugins[0]
        name = f"_{arg.split(maxsplit=1)[0]}result"
        original = getattr(default, name)
        setattr(default, name, lambda result: f"{name} {result['status']}: {original(result)}")
        self.ctl.onecmd(arg)

    def do_leave(self, arg: str) -> bool:
        """End the shell."""
        self.ctl.exitstatus = LSBInitExitStatuses.INVALID_ARGS
        return True

    def do_threads(self, arg: str) -> None:
        """Run built-in commands from threads."""
        threads = [threading.Thread(target=self.ctl.onecmd, args=(f"{arg} {name}",)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def do_undocumented(self, arg):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D102
        self.ctl.onecmd("version")

    def help_config(self) -> None:
        """Tell how it is used."""
        self.ctl.output("config\tShow what the section says")


class Watcher(ControllerPluginBase):
    """A command that shows a log by a thread."""

    def do_watch(self, arg: str) -> None:
        """Show what a process writes, until a word was shown."""
        name, word = arg.split()
        thread: Any = fgthread(name, self.ctl)
        show, shown = thread.listener.feed, threading.Event()

        def feed(url: str, data: Any) -> None:
            show(url, data)
            if word in (data if isinstance(data, str) else data.decode()):
                shown.set()

        thread.listener.feed = feed
        thread.daemon = True
        thread.start()
        shown.wait(30)
        thread.kill()
        thread.join(5)
        self.ctl.output(f"killed: {thread.killed}, alive: {thread.is_alive()}")
