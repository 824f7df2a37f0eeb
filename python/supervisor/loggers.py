"""Log levels: their numbers, the names in log lines, and the names in configuration files."""

from __future__ import annotations


class LevelsByName:
    """Numbers of the levels by the four letters of a log line, most urgent first."""

    CRIT = 50
    ERRO = 40
    WARN = 30
    INFO = 20
    DEBG = 10
    TRAC = 5
    BLAT = 3


class LevelsByDescription:
    """Numbers of the levels by the words that ``loglevel=`` takes."""

    critical = LevelsByName.CRIT
    error = LevelsByName.ERRO
    warn = LevelsByName.WARN
    info = LevelsByName.INFO
    debug = LevelsByName.DEBG
    trace = LevelsByName.TRAC
    blather = LevelsByName.BLAT


LOG_LEVELS_BY_NUM = {number: name for name, number in vars(LevelsByName).items() if not name.startswith("_")}
"""The four letters of a level by its number."""


def getLevelNumByDescription(description: str) -> int | None:
    """Return the number of the level that a configuration file calls so, or None."""
    return None if description.startswith("_") else vars(LevelsByDescription).get(description)
