"""A second opinion on quantities: every event looked at, in fractions, with nothing kept."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from billing_service.domain.meter import Aggregation

HOUR_US = 3_600_000_000


class Stated(NamedTuple):
    """An event as it was stated: when, known by what, which value, of which dimensions."""

    time_at: int
    event_key: bytes
    value: str
    dimensions: str = "[]"


def naive_quantity(
    aggregation: Aggregation,
    events: Iterable[Stated],
    start_at: int,
    end_at: int,
    *,
    cut_at: int | None = None,
) -> Fraction:
    """What events come to in `[start_at, end_at)`, not rounded."""
    known = sorted(each for each in events if each.time_at < end_at)
    within = [each for each in known if each.time_at >= start_at]
    if aggregation is Aggregation.COUNT:
        return Fraction(len(within))
    if aggregation is Aggregation.UNIQUE_COUNT:
        return Fraction(len({each.value for each in within}))
    if aggregation is Aggregation.WEIGHTED_SUM:
        until_at = end_at if cut_at is None else max(start_at, min(cut_at, end_at))
        return _weighted(known, start_at, until_at)
    return _of_values(aggregation, [Fraction(each.value) for each in within])


def _of_values(aggregation: Aggregation, values: list[Fraction]) -> Fraction:
    nothing = Fraction(0)
    return {
        Aggregation.SUM: sum(values, nothing),
        Aggregation.MAX: max(values, default=nothing),
        Aggregation.LATEST: values[-1] if values else nothing,
    }[aggregation]


def _weighted(known: list[Stated], start_at: int, until_at: int) -> Fraction:
    lines: dict[str, list[Stated]] = defaultdict(list)
    for each in known:
        lines[each.dimensions].append(each)
    hours = Fraction(0)
    for line in lines.values():
        ends = [each.time_at for each in line[1:]] + [max(until_at, line[-1].time_at)]
        for each, ended_at in zip(line, ends, strict=True):
            held_us = max(0, ended_at - max(each.time_at, start_at))
            hours += Fraction(each.value) * Fraction(held_us, HOUR_US)
    return hours


def half_up(exact: Fraction, decimals: int = 9) -> Fraction:
    """A fraction rounded to so many decimals, a half up."""
    scale = 10**decimals
    return Fraction((exact * scale * 2 + 1) // 2, scale)
