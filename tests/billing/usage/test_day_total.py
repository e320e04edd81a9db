"""Totals of a day: the same whatever came first, and no more kept than is needed."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.meter import Aggregation
from billing_service.domain.usage.day_total import (
    TOTAL_NANOS_MAX,
    DayTotal,
    Point,
    counting_of,
    total_of,
)
from tests.billing.usage.naive import HOUR_US

POINTS = st.lists(
    st.builds(Point, st.integers(0, 30), st.binary(min_size=1, max_size=1), st.integers(0, 9)),
    max_size=8,
    unique_by=lambda point: point.event_key,
)
AGGREGATIONS = st.sampled_from(list(Aggregation))


def counted(aggregation: Aggregation, points: list[Point]) -> DayTotal | None:
    """Events counted in the order in which they came; from the start where that must be."""
    count = counting_of(aggregation)
    total: DayTotal | None = None
    for place, (time_at, key, nanos) in enumerate(points):
        total = count(total, nanos, time_at, key)
        total = total or total_of(aggregation, points[: place + 1])
    return total


def total_in_all(aggregation: Aggregation, points: list[Point]) -> DayTotal:
    """What some events, one at least, add up to."""
    total = total_of(aggregation, points)
    assert total is not None
    return total


@settings(max_examples=100)
@given(AGGREGATIONS, POINTS, st.randoms(use_true_random=False))
def test_total_is_the_same_whatever_came_first(
    aggregation: Aggregation, points: list[Point], chance: Random
) -> None:
    """Counted as they came, in another order, or all at once: one total."""
    turned = list(points)
    chance.shuffle(turned)
    as_they_came = counted(aggregation, points)
    assert as_they_came == counted(aggregation, turned) == total_of(aggregation, points)


@settings(max_examples=50)
@given(POINTS.filter(bool))
def test_sum_adds_all_values_up(points: list[Point]) -> None:
    """How many events, and what they state together."""
    total = total_in_all(Aggregation.SUM, points)
    assert total[:2] == (len(points), sum(each.nanos for each in points))


@settings(max_examples=50)
@given(POINTS.filter(bool))
def test_maximum_is_the_largest_value(points: list[Point]) -> None:
    """No event states more, and one states as much."""
    total = total_in_all(Aggregation.MAX, points)
    assert total.max_nanos == max(each.nanos for each in points)


@settings(max_examples=50)
@given(POINTS.filter(bool))
def test_latest_is_the_last_by_time_and_key(points: list[Point]) -> None:
    """Where it came in the batch does not matter."""
    total = total_in_all(Aggregation.LATEST, points)
    assert (total.latest_at, total.latest_key, total.latest_nanos) == max(points)


@settings(max_examples=50)
@given(POINTS.filter(bool))
def test_integral_is_each_level_times_how_long_it_held(points: list[Point]) -> None:
    """From the first event of the day to the latest, instant by instant."""
    ordered = sorted(points)
    total = total_in_all(Aggregation.WEIGHTED_SUM, points)
    levels = [
        [each.nanos for each in ordered if each.time_at <= instant][-1]
        for instant in range(ordered[0].time_at, ordered[-1].time_at)
    ]
    assert (total.first_at, total.integral) == (ordered[0].time_at, sum(levels))


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_no_events_have_no_total(aggregation: Aggregation) -> None:
    """A day on which nothing was used is no row of zeros."""
    assert total_of(aggregation, []) is None


@pytest.mark.parametrize(
    ("aggregation", "total"),
    [
        (Aggregation.COUNT, DayTotal(2)),
        (Aggregation.UNIQUE_COUNT, DayTotal(2)),
        (Aggregation.SUM, DayTotal(2, sum_nanos=7)),
        (Aggregation.MAX, DayTotal(2, max_nanos=5)),
        (Aggregation.LATEST, DayTotal(2, latest_nanos=2, latest_at=30, latest_key=b"a")),
        (
            Aggregation.WEIGHTED_SUM,
            DayTotal(
                2, latest_nanos=2, latest_at=30, latest_key=b"a", first_at=10, integral=5 * 20
            ),
        ),
    ],
)
def test_only_what_an_aggregation_needs_is_kept(aggregation: Aggregation, total: DayTotal) -> None:
    """Two events: 5 at instant 10, then 2 at instant 30."""
    assert total_of(aggregation, [Point(10, b"z", 5), Point(30, b"a", 2)]) == total


@pytest.mark.parametrize("aggregation", [Aggregation.LATEST, Aggregation.WEIGHTED_SUM])
def test_at_one_instant_the_greater_key_is_the_latest(aggregation: Aggregation) -> None:
    """Which event came first does not matter where clocks cannot tell them apart."""
    points = [Point(10, b"b", 5), Point(10, b"a", 2)]
    latest = {counted(aggregation, order)[3] for order in (points, points[::-1])}  # type: ignore[index]
    assert latest == {5}


def test_level_before_one_that_is_counted_asks_to_be_summed_up_anew() -> None:
    """How long a level in between held is not in the total."""
    weigh = counting_of(Aggregation.WEIGHTED_SUM)
    total = weigh(None, 5, 10, b"a")
    assert weigh(total, 2, 9, b"z") is None


@pytest.mark.parametrize(("nanos", "too_large"), [(0, False), (1, True)])
def test_day_holds_ten_to_the_eighteenth_and_no_more(nanos: int, *, too_large: bool) -> None:
    """A sum of 10^18 is taken, one billionth more is told."""
    add = counting_of(Aggregation.SUM)
    total = add(add(None, TOTAL_NANOS_MAX, 1, b"a"), nanos, 2, b"b")
    assert total is not None
    assert total.is_too_large == too_large


def test_largest_level_of_the_longest_day_is_exact() -> None:
    """10^12 for 25 hours, less a microsecond: no digit is lost."""
    day_us = 25 * HOUR_US
    total = total_of(Aggregation.WEIGHTED_SUM, [Point(0, b"a", 10**21), Point(day_us - 1, b"b", 0)])
    assert total is not None
    assert Fraction(total.integral) == Fraction(10**21) * (day_us - 1)
