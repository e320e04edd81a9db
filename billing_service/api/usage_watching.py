"""The watching of usage: a subscription's summary at once, and again whenever it changes.

What is foreseen moves with every moment, so that alone is no change.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Final

from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.usage_summaries import UsageSummaries, to_proto_watched, watched_query
from billing_service.use_cases.summarise_usage import SubscriptionUsage
from chassis.rpc.feed_signal import FeedSignal

INTERVAL_DEFAULT_SECONDS: Final = 1.0
# On PostgreSQL other processes write too, and nobody tells this one.
POLL_SECONDS: Final = 0.2
# How long a clock is trusted to go on as it does: that of a sandbox stands, the real one is set.
LOOK_SECONDS_MAX: Final = 60.0


class UsageWatching:
    """Tells watchers of usage. `writes` is signalled after everything that this process writes."""

    def __init__(self, summaries: UsageSummaries, writes: FeedSignal, *, is_alone: bool) -> None:
        """`is_alone`: no other process writes to the store."""
        self._summaries = summaries
        self._writes = writes
        self._is_alone = is_alone

    async def watch(
        self, request: pb.WatchUsageRequest
    ) -> AsyncGenerator[pb.WatchUsageResponse, None]:
        """The summary of the present periods at once, and each time that it is another.

        Errors:  SubscriptionNotFound.
        """
        query = watched_query(request)
        interval = INTERVAL_DEFAULT_SECONDS
        if request.HasField("interval"):
            interval = request.interval.ToNanoseconds() / 1e9
        told: bytes | None = None
        while True:
            seen_count, looked_at = self._writes.commits_count, time.monotonic()
            found = await self._summaries.summarised(query)
            answer = to_proto_watched(found)
            known = _known(answer)
            if known != told:
                told = known
                yield answer
            await self._wait(seen_count, _seconds_left(found))
            await asyncio.sleep(max(0.0, looked_at + interval - time.monotonic()))

    async def _wait(self, seen_count: int, seconds: float) -> None:
        """Wait for something to be written, or until time itself changes something."""
        if not self._is_alone:
            seconds = min(seconds, POLL_SECONDS)
        await self._writes.wait(seen_count, seconds)


def _seconds_left(found: SubscriptionUsage) -> float:
    """How long until time changes something by itself: at once, where levels are weighed."""
    if found.changes_at is None:
        return LOOK_SECONDS_MAX
    return min(LOOK_SECONDS_MAX, max(0, found.changes_at - found.now) / 1e6)


def _known(answer: pb.WatchUsageResponse) -> bytes:
    """What an answer says but for the instant and what is foreseen."""
    told = pb.WatchUsageResponse()
    told.CopyFrom(answer)
    told.ClearField("as_of_time")
    for each in told.summaries:
        each.ClearField("projected_quantity")
        each.ClearField("projected_cost")
        each.ClearField("projection_method")
    return told.SerializeToString(deterministic=True)
