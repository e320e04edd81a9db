"""What was used over time: hours of a zone's clock, days and months, told apart by dimensions."""

from contextlib import nullcontext
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from billing_service.domain.calendar import instant_text
from billing_service.domain.catalog_errors import MeterNotFound
from billing_service.domain.meter import Aggregation
from billing_service.domain.price import DimensionFilter
from billing_service.domain.usage.buckets import (
    BUCKETS_MAX,
    Buckets,
    Granularity,
    Measured,
    Stretch,
    stretches_of,
)
from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.period_total import DimensionedDay
from billing_service.domain.usage.reading_errors import (
    InvalidDimension,
    InvalidTimeRange,
    TooManyBuckets,
)
from billing_service.use_cases.query_usage import QueryUsage, UsageOverTime, query_usage
from tests.billing.builders import Billing, day
from tests.billing.usage.ingesting import event_of, ingest, measure, meter_of
from tests.billing.usage.summarising import instant

HOUR, DAY, MONTH = Granularity.HOUR, Granularity.DAY, Granularity.MONTH
NOW = "2026-06-15 12:00"


class Asked:
    """An account with usage of one meter, about which something is asked."""

    def __init__(self, billing: Billing, zone: str = "UTC", **meter: Any) -> None:
        self.billing = billing
        self.zone = zone
        measure(billing, meter_of("calls", **meter))
        billing.account(zone=zone)
        billing.clock.advance_to(instant(NOW, zone))
        self._sent = 0

    def use(self, on: str, value: str = "1", **data: str) -> None:
        """Something was used when the account's clocks showed `on`, or at an instant with a Z."""
        self._sent += 1
        time_at = instant(on.removesuffix("Z"), "UTC" if on.endswith("Z") else self.zone)
        ingest(self.billing, event_of(f"e{self._sent}", time_at, value, **data))

    def told(self, granularity: Granularity, days: str = "", **more: Any) -> UsageOverTime:
        """What is told of the days `2026-03-01 2026-04-01`."""
        start_on, end_on = map(day, days.split()) if days else (None, None)
        query = QueryUsage(
            "acme", more.pop("meter", "calls"), granularity, start_on, end_on, **more
        )
        return self.billing.database.read(
            lambda tx: query_usage(tx, query, zone=self.zone, now=self.billing.clock.now())
        )


def shown(found: UsageOverTime) -> list[tuple[str, ...]]:
    """When each bucket begins, the values of its dimensions, and its quantity."""
    return [
        (instant_text(each.start_at)[:16], *each.values, f"{each.quantity:f}")
        for each in found.buckets
    ]


def test_days_of_a_month(billing: Billing) -> None:
    """Each day on which something was used is a bucket; the total is that of all."""
    asked = Asked(billing)
    for on, value in [("2026-03-01 00:00", "1"), ("2026-03-31 23:59", "4"), ("2026-04-01", "8")]:
        asked.use(on, value)
    asked.use("2026-03-01 23:59", "2")
    found = asked.told(DAY, "2026-03-01 2026-04-01")
    assert (shown(found), f"{found.total:f}") == (
        [("2026-03-01T00:00", "3"), ("2026-03-31T00:00", "4")],
        "7",
    )


def test_months_are_cut_by_the_days_asked_for(billing: Billing) -> None:
    """The first and the last month hold only what lies in the days."""
    asked = Asked(billing)
    for on in ("2026-03-09", "2026-03-10", "2026-03-31", "2026-04-02", "2026-04-03"):
        asked.use(on)
    found = asked.told(MONTH, "2026-03-10 2026-04-03")
    assert shown(found) == [("2026-03-10T00:00", "2"), ("2026-04-01T00:00", "1")]


def test_the_present_month_unless_told(sqlite_billing: Billing) -> None:
    """Without days, it is the present month of the account's zone."""
    asked = Asked(sqlite_billing, "Pacific/Auckland")
    asked.use("2026-05-31 23:59", "1")
    asked.use("2026-06-01 00:00", "2")
    assert f"{asked.told(DAY).total:f}" == "2"


@pytest.mark.parametrize(
    ("zone", "on", "hours"),
    [
        ("Europe/Oslo", "2026-03-29", 23),
        ("Europe/Oslo", "2025-10-26", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2025-10-05", 23.5),
        ("Asia/Kolkata", "2026-03-29", 24),
    ],
)
def test_hours_tile_a_day(zone: str, on: str, hours: float) -> None:
    """The hours of a day follow each other without gap, and are as long as the day."""
    found = stretches_of(HOUR, day(on), day(on) + timedelta(days=1), zone)
    lengths = sum(each.end_at - each.start_at for each in found)
    tiled = all(a.end_at == b.start_at for a, b in pairwise(found))
    assert (lengths / 3_600_000_000, tiled) == (hours, True)


def test_both_hours_of_a_clock_set_back(billing: Billing) -> None:
    """02:30 before and after the clock is set back are in two buckets of the same name."""
    asked = Asked(billing, "Europe/Oslo")
    asked.use("2025-10-26 00:30Z", "1")
    asked.use("2025-10-26 01:30Z", "2")
    found = asked.told(HOUR, "2025-10-26 2025-10-27")
    assert shown(found) == [("2025-10-26T00:00", "1"), ("2025-10-26T01:00", "2")]


def test_the_hour_of_a_clock_set_forward(sqlite_billing: Billing) -> None:
    """Between 01 and 03 there is no hour: what follows 01:59 is 03:00."""
    asked = Asked(sqlite_billing, "Europe/Oslo")
    asked.use("2026-03-29 00:59Z", "1")
    asked.use("2026-03-29 01:00Z", "2")
    found = asked.told(HOUR, "2026-03-29 2026-03-30")
    assert shown(found) == [("2026-03-29T00:00", "1"), ("2026-03-29T01:00", "2")]


def test_hours_of_a_half_hour_zone(sqlite_billing: Billing) -> None:
    """Hours begin where the zone's clock shows a full one: at half past, by UTC."""
    asked = Asked(sqlite_billing, "Asia/Kolkata")
    asked.use("2026-03-01 00:00", "1")
    asked.use("2026-03-01 00:59", "2")
    asked.use("2026-03-01 01:00", "4")
    found = asked.told(HOUR, "2026-03-01 2026-03-02")
    assert shown(found) == [("2026-02-28T18:30", "3"), ("2026-02-28T19:30", "4")]


def test_by_dimension_and_only_a_part(billing: Billing) -> None:
    """Buckets are told apart by the dimensions asked for, after the filters."""
    asked = Asked(billing, dimensions=("region", "tier"))
    asked.use("2026-03-01", "1", region="eu", tier="a")
    asked.use("2026-03-01", "2", region="eu", tier="b")
    asked.use("2026-03-01", "4", region="us", tier="a")
    asked.use("2026-03-01", "8", region="br", tier="a")
    part = (DimensionFilter("region", frozenset({"eu", "us"})),)
    found = asked.told(DAY, "2026-03-01 2026-03-02", group_by=("region",), filters=part)
    assert (shown(found), f"{found.total:f}") == (
        [("2026-03-01T00:00", "eu", "3"), ("2026-03-01T00:00", "us", "4")],
        "7",
    )


@pytest.mark.parametrize(
    ("granularity", "quantities"), [(HOUR, ["2", "1", "1"]), (DAY, ["2", "1"]), (MONTH, ["2"])]
)
def test_different_values(billing: Billing, granularity: Granularity, quantities: object) -> None:
    """Each bucket counts its own different values; the total counts those of all."""
    asked = Asked(billing, aggregation=Aggregation.UNIQUE_COUNT)
    for on, value in [("01 10:00", "ann"), ("01 10:30", "bob"), ("01 11:00", "ann")]:
        asked.use(f"2026-03-{on}", value)
    asked.use("2026-03-02", "bob")
    found = asked.told(granularity, "2026-03-01 2026-04-01")
    assert ([each[-1] for each in shown(found)], f"{found.total:f}") == (quantities, "2")


@pytest.mark.parametrize("granularity", [HOUR, DAY])
def test_levels_hold_from_bucket_to_bucket(billing: Billing, granularity: Granularity) -> None:
    """A level is in every bucket until the next one, also from before the first."""
    asked = Asked(billing, aggregation=Aggregation.WEIGHTED_SUM)
    asked.use("2026-02-27 12:00", "2")
    asked.use("2026-03-02 06:00", "1")
    found = asked.told(granularity, "2026-03-01 2026-03-04")
    by_day = {"2026-03-01": 48, "2026-03-02": 30, "2026-03-03": 24}
    told = {name: sum(int(q) for at, q in shown(found) if at[:10] == name) for name in by_day}
    assert (told, f"{found.total:f}") == (by_day, "102")


def test_levels_end_now(sqlite_billing: Billing) -> None:
    """What is still to come of today weighs nothing yet."""
    asked = Asked(sqlite_billing, aggregation=Aggregation.WEIGHTED_SUM)
    asked.use("2026-06-15 10:00", "3")
    found = asked.told(DAY, "2026-06-15 2026-06-20")
    assert shown(found) == [("2026-06-15T00:00", "6")]


@pytest.mark.parametrize("aggregation", [Aggregation.MAX, Aggregation.LATEST])
def test_the_total_is_no_sum_of_peaks(billing: Billing, aggregation: Aggregation) -> None:
    """Of 7 and then 5, the peak is 7 and the latest is 5."""
    asked = Asked(billing, aggregation=aggregation)
    asked.use("2026-03-01", "7")
    asked.use("2026-03-02", "5")
    total = asked.told(DAY, "2026-03-01 2026-04-01").total
    assert total == (7 if aggregation is Aggregation.MAX else 5)


@pytest.mark.parametrize(
    ("granularity", "days"),
    [
        (DAY, "2026-03-02 2026-03-02"),
        (DAY, "2026-03-02 2026-03-01"),
        (HOUR, "2026-03-01 2026-04-02"),
    ],
)
def test_days_that_are_none_or_too_many(
    sqlite_billing: Billing, granularity: Granularity, days: str
) -> None:
    """Days that end where they begin are refused, and hours of more than 31 days."""
    asked = Asked(sqlite_billing)
    with pytest.raises(InvalidTimeRange):
        asked.told(granularity, days)


@pytest.mark.parametrize(
    "asked_for",
    [{"group_by": ("colour",)}, {"filters": (DimensionFilter("colour", frozenset({"red"})),)}],
)
def test_a_dimension_that_the_meter_lacks(sqlite_billing: Billing, asked_for: Any) -> None:
    """A dimension that is not the meter's is refused, wherever it is named."""
    asked = Asked(sqlite_billing, dimensions=("region",))
    with pytest.raises(InvalidDimension, match="which has: region"):
        asked.told(DAY, **asked_for)


def test_a_meter_that_there_is_not(sqlite_billing: Billing) -> None:
    """A meter that nobody created is refused."""
    asked = Asked(sqlite_billing)
    with pytest.raises(MeterNotFound):
        asked.told(DAY, meter="other")


@pytest.mark.parametrize(("count", "is_refused"), [(BUCKETS_MAX, False), (BUCKETS_MAX + 1, True)])
def test_too_many_buckets(*, count: int, is_refused: bool) -> None:
    """An answer of more than 10,000 buckets is refused as a whole."""
    stretches = [Stretch(place, place + 1) for place in range(count)]
    used = [
        Measured(place, DimensionedDay(day("2026-03-01"), "[]", DayTotal(1, 1)))
        for place in range(count)
    ]
    buckets = Buckets(meter_of(), stretches, group_by=(), levels={}, cut_at=0)
    with pytest.raises(TooManyBuckets) if is_refused else nullcontext():
        assert len(buckets.of(used)) == BUCKETS_MAX


@pytest.mark.parametrize(
    ("days", "is_refused"), [("2000-01-01 2027-05-19", False), ("2000-01-01 2027-05-20", True)]
)
def test_more_days_than_there_may_be_buckets(
    sqlite_billing: Billing, days: str, *, is_refused: bool
) -> None:
    """More than 10,000 days are refused before any of them is looked at."""
    asked = Asked(sqlite_billing)
    with pytest.raises(TooManyBuckets) if is_refused else nullcontext():
        assert asked.told(DAY, days).buckets == ()


def test_a_day_that_a_zone_skipped(sqlite_billing: Billing) -> None:
    """The 30th of December 2011 was no day in Apia: it has no buckets, and nothing was used."""
    asked = Asked(sqlite_billing, "Pacific/Apia")
    found = asked.told(HOUR, "2011-12-30 2011-12-31")
    assert (found.buckets, f"{found.total:f}") == ((), "0")
