"""How a meter was used over time: hours, days or months of a zone, told apart by dimensions.

Shapes:  stretches tile the days that are asked for. An hour is one of the zone's clock: it begins
         where the clock shows a full hour, and where it is set forward or back.
Source:  docs/decisions/0019-usage-summaries.md
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from billing_service.domain.calendar import find_zone, first_instant, next_month
from billing_service.domain.meter import Meter
from billing_service.domain.usage.part import by_value
from billing_service.domain.usage.period_total import DimensionedDay, events_of, quantity_of
from billing_service.domain.usage.reading_errors import TooManyBuckets

BUCKETS_MAX: Final = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US: Final = 3_600_000_000
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)


class Granularity(Enum):
    """How long a bucket is."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Stretch(NamedTuple):
    """The instants `[start_at, end_at)`."""

    start_at: int
    end_at: int


class Measured(NamedTuple):
    """What was counted in one stretch for one set of dimensions.

    `values` are the different ones, where they are what is counted.
    """

    stretch: int
    total: DimensionedDay
    values: frozenset[str] = frozenset()


class Bucket(NamedTuple):
    """What was used in a stretch; `values` are those of the dimensions that were asked for."""

    start_at: int
    end_at: int
    values: tuple[str, ...]
    quantity: Decimal
    events_count: int


def stretches_of(
    granularity: Granularity, start_on: date, end_on: date, zone: str
) -> Sequence[Stretch]:
    """The hours, days or months of `[start_on, end_on)`; none for a day that was skipped."""
    bounds: list[int] = []
    day = start_on
    while day < end_on:
        if granularity is Granularity.HOUR:
            bounds.extend(hours_of(day, zone))
        else:
            bounds.append(first_instant(day, zone))
        by_month = granularity is Granularity.MONTH
        day = next_month(day.replace(day=1)) if by_month else day + _DAY
    bounds.append(first_instant(end_on, zone))
    tiled = sorted(set(bounds))
    return [Stretch(*each) for each in pairwise(tiled)]


@lru_cache(maxsize=4096)
def hours_of(day: date, zone: str) -> tuple[int, ...]:
    """The instants at which the hours of a civil day begin; none of a day that was skipped."""
    at, end_at = first_instant(day, zone), first_instant(day + _DAY, zone)
    found: list[int] = []
    while at < end_at:
        found.append(at)
        ahead_us = _ahead_us(at, zone)
        full_hour_at = at + _HOUR_US - (at + ahead_us) % _HOUR_US
        at = _turn(at, full_hour_at, zone)
    return tuple(found)


def place_of(stretches: Sequence[Stretch], instant_at: int) -> int:
    """Which of the stretches, which tile, holds an instant of theirs."""
    return bisect_right(stretches, instant_at, key=lambda each: each.start_at) - 1


class Buckets:
    """The buckets of what was measured, stretch by stretch."""

    def __init__(
        self,
        meter: Meter,
        stretches: Sequence[Stretch],
        *,
        group_by: Sequence[str],
        levels: Mapping[str, int],
        cut_at: int,
    ) -> None:
        """`levels` are those that the first stretch begins with; they hold until `cut_at`."""
        self._meter = meter
        self._stretches = stretches
        self._group_by = group_by
        self._first_levels = levels
        self._cut_at = cut_at

    def of(self, measured: Iterable[Measured]) -> list[Bucket]:
        """Those in which something was used, by time and dimensions.

        Errors:  TooManyBuckets.
        """
        by_stretch: dict[int, list[Measured]] = defaultdict(list)
        for each in measured:
            by_stretch[each.stretch].append(each)
        levels = dict(self._first_levels)
        buckets: list[Bucket] = []
        for place, stretch in enumerate(self._stretches):
            own = by_stretch.get(place, [])
            # Nothing holds any more by then: years ahead are not gone through level by level.
            if own or (levels and stretch.start_at < self._cut_at):
                buckets.extend(self._in_stretch(stretch, own, levels))
            if len(buckets) > BUCKETS_MAX:
                raise TooManyBuckets(BUCKETS_MAX)
            _take_in(levels, own)
        return buckets

    def total(self, measured: Sequence[Measured]) -> Decimal:
        """The quantity of all of it."""
        whole = Stretch(self._stretches[0].start_at, self._stretches[-1].end_at)
        return self._quantity(whole, measured, self._first_levels)

    def _in_stretch(
        self, stretch: Stretch, own: Sequence[Measured], levels: Mapping[str, int]
    ) -> Iterator[Bucket]:
        met = {each.total.dimensions for each in own} | levels.keys()
        for values, names in sorted(by_value(self._meter, self._group_by, met).items()):
            held = {name: levels[name] for name in names if name in levels}
            part = [each for each in own if each.total.dimensions in names]
            quantity = self._quantity(stretch, part, held)
            events_count = events_of(each.total for each in part)
            if quantity or events_count:
                yield Bucket(*stretch, values, quantity, events_count)

    def _quantity(
        self, stretch: Stretch, measured: Sequence[Measured], levels: Mapping[str, int]
    ) -> Decimal:
        return quantity_of(
            self._meter,
            [each.total for each in measured],
            start_at=stretch.start_at,
            end_at=stretch.end_at,
            cut_at=self._cut_at,
            levels=levels,
            uniques=len(frozenset().union(*(each.values for each in measured))),
        )


def _take_in(levels: dict[str, int], measured: Sequence[Measured]) -> None:
    """Note the latest values of a stretch as what the next one begins with, where levels count."""
    for each in sorted(measured, key=lambda each: each.total.total.latest_at):
        if each.total.total.first_at:
            levels[each.total.dimensions] = each.total.total.latest_nanos


def _ahead_us(instant_at: int, zone: str) -> int:
    """How far a zone's clock is ahead of UTC."""
    moment = _EPOCH + timedelta(microseconds=instant_at)
    ahead = moment.astimezone(find_zone(zone)).utcoffset() or timedelta()
    return ahead // _MICROSECOND


def _turn(at: int, end_at: int, zone: str) -> int:
    """The first instant after `at` at which the clock is set, if before `end_at`; else that."""
    ahead_us = _ahead_us(at, zone)
    if _ahead_us(end_at - 1, zone) == ahead_us:
        return end_at
    before_at, after_at = at, end_at - 1
    while after_at - before_at > 1:
        middle_at = (before_at + after_at) // 2
        if _ahead_us(middle_at, zone) == ahead_us:
            before_at = middle_at
        else:
            after_at = middle_at
    return after_at
