"""What comes after what, when a charge comes about."""

from decimal import Decimal

import pytest

from billing_service.domain.allowance import Coverage
from billing_service.domain.price import (
    AmountDiscount,
    Metered,
    PercentDiscount,
    Price,
    Recurring,
    Review,
)
from billing_service.domain.price_models import Flat, Graduated, PerUnit
from tests.billing.pricing.pricing import licensed, metered, rated, tiers

D = Decimal
THIRD = Coverage(10, 30)


def test_allowance_comes_before_the_model() -> None:
    """What is beyond an allowance is priced from its first unit on, not from a higher tier."""
    model = Graduated(tiers(("100", "1", "0"), ("", "0.10", "0")))

    assert rated(metered(model), 150, free=D(100)).amount_minor == 5000


def test_index_comes_after_the_model() -> None:
    """An index of 1.05 raises fees and unit prices alike: (5 + 10 x 1) x 1.05."""
    model = Graduated(tiers(("", "1", "5")))

    assert rated(metered(model), 10, price_index=D("1.05")).amount_minor == 1575


def test_index_comes_before_minimum_and_maximum() -> None:
    """9 x 1.05 is 9.45: more than a minimum of 9.20, cut by a maximum of 9.30."""
    price = metered(PerUnit(D(1)), minimum_charge=D("9.20"), maximum_charge=D("9.30"))

    assert rated(price, 9, price_index=D("1.05")).amount_minor == 930


def test_minimum_comes_before_the_discount() -> None:
    """A minimum of 10, then 20% off, is 8."""
    price = metered(PerUnit(D(1)), minimum_charge=D(10), discount=PercentDiscount(D(20)))

    assert rated(price, 3).amount_minor == 800


def test_maximum_comes_before_the_discount() -> None:
    """A maximum of 10, then 3 off, is 7."""
    price = metered(PerUnit(D(1)), maximum_charge=D(10), discount=AmountDiscount(D(3)))

    assert rated(price, 50).amount_minor == 700


def test_discount_never_leaves_less_than_nothing() -> None:
    """5 off 3 is 0."""
    assert rated(metered(PerUnit(D(1)), discount=AmountDiscount(D(5))), 3).amount_minor == 0


@pytest.mark.parametrize(
    ("percent", "amount_minor"), [("0", 333), ("12.5", 291), ("33.333333333333", 222), ("100", 0)]
)
def test_discount_in_percent_is_exact(percent: str, amount_minor: int) -> None:
    """Percent off 3.33, rounded once: 2.91375, 2.22000000000111, 0."""
    price = metered(PerUnit(D("3.33")), discount=PercentDiscount(D(percent)))

    assert rated(price, 1).amount_minor == amount_minor


def test_part_of_the_period_comes_after_the_discount_for_what_is_held() -> None:
    """(60 - 6) x 10/30 is 18: the amount off counts by days as well."""
    price = licensed(PerUnit(D(60)), discount=AmountDiscount(D(6)))

    assert rated(price, 1, coverage=THIRD).amount_minor == 1800


def test_minimum_of_what_is_held_counts_by_days() -> None:
    """A minimum of 90 for ten days of thirty is 30."""
    price = licensed(PerUnit(D(60)), minimum_charge=D(90))

    assert rated(price, 1, coverage=THIRD).amount_minor == 3000


def test_usage_is_not_prorated() -> None:
    """What was used in ten days of thirty was used."""
    assert rated(metered(PerUnit(D("0.50"))), 100, coverage=THIRD).amount_minor == 5000


@pytest.mark.parametrize(
    ("quantity", "amount_minor"),
    [
        # The minimum of 30 is 10 for ten days of thirty.
        (0, 0),
        (1, 1000),
        (10, 1000),
        (11, 1100),
        # The maximum of 90 is 30.
        (30, 3000),
        (31, 3000),
    ],
)
def test_minimum_and_maximum_of_usage_count_by_days(quantity: int, amount_minor: int) -> None:
    """Usage at 1 each is charged as used, between a third of the minimum and of the maximum."""
    price = metered(PerUnit(D(1)), minimum_charge=D(30), maximum_charge=D(90))

    assert rated(price, quantity, coverage=THIRD).amount_minor == amount_minor


def test_amount_off_usage_counts_by_days() -> None:
    """20 used, less a third of 15."""
    price = metered(PerUnit(D(1)), discount=AmountDiscount(D(15)))

    assert rated(price, 20, coverage=THIRD).amount_minor == 1500


def test_percent_off_usage_does_not_count_by_days() -> None:
    """20 used, less 15 percent, in any part of a period."""
    price = metered(PerUnit(D(1)), discount=PercentDiscount(D(15)))

    assert rated(price, 20, coverage=THIRD).amount_minor == 1700


def test_part_of_usage_that_no_decimal_holds_is_exact() -> None:
    """A minimum of 10 for one day of 31, then half off: 10/62, and 0.16 after rounding."""
    price = metered(PerUnit(D("0.01")), minimum_charge=D(10), discount=PercentDiscount(D(50)))
    line = rated(price, 1, coverage=Coverage(1, 31))

    assert (line.numerator, line.divisor, line.amount_minor) == (D(5), 31, 16)


def test_free_part_of_a_period_costs_nothing() -> None:
    """No day charged is nothing charged."""
    assert rated(licensed(PerUnit(D(60))), 5, coverage=Coverage(0, 30)).amount_minor == 0


@pytest.mark.parametrize(
    ("licences", "amount_minor"), [(1, 333), (2, 667), (3, 1000), (100, 33333)]
)
def test_instalment_is_exact_until_it_is_rounded(licences: int, amount_minor: int) -> None:
    """40 a year in 12 instalments is 40/12 for each licence, never 3.33 times a hundred."""
    assert rated(licensed(PerUnit(D(40))), licences, instalments=12).amount_minor == amount_minor


def test_instalments_come_after_the_discount() -> None:
    """50 a year less 20 percent is 40, and 3.33 a month."""
    price = licensed(PerUnit(D(50)), discount=PercentDiscount(D(20)))

    assert rated(price, 1, instalments=12).amount_minor == 333


def test_part_of_an_instalment_is_rounded_once() -> None:
    """40 x 17/30 / 12 is 1.888...: its exact parts are kept until then."""
    line = rated(licensed(PerUnit(D(40))), 1, coverage=Coverage(17, 30), instalments=12)

    assert (line.numerator, line.divisor, line.amount_minor) == (D(680), 360, 189)


def test_recurring_price_is_rated_like_one_held() -> None:
    """31 a month for one day of 31."""
    price = Price(code="core", currency="USD", kind=Recurring(), model=Flat(D(31)))

    assert rated(price, 1, coverage=Coverage(1, 31)).amount_minor == 100


@pytest.mark.parametrize(("quantity", "is_held"), [(0, False), (1, False), (100, True)])
def test_charge_that_is_not_0_is_held_where_the_price_says_so(
    quantity: int, *, is_held: bool
) -> None:
    """What comes to 0, also after rounding, needs nobody's decision."""
    price = metered(PerUnit(D("0.0001")), review=Review.HELD)

    assert rated(price, quantity).is_held is is_held


def test_charge_is_not_held_as_a_rule() -> None:
    """Nobody decides about what is charged as a matter of course."""
    assert not rated(metered(PerUnit(D(1))), 100).is_held


def test_all_steps_follow_each_other() -> None:
    """130 less 30 included; 100 x 0.50 x 1.1 = 55; at most 50; 10% off is 45; half is 22.50."""
    price = Price(
        code="calls",
        currency="USD",
        kind=Metered("calls"),
        model=PerUnit(D("0.50")),
        maximum_charge=D(50),
        discount=PercentDiscount(D(10)),
    )
    line = rated(price, 130, free=D(30), price_index=D("1.1"), instalments=2)

    assert line.amount_minor == 2250
