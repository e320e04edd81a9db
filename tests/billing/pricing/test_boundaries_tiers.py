"""Graduated, volume and stairstep prices at every boundary, worked by hand."""

from decimal import Decimal

import pytest

from billing_service.domain.price_models import Graduated, Stairstep, StairstepMode, Volume
from tests.billing.pricing.pricing import Case, charged, steps, tiers

# Up to 100 at 0.50 and a fee of 2; up to 1,000 at 0.20 and a fee of 5; then 0.01.
ROWS = tiers(("100", "0.50", "2"), ("1000", "0.20", "5"), ("", "0.01", "0"))

GRADUATED = [
    Case("nothing", "0", 200, "fee 2"),
    Case("one", "1", 250, "2 + 0.50"),
    Case("a fraction", "0.5", 225, "2 + 0.25"),
    Case("bound - 1", "99", 5150, "2 + 49.50"),
    Case("bound", "100", 5200, "2 + 50"),
    Case("a fraction over", "100.5", 5710, "52 + 5 + 0.10"),
    Case("bound + 1", "101", 5720, "52 + 5 + 0.20"),
    Case("second bound - 1", "999", 23680, "57 + 899 x 0.20"),
    Case("second bound", "1000", 23700, "57 + 180"),
    Case("second bound + 1", "1001", 23701, "237 + 0.01"),
    Case("beyond the last", "5000", 27700, "237 + 4,000 x 0.01"),
    Case("a million million", "1000000000000", 1_000_000_022_700, "237 + 9,999,999,990"),
    Case("no decimals", "101", 57, "57.20 yen", "JPY"),
    Case("three decimals", "101", 57200, "57.200", "KWD"),
]


@pytest.mark.parametrize("case", GRADUATED, ids=str)
def test_graduated_price_at_its_boundaries(case: Case) -> None:
    """Each unit at the price of its tier, and the fee of each tier reached."""
    assert charged(Graduated(ROWS), case) == case.amount_minor


VOLUME = [
    Case("nothing", "0", 200, "fee 2"),
    Case("one", "1", 250, "2 + 0.50"),
    Case("a fraction", "0.5", 225, "2 + 0.25"),
    Case("bound - 1", "99", 5150, "2 + 49.50"),
    Case("bound", "100", 5200, "2 + 50"),
    Case("a fraction over", "100.5", 2510, "5 + 100.5 x 0.20"),
    Case("bound + 1", "101", 2520, "5 + 101 x 0.20"),
    Case("second bound - 1", "999", 20480, "5 + 199.80"),
    Case("second bound", "1000", 20500, "5 + 200"),
    Case("second bound + 1", "1001", 1001, "1,001 x 0.01"),
    Case("beyond the last", "5000", 5000, "5,000 x 0.01"),
    Case("a million million", "1000000000000", 1_000_000_000_000, "10^12 x 0.01"),
    Case("no decimals", "101", 25, "25.20 yen", "JPY"),
    Case("three decimals", "101", 25200, "25.200", "KWD"),
]


@pytest.mark.parametrize("case", VOLUME, ids=str)
def test_volume_price_at_its_boundaries(case: Case) -> None:
    """All units at the price of the tier that the quantity reaches, and that tier's fee."""
    assert charged(Volume(ROWS), case) == case.amount_minor


# A flat fee by number of clients, as in the catalogue of API prices.
CLIENTS = tiers(("99", "0", "200"), ("250", "0", "500"), ("", "0", "1000"))


@pytest.mark.parametrize(
    ("clients", "amount_minor"),
    [("0", 20000), ("99", 20000), ("100", 50000), ("250", 50000), ("251", 100000)],
)
def test_volume_of_fees_is_one_fee(clients: str, amount_minor: int) -> None:
    """Tiers that have nothing but fees charge the one that is reached."""
    assert charged(Volume(CLIENTS), Case("", clients, 0, "", "NOK")) == amount_minor


TINY = tiers(("1000000000000", "0.000000000001", "0"), ("", "0.000000000002", "0"))


@pytest.mark.parametrize(
    ("quantity", "amount_minor"),
    [
        ("1", 0),
        ("4999999999", 0),
        ("5000000000", 1),
        ("1000000000000", 100),
        ("1000000000001", 100),
        ("2000000000000", 300),
    ],
)
def test_smallest_prices_of_tiers_are_exact(quantity: str, amount_minor: int) -> None:
    """Prices of 10^-12 lose nothing until the rounding."""
    assert charged(Graduated(TINY), Case("", quantity, 0, "")) == amount_minor


STEPS = steps(("10", "5"), ("100", "30.005"), ("", "100"))

REACHED = [
    Case("nothing", "0", 500, "first step"),
    Case("one", "1", 500, "first step"),
    Case("a fraction", "0.5", 500, "first step"),
    Case("bound - 1", "9", 500, "first step"),
    Case("bound", "10", 500, "first step"),
    Case("a fraction over", "10.5", 3001, "30.005, half up"),
    Case("bound + 1", "11", 3001, "30.005, half up"),
    Case("second bound", "100", 3001, "30.005, half up"),
    Case("second bound + 1", "101", 10000, "100"),
    Case("a million million", "1000000000000", 10000, "100"),
    Case("no decimals", "11", 30, "30.005 yen", "JPY"),
    Case("three decimals", "11", 30005, "30.005", "KWD"),
]


@pytest.mark.parametrize("case", REACHED, ids=str)
def test_step_reached_at_its_boundaries(case: Case) -> None:
    """Only the step that the quantity falls in is charged."""
    assert charged(Stairstep(STEPS), case) == case.amount_minor


CUMULATIVE = [
    Case("nothing", "0", 500, "first step"),
    Case("one", "1", 500, "first step"),
    Case("bound - 1", "9", 500, "first step"),
    Case("bound", "10", 500, "first step"),
    Case("bound + 1", "11", 3501, "5 + 30.005, half up"),
    Case("second bound", "100", 3501, "5 + 30.005, half up"),
    Case("second bound + 1", "101", 13501, "5 + 30.005 + 100, half up"),
    Case("a million million", "1000000000000", 13501, "all three"),
    Case("no decimals", "11", 35, "35.005 yen", "JPY"),
    Case("three decimals", "11", 35005, "35.005", "KWD"),
]


@pytest.mark.parametrize("case", CUMULATIVE, ids=str)
def test_cumulative_steps_at_their_boundaries(case: Case) -> None:
    """The step that the quantity falls in is charged, and all before it."""
    assert charged(Stairstep(STEPS, StairstepMode.CUMULATIVE), case) == case.amount_minor


def test_bounds_may_be_fractions() -> None:
    """A bound of 0.5 holds 0.5, and not a billionth more."""
    model = Graduated(tiers(("0.5", "10", "0"), ("", "1000000000", "0")))
    amounts = [charged(model, Case("", each, 0, "")) for each in ("0.5", "0.500000001")]

    assert amounts == [500, 600]
    assert model.tiers[0].up_to == Decimal("0.5")
