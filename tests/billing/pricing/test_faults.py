"""What is wrong with the figures of a model, and where."""

from decimal import Decimal

import pytest

from billing_service.domain.price_models import (
    Capacity,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    PriceModel,
    Stairstep,
    Volume,
)
from tests.billing.pricing.pricing import capacity, percent_tiers, steps, tiers

D = Decimal
FAULTY: dict[str, tuple[PriceModel, list[str]]] = {
    "a negative amount": (Flat(D(-1)), ["amount"]),
    "an amount without end": (Flat(D("Infinity")), ["amount"]),
    "no number": (PerUnit(D("NaN")), ["unit_price"]),
    "more than 12 decimals": (PerUnit(D("0.0000000000001")), ["unit_price"]),
    "too large an amount": (PerUnit(D("1000000000000.01")), ["unit_price"]),
    "no tier": (Graduated(()), ["tiers"]),
    "a last tier with a bound": (Graduated(tiers(("10", "1", "0"))), ["tiers[0].up_to"]),
    "an open tier before the last": (
        Graduated(tiers(("", "1", "0"), ("", "1", "0"))),
        ["tiers[0].up_to"],
    ),
    "a bound of 0": (Volume(tiers(("0", "1", "0"), ("", "1", "0"))), ["tiers[0].up_to"]),
    "the same bound twice": (
        Volume(tiers(("10", "1", "0"), ("10", "1", "0"), ("", "1", "0"))),
        ["tiers[1].up_to"],
    ),
    "a bound that falls": (
        Volume(tiers(("10", "1", "0"), ("5", "1", "0"), ("8", "1", "0"), ("", "1", "0"))),
        ["tiers[1].up_to", "tiers[2].up_to"],
    ),
    "a bound of ten decimals": (
        Volume(tiers(("1.0000000001", "1", "0"), ("", "1", "0"))),
        ["tiers[0].up_to"],
    ),
    "figures of a tier": (
        Graduated(tiers(("1", "-1", "0"), ("", "1", "-1"))),
        ["tiers[0].unit_price", "tiers[1].flat_fee"],
    ),
    "packages of nothing": (Package(D(0), D(1)), ["size"]),
    "fewer packages than none": (Package(D(1), D(1), packages_min=-1), ["packages_min"]),
    "steps": (Stairstep(steps(("5", "-1"), ("5", "1"))), ["steps[1].up_to", "steps[0].amount"]),
    "more than all": (Percentage(D("100.1")), ["percent"]),
    "fewer events than none": (Percentage(D(1), free_events=-1), ["free_events"]),
    "a most below the least": (
        Percentage(D(1), event_minimum=D(2), event_maximum=D(1)),
        ["event_maximum"],
    ),
    "figures of a percentage": (
        Percentage(D(-1), D(-1), D(-1), event_minimum=D(-1), event_maximum=D(-1)),
        ["percent", "fixed_fee", "free_amount", "event_minimum", "event_maximum"],
    ),
    "percent by tiers": (
        GraduatedPercentage(percent_tiers(("10", "101", "0"), ("5", "1", "-1"))),
        ["tiers[1].up_to", "tiers[0].percent", "tiers[1].flat_fee"],
    ),
    "no capacity": (Capacity(()), ["tiers"]),
    "a capacity without meters": (Capacity((capacity("1"),)), ["tiers[0].ceilings"]),
    "other meters": (
        Capacity((capacity("1", calls="5"), capacity("2", mails=""))),
        ["tiers[1].ceilings"],
    ),
    "a capacity that holds less": (
        Capacity(
            (
                capacity("1", calls="5", mails="5"),
                capacity("2", calls="4", mails="9"),
                capacity("3", calls="", mails=""),
            )
        ),
        ["tiers[1].ceilings[0].up_to"],
    ),
    "a capacity that holds no more": (
        Capacity((capacity("1", calls="5"), capacity("2", calls="5"), capacity("3", calls=""))),
        ["tiers[1].ceilings"],
    ),
    "a last capacity with a ceiling": (
        Capacity((capacity("1", calls="5"), capacity("2", calls="9"))),
        ["tiers[1].ceilings[0].up_to"],
    ),
    "figures of a capacity": (
        Capacity((capacity("-1", calls="-5"), capacity("1", calls=""))),
        ["tiers[0].amount", "tiers[0].ceilings[0].up_to"],
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_each_fault_is_told_with_its_field(name: str) -> None:
    """All faults are found, each with the path that the contract gives its field."""
    model, paths = FAULTY[name]

    assert [fault.path for fault in model.faults()] == paths


def test_fault_says_what_would_be_right() -> None:
    """An overlap names the bound that it runs into."""
    model = Graduated(tiers(("1000", "1", "0"), ("500", "1", "0"), ("", "1", "0")))

    assert [fault.text for fault in model.faults()] == [
        "must be above 1,000, where the one before it ends"
    ]


@pytest.mark.parametrize(
    "model",
    [
        Flat(D(0)),
        PerUnit(D("0.000000000001")),
        PerUnit(D("1.0000000000000")),
        Graduated(tiers(("", "0", "0"))),
        Volume(tiers(("0.000000001", "1", "0"), ("1000000000000000", "1", "0"), ("", "1", "0"))),
        Package(D("0.5"), D(1)),
        Stairstep(steps(("", "1"))),
        Percentage(D(100), event_maximum=D(0)),
        GraduatedPercentage(percent_tiers(("", "0.000000000001", "0"))),
        Capacity((capacity("1", calls="5", mails=""), capacity("2", calls="", mails=""))),
    ],
)
def test_extremes_are_allowed(model: PriceModel) -> None:
    """The least and the most that a figure may be is no fault."""
    assert not list(model.faults())
