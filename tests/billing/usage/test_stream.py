"""StreamEvents, through the real server: acknowledged in order, held back, broken off, refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import grpc.aio
import pytest
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.usage_events import EventTimes, UsageEvents
from chassis.caller import Caller, CallerKind
from chassis.errors import Overloaded
from chassis.rpc.call import Call
from chassis.rpc.exchange import UNDER_WAY_MAX
from chassis.rpc.writes import Writes
from tests.billing.serving import INTEGRATOR_SECRET, Served, refusal_of, serving
from tests.billing.usage.sending import (
    ACCEPTED,
    DUPLICATE,
    REJECTED,
    batch,
    counted,
    event,
    held_up,
    open_stream,
    prepare,
)

Code = grpc.StatusCode
Stream = grpc.aio.StreamStreamCall[Any, Any]
QUEUE_WEIGHT_MAX = 10_000


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with a few accounts and a meter, in which one large batch may wait."""
    folder = tmp_path_factory.mktemp("stream")
    async with serving(folder, queue_weight_max=QUEUE_WEIGHT_MAX) as running:
        await running.inside(prepare)
        yield running


def message(number: int, events: Sequence[pb.UsageEvent]) -> pb.StreamEventsRequest:
    """A batch with its number."""
    return pb.StreamEventsRequest(batch=number, events=events)


async def write(stream: Stream, messages: Sequence[pb.StreamEventsRequest]) -> None:
    """Send all, and say that there are no more."""
    for each in messages:
        await stream.write(each)
    await stream.done_writing()


async def acknowledged(stream: Stream) -> list[pb.StreamEventsResponse]:
    """All acknowledgements, to the end of the stream."""
    return [each async for each in stream]


async def total(served: Served) -> int:
    """How many events have been counted."""
    return sum((await counted(served)).values())


async def test_batches_are_acknowledged_in_order(served: Served) -> None:
    """Each batch gets its number back, with an answer for each event, in order."""
    stream = open_stream(served)
    sent = [message(number * 7, batch(f"order-{number}", 20)) for number in range(30)]
    _, answers = await asyncio.gather(write(stream, sent), acknowledged(stream))
    assert [each.batch for each in answers] == [each.batch for each in sent]
    assert [each.accepted_count for each in answers] == [20] * 30


async def test_answers_of_a_batch_are_those_of_a_call(served: Served) -> None:
    """Events of a batch are answered one by one; the stream goes on."""
    stream = open_stream(served)
    sent = [message(1, [event("own"), event("own"), event("")]), message(2, [event("next")])]
    _, answers = await asyncio.gather(write(stream, sent), acknowledged(stream))
    assert list(answers[0].outcomes) == [ACCEPTED, DUPLICATE, REJECTED]
    assert [each.field for each in answers[0].refusals] == ["id"]
    assert list(answers[1].outcomes) == [ACCEPTED]


async def test_acknowledged_is_durable(served: Served) -> None:
    """When the acknowledgement is there the events are counted."""
    before = await total(served)
    stream = open_stream(served)
    await stream.write(message(1, batch("durable", 5)))
    await stream.read()
    assert await total(served) == before + 5
    stream.cancel()


async def test_no_more_is_read_than_may_be_under_way(served: Served) -> None:
    """While nothing can be written eight batches are taken from a stream, and the rest waits."""
    stream = open_stream(served)
    sent = [message(number, batch(f"window-{number}", 10)) for number in range(UNDER_WAY_MAX + 5)]
    async with held_up(served):
        writing = asyncio.create_task(write(stream, sent))
        while served.app.writer.queued_weight < UNDER_WAY_MAX * 10:  # noqa: ASYNC110 - patience
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert served.app.writer.queued_weight == UNDER_WAY_MAX * 10
    answers = await acknowledged(stream)
    await writing
    assert len(answers) == len(sent)


async def test_batch_waits_for_room(served: Served) -> None:
    """A batch that finds too much waiting is taken in later, and the stream lives on."""
    stream = open_stream(served)
    sent = [message(number, batch(f"room-{number}", 6_000)) for number in range(3)]
    async with held_up(served):
        writing = asyncio.create_task(write(stream, sent))
        while not served.app.writer.queued_weight:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert served.app.writer.queued_weight == 6_000
    answers = await acknowledged(stream)
    await writing
    assert [each.accepted_count for each in answers] == [6_000] * 3


async def test_batch_that_finds_no_room_for_long_is_refused(served: Served) -> None:
    """Waiting has an end: then the batch is refused as a call would be."""
    writer = served.app.writer
    times = EventTimes(tolerance_us=0, age_max_us=10**15)
    events = UsageEvents(Writes(writer, "billing"), served.clock, times, patience_seconds=0.05)
    call = Call("/StreamEvents", Caller(CallerKind.OPERATOR, "operator"))
    stream = open_stream(served)
    async with held_up(served):
        await stream.write(message(1, batch("impatient", 6_000)))
        while not writer.queued_weight:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
        with pytest.raises(Overloaded):
            await events.ingest_batch(message(2, batch("refused", 6_000)), call)
    first: Any = await stream.read()
    assert first.batch == 1
    stream.cancel()


async def test_broken_stream_is_sent_again(served: Served) -> None:
    """What was not acknowledged when a stream broke is sent again, and each event counts once."""
    before = await total(served)
    sent = [message(number, batch(f"broken-{number}", 50)) for number in range(20)]
    stream = open_stream(served)
    writing = asyncio.create_task(write(stream, sent))
    await stream.read()
    stream.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    again = open_stream(served)
    _, answers = await asyncio.gather(write(again, sent), acknowledged(again))
    assert {outcome for each in answers for outcome in each.outcomes} <= {ACCEPTED, DUPLICATE}
    assert await total(served) == before + 20 * 50


async def test_slow_reader_gets_all_acknowledgements(served: Served) -> None:
    """Whoever reads late finds every acknowledgement, in order."""
    stream = open_stream(served)
    sent = [message(number, batch(f"slow-{number}", 2)) for number in range(100)]
    await write(stream, sent)
    answers = await acknowledged(stream)
    assert [each.batch for each in answers] == list(range(100))


@pytest.mark.parametrize("events", [[], [event("x")] * 10_001], ids=["none", "too many"])
async def test_batch_of_another_size_ends_the_stream(
    served: Served, events: list[pb.UsageEvent]
) -> None:
    """A message that breaks a rule ends the stream, after the acknowledgements of those before."""
    stream = open_stream(served)
    await stream.write(message(1, [event(f"before-{len(events)}")]))
    await stream.write(message(2, events))
    first: Any = await stream.read()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stream.read()
    assert (first.batch, refusal_of(refused.value)) == (
        1,
        (Code.INVALID_ARGUMENT, "INVALID_FIELD"),
    )


async def test_stream_of_an_integrator_is_refused(served: Served) -> None:
    """Usage is told by internal systems only."""
    metadata = (("authorization", f"Bearer {INTEGRATOR_SECRET}"),)
    stream = served.stubs.usage.StreamEvents(metadata=metadata, timeout=60)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stream.read()
    assert refusal_of(refused.value) == (Code.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_stream_that_is_broken_off_leaves_nothing_under_way(served: Served) -> None:
    """When its caller is gone a stream holds no place, and what it brought is written or not."""
    stream = open_stream(served)
    async with held_up(served):
        await stream.write(message(1, batch("gone", 100)))
        while not served.app.writer.queued_weight:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
        stream.cancel()
        while served.app.server.under_way_count:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
    await served.app.writer.call(lambda: None)
    assert served.app.writer.queued_weight == 0
