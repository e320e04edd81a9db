"""What a partner reads who wants to know how a line came about."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from billing_service.domain.allowance import Coverage
from billing_service.domain.explanation import Explanation, explain, explain_included
from billing_service.domain.price import (
    AmountDiscount,
    Counting,
    PercentDiscount,
    Price,
    Recurring,
    Review,
    ZeroUsage,
)
from billing_service.domain.price_models import (
    Capacity,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Stairstep,
    StairstepMode,
    Transaction,
    Usage,
    Volume,
    usage_of_peaks,
    usage_of_transactions,
)
from billing_service.domain.rating import RatedPrice, rate
from tests.billing.pricing.drawing import ratings
from tests.billing.pricing.pricing import (
    capacity,
    licensed,
    metered,
    percent_tiers,
    rated,
    steps,
    tiers,
)

D = Decimal


def _explained(line: RatedPrice) -> Explanation:
    return explain(line, plan="hybrid", plan_version=2)


GOLDEN = {
    "recurring": (
        rated(Price("core", "USD", Recurring(), Flat(D(49)), display_name="Core"), 1),
        (
            "Core: one for each period.",
            "Flat: 49.",
            "It comes to USD 49.00.",
        ),
    ),
    "per unit with an allowance": (
        rated(metered(PerUnit(D("0.005")), display_name="API calls"), 25000, free=D(10000)),
        (
            "API calls: 25,000 were used.",
            "10,000 are included and free of charge, 15,000 are priced.",
            "Each: 15,000 x 0.005 = 75.",
            "It comes to USD 75.00.",
        ),
    ),
    "all included": (
        rated(metered(PerUnit(D("0.005"))), 8000, free=D(10000)),
        (
            "calls: 8,000 were used.",
            "All of it is included.",
            "It comes to USD 0.00.",
        ),
    ),
    "nothing used": (
        rated(metered(Flat(D(5))), 0),
        (
            "calls: 0 were used.",
            "A quantity of 0 costs nothing.",
            "It comes to USD 0.00.",
        ),
    ),
    "graduated": (
        rated(
            metered(Graduated(tiers(("1000", "0", "0"), ("5000", "0.02", "5"), ("", "0.01", "0")))),
            6000,
        ),
        (
            "calls: 6,000 were used.",
            "1 to 1,000: 1,000 for nothing.",
            "1,001 to 5,000: 4,000 x 0.02 + 5 = 85.",
            "5,001 and more: 1,000 x 0.01 = 10.",
            "Together: 95.",
            "It comes to USD 95.00.",
        ),
    ),
    "graduated, of fractions": (
        rated(metered(Graduated(tiers(("30", "1", "0"), ("", "0.5", "0")))), "30.5"),
        (
            "calls: 30.5 were used.",
            "Over 0 up to 30: 30 x 1 = 30.",
            "Over 30: 0.5 x 0.5 = 0.25.",
            "Together: 30.25.",
            "It comes to USD 30.25.",
        ),
    ),
    "counted, by volume": (
        rated(
            Price(
                "clients",
                "NOK",
                Counting("client"),
                Volume(tiers(("99", "0", "200"), ("250", "0", "500"), ("", "0", "1000"))),
            ),
            100,
        ),
        (
            "clients: 100 are counted (client).",
            "100 to 250: a fee of 500.",
            "It comes to NOK 500.00.",
        ),
    ),
    "packages": (
        rated(metered(Package(D(1000), D("0.10"))), 150001, free=D(50000)),
        (
            "calls: 150,001 were used.",
            "50,000 are included and free of charge, 100,001 are priced.",
            "101 started packages of 1,000 at 0.1: 10.1.",
            "It comes to USD 10.10.",
        ),
    ),
    "cumulative steps": (
        rated(metered(Stairstep(steps(("10", "5"), ("", "30")), StairstepMode.CUMULATIVE)), 11),
        (
            "calls: 11 were used.",
            "1 to 10: 5.",
            "11 and more: 30.",
            "Together: 35.",
            "It comes to USD 35.00.",
        ),
    ),
    "transactions": (
        rated(
            metered(
                Percentage(
                    D("2.9"), D("0.3"), free_events=2, event_minimum=D(1), event_maximum=D(10)
                )
            ),
            usage_of_transactions(
                [Transaction(D(50), 3), Transaction(D(1000), 3), Transaction(D(5), 2)]
            ),
        ),
        (
            "calls: 3,160 were used.",
            "2 transactions free: 100 for nothing.",
            "1 transaction at 2.9% and 0.3 each: 50 x 0.029 + 0.3 = 1.75.",
            "2 transactions at the minimum of 1: 2.",
            "3 transactions at the maximum of 10: 30.",
            "Together: 33.75.",
            "It comes to USD 33.75.",
        ),
    ),
    "percentage with a free amount": (
        rated(metered(Percentage(D(1), free_amount=D(100))), 300),
        (
            "calls: 300 were used.",
            "Free: 100 for nothing.",
            "1%: 200 x 0.01 = 2.",
            "Together: 2.",
            "It comes to USD 2.00.",
        ),
    ),
    "graduated percentage": (
        rated(
            metered(GraduatedPercentage(percent_tiers(("1000", "3", "1"), ("", "2", "0")))), "1500"
        ),
        (
            "calls: 1,500 were used.",
            "Over 0 up to 1,000: 1,000 x 0.03 + 1 = 31.",
            "Over 1,000: 500 x 0.02 = 10.",
            "Together: 41.",
            "It comes to USD 41.00.",
        ),
    ),
    "capacity": (
        rated(
            metered(
                Capacity((capacity("19", contacts="1000"), capacity("199", contacts=""))),
                display_name="Contacts",
            ),
            usage_of_peaks({"contacts": D(1200)}),
        ),
        (
            "Contacts: 1 was used.",
            "Capacity 2 of 2 for 1,200 contacts: 199.",
            "It comes to USD 199.00.",
        ),
    ),
    "an instalment of a part of a year": (
        rated(
            licensed(PerUnit(D(50)), display_name="Seats", discount=PercentDiscount(D(20))),
            100,
            instalments=12,
            coverage=Coverage(73, 365),
        ),
        (
            "Seats: 100 are held.",
            "Each: 100 x 50 = 5,000.",
            "20% off, 1,000, leaves 4,000.",
            "For 73 of 365 days: 4,000 x 73/365 = 800.",
            "One of 12 equal parts: 800 / 12 = 66.666666….",
            "Rounded once, half up, it comes to USD 66.67.",
        ),
    ),
    "a minimum by days, held for a decision": (
        rated(
            metered(
                PerUnit(D(1)),
                minimum_charge=D(30),
                discount=AmountDiscount(D(1)),
                review=Review.HELD,
            ),
            3,
            coverage=Coverage(10, 31),
            price_index=D("1.05"),
        ),
        (
            "calls: 3 were used.",
            "Each: 3 x 1 = 3.",
            "The account's index: 3 x 1.05 = 3.15.",
            "The minimum charge is 30 x 10/31 of the days = 9.677419…: it holds, being more.",
            "0.322580… off leaves 9.354838….",
            "Rounded once, half up, it comes to USD 9.35.",
            "It is not charged before somebody has decided so.",
        ),
    ),
    "a maximum": (
        rated(metered(PerUnit(D(1)), maximum_charge=D(2)), 3),
        (
            "calls: 3 were used.",
            "Each: 3 x 1 = 3.",
            "The maximum charge is 2: it holds, being less.",
            "It comes to USD 2.00.",
        ),
    ),
    "a fee for nothing used": (
        rated(metered(Graduated(tiers(("", "1", "5"))), zero_usage=ZeroUsage.CHARGED), 0),
        (
            "calls: 0 were used.",
            "1 and more: 0 x 1 + 5 = 5.",
            "It comes to USD 5.00.",
        ),
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_explanation_reads_step_by_step(name: str) -> None:
    """Each step is a sentence with the figures before and after it."""
    line, sentences = GOLDEN[name]

    assert _explained(line).steps == sentences


@pytest.mark.parametrize(
    ("instalments", "exact"), [(1, "40"), (3, "40/3"), (12, "10/3"), (32, "1.25"), (100, "0.4")]
)
def test_exact_amount_is_a_decimal_or_a_fraction(instalments: int, exact: str) -> None:
    """A fraction stands where no decimal is exact, in its lowest terms."""
    line = rated(licensed(PerUnit(D(40))), 1, instalments=instalments)

    assert _explained(line).exact_amount == exact


def test_explanation_tells_all_figures() -> None:
    """Quantities, what the model comes to, what decided, and the circumstances."""
    price = licensed(
        PerUnit(D(2)), maximum_charge=D(15), minimum_charge=D(1), discount=AmountDiscount(D(5))
    )
    told = _explained(rated(price, 30, free=D(20), coverage=Coverage(15, 30), instalments=2))

    assert (told.plan, told.plan_version, told.price, told.model) == (
        "hybrid",
        2,
        "seat",
        "per_unit",
    )
    assert (told.quantity, told.included_quantity, told.priced_quantity) == (D(30), D(20), D(10))
    assert (told.model_amount, told.price_index) == (D(20), D(1))
    assert (told.minimum_charge, told.maximum_charge, told.discount) == (None, D(15), D(5))
    assert (told.coverage, told.instalments) == (Coverage(15, 30), 2)
    assert (told.exact_amount, told.amount_minor, told.currency) == ("2.5", 250, "USD")


def test_discount_that_no_decimal_holds_is_told_to_twelve_decimals() -> None:
    """A third of 10 off, for ten days of thirty."""
    price = metered(PerUnit(D(1)), discount=AmountDiscount(D(10)))
    told = _explained(rated(price, 20, coverage=Coverage(10, 30)))

    assert told.discount == D("3.333333333333")


@settings(max_examples=80)
@given(ratings())
def test_exact_amount_is_the_rated_one(
    rating: tuple[Price, Usage, dict[str, Any]],
) -> None:
    """Its exact amount is the rated one."""
    price, usage, circumstances = rating
    line = rate(price, usage, **circumstances)
    assert line is not None

    assert Fraction(_explained(line).exact_amount) == Fraction(line.numerator) / line.divisor


@pytest.mark.parametrize(
    ("used", "step"),
    [
        (25000, "10,000 are included and free of charge."),
        (10000, "All of it is included and free of charge."),
    ],
)
def test_what_is_included_is_explained_by_itself(used: int, step: str) -> None:
    """Its explanation ends at nothing, whatever the rest costs."""
    line = rated(metered(PerUnit(D("0.005"))), used, free=D(10000))
    told = explain_included(line, plan="hybrid", plan_version=2)
    assert (told.steps, told.amount_minor, told.shares) == (
        (f"calls: {used:,} were used.", step, "It comes to USD 0.00."),
        0,
        (),
    )
