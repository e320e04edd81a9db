"""Prices and usages drawn at random, within what a catalogue may state."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import strategies as st

from billing_service.domain.allowance import UNLIMITED, Coverage
from billing_service.domain.money import EXACT
from billing_service.domain.price import (
    AmountDiscount,
    Licensed,
    Metered,
    PercentDiscount,
    Price,
    PriceKind,
    ZeroUsage,
)
from billing_service.domain.price_models import (
    Capacity,
    CapacityTier,
    Ceiling,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    PackageRounding,
    Percentage,
    PercentTier,
    PerUnit,
    Stairstep,
    StairstepMode,
    Step,
    Tier,
    Transaction,
    Usage,
    Volume,
    usage_of_peaks,
    usage_of_transactions,
)


def decimals(most: int, places_max: int) -> st.SearchStrategy[Decimal]:
    """Decimals from 0 to `most`, of few or many places."""
    digits = st.integers(0, most * 10**places_max)
    return st.builds(_decimal, digits, st.sampled_from(range(places_max + 1)), st.just(places_max))


def _decimal(digits: int, places: int, places_max: int) -> Decimal:
    return Decimal(digits // 10 ** (places_max - places)).scaleb(-places)


QUANTITIES = decimals(10**12, 9)
WHOLE_QUANTITIES = st.integers(0, 10**12).map(Decimal)
AMOUNTS = decimals(10**6, 12) | decimals(1, 12)
PERCENTS = decimals(100, 12)
SMALL = decimals(2000, 3)
CURRENCIES = st.sampled_from(["USD", "BRL", "NOK", "JPY", "KWD", "CLF"])
KINDS: list[PriceKind] = [Metered("calls"), Licensed("seat")]
# Small ones, so that they are reached.
BOUNDS = st.sets(decimals(1000, 3).filter(bool), max_size=4).map(sorted)
FEES = st.just(Decimal(0)) | AMOUNTS


def _open(bounds: Sequence[Decimal]) -> list[Decimal | None]:
    return [*bounds, None]


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tiers with rising bounds, the last one open."""
    return tuple(Tier(up_to, draw(AMOUNTS), draw(FEES)) for up_to in _open(draw(BOUNDS)))


@st.composite
def percent_tiers(draw: st.DrawFn) -> tuple[PercentTier, ...]:
    """Tiers of percentages."""
    return tuple(PercentTier(up_to, draw(PERCENTS), draw(FEES)) for up_to in _open(draw(BOUNDS)))


@st.composite
def steps(draw: st.DrawFn, *, rising: bool = False) -> tuple[Step, ...]:
    """Steps, on wish of rising amounts."""
    bounds = _open(draw(BOUNDS))
    amounts = [draw(AMOUNTS) for _ in bounds]
    amounts = sorted(amounts) if rising else amounts
    return tuple(Step(up_to, amount) for up_to, amount in zip(bounds, amounts, strict=True))


@st.composite
def capacities(draw: st.DrawFn) -> Capacity:
    """Capacities of one meter."""
    rows = _open(draw(BOUNDS))
    return Capacity(
        tuple(CapacityTier((Ceiling("calls", up_to),), draw(AMOUNTS)) for up_to in rows)
    )


PACKAGES = st.builds(
    Package,
    decimals(1000, 3).filter(bool),
    AMOUNTS,
    st.sampled_from(PackageRounding),
    st.integers(0, 3),
)
TRANSACTIONS = st.lists(st.builds(Transaction, SMALL, st.integers(1, 5)), max_size=6)


@st.composite
def percentages(draw: st.DrawFn) -> Percentage:
    """Percentages with any of what may be added to them."""
    least = draw(FEES)
    return Percentage(
        draw(PERCENTS),
        fixed_fee=draw(FEES),
        free_amount=draw(st.just(Decimal(0)) | SMALL),
        free_events=draw(st.integers(0, 4)),
        event_minimum=least,
        event_maximum=draw(st.none() | AMOUNTS.map(lambda most: max(most, least))),
    )


RISING = (
    st.builds(PerUnit, AMOUNTS)
    | st.builds(Flat, AMOUNTS)
    | st.builds(Graduated, tiers())
    | PACKAGES
    | st.builds(Stairstep, steps(rising=True))
    | st.builds(Stairstep, steps(), st.just(StairstepMode.CUMULATIVE))
    | st.builds(GraduatedPercentage, percent_tiers())
    | st.builds(Percentage, PERCENTS, free_amount=SMALL)
)
BY_QUANTITY = RISING | st.builds(Volume, tiers()) | st.builds(Stairstep, steps())

# A model, and a usage that it can price.
MODELS_AND_USAGES = st.one_of(
    st.tuples(BY_QUANTITY, (SMALL | QUANTITIES).map(Usage)),
    st.tuples(percentages(), TRANSACTIONS.map(usage_of_transactions)),
    st.tuples(capacities(), SMALL.map(lambda peak: usage_of_peaks({"calls": peak}))),
)


@st.composite
def coverages(draw: st.DrawFn) -> Coverage:
    """Some or all days of a month or a year."""
    days_full = draw(st.sampled_from([28, 30, 31, 365, 366]))
    return Coverage(draw(st.integers(0, days_full)), days_full)


@st.composite
def ratings(draw: st.DrawFn) -> tuple[Price, Usage, dict[str, Any]]:
    """A price, a usage and the circumstances in which it is rated."""
    model, usage = draw(MODELS_AND_USAGES)
    least = draw(st.none() | AMOUNTS)
    price = Price(
        code="calls",
        currency=draw(CURRENCIES),
        kind=draw(st.sampled_from(KINDS)),
        model=model,
        zero_usage=draw(st.sampled_from([ZeroUsage.SHOWN, ZeroUsage.CHARGED])),
        minimum_charge=least,
        maximum_charge=draw(st.none() | AMOUNTS.map(lambda most: max(most, least or most))),
        discount=draw(
            st.none() | st.builds(PercentDiscount, PERCENTS) | st.builds(AmountDiscount, AMOUNTS)
        ),
    )
    circumstances = {
        "free": draw(st.none() | SMALL | st.just(UNLIMITED)),
        "coverage": draw(coverages()),
        "instalments": draw(st.sampled_from([1, 2, 12])),
        "price_index": draw(st.sampled_from([Decimal(1), Decimal("1.0425"), Decimal("0.9")])),
    }
    return price, usage, circumstances


def exact_sum(amounts: Sequence[Decimal]) -> Decimal:
    """The sum of decimals, unrounded."""
    with localcontext(EXACT):
        return sum(amounts, Decimal(0))
