"""Values of a configuration in use: what a plug-in changes in place reaches the engine, too."""

from __future__ import annotations

from supervisor.datatypes import Automatic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from supervisor._configs import ProcessConfig

    Tell = Callable[[], None]


class WatchedDict(dict):  # type: ignore[type-arg]
    """A dictionary that tells when it was changed."""

    _tell: Tell


class WatchedList(list):  # type: ignore[type-arg]
    """A list that tells when it was changed."""

    _tell: Tell


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    def change(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        self._tell()
        return result

    change.__name__, change.__doc__ = method.__name__, method.__doc__
    return change


for _base, _class, _names in (
    (dict, WatchedDict, "__setitem__ __delitem__ clear pop popitem setdefault update"),
    (
        list,
        WatchedList,
        "__setitem__ __delitem__ __iadd__ append clear extend insert pop remove reverse sort",
    ),
):
    for _name in _names.split():
        setattr(_class, _name, _telling(getattr(_base, _name)))


def watched(value: Any, tell: Tell) -> Any:
    """Return a dictionary or list that calls `tell` after each change; anything else as it is."""
    if isinstance(value, dict):
        made: Any = WatchedDict(value)
    elif isinstance(value, list):
        made = WatchedList(value)
    else:
        return value
    made._tell = tell
    return made


class LogFile:
    """The attribute of a log file: what is `Automatic` is asked for again once the process is in use."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, config: ProcessConfig | None, owner: type) -> Any:
        if config is None:
            raise AttributeError(self.name)
        try:
            file = vars(config)[self.name]
        except KeyError:
            raise AttributeError(self.name) from None
        if file is Automatic and config._bound is not None:
            daemon, number = config._bound
            try:
                file = daemon.log_file(number, self.name.partition("_")[0]) or Automatic
            except KeyError:
                return file
            vars(config)[self.name] = file
        return file

    def __set__(self, config: ProcessConfig, value: Any) -> None:
        vars(config)[self.name] = value
