"""A rounded amount, told apart by tier."""

from decimal import Decimal
from fractions import Fraction

import pytest

from billing_service.domain.allowance import Coverage
from billing_service.domain.price import PercentDiscount
from billing_service.domain.price_models import Flat, Graduated, PerUnit
from billing_service.domain.proportion import in_proportion
from billing_service.domain.rating import RatedPrice, tier_amounts
from tests.billing.pricing.pricing import licensed, metered, rated, tiers

D = Decimal
GRADUATED = Graduated(tiers(("1000", "0.10", "0"), ("5000", "0.05", "3"), ("", "0.001", "0")))


def _told(line: RatedPrice) -> list[tuple[str, int]]:
    return [(each.share.text, each.amount_minor) for each in tier_amounts(line)]


def test_whole_amounts_of_tiers_are_their_own() -> None:
    """Where nothing follows the model, each tier has what it comes to."""
    assert _told(rated(metered(GRADUATED), 6000)) == [
        ("1 to 1,000", 10000),
        ("1,001 to 5,000", 20300),
        ("5,001 and more", 100),
    ]


def test_discount_falls_on_the_tiers_in_proportion() -> None:
    """Half off 100 and 3.05 is 50 and 1.525; the half goes where the remainder is larger."""
    price = metered(GRADUATED, discount=PercentDiscount(D(50)))

    assert _told(rated(price, 1001)) == [("1 to 1,000", 5000), ("1,001 to 5,000", 153)]


def test_part_of_a_period_falls_on_the_tiers_in_proportion() -> None:
    """A third of 100 and 3.05 is 34.35: 33.33 and 1.02."""
    line = rated(licensed(GRADUATED), 1001, coverage=Coverage(10, 30))

    assert _told(line) == [("1 to 1,000", 3333), ("1,001 to 5,000", 102)]


@pytest.mark.parametrize(
    ("amount_minor", "weights", "parts"),
    [
        (100, (1, 1, 1), [34, 33, 33]),
        (2, (1, 1, 1), [1, 1, 0]),
        (0, (1, 2), [0, 0]),
        (7, (0, 1), [0, 7]),
        (101, (50, 51), [50, 51]),
        (10, (1, 1, 4), [2, 2, 6]),
    ],
)
def test_what_is_missing_goes_to_the_largest_remainders(
    amount_minor: int, weights: tuple[int, ...], parts: list[int]
) -> None:
    """Of equal remainders, the first one is served first."""
    assert in_proportion(amount_minor, [Fraction(weight) for weight in weights]) == parts


def test_minimum_of_a_price_without_tiers_reached_is_told_by_itself() -> None:
    """All is included, and the minimum is charged all the same."""
    line = rated(metered(PerUnit(D(1)), minimum_charge=D(5)), 3, free=D(10))

    assert _told(line) == [("minimum charge", 500)]


def test_nothing_charged_has_nothing_to_tell() -> None:
    """No tier is reached by a quantity of 0."""
    assert _told(rated(metered(GRADUATED), 0)) == []


def test_flat_price_is_one_share() -> None:
    """It has no tiers, so all of it is told at once."""
    assert _told(rated(licensed(Flat(D(5))), 1)) == [("flat", 500)]
