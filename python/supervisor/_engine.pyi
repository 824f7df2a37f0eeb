"""The native part, built from rust/python."""

from typing import Any

def run_supervisord(argv: list[str]) -> int:
    """Run the daemon with a command line (the program's name first); returns its exit code."""

def run_supervisorctl(argv: list[str]) -> int:
    """Run the control program with a command line (the program's name first); returns its exit code."""

def run_echo(argv: list[str]) -> int:
    """Print the sample configuration on stdout; returns the exit code."""

def run_pidproxy(argv: list[str]) -> int:
    """Run a command and pass signals on to it through its pid file; returns the exit code."""

ROOT_SEARCH_WARNING: str
"""What is said when root leaves the choice of the configuration to the default places."""

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

def read_daemon_configuration(path: str, overrides: dict[str, str]) -> dict[str, Any]:
    """Read a configuration for the daemon; plug-ins are named, not imported.

    Returns `supervisord`, `groups`, `servers`, `plugins` (name, factory, arguments) and `messages` (level,
    text). Raises ValueError with the message of a bad configuration.
    """

def read_client_configuration(path: str | None, overrides: dict[str, str]) -> dict[str, Any]:
    """Read a configuration for the client, or its defaults without a path: options, and `plugins`.

    Raises ValueError with the message of a bad configuration.
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

def check_control_server(surroundings: Any) -> tuple[bool, int]:
    """Check the server as commands do, in their words; returns whether it is there, and the exit code."""

class Daemon:
    """The running daemon, for the classes that plug-ins see. Methods may be called from any thread.

    Reads see the state of the moment; what changes something happens once the loop has its turn.
    """

    def mood(self) -> int:
        """Return the state of the daemon, a number of `SupervisorStates`."""

    def set_mood(self, mood: int) -> None:
        """Change the state of the daemon; raises ValueError for a number that is none."""

    def groups(self) -> list[tuple[str, int]]:
        """Return name and priority of each group."""

    def members(self, group: str) -> list[tuple[int, str]]:
        """Return identity and name of each process of a group; none for a name without a group."""

    def process(self, id: int) -> dict[str, Any]:
        """Return where a process stands, by the names of attributes; raises KeyError for one that is gone."""

    def program(self, id: int) -> dict[str, Any]:
        """Return what the configuration says of a process; raises KeyError for one that is gone."""

    def settings(self) -> dict[str, Any]:
        """Return the section [supervisord]."""

    def spawn(self, id: int) -> None:
        """Start a process in the engine's own way."""

    def log(self, level: int, message: str) -> None:
        """Write a line to the main log; raises ValueError for a level that is none."""
