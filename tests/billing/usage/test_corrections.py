"""Amending, voiding and dropping events: facts of their own, and totals that follow them."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, event

from billing_service.domain.meter import Aggregation, PropertyFilter
from billing_service.domain.usage.correction import RecordedEvent, Why
from billing_service.domain.usage.event import EventOutcome, RefusalReason
from billing_service.domain.usage.event_errors import (
    EventNotFound,
    EventsNotCorrectable,
    EventVoided,
    InvalidEvent,
    MonthTooRecent,
    TooManyEvents,
)
from billing_service.domain.usage.reading_errors import InvalidTimeRange
from billing_service.storage.usage_events import EventFilter, list_events
from billing_service.use_cases.age_out_events import AGE_OUT_EVENTS, AgedOut, AgeOutEvents
from billing_service.use_cases.amend_event import AMEND_EVENT, AmendEvent
from billing_service.use_cases.void_events import VOID_EVENTS, VoidedEvents, VoidEvents
from chassis.errors import AccountNotFound
from tests.billing.builders import Billing, at, day
from tests.billing.usage.ingesting import (
    counts_of,
    event_of,
    ingest,
    measure,
    meter_of,
    rows_of,
)

WHY = Why("counted by mistake", "operator/ana")
NOON_AT = at("2026-03-01 12:00")
HOUR_US = 3_600_000_000
MARCH = (at("2026-03-01"), at("2026-04-01"))


@pytest.fixture
def metered(billing: Billing) -> Billing:
    """An account with three events of a summed meter, of 1, 2 and 3."""
    billing.account()
    measure(billing, meter_of())
    values = enumerate(("1", "2", "3"))
    ingest(billing, *(event_of(value, NOON_AT + n * HOUR_US, value) for n, value in values))
    return billing


def amend(billing: Billing, event_id: str, value: str, **data: str) -> RecordedEvent:
    command = AmendEvent("acme", "gate", event_id, {"value": value, **data}, WHY)
    return billing.do(AMEND_EVENT, command)


def void(billing: Billing, *event_ids: str, account: str = "acme") -> VoidedEvents:
    names = tuple(("gate", each) for each in event_ids)
    return billing.do(VOID_EVENTS, VoidEvents(account, WHY, names))


def void_range(billing: Billing, start_at: int, end_at: int, **more: str) -> VoidedEvents:
    wanted = EventFilter("acme", start_at, end_at, **{"source": "gate", **more})
    return billing.do(VOID_EVENTS, VoidEvents("acme", WHY, range=wanted))


def sums(billing: Billing) -> list[int]:
    """The sum of each total, in whole units."""
    return [row["sum_units"] for row in rows_of(billing, "usage_totals")]


def listed(billing: Billing, wanted: EventFilter, **more: Any) -> Sequence[RecordedEvent]:
    return billing.database.read(lambda tx: list_events(tx, wanted, **{"limit": 100, **more}))


def test_amended_event_counts_as_amended(metered: Billing) -> None:
    """The total follows; the event stays as it came, with the correction beside it."""
    event = amend(metered, "2", "20")
    assert sums(metered) == [24]
    assert (event.data["value"], event.data_now["value"]) == ("2", "20")
    assert event.corrections[-1].why == WHY


def test_event_can_be_amended_again(metered: Billing) -> None:
    """The last correction counts, all of them are kept."""
    amend(metered, "2", "20")
    event = amend(metered, "2", "5")
    assert sums(metered) == [9]
    assert [each.data["value"] for each in event.corrections] == ["20", "5"]


def test_voided_events_count_no_more(metered: Billing) -> None:
    """Each once, however often it is named."""
    assert void(metered, "1", "2", "1") == VoidedEvents(2, 0)
    assert sums(metered) == [3]
    assert void(metered, "2", "3") == VoidedEvents(1, 1)
    assert sums(metered) == []


def test_two_corrections_of_one_event_in_one_transaction(metered: Billing) -> None:
    """The second one sees what the first one did."""
    voiding = VoidEvents("acme", WHY, (("gate", "1"),))
    assert metered.do_all(VOID_EVENTS, [voiding, voiding]) == [
        VoidedEvents(1, 0),
        VoidedEvents(0, 1),
    ]
    amending = [AmendEvent("acme", "gate", "2", {"value": each}, WHY) for each in ("7", "8")]
    metered.do_all(AMEND_EVENT, amending)
    assert sums(metered) == [11]


@pytest.mark.parametrize(
    ("aggregation", "name", "expected"),
    [
        (Aggregation.COUNT, "events_count", [2]),
        (Aggregation.MAX, "max_units", [2]),
        (Aggregation.LATEST, "latest_units", [2]),
        (Aggregation.WEIGHTED_SUM, "latest_units", [2]),
        (Aggregation.UNIQUE_COUNT, "events_count", [2]),
    ],
)
def test_voiding_the_latest_brings_back_what_was_before(
    billing: Billing, aggregation: Aggregation, name: str, expected: list[int]
) -> None:
    """Every aggregation gives what it would without the event."""
    billing.account()
    measure(billing, meter_of("calls", aggregation))
    for n, value in enumerate(("1", "2", "3")):
        ingest(billing, event_of(value, NOON_AT + n * HOUR_US, value))
    void(billing, "3")
    assert [row[name] for row in rows_of(billing, "usage_totals")] == expected
    values = [row["value"] for row in rows_of(billing, "usage_values")]
    assert values == (["1", "2"] if aggregation is Aggregation.UNIQUE_COUNT else [])


def test_amendment_moves_an_event_to_other_dimensions(billing: Billing) -> None:
    """It counts where its data say from then on, and nowhere if no filter lets them through."""
    billing.account()
    only = (PropertyFilter("plan", frozenset({"pro"})),)
    measure(billing, meter_of(filters=only, dimensions=("region",)))
    ingest(billing, event_of("1", NOON_AT, plan="pro", region="eu"))
    amend(billing, "1", "1", plan="pro", region="us")
    assert counts_of(billing) == {("2026-03-01", '["us"]'): 1}
    amend(billing, "1", "1", plan="free", region="us")
    assert counts_of(billing) == {}


def test_corrected_event_sent_again_is_a_duplicate(metered: Billing) -> None:
    """It is known by the body that it came with, whatever was corrected since."""
    amend(metered, "2", "20")
    void(metered, "1")
    again = [event_of("1", NOON_AT, "1"), event_of("2", NOON_AT + HOUR_US, "2")]
    assert ingest(metered, *again).outcomes == [EventOutcome.DUPLICATE] * 2
    other = event_of("2", NOON_AT + HOUR_US, "20")
    assert ingest(metered, other).outcomes == [EventOutcome.CONFLICT]


def test_range_voids_what_counts_of_a_source_and_type(metered: Billing) -> None:
    """Its start is in it, its end is not; other sources and types stay."""
    ingest(metered, event_of("9", NOON_AT, "100", source="other"))
    void(metered, "1")
    done = void_range(metered, NOON_AT, NOON_AT + 2 * HOUR_US, type="api.call")
    assert done == VoidedEvents(1, 1)
    assert sums(metered) == [103]
    assert void_range(metered, *MARCH, type="other") == VoidedEvents(0, 0)


def test_correction_is_told(metered: Billing) -> None:
    """One event for all that a call corrects; none if nothing is."""
    void(metered, "1", "2")
    void(metered, "1", "2")
    kinds = [row["type"] for row in rows_of(metered, "events")]
    assert sum(kind.endswith("UsageCorrected") for kind in kinds) == 1


def test_event_that_is_not_known_is_named(metered: Billing) -> None:
    """The first one that is not known refuses the call, and nothing is voided."""
    with pytest.raises(EventNotFound, match="'7' of source 'gate'"):
        void(metered, "1", "7", "8")
    assert sums(metered) == [6]


def test_voided_event_cannot_be_amended(metered: Billing) -> None:
    """What counts no more has nothing to amend."""
    void(metered, "1")
    with pytest.raises(EventVoided):
        amend(metered, "1", "5")


def test_amended_data_must_fit_the_meters(metered: Billing) -> None:
    """The refusal names the property."""
    with pytest.raises(InvalidEvent, match=r"^data\.value: is 'many'"):
        amend(metered, "1", "many")


def test_correction_needs_an_account(metered: Billing) -> None:
    """An account that is not known has no events."""
    with pytest.raises(AccountNotFound):
        void(metered, "1", account="nobody")


def test_range_must_not_be_empty(metered: Billing) -> None:
    """An end before the start is a mistake, not no events."""
    with pytest.raises(InvalidTimeRange):
        void_range(metered, NOON_AT, NOON_AT)


def test_range_with_too_many_events_is_refused(
    metered: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would void more than a call may voids nothing."""
    monkeypatch.setattr("billing_service.use_cases.void_events.EVENTS_MAX", 2)
    with pytest.raises(TooManyEvents):
        void_range(metered, *MARCH)


def test_a_range_with_too_many_events_is_looked_at_no_further(
    metered: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was voided in it is not counted once it is to be refused."""
    void(metered, "1")
    seen: list[str] = []
    monkeypatch.setattr("billing_service.use_cases.void_events.EVENTS_MAX", 1)

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    with pytest.raises(TooManyEvents):
        void_range(metered, *MARCH)
    event.remove(Engine, "before_cursor_execute", note)
    assert not [each for each in seen if "count(" in each]


def test_events_are_listed_by_time_in_pages(metered: Billing) -> None:
    """A page goes on after the last one's time and key, over the end of a month, too."""
    ingest(metered, event_of("0", at("2026-02-27 12:00")), event_of("1b", NOON_AT))
    wanted = EventFilter("acme", at("2026-02-01"), at("2026-04-01"))
    first = listed(metered, wanted, limit=2)
    last = first[-1]
    rest = listed(metered, wanted, after=(last.time_at, last.event_key))
    ids = [each.event_id for each in (*first, *rest)]
    assert ids[0] == "0"
    assert ids[3:] == ["2", "3"]
    assert sorted(ids[1:3]) == ["1", "1b"]


def test_old_months_age_out(metered: Billing) -> None:
    """Events go, keys and totals stay: a duplicate is known, a new event is too old."""
    metered.go_to("2026-07-02 12:00")
    assert metered.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-04-01"))) == AgedOut(
        (day("2026-03-01"),), 3
    )
    assert sums(metered) == [6]
    result = ingest(metered, event_of("1", NOON_AT, "1"), event_of("5", NOON_AT))
    assert result.outcomes == [EventOutcome.DUPLICATE, EventOutcome.REJECTED]
    assert result.refusals[0].reason is RefusalReason.TOO_OLD
    with pytest.raises(EventsNotCorrectable):
        void(metered, "1")
    with pytest.raises(EventsNotCorrectable):
        void_range(metered, *MARCH)


def test_days_that_aged_out_in_part_stay_as_they_are(billing: Billing) -> None:
    """The last hours of a civil day may lie in the next month, UTC: they go with their day."""
    billing.account()
    measure(billing, meter_of(aggregation=Aggregation.WEIGHTED_SUM))
    billing.go_to("2026-04-01 12:00")
    ingest(billing, event_of("1", at("2026-03-31 12:00")), event_of("3", at("2026-03-31 23:50")))
    billing.go_to("2026-07-02 12:00")
    billing.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-04-01")))
    late = [event_of("2", at("2026-03-31 23:40")), event_of("4", at("2026-04-01 00:00"))]
    assert ingest(billing, *late).outcomes == [EventOutcome.REJECTED, EventOutcome.ACCEPTED]
    with pytest.raises(EventsNotCorrectable, match="since 2026-04-01T03:00:00Z"):
        void(billing, "3")
    with pytest.raises(EventsNotCorrectable):
        void_range(billing, at("2026-03-31 23:30"), at("2026-04-02"))


def test_aged_out_months_stay_aged_out(metered: Billing) -> None:
    """A second call has nothing to drop, also of months that never had events."""
    metered.go_to("2026-08-02 12:00")
    metered.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-05-01")))
    assert metered.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-04-01"))) == AgedOut((), 0)
    april = ingest(metered, event_of("5", at("2026-04-15")))
    assert april.outcomes == [EventOutcome.REJECTED]


@pytest.mark.parametrize("month", ["2026-04-01", "2026-05-01"])
def test_recent_months_do_not_age_out(metered: Billing, month: str) -> None:
    """Three months must have gone by since the last one that is to go."""
    metered.go_to("2026-06-30 12:00")
    with pytest.raises(MonthTooRecent, match="may still be needed"):
        metered.do(AGE_OUT_EVENTS, AgeOutEvents(day(month)))


def test_months_that_are_not_charged_do_not_age_out(metered: Billing) -> None:
    """An account whose months are not closed keeps its events."""
    metered.subscribe("i")
    metered.jump_to("2026-09-02 12:00", told=False)
    with pytest.raises(MonthTooRecent, match="accounts/acme"):
        metered.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-04-01")))
