"""Percentages and graduated percentages at every boundary, worked by hand."""

from decimal import Decimal

import pytest

from billing_service.domain.price_models import (
    GraduatedPercentage,
    Percentage,
    Transaction,
    usage_of_transactions,
)
from tests.billing.pricing.pricing import Case, charged, metered, percent_tiers, rated

PERCENTAGE = [
    Case("nothing", "0", 0, "0"),
    Case("one", "1", 3, "2.9 cents"),
    Case("a fraction", "0.17", 0, "0.493 cents"),
    Case("a fraction more", "0.18", 1, "0.522 cents"),
    Case("a thousand", "1000", 2900, "29.00"),
    Case("a million million", "1000000000000", 2_900_000_000_000, "29,000,000,000.00"),
    Case("no decimals", "17", 0, "0.493 yen", "JPY"),
    Case("no decimals, more", "18", 1, "0.522 yen", "JPY"),
    Case("three decimals", "1", 29, "0.029", "KWD"),
]


@pytest.mark.parametrize("case", PERCENTAGE, ids=str)
def test_percentage_at_its_boundaries(case: Case) -> None:
    """2.9 percent of an amount."""
    assert charged(Percentage(Decimal("2.9")), case) == case.amount_minor


AFTER_FREE = [
    Case("nothing", "0", 0, "free"),
    Case("bound - 1", "99", 0, "free"),
    Case("bound", "100", 0, "free"),
    Case("a fraction over", "100.5", 1, "0.5 x 1% is half a cent, up"),
    Case("bound + 1", "101", 1, "1 x 1%"),
    Case("beyond", "300", 200, "200 x 1%"),
]


@pytest.mark.parametrize("case", AFTER_FREE, ids=str)
def test_free_amount_at_its_boundaries(case: Case) -> None:
    """Nothing is taken of the free amount."""
    assert charged(Percentage(Decimal(1), free_amount=Decimal(100)), case) == case.amount_minor


def test_smallest_percentage_is_exact() -> None:
    """10^-12 percent of 10^15 is 10 units of money."""
    smallest = Percentage(Decimal("0.000000000001"))

    assert charged(smallest, Case("", "1000000000000000", 0, "")) == 1000


def _paid(model: Percentage, *transactions: tuple[str, int]) -> int:
    """What transactions come to, each row an amount and how many there are of it."""
    usage = usage_of_transactions([Transaction(Decimal(a), n) for a, n in transactions])
    return rated(metered(model), usage).amount_minor


def test_each_transaction_pays_its_fee() -> None:
    """Three transactions of 100 at 1% and 0.25 each are 3 + 0.75."""
    assert _paid(Percentage(Decimal(1), Decimal("0.25")), ("100", 3)) == 375


@pytest.mark.parametrize(
    ("count", "amount_minor"), [(0, 0), (1, 0), (2, 0), (3, 125), (4, 250), (10**12, None)]
)
def test_first_transactions_are_free(count: int, amount_minor: int | None) -> None:
    """The first two cost nothing, each further one of 100 costs 1% and 0.25."""
    model = Percentage(Decimal(1), Decimal("0.25"), free_events=2)
    expected = (count - 2) * 125 if amount_minor is None else amount_minor

    assert _paid(model, *([("100", count)] if count else [])) == expected


FREE_100 = Percentage(Decimal(1), Decimal("0.25"), free_amount=Decimal(100))


@pytest.mark.parametrize(
    ("transactions", "amount_minor"),
    [
        # One that lies in the free amount pays no fee, up to and including its end.
        ([("99", 1)], 0),
        ([("100", 1)], 0),
        ([("50", 2)], 0),
        # 1 of 101 is beyond: 0.01 and the fee.
        ([("101", 1)], 26),
        # The third of 40 is beyond by 20: 0.20 and the fee; the fourth pays 0.40 and the fee.
        ([("40", 3)], 45),
        ([("40", 4)], 110),
        # What is free goes to those that come first: 100 of nothing, then 10 and the fee.
        ([("100", 1), ("1000", 1)], 1025),
        # 900 x 1% and the fee, then 100 x 1% and the fee.
        ([("1000", 1), ("100", 1)], 1050),
    ],
)
def test_free_amount_goes_by_order(transactions: list[tuple[str, int]], amount_minor: int) -> None:
    """The first transactions use the free amount up; one that ends beyond it pays its fee."""
    assert _paid(FREE_100, *transactions) == amount_minor


def test_free_transactions_leave_the_free_amount_alone() -> None:
    """One is free by number, the next by amount, and the third pays."""
    model = Percentage(Decimal(1), free_amount=Decimal(100), free_events=1)

    assert _paid(model, ("5000", 1), ("100", 1), ("200", 1)) == 200


@pytest.mark.parametrize(
    ("amount", "amount_minor"),
    [
        ("1", 50),
        ("49.99", 50),
        ("50", 50),
        ("51", 51),
        ("999", 999),
        ("1000", 1000),
        ("1001", 1000),
        ("1000000000000", 1000),
    ],
)
def test_transaction_keeps_between_its_least_and_most(amount: str, amount_minor: int) -> None:
    """1% of a transaction, but 0.50 at least and 10 at most."""
    model = Percentage(Decimal(1), event_minimum=Decimal("0.50"), event_maximum=Decimal(10))

    assert _paid(model, (amount, 1)) == amount_minor


def test_free_transaction_pays_no_minimum() -> None:
    """The least is for transactions that are not free."""
    model = Percentage(Decimal(1), free_events=1, event_minimum=Decimal(5))

    assert _paid(model, ("1", 2)) == 500


GRADUATED_PERCENTAGE = GraduatedPercentage(
    percent_tiers(("1000", "3", "1"), ("10000", "2", "0"), ("", "0.5", "10"))
)
BY_TIERS = [
    Case("nothing", "0", 100, "fee 1"),
    Case("one", "1", 103, "1 + 0.03"),
    Case("a fraction", "0.5", 102, "1 + 0.015, half up"),
    Case("bound - 1", "999", 3097, "1 + 29.97"),
    Case("bound", "1000", 3100, "1 + 30"),
    Case("bound + 1", "1001", 3102, "31 + 0.02"),
    Case("second bound - 1", "9999", 21098, "31 + 8,999 x 2% = 31 + 179.98"),
    Case("second bound", "10000", 21100, "31 + 180"),
    Case("second bound + 1", "10001", 22101, "211 + 10 + 0.005, half up"),
    Case("beyond the last", "20000", 27100, "221 + 50"),
    Case("a million million", "1000000000000", 500_000_017_100, "221 + 4,999,999,950"),
    Case("no decimals", "1", 1, "1.03 yen", "JPY"),
    Case("three decimals", "1", 1030, "1.030", "KWD"),
]


@pytest.mark.parametrize("case", BY_TIERS, ids=str)
def test_graduated_percentage_at_its_boundaries(case: Case) -> None:
    """Each part of an amount at the percentage of its tier, and the fee of each tier reached."""
    assert charged(GRADUATED_PERCENTAGE, case) == case.amount_minor


def test_smallest_graduated_percentage_is_exact() -> None:
    """10^-12 percent of 10^15 is 10 units of money, also by tiers."""
    smallest = GraduatedPercentage(percent_tiers(("", "0.000000000001", "0")))

    assert charged(smallest, Case("", "1000000000000000", 0, "")) == 1000
