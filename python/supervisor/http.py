"""What a method of a plug-in returns while its answer is not there yet."""

from __future__ import annotations


class NOT_DONE_YET:  # the name that plug-ins import
    """Returned by a deferred answer, a callable with an attribute `delay`, to be asked again after it."""
