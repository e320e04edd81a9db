"""Rating, done once more by other means: fractions, and the definition of each model."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from hypothesis import given, settings

from billing_service.domain.allowance import UNLIMITED, Coverage
from billing_service.domain.money import minor_digits
from billing_service.domain.price import (
    AmountDiscount,
    Metered,
    PercentDiscount,
    Price,
    ZeroUsage,
)
from billing_service.domain.price_models import (
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    PackageRounding,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    StairstepMode,
    Usage,
    Volume,
)
from tests.billing.pricing.drawing import BY_QUANTITY, QUANTITIES, SMALL, ratings
from tests.billing.pricing.pricing import metered, rated

NOTHING = Fraction(0)


def _tiers(model: Any) -> list[tuple[Fraction, Fraction | None, Fraction, Fraction]]:
    """Where each tier begins and ends, what a unit in it costs, and its fee."""
    rows, below = [], NOTHING
    for tier in model.tiers:
        up_to = None if tier.up_to is None else Fraction(tier.up_to)
        is_percent = isinstance(model, GraduatedPercentage)
        each = Fraction(tier.percent) / 100 if is_percent else Fraction(tier.unit_price)
        rows.append((below, up_to, each, Fraction(tier.flat_fee)))
        below = up_to or below
    return rows


def _graduated(model: Any, quantity: Fraction) -> Fraction:
    total = NOTHING
    for below, up_to, each, fee in _tiers(model):
        within = (quantity if up_to is None else min(quantity, up_to)) - below
        total += max(NOTHING, within) * each + (fee if within > 0 or not below else 0)
    return total


def _volume(model: Volume, quantity: Fraction) -> Fraction:
    holding = (row for row in _tiers(model) if row[1] is None or quantity <= row[1])
    _, _, each, fee = next(holding)
    return fee + quantity * each


def _steps(model: Stairstep, quantity: Fraction) -> Fraction:
    below = [step for step in model.steps if step.up_to is not None and step.up_to < quantity]
    charged = model.steps[: len(below) + 1]
    if model.mode is StairstepMode.REACHED:
        charged = charged[-1:]
    return sum((Fraction(step.amount) for step in charged), NOTHING)


def _packages(model: Package, quantity: Fraction) -> Fraction:
    rounded = ceil if model.rounding is PackageRounding.STARTED else floor
    packages = rounded(quantity / Fraction(model.size))
    return Fraction(model.package_price) * max(packages, model.packages_min)


def modelled(model: PriceModel, quantity: Fraction) -> Fraction:
    """What a quantity comes to, as each model is defined."""
    match model:
        case Flat(amount):
            return Fraction(amount)
        case PerUnit(unit_price):
            return quantity * Fraction(unit_price)
        case Graduated() | GraduatedPercentage():
            return _graduated(model, quantity)
        case Volume():
            return _volume(model, quantity)
        case Package():
            return _packages(model, quantity)
        case Stairstep():
            return _steps(model, quantity)
        case Percentage():
            beyond = max(NOTHING, quantity - Fraction(model.free_amount))
            return beyond * Fraction(model.percent) / 100
    message = f"{model.name} is not priced by quantity"
    raise ValueError(message)


def rounded_minor(price: Price, quantity: Decimal, circumstances: dict[str, Any]) -> int:
    """What a quantity comes to in minor units: step by step, as documented."""
    whole, free = Fraction(quantity), circumstances["free"]
    if not whole and price.zero_usage is ZeroUsage.SHOWN:
        return 0
    included = whole if free is UNLIMITED else min(whole, Fraction(free or 0))
    priced, amount = whole - included, NOTHING
    if priced or price.zero_usage is ZeroUsage.CHARGED:
        amount = modelled(price.model, priced) * Fraction(circumstances["price_index"])
    coverage: Coverage = circumstances["coverage"]
    part = Fraction(coverage.part, coverage.whole)
    is_used = isinstance(price.kind, Metered)
    of_bounds = part if is_used else Fraction(1)
    if price.minimum_charge is not None:
        amount = max(amount, Fraction(price.minimum_charge) * of_bounds)
    if price.maximum_charge is not None:
        amount = min(amount, Fraction(price.maximum_charge) * of_bounds)
    match price.discount:
        case PercentDiscount(percent):
            amount -= amount * Fraction(percent) / 100
        case AmountDiscount(off):
            amount = max(NOTHING, amount - Fraction(off) * of_bounds)
    instalments: int = circumstances["instalments"]
    exact = (amount if is_used else amount * part) / instalments
    scale: int = 10 ** minor_digits(price.currency)
    return floor(exact * scale + Fraction(1, 2))


@settings(max_examples=120)
@given(BY_QUANTITY, SMALL | QUANTITIES)
def test_model_agrees_with_its_definition(model: PriceModel, quantity: Decimal) -> None:
    """Fractions, tier by tier, come to the same exact amount."""
    price = metered(model, zero_usage=ZeroUsage.CHARGED)

    assert Fraction(rated(price, quantity).numerator) == modelled(model, Fraction(quantity))


@settings(max_examples=120)
@given(ratings(), BY_QUANTITY, SMALL | QUANTITIES)
def test_rating_agrees_with_fractions(
    rating: tuple[Price, Usage, dict[str, Any]], model: PriceModel, quantity: Decimal
) -> None:
    """All steps, done in fractions, come to the same minor units."""
    drawn, _, circumstances = rating
    price = Price(
        code="calls",
        currency=drawn.currency,
        kind=drawn.kind,
        model=model,
        zero_usage=drawn.zero_usage,
        minimum_charge=drawn.minimum_charge,
        maximum_charge=drawn.maximum_charge,
        discount=drawn.discount,
    )
    line = rated(price, quantity, **circumstances)

    assert line.amount_minor == rounded_minor(price, quantity, circumstances)


def test_largest_figures_that_a_price_may_have_are_exact() -> None:
    """Every figure at its bound and with all its decimals fits the digits that are kept."""
    largest, most = Decimal("999999999999.999999999999"), Decimal("999999999999999.999999999")
    price = metered(
        PerUnit(largest),
        currency="JPY",
        minimum_charge=largest,
        discount=PercentDiscount(Decimal("33.333333333333")),
    )
    circumstances: dict[str, Any] = {
        "free": None,
        "coverage": Coverage(365, 366),
        "instalments": 7,
        "price_index": Decimal("12.123456789123"),
    }
    line = rated(price, most, **circumstances)

    assert line.amount_minor == rounded_minor(price, most, circumstances)
