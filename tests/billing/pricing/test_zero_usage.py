"""What a quantity of 0 costs, and what a quantity costs of which all is included."""

from decimal import Decimal

import pytest

from billing_service.domain.price import ZeroUsage
from billing_service.domain.price_models import (
    Flat,
    Graduated,
    Package,
    PerUnit,
    PriceModel,
    Stairstep,
    Usage,
    Volume,
)
from billing_service.domain.rating import rate
from tests.billing.pricing.pricing import licensed, metered, rated, steps, tiers

D = Decimal
# Each of them has something to say about 0.
WITH_FEES: list[tuple[PriceModel, int]] = [
    (Flat(D(5)), 500),
    (Graduated(tiers(("10", "1", "5"), ("", "1", "7"))), 500),
    (Volume(tiers(("10", "1", "5"), ("", "1", "7"))), 500),
    (Package(D(10), D("2.50"), packages_min=2), 500),
    (Stairstep(steps(("10", "5"), ("", "7"))), 500),
    (PerUnit(D(1)), 0),
]
by_model = pytest.mark.parametrize(
    ("model", "fee_minor"), WITH_FEES, ids=[model.name for model, _ in WITH_FEES]
)

each_model = pytest.mark.parametrize(
    "model", [model for model, _ in WITH_FEES], ids=[model.name for model, _ in WITH_FEES]
)


@each_model
def test_nothing_used_costs_nothing_where_it_is_shown(model: PriceModel) -> None:
    """A line of 0 is shown, whatever fees and minimum the price has."""
    line = rated(metered(model, minimum_charge=D(5)), 0)

    assert (line.amount_minor, line.shares) == (0, ())


@each_model
def test_nothing_used_is_no_line_where_it_is_left_out(model: PriceModel) -> None:
    """There is no line at all, whatever fees and minimum the price has."""
    price = metered(model, minimum_charge=D(5), zero_usage=ZeroUsage.OMITTED)

    assert rate(price, Usage(D(0))) is None


@by_model
def test_nothing_used_costs_what_the_model_says_where_it_is_charged(
    model: PriceModel, fee_minor: int
) -> None:
    """The fee of the first tier, the least packages or the first step are charged."""
    assert rated(metered(model, zero_usage=ZeroUsage.CHARGED), 0).amount_minor == fee_minor


def test_nothing_used_costs_the_minimum_where_it_is_charged() -> None:
    """A minimum charge holds."""
    price = metered(PerUnit(D(1)), minimum_charge=D(5), zero_usage=ZeroUsage.CHARGED)

    assert rated(price, 0).amount_minor == 500


@pytest.mark.parametrize("zero_usage", [ZeroUsage.SHOWN, ZeroUsage.OMITTED])
@each_model
def test_what_is_all_included_reaches_no_tier(model: PriceModel, zero_usage: ZeroUsage) -> None:
    """A line of 0 is left of a usage that is not 0: nothing of it is priced."""
    line = rated(metered(model, zero_usage=zero_usage), 10, free=D(10))

    assert (line.amount_minor, line.included, line.priced.quantity) == (0, D(10), D(0))


@by_model
def test_what_is_all_included_costs_the_fee_where_nothing_does(
    model: PriceModel, fee_minor: int
) -> None:
    """Where nothing used costs the fee, it is no cheaper to use what is included."""
    line = rated(metered(model, zero_usage=ZeroUsage.CHARGED), 10, free=D(10))

    assert line.amount_minor == fee_minor


def test_minimum_holds_although_all_is_included() -> None:
    """Something was used, so the minimum is charged."""
    assert rated(metered(PerUnit(D(1)), minimum_charge=D(5)), 3, free=D(10)).amount_minor == 500


def test_nothing_held_costs_nothing() -> None:
    """It is the same for what is held."""
    assert rated(licensed(Flat(D(5))), 0).amount_minor == 0


def test_nothing_used_uses_nothing_included() -> None:
    """The line says so, for those who print what was included."""
    assert rated(metered(PerUnit(D(1))), 0, free=D(100)).included == 0
