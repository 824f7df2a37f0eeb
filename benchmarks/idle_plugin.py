"""The plug-in that `plugins.py` measures: it sits there, and answers."""

# Written like the plug-ins of other people: untyped, on top of whichever supervisor is installed beside it.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN204, D102


class Idle:
    """The namespace `idle`."""

    def __init__(self, supervisord):
        self.supervisord = supervisord

    def echo(self, value):
        return value

    def walk(self):
        groups = self.supervisord.process_groups.values()
        return sum(process.pid != 0 for group in groups for process in group.processes.values())


def make_idle(supervisord):
    """The factory."""
    return Idle(supervisord)
