"""How the answers of event listeners are judged.

A pool whose `result_handler` is another function than `default_handler` has it called with each event that
was answered and the bytes of the answer. It accepts the event by returning, whatever it returns.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from supervisor.events import Event


class RejectEvent(Exception):
    """Raised by a result handler: the event was not processed and is to be sent again."""


def default_handler(event: Event, response: bytes) -> None:
    """Accept ``OK``, reject anything else."""
    if response != b"OK":
        raise RejectEvent(response)
