"""Quantities of periods: what a naive look at every event gives, in whatever order they came."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Aggregation, QuantityRounding, RoundingMode
from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.period_total import DimensionedDay, quantity_of
from billing_service.domain.usage.quantity import NANOS
from tests.billing.usage.folding import folded_quantity, meter_of
from tests.billing.usage.naive import HOUR_US, Stated, half_up, naive_quantity

# Both changes of Oslo's clocks, the half hours of Lord Howe's, and a day that Apia left out.
SPANS = (
    ("Europe/Oslo", date(2026, 3, 28), date(2026, 3, 31)),
    ("Europe/Oslo", date(2026, 10, 24), date(2026, 10, 27)),
    ("Australia/Lord_Howe", date(2026, 4, 4), date(2026, 4, 7)),
    ("Pacific/Apia", date(2011, 12, 29), date(2012, 1, 1)),
    ("UTC", date(2028, 2, 28), date(2028, 3, 2)),
)
VALUES = st.sampled_from(["0", "1", "2.5", "0.000000001", "1000000000000", "7"])
DRAWN = st.tuples(
    st.integers(-30 * 3600, 100 * 3600),
    st.sampled_from(["0", "1", "-1"]),
    VALUES,
    st.sampled_from(['["eu"]', '["us"]']),
)


def stated(drawn: list[tuple[int, str, str, str]], start_at: int) -> list[Stated]:
    """Events by the second from the start of a span on, or a microsecond beside it."""
    return [
        Stated(start_at + second * 1_000_000 + int(beside), bytes([place]), value, dimensions)
        for place, (second, beside, value, dimensions) in enumerate(drawn)
    ]


@settings(max_examples=150)
@given(
    st.sampled_from(list(Aggregation)),
    st.sampled_from(SPANS),
    st.lists(DRAWN, max_size=8),
    st.randoms(use_true_random=False),
    st.none() | st.integers(-5 * 3600, 100 * 3600),
)
def test_quantity_is_that_of_a_naive_look(
    aggregation: Aggregation,
    span: tuple[str, date, date],
    drawn: list[tuple[int, str, str, str]],
    chance: Random,
    cut: int | None,
) -> None:
    """Totals by day, of events that came in any order, lose nothing of what is needed."""
    zone, first, end = span
    start_at, end_at = first_instant(first, zone), first_instant(end, zone)
    events = stated(drawn, start_at)
    cut_at = None if cut is None else start_at + cut * 1_000_000
    exact = naive_quantity(aggregation, events, start_at, end_at, cut_at=cut_at)
    chance.shuffle(events)
    quantity = folded_quantity(aggregation, events, (first, end), zone=zone, cut_at=cut_at)
    assert Fraction(quantity) == half_up(exact)


def day_of(aggregation: Aggregation, nanos: int, *, at: int, dimensions: str) -> DimensionedDay:
    """A day on which one event stated a value."""
    total = DayTotal(
        1,
        sum_nanos=nanos,
        max_nanos=nanos,
        latest_nanos=nanos,
        latest_at=at,
        latest_key=b"k",
        first_at=at,
    )
    return DimensionedDay(date(2026, 1, 1), dimensions, total)


@pytest.mark.parametrize(
    ("aggregation", "quantity"),
    [
        (Aggregation.COUNT, "2"),
        (Aggregation.SUM, "12"),
        (Aggregation.MAX, "7"),
        (Aggregation.LATEST, "5"),
        (Aggregation.UNIQUE_COUNT, "2"),
        (Aggregation.WEIGHTED_SUM, "31"),
    ],
)
def test_dimensions_are_taken_together(aggregation: Aggregation, quantity: str) -> None:
    """7 of eu since one hour, 5 of us since two, looked at after four: 7 x 3 + 5 x 2 hours."""
    days = [
        day_of(aggregation, 7 * NANOS, at=HOUR_US, dimensions='["eu"]'),
        day_of(aggregation, 5 * NANOS, at=2 * HOUR_US, dimensions='["us"]'),
    ]
    cut_at = 4 * HOUR_US
    given_quantity = quantity_of(
        meter_of(aggregation), days, start_at=0, end_at=5 * HOUR_US, cut_at=cut_at, uniques=2
    )
    assert given_quantity == Decimal(quantity)


@pytest.mark.parametrize("keys", [(b"a", b"b"), (b"b", b"a")])
def test_at_one_instant_the_greater_key_is_the_latest_of_all(keys: tuple[bytes, bytes]) -> None:
    """Two dimensions have their latest at the same instant: the order of rows decides nothing."""
    aggregation = Aggregation.LATEST
    start_at = first_instant(date(2026, 1, 1), "UTC")
    values = {b"a": "5", b"b": "7"}
    events = [Stated(start_at, key, values[key], f'["{key.hex()}"]') for key in keys]
    days = (date(2026, 1, 1), date(2026, 1, 2))
    assert folded_quantity(aggregation, events, days, zone="UTC") == 7


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_nothing_used_is_a_quantity_of_zero(aggregation: Aggregation) -> None:
    """Without an event, of the period or before, everything is 0."""
    assert quantity_of(meter_of(aggregation), [], start_at=0, end_at=HOUR_US) == 0


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_only_levels_are_carried_into_a_period(aggregation: Aggregation) -> None:
    """Of a period without events, the level it came in with is all that counts."""
    quantity = quantity_of(
        meter_of(aggregation), [], start_at=0, end_at=HOUR_US, levels={"[]": 3 * NANOS}
    )
    assert quantity == (3 if aggregation is Aggregation.WEIGHTED_SUM else 0)


@pytest.mark.parametrize(
    ("cut_at", "hours"),
    [(-1, 0), (0, 0), (1, Fraction(1, HOUR_US)), (HOUR_US, 1), (HOUR_US + 1, 1), (None, 1)],
)
def test_levels_hold_until_the_cut_within_the_period(
    cut_at: int | None, hours: int | Fraction
) -> None:
    """Before the period nothing, in it up to the cut, after it all of it."""
    quantity = quantity_of(
        meter_of(Aggregation.WEIGHTED_SUM),
        [],
        start_at=0,
        end_at=HOUR_US,
        cut_at=cut_at,
        levels={"[]": 10**21},
    )
    assert Fraction(quantity) == half_up(10**12 * Fraction(hours))


def test_level_ahead_of_the_clock_weighs_nothing_yet() -> None:
    """An event may lie a little in the future: what it states holds from then on only."""
    ahead = day_of(Aggregation.WEIGHTED_SUM, 5 * NANOS, at=2 * HOUR_US, dimensions="[]")
    quantity = quantity_of(
        meter_of(Aggregation.WEIGHTED_SUM), [ahead], start_at=0, end_at=3 * HOUR_US, cut_at=HOUR_US
    )
    assert quantity == 0


def test_quantity_is_rounded_once_for_all_days() -> None:
    """Three days of 0.4 are 1.2, and that is rounded to 2, not each day to 1."""
    meter = meter_of(Aggregation.SUM)
    upwards = QuantityRounding(RoundingMode.UP, 0)
    days = [
        day_of(Aggregation.SUM, 4 * NANOS // 10, at=each, dimensions=f'["{each}"]')
        for each in range(3)
    ]
    rounded = type(meter)(
        "m", "M", "used", Aggregation.SUM, value_property="size", rounding=upwards
    )
    assert quantity_of(rounded, days, start_at=0, end_at=10) == 2
