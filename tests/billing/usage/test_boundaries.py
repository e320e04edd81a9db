"""Every aggregation at the boundaries of periods, where clocks differ and where they change."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

import pytest

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Aggregation
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage.usage_reading import usages
from billing_service.use_cases.ingest import INGEST
from tests.billing.builders import Billing, at
from tests.billing.usage.folding import folded_quantity
from tests.billing.usage.ingesting import batch_of, event_of, measure, meter_of
from tests.billing.usage.naive import HOUR_US, Stated, half_up


class Span(NamedTuple):
    """A period, and how many hours its clocks go round for."""

    zone: str
    first: date
    end: date
    hours: Fraction

    @property
    def days(self) -> tuple[date, date]:
        """Its days."""
        return self.first, self.end


def span(zone: str, first: str, end: str, hours: str) -> Span:
    """A period from a day up to another."""
    return Span(zone, date.fromisoformat(first), date.fromisoformat(end), Fraction(hours))


def civil(zone: str, day: str, hours: str) -> Span:
    """One civil day."""
    first = date.fromisoformat(day)
    return Span(zone, first, first + timedelta(1), Fraction(hours))


SPANS = [
    # Months, one of a leap year.
    span("UTC", "2026-01-01", "2026-02-01", "744"),
    span("UTC", "2028-02-01", "2028-03-01", "696"),
    span("America/Sao_Paulo", "2026-04-01", "2026-05-01", "720"),
    span("Asia/Kolkata", "2026-02-01", "2026-03-01", "672"),
    span("Pacific/Kiritimati", "2026-12-01", "2027-01-01", "744"),
    span("Pacific/Pago_Pago", "2026-12-01", "2027-01-01", "744"),
    span("Asia/Kathmandu", "2026-06-01", "2026-07-01", "720"),
    # Periods that do not begin with a month.
    span("America/Sao_Paulo", "2028-01-29", "2028-02-29", "744"),
    span("Asia/Kolkata", "2027-12-31", "2028-02-29", "1440"),
    # 29 February by itself.
    civil("Pacific/Kiritimati", "2028-02-29", "24"),
    civil("America/Sao_Paulo", "2028-02-29", "24"),
    # Clocks set forward and back, in a day and in the month around it.
    civil("Europe/Oslo", "2026-03-29", "23"),
    civil("Europe/Oslo", "2026-10-25", "25"),
    span("Europe/Oslo", "2026-03-01", "2026-04-01", "743"),
    span("Europe/Oslo", "2026-10-01", "2026-11-01", "745"),
    civil("America/St_Johns", "2026-03-08", "23"),
    civil("America/St_Johns", "2026-11-01", "25"),
    # By half an hour.
    civil("Australia/Lord_Howe", "2026-10-04", "47/2"),
    civil("Australia/Lord_Howe", "2026-04-05", "49/2"),
    span("Australia/Lord_Howe", "2026-04-01", "2026-05-01", "1441/2"),
    # At midnight: a day that begins at one o'clock, and one whose last hour comes twice.
    civil("America/Santiago", "2026-09-06", "23"),
    civil("America/Santiago", "2026-04-04", "25"),
    civil("Africa/Cairo", "2026-04-24", "23"),
    civil("Africa/Cairo", "2026-10-29", "25"),
    civil("America/Sao_Paulo", "2018-11-04", "23"),
    civil("America/Sao_Paulo", "2018-02-17", "25"),
    # Midnight comes twice: the day begins the first time.
    civil("America/Havana", "2025-11-02", "25"),
    # A year later clocks stay, says the pinned tzdata; older ones do not know that.
    civil("America/Havana", "2026-11-01", "24"),
    # A month of which a day was left out.
    span("Pacific/Apia", "2011-12-01", "2012-01-01", "720"),
]
SHORT = civil("Australia/Lord_Howe", "2026-10-04", "47/2")
VALUES = ["0", "0.000000001", "1000000000000", "999999999999.999999999"]
IN_PERIOD = {
    Aggregation.COUNT: Fraction(2),
    Aggregation.SUM: Fraction(7),
    Aggregation.MAX: Fraction(5),
    Aggregation.LATEST: Fraction(2),
    Aggregation.UNIQUE_COUNT: Fraction(2),
}
EACH_SPAN = pytest.mark.parametrize(
    "period", SPANS, ids=lambda each: f"{each.zone} {each.first} {each.hours} h"
)
EACH_AGGREGATION = pytest.mark.parametrize("aggregation", list(Aggregation))


def beside_the_boundaries(period: Span) -> list[Stated]:
    """7 right before the period, 5 at its first instant, 2 at its last, 11 right after."""
    start_at = first_instant(period.first, period.zone)
    end_at = first_instant(period.end, period.zone)
    return [
        Stated(start_at - 1, b"a", "7"),
        Stated(start_at, b"b", "5"),
        Stated(end_at - 1, b"c", "2"),
        Stated(end_at, b"d", "11"),
    ]


def between_the_boundaries(aggregation: Aggregation, period: Span) -> Fraction:
    """What the two of them inside come to: 5 for all the hours but a microsecond of 2."""
    last_us = Fraction(1, HOUR_US)
    weighed = 5 * (period.hours - last_us) + 2 * last_us
    return half_up(IN_PERIOD.get(aggregation, weighed))


@EACH_SPAN
@EACH_AGGREGATION
def test_period_holds_its_first_and_last_instant_and_none_beside(
    aggregation: Aggregation, period: Span
) -> None:
    """Of four events beside the boundaries the two inside are counted, come in any order."""
    events = beside_the_boundaries(period)
    expected = between_the_boundaries(aggregation, period)
    for order in (events, events[::-1], events[2:] + events[:2]):
        quantity = folded_quantity(aggregation, order, period.days, zone=period.zone)
        assert Fraction(quantity) == expected


@EACH_SPAN
@EACH_AGGREGATION
def test_day_after_a_period_begins_where_it_ends(aggregation: Aggregation, period: Span) -> None:
    """The event right after the period is the next day's, and nobody else's."""
    after = (period.end, period.end + timedelta(1))
    start_at, end_at = (first_instant(each, period.zone) for each in after)
    hours = Fraction(end_at - start_at, HOUR_US)
    events = beside_the_boundaries(period)
    quantity = folded_quantity(aggregation, events, after, zone=period.zone)
    assert Fraction(quantity) == of_one(aggregation, "11", hours)


@EACH_SPAN
def test_level_from_long_before_holds_for_the_whole_period(period: Span) -> None:
    """3 stated 200 days before the period weigh 3 for every hour that it has."""
    before_at = first_instant(period.first - timedelta(200), period.zone)
    events = [Stated(before_at, b"a", "3")]
    quantity = folded_quantity(Aggregation.WEIGHTED_SUM, events, period.days, zone=period.zone)
    assert Fraction(quantity) == 3 * period.hours


def of_one(aggregation: Aggregation, value: str, hours: Fraction) -> Fraction:
    """What one event comes to that is the only one, and holds for so long."""
    if aggregation in {Aggregation.COUNT, Aggregation.UNIQUE_COUNT}:
        return Fraction(1)
    is_weighed = aggregation is Aggregation.WEIGHTED_SUM
    return half_up(Fraction(value) * (hours if is_weighed else 1))


@pytest.mark.parametrize("value", VALUES)
@EACH_AGGREGATION
def test_smallest_and_largest_values_are_exact(aggregation: Aggregation, value: str) -> None:
    """One event at the first instant of a day of 23.5 hours, where clocks go forward by half."""
    events = [Stated(first_instant(SHORT.first, SHORT.zone), b"a", value)]
    quantity = folded_quantity(aggregation, events, SHORT.days, zone=SHORT.zone)
    assert Fraction(quantity) == of_one(aggregation, value, SHORT.hours)


@pytest.mark.parametrize("period", [each for each in SPANS if each.end - each.first > timedelta(1)])
@EACH_AGGREGATION
def test_quantity_of_a_month_is_what_its_days_come_to(
    aggregation: Aggregation, period: Span
) -> None:
    """What adds up over days gives the month; the rest is that of the day that decides."""
    start_at = first_instant(period.first, period.zone)
    events = [Stated(start_at + HOUR_US * 17 * n, bytes([n]), str(n)) for n in range(40)]
    days = [
        (period.first + timedelta(n), period.first + timedelta(n + 1))
        for n in range((period.end - period.first).days)
    ]
    of_days = [
        Fraction(folded_quantity(aggregation, events, each, zone=period.zone)) for each in days
    ]
    whole = Fraction(folded_quantity(aggregation, events, period.days, zone=period.zone))
    used = [each for each in of_days if each]
    expected = {Aggregation.MAX: max(used), Aggregation.LATEST: used[-1]}.get(
        aggregation, sum(of_days)
    )
    assert whole == expected


class Stored:
    """A store with a meter for each aggregation, and an account for each period."""

    def __init__(self, billing: Billing) -> None:
        self.billing = billing
        measure(billing, *(meter_of(each.value, each) for each in Aggregation))
        billing.clock.advance_to(at("2028-06-01"))
        self.asked: list[tuple[UsageWanted, str]] = []

    def take_in(self, period: Span, events: list[Stated]) -> None:
        """Events of one more account, in the order given, and what is asked about it."""
        account = f"a{len(self.asked)}"
        self.billing.account(account, zone=period.zone)
        taken = [
            event_of(each.event_key.decode(), each.time_at, each.value, account=account)
            for each in events
        ]
        batch = replace(batch_of(self.billing, taken), age_max_us=20 * 366 * 24 * HOUR_US)
        assert self.billing.do(INGEST, batch).accepted_count == len(events)
        for each in Aggregation:
            wanted = UsageWanted(account, each.value, period.first, period.end)
            self.asked.append((wanted, period.zone))

    def quantities(self) -> list[Fraction]:
        """What was asked, of all accounts at once."""
        zones = {wanted.account: zone for wanted, zone in self.asked}
        wanted = [each for each, _ in self.asked]
        found = self.billing.database.read(lambda tx: usages(tx, wanted, zones=zones))
        return [Fraction(each.quantity) for each in found]


def test_stores_hold_boundaries_as_exactly(billing: Billing) -> None:
    """The same four events in the same periods, taken in and read back, on each store."""
    stored = Stored(billing)
    for period in SPANS:
        events = beside_the_boundaries(period)
        stored.take_in(period, events[2:] + events[:2])
    expected = [between_the_boundaries(each, period) for period in SPANS for each in Aggregation]
    assert stored.quantities() == expected


def test_stores_hold_the_smallest_and_largest_values_as_exactly(billing: Billing) -> None:
    """From 0 over a billionth to 10^12, on each store."""
    stored = Stored(billing)
    for value in VALUES:
        stored.take_in(SHORT, [Stated(first_instant(SHORT.first, SHORT.zone), b"a", value)])
    expected = [of_one(each, value, SHORT.hours) for value in VALUES for each in Aggregation]
    assert stored.quantities() == expected
