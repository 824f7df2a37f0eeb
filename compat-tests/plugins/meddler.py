"""A plug-in that changes what it finds in the daemon, in the ways people's plug-ins do."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204, N802

from __future__ import annotations

import os
import signal
import threading

from supervisor import events
from supervisor.datatypes import RestartUnconditionally
from supervisor.events import EventTypes
from supervisor.http import NOT_DONE_YET
from supervisor.options import ProcessGroupConfig, ServerOptions, UnhosedConfigParser
from supervisor.process import Subprocess
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import ProcessStates, getProcessStateDescription
from supervisor.xmlrpc import Faults, RPCError

CALLS = []


class GreetingEvent(events.Event):
    """An event of the plug-in's own."""

    def __init__(self, text):
        self.text = text

    def payload(self):
        """What listeners read."""
        return f"greeting:{self.text}"


events.register("GREETING", GreetingEvent)


class Base:
    """Methods of a base class can be called, and are not listed."""

    def inherited(self):
        """Not listed."""
        return "inherited"


class Meddler(Base):
    """The namespace `meddler`."""

    answer = 42

    def __init__(self, supervisord, settings):
        self.supervisord = supervisord
        self.settings = settings
        self.interface = SupervisorNamespaceRPCInterface(supervisord)
        self.told = []
        self.threads = []

    def _process(self, name):
        group, _, process = name.partition(":")
        return self.supervisord.process_groups[group].processes[process or group]

    def assign(self, name, attribute, value):
        """Assign an attribute of a process, and tell its value afterwards."""
        process = self._process(name)
        setattr(process, attribute, value)
        return getattr(process, attribute)

    def attribute(self, name, attribute):
        """An attribute of a process."""
        value = getattr(self._process(name), attribute)
        return "None" if value is None else value

    def configure(self, name, attribute, value):
        """Assign an attribute of a process' configuration."""
        setattr(self._process(name).config, attribute, value)
        return getattr(self._process(name).config, attribute)

    def alwaysRestart(self, name):
        """Have a process started again whatever happens."""
        config = self._process(name).config
        config.autorestart = RestartUnconditionally
        return config.autorestart is RestartUnconditionally

    def setVariable(self, name, variable, value):
        """Set a variable of a process in place."""
        self._process(name).config.environment[variable] = value
        return self._process(name).config.environment[variable]

    def do(self, name, method, arguments):
        """Call a method of a process."""
        value = getattr(self._process(name), method)(*arguments)
        return value if isinstance(value, str) else "None" if value is None else True

    def spawnAndKill(self, name):
        """Start a process and kill it before anything else happens."""
        process = self._process(name)
        process.spawn()
        return process.kill(signal.SIGKILL) or "killed"

    def write(self, name, text):
        """Write to the standard input of a process."""
        self._process(name).write(text.encode())
        return True

    def addProgram(self, group_name, section, options):
        """Add the processes of a section, as supervisor_twiddler does."""
        parser = UnhosedConfigParser()
        parser.add_section(section)
        for option, value in options.items():
            parser.set(section, option, value)
        group = self.supervisord.process_groups[group_name]
        try:
            configs = self.supervisord.options.processes_from_section(parser, section, group_name)
        except ValueError as why:
            raise RPCError(Faults.INCORRECT_PARAMETERS, str(why)) from None
        group.config.process_configs.extend(configs)
        for config in configs:
            config.create_autochildlogs()
            group.processes[config.name] = config.make_process(group)
        return [config.name for config in configs]

    def dropProcess(self, group_name, name):
        """Take a process out of a group."""
        del self.supervisord.process_groups[group_name].processes[name]
        return name in self.supervisord.process_groups[group_name].processes

    def addGroup(self, name, like, how):
        """Add a group of one process that is like another, in one of the ways there are."""
        options = self.supervisord.options
        old = self._process(like).config
        names = [*old.req_param_names, *old.optional_param_names]
        params = {each: getattr(old, each) for each in names}
        params["name"] = name
        config = ProcessGroupConfig(options, name, 500, [type(old)(options, **params)])
        if how == "staged":
            options.process_group_configs.append(config)
            return self.interface.addProcessGroup(name)
        if how == "mapping":
            config.after_setuid()
            self.supervisord.process_groups[name] = config.make_group()
            return name in self.supervisord.process_groups
        return self.supervisord.add_process_group(config)

    def removeGroup(self, name):
        """Let go of a group."""
        return self.supervisord.remove_process_group(name)

    def groups(self):
        """The groups and what is in them."""
        return {
            name: sorted(group.processes) for name, group in sorted(self.supervisord.process_groups.items())
        }

    def differences(self):
        """What the configuration says and what is in use."""
        return [[config.name for config in part] for part in self.supervisord.diff_to_active()]

    def mark(self, name):
        """Put an attribute of the plug-in's own on the objects; say what was there."""
        process = self._process(name)
        before = [getattr(each, "mark", "") for each in (process, process.group, self.supervisord)]
        process.mark = process.group.mark = self.supervisord.mark = name
        return before

    def native(self, method, arguments):
        """Call a method of the standard namespace."""
        return getattr(self.interface, method)(*arguments)

    def nativeFromThread(self, method, arguments):
        """The same from a thread, which waits for the answer while the daemon goes on."""
        done = threading.Event()
        outcome = []

        def work():
            try:
                value = getattr(self.interface, method)(*arguments)
                while callable(value):
                    result = value()
                    if result is NOT_DONE_YET:
                        threading.Event().wait(0.01)
                    else:
                        value = result
                outcome.append(value)
            except RPCError as fault:
                outcome.append(f"{fault.code} {fault.text}")
            done.set()

        threading.Thread(target=work, daemon=True).start()

        def ready():
            return outcome[0] if done.is_set() else NOT_DONE_YET

        ready.delay = 0.01
        return ready

    def greet(self, text):
        """Tell of an event of the plug-in's own."""
        events.notify(GreetingEvent(text))
        return True

    def heard(self):
        """What the subscribers of the plug-in's own event got, in order."""
        return list(self.told)

    def subscribeTwice(self):
        """Subscribe to the plug-in's own event, once by its class and once by the class above."""
        events.subscribe(GreetingEvent, lambda event: self.told.append(f"own {event.text}"))
        events.subscribe(events.Event, self._note)
        return True

    def unsubscribe(self):
        """Undo the second one."""
        events.unsubscribe(events.Event, self._note)
        return True

    def _note(self, event):
        if isinstance(event, GreetingEvent):
            self.told.append(f"any {event.text}")

    def failOnEvents(self):
        """Subscribe something that fails."""

        def fail(event):
            raise RuntimeError(f"told to fail at {events.getEventNameByType(type(event))}")

        events.subscribe(events.ProcessStateEvent, fail)
        return True

    def calls(self):
        """The replaced methods that were called."""
        return list(CALLS)

    def refuseNamed(self, name):
        """Whether a method that cannot be replaced says so."""
        try:
            setattr(Subprocess, name, None)
        except NotImplementedError as why:
            return str(why)
        return ""


def replace_transition():
    """Notes when a process is looked at, and never lets one called `held` get RUNNING."""
    original = Subprocess.transition

    def transition(self):
        if f"transition {self.config.name}" not in CALLS:
            CALLS.append(f"transition {self.config.name}")
        if self.config.name == "held" and self.state == ProcessStates.STARTING:
            return
        original(self)

    Subprocess.transition = transition


def replace_finish():
    """Notes how processes end."""
    original = Subprocess.finish

    def finish(self, pid, sts):
        CALLS.append(f"finish {self.config.name} {pid == self.pid} {sts}")
        original(self, pid, sts)
        CALLS.append(f"finished {self.config.name} {getProcessStateDescription(self.state)}")

    Subprocess.finish = finish


def replace_spawn_as_child():
    """Gives each child a variable of its own."""
    original = Subprocess._spawn_as_child

    def spawn_as_child(self, filename, argv):
        self.config.environment = {**(self.config.environment or {}), "FROM_PLUGIN": self.config.name}
        return original(self, filename, argv)

    Subprocess._spawn_as_child = spawn_as_child


def replace_get_signal():
    """Takes SIGHUP for itself."""
    original = ServerOptions.get_signal

    def get_signal(self):
        sig = original(self)
        if sig == signal.SIGHUP:
            CALLS.append("SIGHUP")
            return None
        return sig

    ServerOptions.get_signal = get_signal


def replace_sections():
    """Has every process of a section tried forty-two times."""
    original = ServerOptions._processes_from_section

    def processes_from_section(self, parser, section, group_name, klass=None):
        if parser.get(section, "command") == "refused":
            raise ValueError("no such command")
        configs = original(self, parser, section, group_name, klass)
        for config in configs:
            config.startretries = 42
        return configs

    ServerOptions._processes_from_section = processes_from_section


def replace_start_process():
    """Refuses to start a process called `barred`."""
    original = SupervisorNamespaceRPCInterface.startProcess

    def startProcess(self, name, wait=True):
        """Starts a process unless it is barred.

        @param string name
        @return boolean
        """
        if name == "barred":
            raise RPCError(Faults.FAILED, "barred")
        return original(self, name, wait)

    SupervisorNamespaceRPCInterface.startProcess = startProcess


class Pipe:
    """A dispatcher that reads from a pipe."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def readable(self):
        """It waits for something to read."""
        return True

    def writable(self):
        """It writes nothing."""
        return False

    def handle_read_event(self):
        """Note what was read."""
        text = os.read(self.descriptor, 1024).decode()
        CALLS.append(f"read {text}")
        if text == "bad":
            raise RuntimeError("told to fail")

    def handle_error(self):
        """Note the failure."""
        CALLS.append("error")


def replace_get_process_map(supervisord, path):
    """Has the daemon read from a named pipe."""
    pipe = Pipe(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    original = supervisord.get_process_map
    supervisord.get_process_map = lambda: {**original(), pipe.descriptor: pipe}


class Copier(Pipe):
    """A dispatcher that copies what it reads to a file."""

    def __init__(self, descriptor, path):
        super().__init__(descriptor)
        self.path = path

    def handle_read_event(self):
        """Copy."""
        with open(self.path, "ab") as copy:
            copy.write(os.read(self.descriptor, 1024))


def replace_get_process_map_later(supervisord, folder):
    """Has a thread have the daemon read from a named pipe, as soon as there is one."""

    def work():
        while not os.path.exists(f"{folder}/late"):
            threading.Event().wait(0.01)
        copier = Copier(os.open(f"{folder}/late", os.O_RDWR | os.O_NONBLOCK), f"{folder}/copied")
        original = supervisord.get_process_map
        supervisord.get_process_map = lambda: {**original(), copier.descriptor: copier}

    threading.Thread(target=work, daemon=True).start()


def fail_in_get_process_map(supervisord):
    """Fails whenever the daemon asks."""

    def get_process_map():
        raise RuntimeError("told to have no map")

    supervisord.get_process_map = get_process_map


REPLACEMENTS = {
    "transition": replace_transition,
    "finish": replace_finish,
    "spawn_as_child": replace_spawn_as_child,
    "get_signal": replace_get_signal,
    "sections": replace_sections,
    "start_process": replace_start_process,
}


def make_meddler(supervisord, **settings):
    """The factory; `replace` names what is replaced, `pipe` a pipe to read from."""
    for name in settings.get("replace", "").split():
        REPLACEMENTS[name]()
    if "pipe" in settings:
        replace_get_process_map(supervisord, settings["pipe"])
    if "folder" in settings:
        replace_get_process_map_later(supervisord, settings["folder"])
    if "mapless" in settings:
        fail_in_get_process_map(supervisord)
    return Meddler(supervisord, settings)


def make_none(supervisord, **settings):
    """A factory that only looks at the daemon."""
    supervisord.options.logger.info(f"seen: {sorted(supervisord.process_groups)}")
    assert EventTypes.GREETING is GreetingEvent
