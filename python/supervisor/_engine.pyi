"""The native part, built from rust/python."""

def run_supervisord(argv: list[str]) -> int:
    """Run the daemon with a command line (the program's name first); returns its exit code."""

def run_supervisorctl(argv: list[str]) -> int:
    """Run the control program with a command line (the program's name first); returns its exit code."""

def run_echo(argv: list[str]) -> int:
    """Print the sample configuration on stdout; returns the exit code."""

def run_pidproxy(argv: list[str]) -> int:
    """Run a command and pass signals on to it through its pid file; returns the exit code."""
