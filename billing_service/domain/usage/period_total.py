"""What the totals of the days of a period come to: the quantity that is priced and shown.

Shapes:  a period is `[start_at, end_at)` and holds the days whole; its days are those on which
         something was counted, in any order, told apart by dimensions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple, assert_never

from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.quantity import NANOS

_NO_LEVELS: Final[Mapping[str, int]] = MappingProxyType({})


class DimensionedDay(NamedTuple):
    """The total of a day for one set of dimensions."""

    day: date
    dimensions: str
    total: DayTotal


def quantity_of(
    meter: Meter,
    days: Sequence[DimensionedDay],
    *,
    start_at: int,
    end_at: int,
    cut_at: int | None = None,
    levels: Mapping[str, int] = _NO_LEVELS,
    uniques: int = 0,
) -> Decimal:
    """How much of a meter was used in a period, in its unit, rounded once.

    `levels`: with WEIGHTED_SUM, the value in billionths that each set of dimensions came into the
    period with; also of those that have no day in it.
    `uniques`: with UNIQUE_COUNT, how many different values all the days have together.
    `cut_at`: until when levels hold, where the period is not over. Events are not cut.
    """
    match meter.aggregation:
        case Aggregation.COUNT:
            return meter.converted(events_of(days) * NANOS)
        case Aggregation.UNIQUE_COUNT:
            return meter.converted(uniques * NANOS)
        case Aggregation.SUM:
            return meter.converted(sum(each.total.sum_nanos for each in days))
        case Aggregation.MAX:
            return meter.converted(max((each.total.max_nanos for each in days), default=0))
        case Aggregation.LATEST:
            return meter.converted(_latest_of(days))
        case Aggregation.WEIGHTED_SUM:
            until_at = end_at if cut_at is None else min(cut_at, end_at)
            return meter.converted_integral(_integral_of(days, levels, start_at, until_at))
    assert_never(meter.aggregation)


def events_of(days: Iterable[DimensionedDay]) -> int:
    """How many events were counted."""
    return sum(each.total.events_count for each in days)


def _latest_of(days: Iterable[DimensionedDay]) -> int:
    totals = (each.total for each in days)
    latest = max(totals, key=lambda total: (total.latest_at, total.latest_key), default=None)
    return latest.latest_nanos if latest else 0


def _integral_of(
    days: Iterable[DimensionedDay], levels: Mapping[str, int], start_at: int, until_at: int
) -> int:
    """The integral of all levels over the period, in billionths times microseconds.

    A level whose event lies after `until_at`, ahead of the clock, weighs nothing yet.
    """
    integral = 0
    now = dict.fromkeys(levels, start_at)
    held = dict(levels)
    for _, dimensions, total in sorted(days, key=lambda each: each.total.first_at):
        before_at = now.get(dimensions, start_at)
        integral += held.get(dimensions, 0) * (total.first_at - before_at) + total.integral
        now[dimensions], held[dimensions] = total.latest_at, total.latest_nanos
    return integral + sum(
        level * max(0, until_at - now[dimensions]) for dimensions, level in held.items()
    )
