"""Helpers for handlers of requests."""

from __future__ import annotations

import re
from collections.abc import Iterable

from supervisor.medusa import http_date

__all__ = ["get_header", "get_header_match", "http_date"]


def get_header(head_reg: re.Pattern[str], lines: Iterable[str], group: int = 1) -> str:
    """Return the group of the first line that the expression matches whole, empty text where none does."""
    match = get_header_match(head_reg, lines)
    return "" if match is None else str(match.group(group))


def get_header_match(head_reg: re.Pattern[str], lines: Iterable[str]) -> re.Match[str] | None:
    """Return the match of the first line that the expression matches whole, or None."""
    for line in lines:
        match = head_reg.match(line)
        if match is not None and match.end() == len(line):
            return match
    return None
