"""IngestEvents, through the real server: an answer for each event, and none spoils another."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import usage_pb2 as pb

from tests.billing.builders import START_AT
from tests.billing.serving import INTEGRATOR_SECRET, Served, refused, serving, stamp
from tests.billing.usage.sending import (
    ACCEPTED,
    CONFLICT,
    DUPLICATE,
    REJECTED,
    Reason,
    batch,
    counted,
    event,
    held_up,
    ingest,
    prepare,
)

HOUR_US = 3_600_000_000
Code = grpc.StatusCode


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with a few accounts and a meter."""
    async with serving(tmp_path_factory.mktemp("ingest")) as running:
        await running.inside(prepare)
        yield running


async def test_each_event_gets_its_own_answer(served: Served) -> None:
    """Outcomes come in the order of the events, refusals name their places."""
    answer = await ingest(
        served,
        event("own-1"),
        event("own-1"),
        event("own-1", "2"),
        event("own-2", subject="accounts/nobody"),
        event("own-3", type="unknown"),
        event("own-4", time=stamp(START_AT + HOUR_US)),
        event("own-5", "many"),
        event(""),
        event("own-6"),
    )
    outcomes = [ACCEPTED, DUPLICATE, CONFLICT, *[REJECTED] * 5, ACCEPTED]
    assert (list(answer.outcomes), answer.accepted_count) == (outcomes, 2)
    assert [(each.index, each.reason) for each in answer.refusals] == [
        (2, Reason.REASON_CONFLICT),
        (3, Reason.REASON_UNKNOWN_ACCOUNT),
        (4, Reason.REASON_UNKNOWN_TYPE),
        (5, Reason.REASON_IN_FUTURE),
        (6, Reason.REASON_MALFORMED_VALUE),
        (7, Reason.REASON_MALFORMED),
    ]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("source", {"source": ""}),
        ("source", {"source": "s" * 201}),
        ("source", {"source": "a\0b"}),
        ("id", {"id": ""}),
        ("id", {"id": "i" * 201}),
        ("subject", {"subject": ""}),
        ("subject", {"subject": "acme"}),
        ("subject", {"subject": "accounts/acme/instances/1"}),
        ("subject", {"subject": "accounts/a\0"}),
        ("subject", {"subject": "accounts/" + "a" * 64}),
        ("type", {"type": ""}),
        ("type", {"type": "t" * 101}),
        ("time", {"time": Timestamp(seconds=253_402_300_800)}),
        ("time", {"time": Timestamp(seconds=1, nanos=1_000_000_000)}),
        ("time", {"time": Timestamp(seconds=1, nanos=-1)}),
        ("data", {"data": {f"p{number}": "1" for number in range(51)}}),
        ("data.note", {"data": {"value": "1", "note": "n" * 1001}}),
        ("data.note", {"data": {"value": "1", "note": "a\0b"}}),
    ],
)
async def test_malformed_event_spoils_no_other(
    served: Served, field: str, wrong: dict[str, Any]
) -> None:
    """An event that cannot be kept is refused with the field at fault; its neighbours are taken."""
    name = f"{field}-{len(str(wrong))}"
    before, after = event(f"{name}-before"), event(f"{name}-after")
    answer = await ingest(served, before, event(name, **wrong), after)
    (refusal,) = answer.refusals
    assert list(answer.outcomes) == [ACCEPTED, REJECTED, ACCEPTED]
    assert (refusal.index, refusal.reason, refusal.field) == (1, Reason.REASON_MALFORMED, field)


@pytest.mark.parametrize(
    "right",
    [
        {"source": "s" * 200},
        {"id": "i" * 200},
        {"data": {"value": "1", **{f"p{number}": "1" for number in range(49)}}},
        {"data": {"value": "1", "note": "n" * 1000}},
        {"data": {"value": "1", "note": "the text \\u0000, which is no NUL"}},
    ],
)
async def test_event_as_large_as_may_be_is_taken_in(served: Served, right: dict[str, Any]) -> None:
    """The bounds themselves are allowed."""
    answer = await ingest(served, event(f"bound-{len(str(right))}", **right))
    assert list(answer.outcomes) == [ACCEPTED]


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-62_135_596_800, Reason.REASON_TOO_OLD),
        (0, Reason.REASON_TOO_OLD),
        (253_402_300_799, Reason.REASON_IN_FUTURE),
    ],
)
async def test_time_at_either_end_is_answered(served: Served, seconds: int, reason: int) -> None:
    """Any instant that a timestamp can state is judged like others."""
    answer = await ingest(served, event("ends", time=Timestamp(seconds=seconds)))
    assert [each.reason for each in answer.refusals] == [reason]


async def test_malformed_events_alone_are_answered(served: Served) -> None:
    """Where nothing can be taken in each event is told why all the same."""
    answer = await ingest(served, event(""), event("alone", source=""))
    assert [each.field for each in answer.refusals] == ["id", "source"]


async def test_event_without_time_counts_now(served: Served) -> None:
    """An event without a time happened when it is taken in, and sent again it is a duplicate."""
    timeless = event("timeless")
    timeless.ClearField("time")
    first, second = await ingest(served, timeless), await ingest(served, timeless)
    assert (list(first.outcomes), list(second.outcomes)) == ([ACCEPTED], [DUPLICATE])


async def test_repeated_batch_changes_nothing(served: Served) -> None:
    """After a lost answer the same events may be sent again: all are duplicates."""
    events = batch("again", 100)
    await ingest(served, *events)
    before = await counted(served)
    answer = await ingest(served, *events)
    assert set(answer.outcomes) == {DUPLICATE}
    assert (answer.accepted_count, await counted(served)) == (0, before)


async def test_ten_thousand_events_are_one_batch(served: Served) -> None:
    """A call takes as many events as the contract says, and all count."""
    before = sum((await counted(served)).values())
    answer = await ingest(served, *batch("many", 10_000))
    after = sum((await counted(served)).values())
    assert (answer.accepted_count, after - before) == (10_000, 10_000)


@pytest.mark.parametrize("count", [0, 10_001])
async def test_batch_of_another_size_is_refused(served: Served, count: int) -> None:
    """No events, and more than ten thousand, are refused as a whole."""
    request = pb.IngestEventsRequest(events=batch("size", count))
    told = await refused(served, served.stubs.usage.IngestEvents, request)
    assert told == (Code.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_batch_of_more_than_four_mebibytes_is_refused(served: Served) -> None:
    """A message that is too large is refused in our words."""
    data = {f"p{number}": "x" * 1000 for number in range(50)}
    request = pb.IngestEventsRequest(events=batch("large", 90, data=data))
    told = await refused(served, served.stubs.usage.IngestEvents, request)
    assert told == (Code.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")


async def test_answer_tells_where_the_write_stands(served: Served) -> None:
    """The position comes as a trailer, so that whoever reads next sees what was taken in."""
    call = served.stubs.usage.IngestEvents(
        pb.IngestEventsRequest(events=[event("trailer")]),
        metadata=(("authorization", f"Bearer {served.operator_secret}"),),
    )
    await call
    trailers = dict(await call.trailing_metadata())
    assert trailers["pospago-position"] == f"billing/1/{served.app.writer.head.seq}"


async def test_event_of_a_sandbox_lives_by_its_clock(served: Served) -> None:
    """The future of a sandbox begins at what its own clock shows, whoever else is in the batch."""
    await served.inside(lambda billing: billing.step("toy", "2026-05-01"))
    time = stamp(START_AT + 30 * 24 * HOUR_US)
    answer = await ingest(
        served, event("box", subject="accounts/tot", time=time), event("real", time=time)
    )
    assert list(answer.outcomes) == [ACCEPTED, REJECTED]


async def test_parked_account_takes_usage_in(tmp_path: Path) -> None:
    """What has happened is taken in, whatever keeps the account's other writes waiting."""
    async with serving(tmp_path) as served:
        await served.inside(prepare)
        await served.inside(lambda billing: billing.park("bolt"))
        answer = await ingest(served, event("parked", subject="accounts/bolt"))
        assert list(answer.outcomes) == [ACCEPTED]


async def test_advancing_sandbox_takes_usage_in(tmp_path: Path) -> None:
    """So it is while the clock of the account's sandbox is on its way."""
    async with serving(tmp_path) as served:
        await served.inside(prepare)
        await served.inside(lambda each: each.step("toy", "2026-04-01", target="2026-05-01"))
        answer = await ingest(served, event("moving", subject="accounts/tot"))
        assert list(answer.outcomes) == [ACCEPTED]


async def test_integrator_may_not_tell_usage(served: Served) -> None:
    """Usage is told by internal systems only."""
    request = pb.IngestEventsRequest(events=[event("theirs")])
    told = await refused(served, served.stubs.usage.IngestEvents, request, secret=INTEGRATOR_SECRET)
    assert told == (Code.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_batch_is_refused_while_too_much_waits(tmp_path: Path) -> None:
    """While the queue is full a call is refused, and what was accepted is done."""
    request = pb.IngestEventsRequest(events=batch("refused", 10_000))
    async with serving(tmp_path, queue_weight_max=15_000) as served:
        await served.inside(prepare)
        async with held_up(served):
            first = asyncio.create_task(ingest(served, *batch("full", 10_000)))
            while not served.app.writer.queued_weight:  # noqa: ASYNC110 - a test's patience
                await asyncio.sleep(0.01)
            told = await refused(served, served.stubs.usage.IngestEvents, request)
        assert told == (Code.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert (await first).accepted_count == 10_000
