"""The native part, built from rust/python."""

from collections.abc import Sequence
from typing import Any, final

__all__ = [
    "ROOT_SEARCH_WARNING",
    "Daemon",
    "check_authorization",
    "check_control_server",
    "command_line_options",
    "control_commands",
    "describe_process",
    "find_configuration",
    "read_client_arguments",
    "read_client_configuration",
    "read_daemon_arguments",
    "read_daemon_configuration",
    "read_program_section",
    "run_control_command",
    "run_pidproxy",
    "run_supervisorctl",
    "run_supervisord",
    "sample_configuration",
    "search_paths",
    "standard_methods",
    "word_control_result",
]

def run_supervisord(argv: list[str]) -> int:
    """Run the daemon with a command line (the program's name first); returns its exit code."""

def run_supervisorctl(argv: list[str]) -> int:
    """Run the control program with a command line (the program's name first); returns its exit code."""

def sample_configuration() -> str:
    """Return the sample configuration."""

def run_pidproxy(argv: list[str]) -> int:
    """Run a command and pass signals on to it through its pid file; returns the exit code."""

ROOT_SEARCH_WARNING: str
"""What is said when root leaves the choice of the configuration to the default places."""

def check_authorization(header: str | None, users: list[tuple[str, str]]) -> int:
    """Return what becomes of a request with this header ``Authorization``: status 200, 400 or 401.

    `users` are names with their passwords as in a configuration.
    """

def command_line_options(is_daemon: bool) -> tuple[list[str], list[str]]:
    """Return letters and words of a program's command line, as `getopt` takes them."""

def search_paths(program: str) -> list[str]:
    """Return the default places of a configuration, for a program that was called so."""

def find_configuration(places: list[str]) -> str:
    """Return the first of the places at which there is a file; raises ValueError when there is none."""

def read_daemon_arguments(program: str, arguments: list[str]) -> dict[str, Any]:
    """Read the command line of supervisord.

    Returns `config_file`, `overrides` (texts by option) and `ending`: standard output, standard error and
    status of a run that ends here, or None.
    """

def read_client_arguments(program: str, arguments: list[str]) -> dict[str, Any]:
    """Read the command line of supervisorctl: the same, and `interactive` and `action`."""

def read_daemon_configuration(
    path: str,
    overrides: dict[str, str],
    text: bytes | None = None,
    environment: list[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """Read a configuration for the daemon; plug-ins are named, not imported.

    Returns `supervisord`, `groups`, `servers`, `plugins` (name, factory, arguments) and `messages` (level,
    text). Raises ValueError with the message of a bad configuration.
    """

def read_program_section(
    path: str,
    section: str,
    options: list[tuple[str, str]],
    group: str,
    environment: list[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Read one section of a program as processes of a group; `path` is the file that errors name.

    `environment` is what ``%(ENV_x)s`` stands for.

    Raises ValueError with the message of a bad configuration.
    """

def read_client_configuration(
    path: str | None,
    overrides: dict[str, str],
    text: bytes | None = None,
    environment: list[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """Read a configuration for the client, or its defaults without a path: options, and `plugins`.

    Raises ValueError with the message of a bad configuration.
    """

def standard_methods() -> list[tuple[str, str, list[tuple[str, bool]]]]:
    """Return the methods of the standard namespace: name, help text, parameters (name, whether optional)."""

def describe_process(
    state: int, name: str, pid: int, up: int, spawnerr: str, stopped: tuple[int, int] | None
) -> str:
    """Return the text behind the state in `status`, by what it is made of.

    `up` are seconds since the start, `spawnerr` is what went wrong last, `stopped` is the last end in seconds
    since 1970 and the offset of local time from UTC then, None for what was never started.
    """

def control_commands() -> list[tuple[str, str, str | None, bool]]:
    """Return the built-in commands of supervisorctl: name, help text, what may follow, whether help lists it.

    What may follow is `commands`, `groups`, `processes` or None.
    """

def run_control_command(name: str, argument: str, surroundings: Any) -> tuple[bool, int]:
    """Run a built-in command in a `supervisor._control.Surroundings`.

    Returns whether a shell ends, and the exit code. Raises what a call raised that the command has no words
    for, and KeyError for a name that is none.
    """

def word_control_result(command: str, group: str, process: str, status: int, description: str) -> str:
    """Return the line of `start`, `stop`, `signal` or `clear` for what became of a process.

    `status` is 80 or the code of a fault, `description` its text. Raises ValueError for a code without words,
    and KeyError for another command.
    """

def check_control_server(surroundings: Any) -> tuple[bool, int]:
    """Check the server as commands do, in their words; returns whether it is there, and the exit code."""

@final
class Daemon:
    """The running daemon, for the classes that plug-ins see. Methods may be called from any thread.

    Reads see the state of the moment. What is changed is in force at once; what that has done (signals,
    children, events) happens when the loop has its turn. A process that is gone raises KeyError where it is
    looked at, and nothing happens where it is changed.
    """

    def mood(self) -> int:
        """Return the state of the daemon, a number of `SupervisorStates`."""

    def set_mood(self, mood: int) -> None:
        """Change the state of the daemon; raises ValueError for a number that is none."""

    def groups(self) -> list[str]:
        """Return the names of the groups in use."""

    def has_group(self, name: str) -> bool:
        """Return whether there is a group of that name in use."""

    def group(self, name: str) -> dict[str, Any]:
        """Return a group in use: `name`, `priority`, `processes`, `listener`; raises KeyError for none."""

    def staged(self) -> list[dict[str, Any]]:
        """Return the groups of the configuration as it was read last."""

    def servers(self) -> list[dict[str, Any]]:
        """Return the HTTP servers."""

    def members(self, group: str) -> list[tuple[int, str]]:
        """Return identity and name of each process of a group; none for a name without a group."""

    def find(self, group: str, name: object) -> int | None:
        """Return the identity of the process of that name in a group, None where there is none."""

    def is_member(self, id: int, group: str) -> bool:
        """Return whether a process is there, and in that group."""

    def attribute(self, id: int, name: str) -> Any:
        """Return an attribute of a process; raises AttributeError for one that the engine does not have."""

    def assign(self, id: int, name: str, value: object) -> None:
        """Assign an attribute of a process; raises AttributeError for one that belongs to the engine."""

    def log_file(self, id: int, stream: str) -> str | None:
        """Return the log file of a stream, `stdout` or `stderr`; None while it has no file."""

    def configure(self, id: int, params: dict[str, Any]) -> None:
        """Change what the configuration says of a process in use. Raises what a bad value raises."""

    def settings(self) -> dict[str, Any]:
        """Return the section [supervisord]."""

    def spawn(self, id: int) -> None:
        """Start a process in the engine's own way."""

    def kill(self, id: int, signal: int) -> None:
        """Send a signal that is to end a process."""

    def send_signal(self, id: int, signal: int) -> None:
        """Send a signal."""

    def write(self, id: int, data: bytes) -> None:
        """Write to the standard input of a process."""

    def settle(self, id: int) -> None:
        """Let a process do what is due."""

    def finish(self, id: int, status: int) -> None:
        """Take in the end of a process, with a status of `os.waitpid`."""

    def change_state(self, id: int, new: int, expected: bool) -> None:
        """Have a process go to a state, with the event; raises ValueError for a number that is none."""

    def give_up(self, id: int) -> None:
        """Give up starting a process."""

    def add_process(self, group: str, params: dict[str, Any]) -> int | None:
        """Add a process to a group in use; returns its identity, None where the name is taken."""

    def remove_process(self, id: int) -> None:
        """Take a process out of its group."""

    def add_group(self, params: dict[str, Any]) -> bool:
        """Take a group into use; returns False where there is one of that name."""

    def remove_group(self, name: str) -> bool:
        """Let go of a group; returns False while one of its processes runs."""

    def stage(self, groups: list[dict[str, Any]]) -> None:
        """Replace the groups that the configuration is said to have."""

    def emit(self, types: list[str], payload: str) -> None:
        """Tell listeners of an event: names of its types, its own first."""

    def call(self, method: str, params: Sequence[Any]) -> tuple[Any, ...] | int:
        """Call a method of the standard namespace.

        Returns the value alone in a tuple, code and text of a fault, or the number of an answer to come.
        """

    def answer(self, number: int) -> tuple[Any, ...] | None:
        """Return an answer that came later, once; None while it is not there."""

    def forget(self, number: int) -> None:
        """Let go of an answer that nobody will ask for."""

    def wake(self) -> None:
        """Have the loop look at what was replaced."""

    def ready(self, descriptor: int, writable: bool) -> None:
        """Have the loop call a dispatcher of `supervisord.get_process_map`."""

    def close_servers(self) -> None:
        """Shut the HTTP servers down: end all connections and refuse new ones, at once."""

    def answered(self, number: int) -> None:
        """Have the loop look at a request of HTTP that a plug-in had kept."""

    def log(self, level: int, message: str) -> None:
        """Write a line to the main log; raises ValueError for a level that is none."""
