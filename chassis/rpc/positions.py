"""Waits until this service has applied what the caller already knows of the other one."""

from collections.abc import Mapping
from typing import Final, Protocol

from chassis.errors import FieldViolation, InvalidField
from chassis.rpc.call import AFTER, Position

# The answer must reach the caller before its own deadline does.
MARGIN_SECONDS: Final = 0.05
WAIT_SECONDS_MAX: Final = 30.0


class AppliedFeed(Protocol):
    """How far a peer's feed is applied here; `fault` is what keeps it from going on, or empty."""

    fault: str

    async def wait(self, epoch: int, seq: int, until: float) -> None:
        """Return when the position is applied.

        Errors:  PositionNotReached at `until`, on the monotonic clock.
        """
        ...


class Positions:
    """The feeds that calls may ask this service to have applied."""

    def __init__(self, own: str, peers: Mapping[str, AppliedFeed]) -> None:
        self._own = own
        self._peers = peers

    async def wait(self, position: Position, *, now: float, deadline_at: float | None) -> None:
        """Return when the position is applied; what this service did itself always is."""
        if position.source == self._own:
            return
        feed = self._peers.get(position.source)
        if feed is None:
            known = ", ".join(sorted([self._own, *self._peers]))
            text = f"names the feed of {position.source!r}; there are those of {known}"
            raise InvalidField(FieldViolation(AFTER, text))
        until = now + WAIT_SECONDS_MAX
        if deadline_at is not None:
            until = min(until, deadline_at - MARGIN_SECONDS)
        await feed.wait(position.epoch, position.seq, until)
