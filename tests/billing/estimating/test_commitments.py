"""Estimates charge what is missing to a minimum spend as its period ends."""

from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.explanation import explain
from billing_service.domain.price import (
    Anchor,
    IntervalUnit,
    MinimumSpend,
    PartPeriod,
    Review,
    Schedule,
    Timing,
)
from tests.billing.estimating.plans import amounts, calls, estimated, flat, plan, quantities, totals

HUNDRED: Final = (MinimumSpend("USD", Decimal(100)),)
MISSING: Final = "commitment"


def test_what_is_missing_comes_after_all_prices() -> None:
    """31.00 and 100 calls at 0.30 are 61.00: 39.00 are missing."""
    what = plan(flat("31"), calls("0.30"), minimum_spends=HUNDRED)
    found = estimated(what, quantities(used={"calls": 100}))
    assert amounts(found.invoices[0]) == [("base", 3100), ("calls", 3000), (MISSING, 3900)]


@pytest.mark.parametrize(("used", "total"), [(0, 10000), (230, 10000), (231, 10030)])
def test_nothing_is_missing_once_the_minimum_is_reached(used: int, total: int) -> None:
    """31.00 and 230 calls at 0.30 are 100.00."""
    what = plan(flat("31"), calls("0.30"), minimum_spends=HUNDRED)
    assert totals(estimated(what, quantities(used={"calls": used}))) == [total]


def test_a_year_is_looked_at_as_it_ends() -> None:
    """1,000.00 a year less twelve months at 31.00 are 628.00, on the invoice of December."""
    yearly = Schedule(IntervalUnit.YEAR)
    what = plan(
        flat("31", schedule=Schedule()),
        schedule=yearly,
        minimum_spends=(MinimumSpend("USD", Decimal(1000)),),
    )
    assert totals(estimated(what, months=13)) == [*[3100] * 11, 3100 + 62800, 3100]


@pytest.mark.parametrize(
    ("first", "total"),
    [(PartPeriod.FULL, 10000), (PartPeriod.FREE, 0), (PartPeriod.PRORATED, 3226)],
)
def test_a_part_of_a_period_is_committed_as_the_schedule_says(
    first: PartPeriod, total: int
) -> None:
    """From the 22nd of January, 10 of 31 days: all, nothing, or 100.00 x 10/31 = 32.26."""
    what = plan(flat("31"), schedule=Schedule(first_period=first), minimum_spends=HUNDRED)
    assert totals(estimated(what, begins="2027-01-22")) == [total]


def test_anniversaries_bound_the_period() -> None:
    """Begun on the 15th: the first month ends in February, and so comes what is missing."""
    schedule = Schedule(timing=Timing.ARREARS, anchor=Anchor.ANNIVERSARY)
    what = plan(flat("31"), schedule=schedule, minimum_spends=HUNDRED)
    assert totals(estimated(what, begins="2027-01-15", months=3)) == [0, 10000, 10000]


def test_what_is_held_does_not_count() -> None:
    """The 30.00 of calls wait for a decision: 100.00 less 31.00 are missing."""
    what = plan(flat("31"), calls("0.30", review=Review.HELD), minimum_spends=HUNDRED)
    found = estimated(what, quantities(used={"calls": 100}))
    assert amounts(found.invoices[0]) == [("base", 3100), (MISSING, 6900)]


def test_another_currency_has_no_minimum() -> None:
    """What is stated in euros is nothing to who pays in dollars."""
    what = plan(
        flat("31"),
        flat("29", currency="EUR"),
        minimum_spends=(MinimumSpend("EUR", Decimal(100)),),
    )
    assert totals(estimated(what)) == [3100]


def test_the_line_explains_itself() -> None:
    """The minimum, what was charged of it, and what that leaves."""
    found = estimated(plan(flat("31"), minimum_spends=HUNDRED)).invoices[0].lines[-1]
    assert explain(found.rated, plan="pro", plan_version=1).steps == (
        "Minimum spend, remainder: one for each period.",
        "Flat: 100.",
        "Charged of it: 31, which leaves 69.",
        "It comes to USD 69.00.",
    )
