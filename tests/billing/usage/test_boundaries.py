"""Every aggregation at the boundaries of periods, where clocks differ and where they change."""

from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

import pytest

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Aggregation
from tests.billing.usage.folding import folded_quantity
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
    civil("America/Havana", "2026-11-01", "25"),
    # A month of which a day was left out.
    span("Pacific/Apia", "2011-12-01", "2012-01-01", "720"),
]
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


@EACH_SPAN
@EACH_AGGREGATION
def test_period_holds_its_first_and_last_instant_and_none_beside(
    aggregation: Aggregation, period: Span
) -> None:
    """Of four events beside the boundaries the two inside are counted, come in any order."""
    events = beside_the_boundaries(period)
    last_us = Fraction(1, HOUR_US)
    weighed = 5 * (period.hours - last_us) + 2 * last_us
    expected = IN_PERIOD.get(aggregation, weighed)
    for order in (events, events[::-1], events[2:] + events[:2]):
        quantity = folded_quantity(aggregation, order, period.days, zone=period.zone)
        assert Fraction(quantity) == half_up(expected)


@EACH_SPAN
@EACH_AGGREGATION
def test_day_after_a_period_begins_where_it_ends(aggregation: Aggregation, period: Span) -> None:
    """The event right after the period is the next day's, and nobody else's."""
    after = (period.end, period.end + timedelta(1))
    start_at, end_at = (first_instant(each, period.zone) for each in after)
    hours = Fraction(end_at - start_at, HOUR_US)
    expected = {
        Aggregation.COUNT: Fraction(1),
        Aggregation.UNIQUE_COUNT: Fraction(1),
        Aggregation.WEIGHTED_SUM: 11 * hours,
    }.get(aggregation, Fraction(11))
    events = beside_the_boundaries(period)
    quantity = folded_quantity(aggregation, events, after, zone=period.zone)
    assert Fraction(quantity) == expected


@EACH_SPAN
def test_level_from_long_before_holds_for_the_whole_period(period: Span) -> None:
    """3 stated 200 days before the period weigh 3 for every hour that it has."""
    before_at = first_instant(period.first - timedelta(200), period.zone)
    events = [Stated(before_at, b"a", "3")]
    quantity = folded_quantity(Aggregation.WEIGHTED_SUM, events, period.days, zone=period.zone)
    assert Fraction(quantity) == 3 * period.hours


@pytest.mark.parametrize("value", ["0", "0.000000001", "1000000000000", "999999999999.999999999"])
@EACH_AGGREGATION
def test_smallest_and_largest_values_are_exact(aggregation: Aggregation, value: str) -> None:
    """One event at the first instant of a day of 23.5 hours, where clocks go forward by half."""
    zone, day = "Australia/Lord_Howe", date(2026, 10, 4)
    events = [Stated(first_instant(day, zone), b"a", value)]
    quantity = folded_quantity(aggregation, events, (day, day + timedelta(1)), zone=zone)
    expected = {
        Aggregation.COUNT: Fraction(1),
        Aggregation.UNIQUE_COUNT: Fraction(1),
        Aggregation.WEIGHTED_SUM: Fraction(value) * Fraction(47, 2),
    }.get(aggregation, Fraction(value))
    assert Fraction(quantity) == half_up(expected)


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
