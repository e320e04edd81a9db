"""AmendEvent, VoidEvents, ListUsageEvents and AgeOutEvents, through the real server."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.billing.v1 import usage_pb2 as pb

from tests.billing.builders import START_AT, at
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    refused,
    request_id,
    serving,
    stamp,
    violations_of,
)
from tests.billing.usage.sending import DUPLICATE, batch, event, ingest, prepare

Code = grpc.StatusCode
ACME = "accounts/acme"
Kind = pb.EventCorrection.Kind


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with a few accounts and a meter."""
    async with serving(tmp_path_factory.mktemp("history")) as running:
        await running.inside(prepare)
        yield running


def amend_request(event_id: str, **more: Any) -> pb.AmendEventRequest:
    """A request to make an event's value 7."""
    values: dict[str, Any] = {
        "parent": ACME,
        "event": pb.EventKey(source="gate", id=event_id),
        "data": {"value": "7"},
        "reason": "misread",
        "request_id": request_id(),
    }
    return pb.AmendEventRequest(**(values | more))


def void_request(*event_ids: str, **more: Any) -> pb.VoidEventsRequest:
    """A request to take events back by their ids, or what `more` says instead."""
    keys = [pb.EventKey(source="gate", id=each) for each in event_ids]
    values: dict[str, Any] = {
        "parent": ACME,
        "reason": "sent twice",
        "request_id": request_id(),
    }
    if keys:
        values["keys"] = pb.VoidEventsRequest.Keys(keys=keys)
    return pb.VoidEventsRequest(**(values | more))


def range_of(source: str, start_at: int, end_at: int) -> pb.VoidEventsRequest.Range:
    """All of a source in a stretch of time."""
    return pb.VoidEventsRequest.Range(
        source=source, start_time=stamp(start_at), end_time=stamp(end_at)
    )


async def listed(served: Served, **more: Any) -> pb.ListUsageEventsResponse:
    """A page of events of the account."""
    request = pb.ListUsageEventsRequest(**({"parent": ACME} | more))
    answer: pb.ListUsageEventsResponse = await served.call(
        served.stubs.usage.ListUsageEvents, request
    )
    return answer


async def test_amended_event_is_told_as_it_came_and_as_it_is(served: Served) -> None:
    """An amendment is a fact beside the event, with its reason, author and time."""
    came = event("amended", source="amends")
    await ingest(served, came)
    key = pb.EventKey(source="amends", id="amended")
    answer = await served.call(served.stubs.usage.AmendEvent, amend_request("amended", event=key))
    (correction,) = answer.event.corrections
    assert (answer.event.event, answer.event.counts) == (came, True)
    assert (correction.kind, dict(correction.data)) == (Kind.KIND_AMENDED, {"value": "7"})
    assert (correction.reason, correction.author) == ("misread", "operator/admin")
    assert correction.record_time == stamp(START_AT)


async def test_repeated_amendment_is_one(served: Served) -> None:
    """The same request again gets the same answer and corrects nothing more."""
    await ingest(served, event("once"))
    request = amend_request("once")
    first = await served.call(served.stubs.usage.AmendEvent, request)
    again = await served.call(served.stubs.usage.AmendEvent, request)
    assert (first, len(again.event.corrections)) == (again, 1)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"data": {"value": "many"}}, "data.value"),
        ({"data": {"value": "1", "note": "n" * 1001}}, "data.note"),
    ],
)
async def test_amendment_that_no_meter_could_count_is_refused(
    served: Served, more: dict[str, Any], field: str
) -> None:
    """What could not have been taken in cannot be put in its place."""
    await ingest(served, event("strict"))
    method, request = served.stubs.usage.AmendEvent, amend_request("strict", **more)
    assert await refused(served, method, request) == (Code.INVALID_ARGUMENT, "INVALID_EVENT")
    assert [name for name, _ in await violations_of(served, method, request)] == [field]


async def test_amendment_with_nul_is_refused(served: Served) -> None:
    """What no store can keep is refused with the field at fault."""
    request = amend_request("strict", data={"value": "1", "note": "a\0b"})
    method = served.stubs.usage.AmendEvent
    assert [name for name, _ in await violations_of(served, method, request)] == ["data"]


async def test_voided_events_count_no_more_and_stay_known(served: Served) -> None:
    """Events taken back by id are told so, and sent again they are duplicates."""
    events = batch("void", 3, source="voids")
    await ingest(served, *events)
    keys = [pb.EventKey(source="voids", id=each.id) for each in events[:2]]
    request = void_request(keys=pb.VoidEventsRequest.Keys(keys=keys))
    answer = await served.call(served.stubs.usage.VoidEvents, request)
    again = await served.call(
        served.stubs.usage.VoidEvents, void_request(keys=pb.VoidEventsRequest.Keys(keys=keys))
    )
    page = await listed(served, source="voids")
    assert (answer.voided_count, answer.already_voided_count) == (2, 0)
    assert (again.voided_count, again.already_voided_count) == (0, 2)
    assert sorted(each.counts for each in page.events) == [False, False, True]
    assert list((await ingest(served, *events)).outcomes) == [DUPLICATE] * 3


async def test_events_of_a_stretch_are_voided(served: Served) -> None:
    """All of a source from the first instant up to the last, which is not among them."""
    times = [START_AT - 3, START_AT - 2, START_AT - 1]
    await ingest(
        served, *(event(f"r{n}", source="ranges", time=stamp(each)) for n, each in enumerate(times))
    )
    stretch = range_of("ranges", times[0], times[2])
    answer = await served.call(served.stubs.usage.VoidEvents, void_request(range=stretch))
    assert (answer.voided_count, answer.already_voided_count) == (2, 0)


@pytest.mark.parametrize(
    ("method", "request_", "told"),
    [
        ("AmendEvent", amend_request("unknown"), (Code.NOT_FOUND, "EVENT_NOT_FOUND")),
        (
            "AmendEvent",
            amend_request("x", parent="accounts/nobody"),
            (Code.NOT_FOUND, "ACCOUNT_NOT_FOUND"),
        ),
        ("VoidEvents", void_request("unknown"), (Code.NOT_FOUND, "EVENT_NOT_FOUND")),
        (
            "VoidEvents",
            void_request(range=range_of("gate", START_AT, START_AT)),
            (Code.INVALID_ARGUMENT, "INVALID_TIME_RANGE"),
        ),
        ("VoidEvents", void_request(), (Code.INVALID_ARGUMENT, "INVALID_FIELD")),
        (
            "ListUsageEvents",
            pb.ListUsageEventsRequest(parent="accounts/nobody"),
            (Code.NOT_FOUND, "ACCOUNT_NOT_FOUND"),
        ),
        (
            "ListUsageEvents",
            pb.ListUsageEventsRequest(parent=ACME, page_token="none"),
            (Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"),
        ),
        (
            "ListUsageEvents",
            pb.ListUsageEventsRequest(
                parent=ACME, start_time=stamp(START_AT), end_time=stamp(START_AT)
            ),
            (Code.INVALID_ARGUMENT, "INVALID_TIME_RANGE"),
        ),
        (
            "ListUsageEvents",
            pb.ListUsageEventsRequest(parent=ACME, start_time=Timestamp(seconds=-1)),
            (Code.INVALID_ARGUMENT, "INVALID_TIME_RANGE"),
        ),
        (
            "AgeOutEvents",
            pb.AgeOutEventsRequest(
                before_month=Date(year=2026, month=3, day=31), request_id=request_id()
            ),
            (Code.FAILED_PRECONDITION, "MONTH_TOO_RECENT"),
        ),
    ],
)
async def test_refusals_have_their_reasons(
    served: Served, method: str, request_: Any, told: tuple[grpc.StatusCode, str]
) -> None:
    """Each refusal has the code and the reason that the contract lists."""
    assert await refused(served, getattr(served.stubs.usage, method), request_) == told


async def test_voided_event_cannot_be_amended(served: Served) -> None:
    """What counts no more stays as it is."""
    await ingest(served, event("gone"))
    await served.call(served.stubs.usage.VoidEvents, void_request("gone"))
    told = await refused(served, served.stubs.usage.AmendEvent, amend_request("gone"))
    assert told == (Code.FAILED_PRECONDITION, "EVENT_VOIDED")


async def test_list_goes_on_where_a_page_ended(served: Served) -> None:
    """Pages hold each event once, by time, also where many have the same."""
    times = [START_AT - each % 3 for each in range(25)]
    events = [event(f"p{n}", source="pages", time=stamp(each)) for n, each in enumerate(times)]
    await ingest(served, *events)
    found: list[pb.RecordedUsageEvent] = []
    token = ""
    while True:
        page = await listed(served, source="pages", page_size=4, page_token=token)
        found += page.events
        token = page.next_page_token
        if not token:
            break
    assert sorted(each.event.id for each in found) == sorted(each.id for each in events)
    assert [each.event.time.ToNanoseconds() // 1000 for each in found] == sorted(times)


async def test_list_without_times_is_of_the_present_month(served: Served) -> None:
    """Unless told otherwise a list is of the present month in the account's zone."""
    times = [at("2026-02-28 23:59"), at("2026-03-01 00:00")]
    await ingest(
        served, *(event(f"m{n}", source="months", time=stamp(each)) for n, each in enumerate(times))
    )
    present = await listed(served, source="months")
    before = await listed(served, source="months", start_time=stamp(at("2026-02-01 00:00")))
    assert [each.event.id for each in present.events] == ["m1"]
    assert [each.event.id for each in before.events] == ["m0"]


async def test_list_is_filtered_by_type(served: Served) -> None:
    """A type leaves others out."""
    await ingest(served, event("typed", source="types"))
    page = await listed(served, source="types", type="api.other")
    assert not page.events


async def test_integrator_reads_its_own_events_only(served: Served) -> None:
    """Events are told to whom they concern."""
    method = served.stubs.usage.ListUsageEvents
    own = await served.call(
        method, pb.ListUsageEventsRequest(parent=ACME), secret=INTEGRATOR_SECRET
    )
    told = await refused(
        served,
        method,
        pb.ListUsageEventsRequest(parent="accounts/bolt"),
        secret=INTEGRATOR_SECRET,
    )
    assert own.events
    assert told == (Code.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_aged_out_events_are_gone_and_known(tmp_path: Path) -> None:
    """An old month's events are dropped and told; they cannot be read or corrected any more."""
    async with serving(tmp_path) as served:
        await served.inside(prepare)
        await ingest(served, *batch("old", 3))
        await served.inside(lambda billing: billing.go_to("2026-08-02 00:00"))
        before = Date(year=2026, month=4, day=15)
        answer = await served.call(
            served.stubs.usage.AgeOutEvents,
            pb.AgeOutEventsRequest(before_month=before, request_id=request_id()),
        )
        aged_out = (Code.FAILED_PRECONDITION, "EVENTS_AGED_OUT")
        reading = pb.ListUsageEventsRequest(parent=ACME, start_time=stamp(START_AT))
        assert (list(answer.months), answer.events_count) == ([Date(year=2026, month=3, day=1)], 3)
        assert await refused(served, served.stubs.usage.ListUsageEvents, reading) == aged_out
        for method, request in (
            (served.stubs.usage.AmendEvent, amend_request("old-0")),
            (served.stubs.usage.VoidEvents, void_request("old-0")),
        ):
            assert await refused(served, method, request) == aged_out
        assert list((await ingest(served, *batch("old", 3))).outcomes) == [DUPLICATE] * 3
