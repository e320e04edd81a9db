"""Corrected events by difference: totals come to what all events add up to, or are told stale."""

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.meter import Aggregation
from billing_service.domain.usage.day_total import NOTHING, DayTotal, Point, total_of, without
from billing_service.domain.usage.judging import TotalKey
from billing_service.domain.usage.recount import Counted, Recount

POINTS = st.dictionaries(
    st.binary(min_size=1, max_size=1),
    st.tuples(st.integers(1, 20), st.integers(0, 5)),
    min_size=1,
    max_size=8,
).map(lambda found: [Point(at, key, nanos) for key, (at, nanos) in found.items()])
AGGREGATIONS = st.sampled_from(list(Aggregation))
EXACT = (Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE_COUNT)
DIMENSIONS = ("[]", '["eu"]')


def summed(aggregation: Aggregation, points: list[Point]) -> DayTotal:
    return total_of(aggregation, points) or NOTHING


def key_of(dimensions: str) -> TotalKey:
    return TotalKey("acme", "calls", "2026-03-01", dimensions)


@settings(max_examples=200)
@given(AGGREGATIONS, POINTS)
def test_total_without_an_event_is_that_of_the_others_if_told(
    aggregation: Aggregation, points: list[Point]
) -> None:
    """What is told is exact."""
    left = without(summed(aggregation, points), aggregation, points[0])
    assert left in (None, summed(aggregation, points[1:]))


@settings(max_examples=50)
@given(st.sampled_from(EXACT), POINTS)
def test_counts_and_sums_are_always_told(aggregation: Aggregation, points: list[Point]) -> None:
    """No event needs its whole day to be read."""
    assert without(summed(aggregation, points), aggregation, points[0]) is not None


@settings(max_examples=50)
@given(st.sampled_from((Aggregation.MAX, Aggregation.LATEST)), POINTS)
def test_only_the_largest_or_the_latest_makes_a_day_stale(
    aggregation: Aggregation, points: list[Point]
) -> None:
    """All others leave what is kept of the day."""
    if aggregation is Aggregation.MAX:
        top = max(each.nanos for each in points)
        others = [each for each in points if each.nanos < top]
    else:
        others = [each for each in points if each < max(points)]
    total = summed(aggregation, points)
    assert all(without(total, aggregation, each) is not None for each in others)


@settings(max_examples=200)
@given(
    AGGREGATIONS,
    POINTS,
    st.lists(st.tuples(st.integers(0, 7), st.none() | st.integers(0, 5), st.booleans())),
)
def test_recount_comes_to_what_the_events_add_up_to(
    aggregation: Aggregation, points: list[Point], corrections: list[tuple[int, int | None, bool]]
) -> None:
    """Events voided, or amended in place or into other dimensions, one after the other."""
    counting = {each.event_key: (DIMENSIONS[0], each) for each in points}
    after = Recount({key_of(DIMENSIONS[0]): summed(aggregation, points)}, {})
    for place, nanos, moves in corrections:
        event_key = points[place % len(points)].event_key
        if event_key not in counting:
            continue
        where, before = counting.pop(event_key)
        after.take_out(Counted(key_of(where), aggregation, before, ""))
        if nanos is not None:
            there, point = DIMENSIONS[moves], before._replace(nanos=nanos)
            counting[event_key] = there, point
            after.put_in(Counted(key_of(there), aggregation, point, ""))
    expected = {
        each: summed(aggregation, [point for where, point in counting.values() if where == each])
        for each in DIMENSIONS
    }
    told = {each: after.totals.get(key_of(each), NOTHING) for each in DIMENSIONS}
    assert after.stale or told == expected


def test_values_are_counted_by_event() -> None:
    """A value that no event states any more came to nothing."""
    key, point = key_of("[]"), Point(1, b"a", 0)
    old, new = (Counted(key, Aggregation.UNIQUE_COUNT, point, value) for value in ("x", "y"))
    after = Recount({key: DayTotal(2)}, {old.value_key: 1})
    after.take_out(old)
    after.put_in(new)
    assert (after.totals[key], after.values) == (DayTotal(2), {old.value_key: 0, new.value_key: 1})
