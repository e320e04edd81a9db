"""What the machine of usage plays with: meters of every kind, texts, times and zones."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from billing_service.domain.calendar import first_instant, month_after, month_of
from billing_service.domain.meter import (
    Aggregation,
    Meter,
    PropertyFilter,
    QuantityRounding,
    RoundingMode,
)
from tests.billing.usage.reference import AGE_MAX_US, FUTURE_TOLERANCE_US

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US

ZONES: Final = (
    "America/Sao_Paulo",
    "Europe/Oslo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
)


def _meter(meter_id: str, aggregation: Aggregation, value: str = "size", **more: Any) -> Meter:
    values: dict[str, Any] = {"dimensions": ("region",)} | more
    return Meter(meter_id, meter_id, "used", aggregation, value_property=value, **values)


METERS: Final = (
    _meter("calls", Aggregation.COUNT, ""),
    _meter("bytes", Aggregation.SUM, value_per_unit=Decimal(1024)),
    _meter("peak", Aggregation.MAX, dimensions=()),
    _meter("stock", Aggregation.LATEST),
    _meter("people", Aggregation.UNIQUE_COUNT, "who"),
    _meter("held", Aggregation.WEIGHTED_SUM, rounding=QuantityRounding(RoundingMode.UP, 3)),
    _meter(
        "european",
        Aggregation.SUM,
        dimensions=(),
        filters=(PropertyFilter("region", frozenset({"eu", "uk"})),),
        rounding=QuantityRounding(RoundingMode.DOWN, 0),
    ),
)

# Made when events are there already: it counts from then on.
LATER: Final = _meter("later", Aggregation.SUM)

_ABSENT: Final = "absent"
_SIZES: Final = ("0", "1", "2.5", "7", "0.000000001", "1000000000000", "-1", "1e3", _ABSENT)
# Most values are fine: what is refused teaches totals nothing.
_SIZE: Final = st.sampled_from([*_SIZES[:6], *_SIZES[:6], *_SIZES])


def _without_absent(drawn: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in drawn.items() if text != _ABSENT}


DATA: Final = st.fixed_dictionaries(
    {
        "size": _SIZE,
        "who": st.sampled_from(["ann", "ann", "bob", "x" * 100, "x" * 101, ""]),
        "region": st.sampled_from(["eu", "us", "uk", _ABSENT]),
    }
).map(_without_absent)
NAMES: Final = st.tuples(st.sampled_from("ab"), st.integers(1, 30).map(str))
TYPES: Final = st.sampled_from(["used"] * 9 + ["unheard-of"])
WHEN: Final = st.sampled_from(
    [
        *("unset", "now", "now", "an hour ago", "a day ago", "nine days ago", "forty days ago"),
        *("first of the month", "last of the month before", "just ahead", "too far ahead"),
        *("oldest", "too old"),
    ]
)


def instant(when: str, now: int, zone: str) -> int | None:
    """The instant that a word of WHEN means."""
    month_start_at = first_instant(month_of(now, zone), zone)
    return {
        "unset": None,
        "now": now,
        "an hour ago": now - HOUR_US,
        "a day ago": now - DAY_US,
        "nine days ago": now - 9 * DAY_US,
        "forty days ago": now - 40 * DAY_US,
        "first of the month": month_start_at,
        "last of the month before": month_start_at - 1,
        "just ahead": now + FUTURE_TOLERANCE_US,
        "too far ahead": now + FUTURE_TOLERANCE_US + 1,
        "oldest": now - AGE_MAX_US,
        "too old": now - AGE_MAX_US - 1,
    }[when]


def next_month_start(now: int, zone: str) -> int:
    """The first instant of the month after that of an instant."""
    return first_instant(month_after(month_of(now, zone), 1), zone)
