"""Usage as clients send it: events with defaults, and what is counted of them within."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc.aio
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.domain.meter import Aggregation
from tests.billing.builders import START_AT, Billing
from tests.billing.serving import Served, stamp
from tests.billing.usage.ingesting import counts_of, measure, meter_of

Outcome = pb.EventOutcome
ACCEPTED: Final = Outcome.EVENT_OUTCOME_ACCEPTED
DUPLICATE: Final = Outcome.EVENT_OUTCOME_DUPLICATE
CONFLICT: Final = Outcome.EVENT_OUTCOME_CONFLICT
REJECTED: Final = Outcome.EVENT_OUTCOME_REJECTED
Reason = pb.EventRefusal.Reason


def prepare(billing: Billing) -> None:
    """Some accounts, one of them in a sandbox, and a meter that counts."""
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.sandbox("toy")
    billing.account("tot", sandbox="toy")
    measure(billing, meter_of("calls"), meter_of("requests", Aggregation.COUNT))


def event(event_id: str, value: str = "1", **more: Any) -> pb.UsageEvent:
    """An event that states a value, as of when the service started."""
    values: dict[str, Any] = {
        "source": "gate",
        "id": event_id,
        "subject": "accounts/acme",
        "type": "api.call",
        "time": stamp(START_AT),
        "data": {"value": value},
    }
    return pb.UsageEvent(**(values | more))


def batch(prefix: str, count: int, **more: Any) -> list[pb.UsageEvent]:
    """Events with ids of their own."""
    return [event(f"{prefix}-{number}", **more) for number in range(count)]


async def ingest(served: Served, *events: pb.UsageEvent) -> pb.IngestEventsResponse:
    """Send events; gives the answer."""
    request = pb.IngestEventsRequest(events=events)
    answer: pb.IngestEventsResponse = await served.call(served.stubs.usage.IngestEvents, request)
    return answer


def open_stream(served: Served) -> "grpc.aio.StreamStreamCall[Any, Any]":
    """A stream of the operator's."""
    metadata = (("authorization", f"Bearer {served.operator_secret}"),)
    call: grpc.aio.StreamStreamCall[Any, Any] = served.stubs.usage.StreamEvents(
        metadata=metadata, timeout=120
    )
    return call


async def counted(served: Served) -> Mapping[tuple[str, str], int]:
    """How many events the meter counted, by day and dimensions."""
    return await served.inside(counts_of)


@asynccontextmanager
async def held_up(served: Served) -> AsyncIterator[None]:
    """Nothing is written while the block runs."""
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go_on.wait(30)

    task = asyncio.ensure_future(served.app.writer.call(hold))
    await asyncio.to_thread(begun.wait, 30)
    try:
        yield
    finally:
        go_on.set()
        await task
