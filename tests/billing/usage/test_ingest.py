"""Taking events in: each once, each with its own answer, and the totals with them."""

from typing import Any

import pytest

from billing_service.domain.meter import Aggregation, PropertyFilter
from billing_service.domain.usage.event import EventOutcome, RefusalReason
from billing_service.storage.tables import table
from billing_service.use_cases.ingest import INGEST
from tests.billing.builders import START_AT, Billing, at
from tests.billing.usage.ingesting import (
    AGE_MAX_US,
    TOLERANCE_US,
    batch_of,
    counts_of,
    event_of,
    ingest,
    measure,
    meter_of,
    rows_of,
)

ACCEPTED, DUPLICATE, CONFLICT, REJECTED = EventOutcome
NOON_AT = at("2026-03-01 12:00")


@pytest.fixture
def metered(billing: Billing) -> Billing:
    """The service with an account and a meter that sums up."""
    billing.account()
    measure(billing, meter_of())
    return billing


def test_accepted_event_is_stored_as_it_came(metered: Billing) -> None:
    """The event, what it is known by and its total are there once it is accepted."""
    assert ingest(metered, event_of("1", NOON_AT, "2.5")).outcomes == [ACCEPTED]
    (total,) = rows_of(metered, "usage_totals")
    assert (total["sum_units"], total["sum_nanos"], total["events_count"]) == (2, 500_000_000, 1)


def test_event_sent_again_is_a_duplicate(metered: Billing) -> None:
    """The same body under the same key changes nothing."""
    event = event_of("1", NOON_AT)
    ingest(metered, event)
    assert ingest(metered, event).outcomes == [DUPLICATE]
    assert counts_of(metered) == {("2026-03-01", "[]"): 1}


def test_other_body_under_the_same_id_is_a_conflict(metered: Billing) -> None:
    """The refusal says what to do, and nothing changes."""
    ingest(metered, event_of("1", NOON_AT))
    result = ingest(metered, event_of("1", NOON_AT, "2"))
    assert result.outcomes == [CONFLICT]
    assert [each.reason for each in result.refusals] == [RefusalReason.CONFLICT]
    assert counts_of(metered) == {("2026-03-01", "[]"): 1}


def test_duplicates_within_a_batch_count_once(metered: Billing) -> None:
    """An event may come twice in a batch, and again in one that is written with it."""
    event, other = event_of("1", NOON_AT), event_of("1", NOON_AT, "7")
    first = batch_of(metered, [event, event, other])
    second = batch_of(metered, [other, event])
    done = metered.do_all(INGEST, [first, second])
    assert [each.outcomes for each in done] == [
        [ACCEPTED, DUPLICATE, CONFLICT],
        [CONFLICT, DUPLICATE],
    ]
    assert counts_of(metered) == {("2026-03-01", "[]"): 1}


def test_bad_event_does_not_spoil_its_batch(metered: Billing) -> None:
    """Each event has an outcome of its own, in their order."""
    result = ingest(
        metered,
        event_of("1", NOON_AT),
        event_of("2", NOON_AT, "many"),
        event_of("3", NOON_AT, account="nobody"),
        event_of("4", NOON_AT, kind="unheard.of"),
        event_of("5", START_AT + TOLERANCE_US + 1),
        event_of("6", START_AT - AGE_MAX_US - 1),
        event_of("7", START_AT + TOLERANCE_US),
        event_of("8", START_AT - AGE_MAX_US),
    )
    assert result.outcomes == [ACCEPTED, *[REJECTED] * 5, ACCEPTED, ACCEPTED]
    assert [(each.place, each.reason.name, each.field) for each in result.refusals] == [
        (1, "MALFORMED_VALUE", "data.value"),
        (2, "UNKNOWN_ACCOUNT", "subject"),
        (3, "UNKNOWN_TYPE", "type"),
        (4, "IN_FUTURE", "time"),
        (5, "TOO_OLD", "time"),
    ]


def test_event_of_before_1970_is_not_told_of_months_that_aged_out(metered: Billing) -> None:
    """None has: it is just too far back."""
    (refusal,) = ingest(metered, event_of("1", -1)).refusals
    assert "more than 1100 days back" in refusal.message


def test_rejected_event_may_come_again_corrected(metered: Billing) -> None:
    """What was not taken in is not known."""
    ingest(metered, event_of("1", NOON_AT, "many"))
    assert ingest(metered, event_of("1", NOON_AT, "3")).outcomes == [ACCEPTED]


def test_event_that_no_filter_lets_through_is_accepted(billing: Billing) -> None:
    """It is known, and counts nowhere; not even its value is looked at."""
    billing.account()
    measure(billing, meter_of(filters=(PropertyFilter("region", frozenset({"eu"})),)))
    result = ingest(billing, event_of("1", NOON_AT, "many", region="us"))
    assert result.outcomes == [ACCEPTED]
    assert rows_of(billing, "usage_totals") == []


def test_event_counts_in_each_meter_that_lets_it_through(billing: Billing) -> None:
    """One event, several meters, by their dimensions."""
    billing.account()
    measure(
        billing,
        meter_of("calls", Aggregation.COUNT),
        meter_of("by-region", dimensions=("region",)),
        meter_of("people", Aggregation.UNIQUE_COUNT),
    )
    ingest(billing, event_of("1", NOON_AT, "5", region="eu"))
    assert counts_of(billing, "calls") == {("2026-03-01", "[]"): 1}
    assert counts_of(billing, "by-region") == {("2026-03-01", '["eu"]'): 1}
    assert [row["value"] for row in rows_of(billing, "usage_values")] == ["5"]


def test_event_without_time_happens_when_it_is_taken_in(metered: Billing) -> None:
    """The account's clock says when."""
    ingest(metered, event_of("1", None))
    (known,) = rows_of(metered, "usage_keys")
    assert known["time_at"] == START_AT


def test_day_is_that_of_the_account_s_zone(metered: Billing) -> None:
    """A day begins at midnight in the zone of the account."""
    ingest(metered, event_of("1", at("2026-03-01 23:59")), event_of("2", at("2026-03-01")))
    assert counts_of(metered) == {("2026-03-01", "[]"): 2}


def test_sandbox_judges_events_by_its_own_clock(metered: Billing) -> None:
    """What lies ahead there does not lie ahead of the real clock, and the other way round."""
    metered.sandbox("play", at("2027-01-01 12:00"))
    metered.account("toy", sandbox="play")
    events = [
        event_of("1", at("2027-01-01 12:04"), account="toy"),
        event_of("2", at("2027-01-01 12:06"), account="toy"),
        event_of("3", at("2027-01-01 12:00")),
        event_of("4", None, account="toy"),
    ]
    assert ingest(metered, *events).outcomes == [ACCEPTED, REJECTED, REJECTED, ACCEPTED]


@pytest.mark.parametrize(
    ("aggregation", "figures"),
    [
        (Aggregation.SUM, {"sum_units": 9, "sum_nanos": 0}),
        (Aggregation.MAX, {"max_units": 5, "max_nanos": 0}),
        (Aggregation.LATEST, {"latest_units": 1, "latest_nanos": 0}),
        (Aggregation.WEIGHTED_SUM, {"integral": str(8 * 10**9 * 3_600_000_000), "latest_units": 1}),
        (Aggregation.UNIQUE_COUNT, {"events_count": 3}),
        (Aggregation.COUNT, {"events_count": 3}),
    ],
)
def test_total_does_not_depend_on_the_order_of_arrival(
    billing: Billing, aggregation: Aggregation, figures: dict[str, Any]
) -> None:
    """Late events, in batches of their own, come to the same: 5 from 12:00, 3 from 13:00, 1."""
    billing.account()
    measure(billing, meter_of("calls", aggregation))
    ingest(billing, event_of("3", at("2026-03-01 14:00"), "1"))
    ingest(billing, event_of("2", at("2026-03-01 13:00"), "3"))
    ingest(billing, event_of("1", NOON_AT, "5"))
    (total,) = rows_of(billing, "usage_totals")
    assert total["events_count"] == 3
    assert {name: total[name] for name in figures} == figures


def test_total_of_a_day_has_an_upper_bound(metered: Billing) -> None:
    """A day that is full takes no more, and what is refused leaves no trace."""
    update = {"sum_units": 10**18 - 10**12}
    ingest(metered, event_of("0", NOON_AT, "0"))
    (total,) = rows_of(metered, "usage_totals")
    with metered.database.writing() as tx:
        tx.upsert(table("usage_totals"), [{**total, **update}])
    result = ingest(
        metered, event_of("1", NOON_AT, str(10**12)), event_of("2", NOON_AT, "0.000000001")
    )
    assert result.outcomes == [ACCEPTED, REJECTED]
    assert result.refusals[0].reason is RefusalReason.TOTAL_TOO_LARGE


def test_first_usage_fixes_the_zone(metered: Billing) -> None:
    """Days are reckoned in it from then on; it is told once."""
    ingest(metered, event_of("1", NOON_AT))
    ingest(metered, event_of("2", NOON_AT))
    (account,) = rows_of(metered, "accounts")
    assert account["zone_fixed"]
    kinds = [row["type"] for row in rows_of(metered, "events")]
    assert sum(kind.endswith("AccountZoneFixed") for kind in kinds) == 1


def test_event_that_no_filter_lets_through_fixes_the_zone(billing: Billing) -> None:
    """Amended, it may come to count, and then on a day that must not move any more."""
    billing.account()
    european = PropertyFilter("region", frozenset({"eu"}))
    measure(billing, meter_of(filters=(european,)))
    ingest(billing, event_of("1", NOON_AT, region="us"))
    (account,) = rows_of(billing, "accounts")
    assert account["zone_fixed"]


def test_meter_counts_from_its_creation_on(billing: Billing) -> None:
    """What was stored before is not counted, not even where the day is summed up anew."""
    billing.account()
    measure(billing, meter_of("old", Aggregation.WEIGHTED_SUM))
    ingest(billing, event_of("1", at("2026-03-01 14:00")))
    measure(billing, meter_of("new", Aggregation.WEIGHTED_SUM))
    ingest(billing, event_of("2", at("2026-03-01 13:00")))
    ingest(billing, event_of("3", NOON_AT))
    assert counts_of(billing, "old") == {("2026-03-01", "[]"): 3}
    assert counts_of(billing, "new") == {("2026-03-01", "[]"): 2}
