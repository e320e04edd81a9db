"""The servicer of UsageService, put together of its parts."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.usage_events import UsageEvents
from billing_service.api.usage_history import UsageHistory
from billing_service.api.usage_summaries import UsageSummaries
from billing_service.api.usage_watching import UsageWatching
from chassis.rpc.call import Call
from chassis.rpc.contract import judges_own_text


class Usage:
    """The servicer of UsageService."""

    def __init__(
        self,
        events: UsageEvents,
        history: UsageHistory,
        summaries: UsageSummaries,
        watching: UsageWatching,
    ) -> None:
        self._events = events
        self._history = history
        self._summaries = summaries
        self._watching = watching

    @judges_own_text
    async def IngestEvents(
        self, request: pb.IngestEventsRequest, call: Call
    ) -> pb.IngestEventsResponse | bytes:
        """Take events in."""
        return await self._events.ingest(request, call)

    @judges_own_text
    async def StreamEvents(
        self, request: pb.StreamEventsRequest, call: Call
    ) -> pb.StreamEventsResponse:
        """Take in a batch of a stream."""
        return await self._events.ingest_batch(request, call)

    async def AmendEvent(self, request: pb.AmendEventRequest, call: Call) -> bytes:
        """Replace an event's data from now on."""
        return await self._history.amend(request, call)

    async def VoidEvents(self, request: pb.VoidEventsRequest, call: Call) -> bytes:
        """Take events back."""
        return await self._history.void(request, call)

    async def ListUsageEvents(
        self, request: pb.ListUsageEventsRequest, _call: Call
    ) -> pb.ListUsageEventsResponse:
        """Give a page of an account's events."""
        return await self._history.listed(request)

    async def GetUsageSummary(
        self, request: pb.GetUsageSummaryRequest, _call: Call
    ) -> pb.GetUsageSummaryResponse:
        """Give what a subscription used in a service period."""
        return await self._summaries.summary(request)

    async def QueryUsage(self, request: pb.QueryUsageRequest, _call: Call) -> pb.QueryUsageResponse:
        """Give what an account used of a meter over time."""
        return await self._summaries.over_time(request)

    async def WatchUsage(
        self, request: pb.WatchUsageRequest, _call: Call
    ) -> AsyncGenerator[pb.WatchUsageResponse, None]:
        """Give a subscription's summary whenever it changes."""
        async with aclosing(self._watching.watch(request)) as answers:
            async for answer in answers:
                yield answer

    async def AgeOutEvents(self, request: pb.AgeOutEventsRequest, call: Call) -> bytes:
        """Drop the events of old months."""
        return await self._history.age_out(request, call)
