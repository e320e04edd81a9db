"""What the events of one meter, day and set of dimensions add up to.

Shapes:  which figures a total keeps depends on how its meter sums up; the others stay 0, so that
         counting an event, which is done for each of them, does no more than it must.
Units:   values in billionths, instants in microseconds, the integral in billionths times
         microseconds.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple, assert_never

from billing_service.domain.meter import Aggregation
from billing_service.domain.usage.quantity import NANOS

TOTAL_NANOS_MAX: Final = 10**18 * NANOS


class Point(NamedTuple):
    """An event as totals see it. Points sort by time, and at one time by what they are known by."""

    time_at: int
    event_key: bytes
    nanos: int


class DayTotal(NamedTuple):
    """What some events add up to.

    COUNT and UNIQUE_COUNT keep `events_count`; the others keep that and SUM `sum_nanos`, MAX
    `max_nanos`, LATEST the latest, WEIGHTED_SUM the latest, `first_at` and the `integral` of the
    level from the first event to the latest. How far the latest level reaches is for the period.
    """

    events_count: int
    sum_nanos: int = 0
    max_nanos: int = 0
    latest_nanos: int = 0
    latest_at: int = 0
    latest_key: bytes = b""
    first_at: int = 0
    integral: int = 0

    @property
    def is_too_large(self) -> bool:
        """Whether it is more than a day's total may be."""
        return self.sum_nanos > TOTAL_NANOS_MAX


NOTHING: Final = DayTotal(0)
"""What no events add up to, where there were some: it is not kept."""

# Gives the total with one more event: its value, its time, its key. None: the event came before
# one that is counted already, and the total must be summed up anew from the events.
Count = Callable[[DayTotal | None, int, int, bytes], DayTotal | None]

# A third of the time that DayTotal(...) takes.
_made: Final[Callable[[tuple[int, int, int, int, int, bytes, int, int]], DayTotal]] = partial(
    tuple.__new__, DayTotal
)


def _count(total: DayTotal | None, nanos: int, at: int, key: bytes) -> DayTotal:
    return _made((total[0] + 1 if total else 1, 0, 0, 0, 0, b"", 0, 0))


def _sum(total: DayTotal | None, nanos: int, at: int, key: bytes) -> DayTotal:
    if total is None:
        return _made((1, nanos, 0, 0, 0, b"", 0, 0))
    return _made((total[0] + 1, total[1] + nanos, 0, 0, 0, b"", 0, 0))


def _max(total: DayTotal | None, nanos: int, at: int, key: bytes) -> DayTotal:
    if total is None:
        return _made((1, 0, nanos, 0, 0, b"", 0, 0))
    return _made((total[0] + 1, 0, nanos if nanos > total[2] else total[2], 0, 0, b"", 0, 0))


def _latest(total: DayTotal | None, nanos: int, at: int, key: bytes) -> DayTotal:
    if total is None:
        return _made((1, 0, 0, nanos, at, key, 0, 0))
    events_count, _, _, latest_nanos, latest_at, latest_key, _, _ = total
    if at > latest_at or (at == latest_at and key > latest_key):
        return _made((events_count + 1, 0, 0, nanos, at, key, 0, 0))
    return _made((events_count + 1, 0, 0, latest_nanos, latest_at, latest_key, 0, 0))


def _weigh(total: DayTotal | None, nanos: int, at: int, key: bytes) -> DayTotal | None:
    if total is None:
        return _made((1, 0, 0, nanos, at, key, at, 0))
    events_count, _, _, level, latest_at, latest_key, first_at, integral = total
    if at < latest_at or (at == latest_at and key < latest_key):
        return None
    held = integral + level * (at - latest_at)
    return _made((events_count + 1, 0, 0, nanos, at, key, first_at, held))


_COUNTS: Final[dict[Aggregation, Count]] = {
    Aggregation.COUNT: _count,
    Aggregation.SUM: _sum,
    Aggregation.MAX: _max,
    Aggregation.LATEST: _latest,
    Aggregation.UNIQUE_COUNT: _count,
    Aggregation.WEIGHTED_SUM: _weigh,
}


def counting_of(aggregation: Aggregation) -> Count:
    """How one more event is counted by a meter that sums up so."""
    return _COUNTS[aggregation]


def total_of(aggregation: Aggregation, points: Iterable[Point]) -> DayTotal | None:
    """What events add up to, in whatever order they are given; None if there are none."""
    ordered = sorted(points)
    if not ordered:
        return None
    count = _COUNTS[aggregation]
    total: DayTotal | None = None
    for time_at, event_key, nanos in ordered:
        total = count(total, nanos, time_at, event_key)
    return total


def without(total: DayTotal, aggregation: Aggregation, point: Point) -> DayTotal | None:
    """The total without one of its events; `NOTHING` after the last one.

    None: what is left cannot be told from the total, and must be summed up anew from the events.
    """
    if total.events_count == 1:
        return NOTHING
    left = total._replace(events_count=total.events_count - 1)
    match aggregation:
        case Aggregation.COUNT | Aggregation.UNIQUE_COUNT:
            return left
        case Aggregation.SUM:
            return left._replace(sum_nanos=total.sum_nanos - point.nanos)
        case Aggregation.MAX:
            return None if point.nanos == total.max_nanos else left
        case Aggregation.LATEST:
            is_latest = (point.time_at, point.event_key) == (total.latest_at, total.latest_key)
            return None if is_latest else left
        case Aggregation.WEIGHTED_SUM:
            return None
        case _:
            assert_never(aggregation)
