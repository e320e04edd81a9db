"""Flat, per unit and package prices at every boundary, worked by hand."""

from decimal import Decimal

import pytest

from billing_service.domain.price_models import Flat, Package, PackageRounding, PerUnit
from tests.billing.pricing.pricing import Case, charged

FLAT = [
    Case("nothing", "0", 4900, "49.00, whatever the quantity"),
    Case("one", "1", 4900, "49.00"),
    Case("a fraction", "0.5", 4900, "49.00"),
    Case("a million million", "1000000000000", 4900, "49.00"),
    Case("no decimals", "1", 49, "49 yen", "JPY"),
    Case("three decimals", "1", 49000, "49.000 dinars", "KWD"),
]


@pytest.mark.parametrize("case", FLAT, ids=str)
def test_flat_price_at_its_boundaries(case: Case) -> None:
    """A flat price does not look at the quantity."""
    assert charged(Flat(Decimal(49)), case) == case.amount_minor


def test_flat_price_is_rounded_like_any_other() -> None:
    """Twelve decimals of a flat price count, half a minor unit and more goes up."""
    amounts = [
        charged(Flat(Decimal(amount)), Case("", "1", 0, ""))
        for amount in ("0.004999999999", "0.005", "0.005000000001", "0.000000000001")
    ]

    assert amounts == [0, 1, 1, 0]


# 0.0125 a unit: half a cent falls on every second unit.
PER_UNIT = [
    Case("nothing", "0", 0, "0"),
    Case("one", "1", 1, "0.0125 is 1.25 cents"),
    Case("two", "2", 3, "0.025 is 2.5 cents, half up"),
    Case("a fraction", "0.4", 1, "0.005 is half a cent, up"),
    Case("a little less", "0.399999999", 0, "0.0049999999875"),
    Case("a million million", "1000000000000", 1_250_000_000_000, "12,500,000,000.00"),
    Case("no decimals", "39", 0, "0.4875 yen", "JPY"),
    Case("no decimals, half", "40", 1, "0.5 yen, up", "JPY"),
    Case("three decimals", "1", 13, "12.5 fils, up", "KWD"),
]


@pytest.mark.parametrize("case", PER_UNIT, ids=str)
def test_per_unit_price_at_its_boundaries(case: Case) -> None:
    """Quantity times price, rounded once."""
    assert charged(PerUnit(Decimal("0.0125")), case) == case.amount_minor


SMALLEST = [
    Case("one", "1", 0, "10^-12"),
    Case("just below half", "4999999999", 0, "0.004999999999"),
    Case("half a cent", "5000000000", 1, "0.005"),
    Case("a million million", "1000000000000", 100, "10^12 x 10^-12 = 1.00"),
    Case("no decimals", "1000000000000", 1, "1 yen", "JPY"),
    Case("three decimals", "500000000", 1, "0.0005 dinars, half up", "KWD"),
]


@pytest.mark.parametrize("case", SMALLEST, ids=str)
def test_smallest_unit_price_at_its_boundaries(case: Case) -> None:
    """A price of 10^-12 loses nothing until the rounding."""
    assert charged(PerUnit(Decimal("0.000000000001")), case) == case.amount_minor


STARTED = [
    Case("nothing", "0", 0, "no package"),
    Case("one", "1", 10, "1 x 0.10"),
    Case("bound - 1", "999", 10, "1 x 0.10"),
    Case("bound", "1000", 10, "1 x 0.10"),
    Case("a fraction over", "1000.000000001", 20, "2 x 0.10"),
    Case("bound + 1", "1001", 20, "2 x 0.10"),
    Case("100 packages", "100000", 1000, "100 x 0.10"),
    Case("one more", "100001", 1010, "101 x 0.10"),
    Case("a million million", "1000000000000", 10_000_000_000, "10^9 x 0.10"),
    Case("no decimals", "5001", 1, "6 x 0.10 yen", "JPY"),
    Case("three decimals", "1001", 200, "2 x 0.100", "KWD"),
]


@pytest.mark.parametrize("case", STARTED, ids=str)
def test_started_packages_at_their_boundaries(case: Case) -> None:
    """A package that is begun counts."""
    assert charged(Package(Decimal(1000), Decimal("0.10")), case) == case.amount_minor


COMPLETED = [
    Case("nothing", "0", 0, "no package"),
    Case("bound - 1", "999", 0, "none complete"),
    Case("a fraction under", "999.999999999", 0, "none complete"),
    Case("bound", "1000", 10, "1 x 0.10"),
    Case("bound + 1", "1001", 10, "1 x 0.10"),
    Case("two bounds - 1", "1999", 10, "1 x 0.10"),
    Case("two bounds", "2000", 20, "2 x 0.10"),
    Case("a million million", "1000000000000", 10_000_000_000, "10^9 x 0.10"),
]


@pytest.mark.parametrize("case", COMPLETED, ids=str)
def test_completed_packages_at_their_boundaries(case: Case) -> None:
    """Only a package that is complete counts."""
    model = Package(Decimal(1000), Decimal("0.10"), PackageRounding.COMPLETED)

    assert charged(model, case) == case.amount_minor


AT_LEAST_THREE = [
    Case("nothing", "0", 750, "3 x 2.50 at least"),
    Case("below the least", "4", 750, "2 packages, 3 charged"),
    Case("the least", "6", 750, "3 x 2.50"),
    Case("a fraction over", "6.1", 1000, "4 x 2.50"),
]


@pytest.mark.parametrize("case", AT_LEAST_THREE, ids=str)
def test_least_packages_at_their_boundaries(case: Case) -> None:
    """So many packages are charged at least."""
    assert charged(Package(Decimal(2), Decimal("2.50"), packages_min=3), case) == case.amount_minor


def test_packages_may_have_a_size_of_a_fraction() -> None:
    """0.7 of a unit in packages of 0.1 are seven, exactly."""
    assert charged(Package(Decimal("0.1"), Decimal(1)), Case("", "0.7", 0, "")) == 700
