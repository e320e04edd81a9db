"""A load of usage: calls and streams, repeated until acknowledged, and what it must come to."""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import usage_pb2, usage_pb2_grpc

from billing_service.domain.meter import Aggregation
from chassis.clock import SystemClock, to_datetime
from tests.billing.builders import Billing, create_store
from tests.billing.usage.ingesting import measure, meter_of
from tests.suite.clients import Clients, bearer
from tests.suite.crash_calls import insist, may_be_repeated

ACCOUNTS: Final = ("north", "south", "west")
TYPE: Final = "api.call"
# Adds values up by region; counts all.
SUM_METER: Final = "values"
COUNT_METER: Final = "calls"
EVENTS_MAX: Final = 200
DAYS: Final = 3
STREAM_BATCHES: Final = 12
STREAM_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.02


def prepare_store(url: str) -> None:
    """Make billing's tables at `url`, with the accounts and the meters that usage is told of."""
    create_store(url)
    billing = Billing.at(url)
    for account in ACCOUNTS:
        billing.account(account)
    measure(
        billing,
        meter_of(SUM_METER, Aggregation.SUM, kind=TYPE, dimensions=("region",)),
        meter_of(COUNT_METER, Aggregation.COUNT, kind=TYPE),
    )
    billing.close()


def _is_broken(failure: grpc.aio.AioRpcError) -> bool:
    """Whether a stream broke off."""
    # How gRPC tells of a request that it could not send any more.
    return may_be_repeated(failure) or failure.details() == "Internal error from Core"


@dataclass(slots=True)
class UsageLedger:
    """What was sent until it was acknowledged: how many events of each account, and their sum."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, events: Sequence[usage_pb2.UsageEvent]) -> None:
        """Take in events that nobody has sent before."""
        for event in events:
            account = event.subject.partition("/")[2]
            self.counts[account] += 1
            self.sums[account] += int(event.data["value"])


@dataclass(slots=True)
class UsageLoad:
    """Everybody who tells usage: some call, some stream, and some tell what others told."""

    connect: Callable[[], Clients]
    choices: random.Random
    ledger: UsageLedger = field(default_factory=UsageLedger)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    outcomes: set[int] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        """Let all tell until it is enough, and until what they told is acknowledged."""
        async with asyncio.TaskGroup() as tellers:
            for _ in range(2):
                tellers.create_task(self._call())
            tellers.create_task(self._call_in_pairs())
            for _ in range(2):
                tellers.create_task(self._stream())

    # --- tellers ------------------------------------------------------------------------------

    async def _call(self) -> None:
        """Send batch after batch; now and then one that was acknowledged before."""
        clients = self.connect()
        while not self.enough.is_set():
            events = self._batch()
            await self._insist(clients, events)
            if self.choices.random() < 0.2:
                await self._insist(clients, events)
            await asyncio.sleep(self.choices.uniform(0, PAUSE_SECONDS))
        await clients.close()

    async def _call_in_pairs(self) -> None:
        """Send each batch twice at the same time."""
        both = self.connect(), self.connect()
        while not self.enough.is_set():
            events = self._batch()
            await asyncio.gather(*(self._insist(each, events) for each in both))
        for each in both:
            await each.close()

    async def _stream(self) -> None:
        """Send batches on streams; what a broken one did not acknowledge goes on the next."""
        clients = self.connect()
        while not self.enough.is_set():
            left = {number: self._batch() for number in range(STREAM_BATCHES)}
            while left:
                await self._stream_once(clients, left)
        await clients.close()

    async def _stream_once(
        self, clients: Clients, left: dict[int, list[usage_pb2.UsageEvent]]
    ) -> None:
        """Send what is left on one stream, and take out what is acknowledged."""
        stub: Any = usage_pb2_grpc.UsageServiceStub(clients.billing)
        messages = [
            usage_pb2.StreamEventsRequest(batch=number, events=events)
            for number, events in left.items()
        ]
        stream = stub.StreamEvents(
            iter(messages), metadata=bearer(clients.secret), timeout=STREAM_SECONDS
        )
        try:
            async for answer in stream:
                self.outcomes.update(answer.outcomes)
                del left[answer.batch]
        except grpc.aio.AioRpcError as failure:
            if not _is_broken(failure):
                raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _insist(self, clients: Clients, events: Sequence[usage_pb2.UsageEvent]) -> None:
        request = usage_pb2.IngestEventsRequest(events=events)
        answer = await insist(
            clients,
            lambda each: usage_pb2_grpc.UsageServiceStub(each.billing).IngestEvents,
            request,
        )
        self.outcomes.update(answer.outcomes)

    def _batch(self) -> list[usage_pb2.UsageEvent]:
        """Events that nobody has sent before, of the last days."""
        events = [self._event() for _ in range(self.choices.randint(1, EVENTS_MAX))]
        self.ledger.note(events)
        return events

    def _event(self) -> usage_pb2.UsageEvent:
        before = timedelta(seconds=self.choices.randint(0, DAYS * 86_400))
        time = Timestamp()
        time.FromDatetime(to_datetime(SystemClock().now()) - before)
        region, value = self.choices.choice(("eu", "sa", "us")), self.choices.randint(0, 9)
        return usage_pb2.UsageEvent(
            source="load",
            id=str(next(self._numbers)),
            subject=f"accounts/{self.choices.choice(ACCOUNTS)}",
            type=TYPE,
            time=time,
            data={"value": str(value), "region": region},
        )
