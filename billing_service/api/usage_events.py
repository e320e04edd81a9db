"""Usage events: taken in one by one or as streams, corrected, listed, aged out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.usage_intake import (
    Answered,
    answered,
    from_proto_events,
    to_proto_outcomes,
    to_proto_refusals,
)
from billing_service.domain.usage.event import EventOutcome
from billing_service.domain.usage.intake import IngestResult
from billing_service.use_cases.ingest import INGEST, IngestEvents
from chassis.clock import Clock
from chassis.errors import Overloaded
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes

_LOOK_AGAIN_SECONDS: Final = 0.02
# To read so many events takes a millisecond and more.
_MANY: Final = 100


@dataclass(frozen=True, slots=True)
class EventTimes:
    """How far from the clock the time of an event may lie: ahead of it, and behind it."""

    tolerance_us: int
    age_max_us: int


@lru_cache(maxsize=8)
def _answer_to_one(outcome: int) -> bytes:
    """The answer about one event that was not refused: one of few, told again and again."""
    return pb.IngestEventsResponse(
        outcomes=to_proto_outcomes([outcome]), accepted_count=int(outcome == EventOutcome.ACCEPTED)
    ).SerializeToString()


class UsageEvents:
    """What UsageService does with events."""

    def __init__(
        self,
        writes: Writes,
        clock: Clock,
        times: EventTimes,
        *,
        patience_seconds: float = 30.0,
    ) -> None:
        """`patience_seconds`: how long a batch of a stream waits for room, at most."""
        self._writes = writes
        self._clock = clock
        self._times = times
        self._patience_seconds = patience_seconds
        self._turn = asyncio.Lock()

    async def ingest(
        self, request: pb.IngestEventsRequest, call: Call
    ) -> pb.IngestEventsResponse | bytes:
        """Take events in. Overloaded, before they are even read, while too much waits."""
        self._refuse_without_room(request.events)
        if len(request.events) >= _MANY:
            await self._writes.until_quiet()
            # Others may have come first.
            self._refuse_without_room(request.events)
        taken = await self._take_in(request.events, call)
        if len(taken.outcomes) == 1 and not taken.refusals:
            return _answer_to_one(taken.outcomes[0])
        return pb.IngestEventsResponse(
            outcomes=to_proto_outcomes(taken.outcomes),
            refusals=to_proto_refusals(taken.refusals),
            accepted_count=taken.accepted_count,
        )

    async def ingest_batch(
        self, request: pb.StreamEventsRequest, call: Call
    ) -> pb.StreamEventsResponse:
        """Take in a batch of a stream, when there is room: whoever sends it can wait."""
        if len(request.events) >= _MANY:
            await self._writes.until_quiet()
        await self._wait_for_room(len(request.events))
        taken = await self._take_in(request.events, call)
        return pb.StreamEventsResponse(
            batch=request.batch,
            outcomes=to_proto_outcomes(taken.outcomes),
            refusals=to_proto_refusals(taken.refusals),
            accepted_count=taken.accepted_count,
        )

    async def _take_in(self, messages: Sequence[pb.UsageEvent], call: Call) -> Answered:
        """Take in what is well formed, and answer all."""
        read = from_proto_events(messages)
        if not read.events:
            return answered(read, IngestResult([], []))
        command = IngestEvents(
            read.events, self._clock.now(), self._times.tolerance_us, self._times.age_max_us
        )
        # Events carry their own identity: a repetition needs no record.
        result = await self._writes.result(call, INGEST, command, weight=len(read.events))
        return answered(read, result)

    def _refuse_without_room(self, messages: Sequence[pb.UsageEvent]) -> None:
        """Refuse events while too much waits."""
        if not self._writes.has_room_for(len(messages)):
            raise Overloaded

    async def _wait_for_room(self, weight: int) -> None:
        """Wait until a batch would be taken, each stream in its turn; Overloaded after a while."""
        try:
            async with asyncio.timeout(self._patience_seconds), self._turn:
                while not self._writes.has_room_for(weight):  # noqa: ASYNC110 - one at a time
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        except TimeoutError:
            raise Overloaded from None
