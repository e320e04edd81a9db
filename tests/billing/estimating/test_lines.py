"""What the lines of an estimate say: of which item, which part of a year, and what one costs."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billing_service.domain.price import (
    Anchor,
    IntervalUnit,
    PercentDiscount,
    Price,
    Schedule,
)
from tests.billing.estimating.plans import estimated, flat, plan, quantities, seats

YEAR = Schedule(interval_unit=IntervalUnit.YEAR)
MONTHLY_PAID = replace(YEAR, instalments=12, anchor=Anchor.ANNIVERSARY)


def descriptions(*prices: Price, **more: Any) -> list[str]:
    """What the lines of the estimate say."""
    found = estimated(plan(*prices, **more.pop("version", {})), **more)
    return [each.line.description for invoice in found.invoices for each in invoice.lines]


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (flat("10"), "Pro, 2027-01"),
        (flat("10", display_name="Base fee"), "Pro, Base fee, 2027-01"),
        (flat("10", "support"), "Pro, support, 2027-01"),
        (flat("10", "support", display_name="Support"), "Pro, Support, 2027-01"),
        (seats("10"), "Pro, seats, 2027-01"),
    ],
)
def test_a_price_without_a_name_goes_by_its_code(price: Price, expected: str) -> None:
    """All but the price `base`, which is the plan itself."""
    assert descriptions(price) == [expected]


def test_a_plan_without_a_name_has_its_items_on_its_lines() -> None:
    """An item of a plan that is not stored goes by its code alone."""
    what = replace(plan(flat("10"), flat("5", "support")), plan_id="", display_name="")
    found = estimated(what)
    assert [each.line.description for each in found.invoices[0].lines] == [
        "base, 2027-01",
        "support, 2027-01",
    ]


@pytest.mark.parametrize(
    ("schedule", "begins", "expected"),
    [
        (MONTHLY_PAID, "2027-03-15", ["1 of 12", "2 of 12", "3 of 12"]),
        (replace(MONTHLY_PAID, anchor=Anchor.CALENDAR), "2027-11-01", ["11 of 12", "12 of 12"]),
        (replace(YEAR, instalments=4), "2027-02-01", ["1 of 4", "2 of 4"]),
    ],
)
def test_an_instalment_is_told_by_its_number(
    schedule: Schedule, begins: str, expected: list[str]
) -> None:
    """It counts from the day on which the year begins, whenever it was subscribed."""
    told = descriptions(flat("365"), version={"schedule": schedule}, begins=begins, months=3)
    numbers = [each.split(", ")[1].removeprefix("instalment ") for each in told]
    assert numbers[: len(expected)] == expected


@pytest.mark.parametrize(
    ("price", "schedule", "begins", "expected"),
    [
        (flat("600"), MONTHLY_PAID, "2027-01-01", "50"),
        (flat("500"), MONTHLY_PAID, "2027-01-01", None),
        (flat("365"), YEAR, "2027-08-10", "144"),
        (flat("29.90"), Schedule(), "2027-01-15", None),
        (flat("0.01", discount=PercentDiscount(Decimal("0.0000000001"))), YEAR, "2027-01-01", None),
        (
            flat("0.01", discount=PercentDiscount(Decimal("0.00000001"))),
            YEAR,
            "2027-01-01",
            "0.009999999999",
        ),
    ],
)
def test_the_price_of_one_is_told_where_decimals_state_it(
    price: Price, schedule: Schedule, begins: str, expected: str | None
) -> None:
    """It is that for the period charged, in up to 12 decimals, and exact."""
    found = estimated(plan(price, schedule=schedule), begins=begins)
    told = found.invoices[0].lines[0].line.unit_price
    assert told == (None if expected is None else Decimal(expected))


def test_the_price_of_one_seat_is_that_of_the_days_charged() -> None:
    """Of 31 francs, 10 of 31 days cost 10."""
    found = estimated(plan(seats("31")), quantities({"seats": 2}), begins="2027-01-22")
    assert found.invoices[0].lines[0].line.unit_price == Decimal(10)
