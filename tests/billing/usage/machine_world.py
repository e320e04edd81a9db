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
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import (
    Allowance,
    Fixed,
    Metered,
    PartPeriod,
    Price,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import PerUnit
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


def _price(meter: Meter, unit_price: str, included: str = "") -> Price:
    allowance = Allowance(Fixed(Decimal(included))) if included else None
    return Price(
        meter.meter_id,
        currency="BRL",
        kind=Metered(meter.meter_id),
        model=PerUnit(Decimal(unit_price)),
        included=allowance,
    )


PRICES: Final = (
    _price(METERS[0], "0.50", included="3"),
    _price(METERS[1], "0.70", included="0.002"),
    _price(METERS[2], "0.0013"),
    _price(METERS[3], "0.0013"),
    _price(METERS[4], "0.333"),
    # A whole month of the largest levels still costs less than a charge may.
    _price(METERS[5], "0.00013", included="0.5"),
    _price(METERS[6], "0.0013"),
)
ARREARS: Final = Schedule(
    timing=Timing.ARREARS, first_period=PartPeriod.FULL, last_period=PartPeriod.FULL
)
PLAN: Final = Plan("usage", "Usage", VersionPolicy.FOLLOW, (PlanVersion(0, None, PRICES, ARREARS),))
CEILINGS: Final = {"calls": Decimal(20), "bytes": Decimal(2_000_000_000)}

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
# What every meter takes.
FINE_DATA: Final = st.fixed_dictionaries(
    {
        "size": st.sampled_from(["0", "1", "12.5", "999.999999999", "40000"]),
        "who": st.sampled_from(["ann", "bob", "eve"]),
        "region": st.sampled_from(["eu", "us"]),
    }
)
PAST: Final = st.sampled_from(
    [
        *("unset", "now", "an hour ago", "a day ago", "nine days ago", "forty days ago"),
        *("first of the month", "last of the month before"),
    ]
)
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
