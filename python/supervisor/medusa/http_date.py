"""Dates in headers of HTTP."""

from __future__ import annotations

import time


def build_http_date(when: float) -> str:
    """Return a time, in seconds since 1970, as a header has it."""
    from email.utils import formatdate

    return formatdate(when, usegmt=True)


def parse_http_date(d: str) -> int:
    """Return the seconds since 1970 of a header's date, 0 for what is none."""
    from email.utils import mktime_tz, parsedate_tz

    parsed = parsedate_tz(d)
    if parsed is None:
        return 0
    # Seen in the wild: two digits for the year.
    year = parsed[0]
    try:
        return int(mktime_tz(parsed)) if year >= 100 else int(time.mktime(parsed[:9]))
    except (OverflowError, ValueError):
        return 0
