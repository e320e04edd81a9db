"""Events counted one by one as they come, as a store does it, and what a period comes to."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.usage.day_total import DayTotal, Point, counting_of, total_of
from billing_service.domain.usage.period_total import DimensionedDay, quantity_of
from billing_service.domain.usage.quantity import nanos_of
from tests.billing.usage.naive import Stated

Totals = Mapping[tuple[date, str], DayTotal]


def meter_of(aggregation: Aggregation) -> Meter:
    """A meter that sums up so, of the property `size`."""
    value = "" if aggregation is Aggregation.COUNT else "size"
    return Meter("m", "M", "used", aggregation, value_property=value)


def point_of(event: Stated) -> Point:
    """An event as totals see it: texts that are counted apart have no value."""
    return Point(event.time_at, event.event_key, nanos_of(event.value) or 0)


def folded(aggregation: Aggregation, arrived: Iterable[Stated], zone: str) -> Totals:
    """The totals of days after events came in some order."""
    count = counting_of(aggregation)
    totals: dict[tuple[date, str], DayTotal] = {}
    taken: dict[tuple[date, str], list[Point]] = {}
    for event in arrived:
        place = (civil_day(event.time_at, zone), event.dimensions)
        point = point_of(event)
        taken.setdefault(place, []).append(point)
        total = count(totals.get(place), point.nanos, point.time_at, point.event_key)
        totals[place] = total or _anew(aggregation, taken[place])
    return totals


def _anew(aggregation: Aggregation, points: list[Point]) -> DayTotal:
    total = total_of(aggregation, points)
    assert total is not None
    return total


def folded_quantity(
    aggregation: Aggregation,
    arrived: list[Stated],
    days: tuple[date, date],
    *,
    zone: str,
    cut_at: int | None = None,
) -> Decimal:
    """What events come to, in whatever order they came, in the days from one up to another."""
    totals = folded(aggregation, arrived, zone)
    first, end = days
    start_at, end_at = first_instant(first, zone), first_instant(end, zone)
    before = sorted(place for place in totals if place[0] < first)
    return quantity_of(
        meter_of(aggregation),
        [
            DimensionedDay(*place, total)
            for place, total in totals.items()
            if first <= place[0] < end
        ],
        start_at=start_at,
        end_at=end_at,
        cut_at=cut_at,
        levels={place[1]: totals[place].latest_nanos for place in before},
        uniques=len({each.value for each in arrived if start_at <= each.time_at < end_at}),
    )


def months_days(month: date) -> tuple[date, date]:
    """The days of a calendar month, from its first up to the next month's first."""
    return month, (month + timedelta(31)).replace(day=1)
