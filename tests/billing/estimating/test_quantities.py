"""Quantities that do not go with the prices are refused, with the field and the remedy."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    AddOn,
    Allowance,
    Counting,
    Licensed,
    Metered,
    PerUnitOf,
    Pooling,
)
from billing_service.domain.price_models import (
    Capacity,
    CapacityTier,
    Ceiling,
    Flat,
    GraduatedPercentage,
    Percentage,
    PercentTier,
    PerUnit,
    Transaction,
)
from billing_service.domain.quantities import Charged, Held, Quantities, Used
from billing_service.domain.quantity_rules import PricedIn, check_quantities, faults
from tests.billing.estimating.plans import calls, flat, price, seats

ONE = Decimal(1)
PER_SEAT = Allowance(PerUnitOf("seats", Decimal(5)), Pooling.PER_UNIT)
POOLED = Allowance(PerUnitOf("seats", Decimal(5)))
ANY = (Ceiling("cpu", None), Ceiling("ram", None))


def paid(code: str, **more: Any) -> Any:
    return price(code, Metered("paid"), Percentage(ONE, **more))


PRICES = (
    flat("10"),
    seats("1"),
    calls("1"),
    flat("5", "feature", add_on=AddOn()),
    price("domains", Licensed(), PerUnit(ONE), add_on=AddOn(quantity_max=3)),
    flat("1", "small", add_on=AddOn(exclusive_group="size")),
    flat("2", "large", add_on=AddOn(exclusive_group="size")),
    price("clients", Counting("client"), Flat(ONE)),
    paid("plain"),
    paid("fee", fixed_fee=ONE),
    paid("bounded", event_maximum=ONE),
    paid("first-free", free_events=3),
    price("tiers", Metered("paid"), GraduatedPercentage((PercentTier(None, ONE),))),
    price("data", Metered("gb"), PerUnit(ONE), included=PER_SEAT),
    price("pool", Metered("gb"), PerUnit(ONE), included=POOLED),
    price("machine", Metered(""), Capacity((CapacityTier(ANY, ONE),))),
    flat("9", "abroad", currency="EUR"),
)
PRICED = PricedIn([PlanVersion(1, None, PRICES)], band=0, currency="USD")


def used(code: str, quantity: str = "", **more: Any) -> Used:
    return Used(code, Decimal(quantity) if quantity else None, **more)


def transactions(*stated: tuple[str, int]) -> tuple[Transaction, ...]:
    return tuple(Transaction(Decimal(amount), count) for amount, count in stated)


def held(**stated: str) -> tuple[Held, ...]:
    return tuple(Held(code, Decimal(quantity)) for code, quantity in stated.items())


def violations(quantities: Quantities) -> list[str]:
    """The fields at fault, in order; none if the quantities are in order."""
    return [fault.path for fault in faults(quantities, PRICED)]


@pytest.mark.parametrize(
    ("stated", "fields"),
    [
        ({"seats": "0", "feature": "1", "domains": "3", "small": "1", "large": "0"}, []),
        ({"seats": "0.5"}, []),
        ({"nothing": "1"}, ["held[0].price"]),
        ({"abroad": "1"}, ["held[0].price"]),
        ({"base": "1"}, ["held[0].price"]),
        ({"calls": "1"}, ["held[0].price"]),
        ({"clients": "1"}, ["held[0].price"]),
        ({"seats": "1", "feature": "2"}, ["held[1].quantity"]),
        ({"feature": "0.5"}, ["held[0].quantity"]),
        ({"domains": "4"}, ["held[0].quantity"]),
        ({"small": "1", "seats": "1", "large": "1"}, ["held[2].price"]),
        ({"seats": "-1"}, ["held[0].quantity"]),
        ({"seats": "0.0000000001"}, ["held[0].quantity"]),
        ({"seats": "1000000000000000"}, []),
        ({"seats": "1000000000000000.1"}, ["held[0].quantity"]),
        ({"nothing": "1", "calls": "1"}, ["held[0].price", "held[1].price"]),
    ],
)
def test_what_cannot_be_held_is_refused(stated: Mapping[str, str], fields: list[str]) -> None:
    """Held are licensed prices and add-ons, within their bounds; every fault is told."""
    assert violations(Quantities(held=held(**stated))) == fields


def test_a_price_that_is_held_twice_is_refused() -> None:
    """Nobody could tell which of the two holds."""
    twice = (Held("seats", ONE), Held("seats", ONE))
    assert violations(Quantities(held=twice)) == ["held[1].price"]


@pytest.mark.parametrize(
    ("stated", "fields"),
    [
        (used("calls", "0"), []),
        (used("nothing", "1"), ["used[0].price"]),
        (used("seats", "1"), ["used[0].price"]),
        (used("base", "1"), ["used[0].price"]),
        (used("calls", "-1"), ["used[0].quantity"]),
        (used("calls", "0.0000000001"), ["used[0].quantity"]),
        (used("calls"), ["used[0].quantity"]),
        (used("calls", "1", meter="calls"), []),
        (used("calls", "1", meter="other"), ["used[0].meter"]),
        (used("calls", "1", events_count=1), ["used[0].events_count"]),
        (used("calls", transactions=transactions(("1", 1))), ["used[0].transactions"]),
        (used("plain", "100"), []),
        (used("plain", "100", events_count=7), []),
        (used("plain", transactions=transactions(("50", 2))), []),
        (used("plain", "100", transactions=transactions(("50", 2))), []),
        (used("plain", "99", transactions=transactions(("50", 2))), ["used[0].quantity"]),
        (
            used("plain", transactions=transactions(("50", 2)), events_count=1),
            ["used[0].events_count"],
        ),
        (used("plain", transactions=transactions(("-50", 2))), ["used[0].transactions[0].amount"]),
        (
            used("plain", transactions=transactions(("1000000000000000", 2))),
            ["used[0].quantity"],
        ),
        (used("fee", "100"), ["used[0].events_count"]),
        (used("fee", "100", events_count=1), []),
        (used("fee", "0"), []),
        (used("bounded", "100"), ["used[0].transactions"]),
        (used("bounded", "100", events_count=2), ["used[0].transactions"]),
        (used("bounded", transactions=transactions(("100", 1))), []),
        (used("first-free", "100"), ["used[0].transactions"]),
        (used("first-free", "0"), []),
        (used("tiers", "100", events_count=2), []),
        (used("data", "10"), ["used[0].by_unit"]),
        (used("data", "0"), []),
        (used("data", by_unit=(ONE, ONE)), []),
        (used("data", "3", by_unit=(ONE, ONE)), ["used[0].quantity"]),
        (used("data", by_unit=(ONE, -ONE)), ["used[0].by_unit[1]"]),
        (used("pool", by_unit=(ONE,)), ["used[0].by_unit"]),
        (used("machine", "1", meter="cpu"), []),
        (used("machine", "1"), ["used[0].meter"]),
        (used("machine", "1", meter="disk"), ["used[0].meter"]),
    ],
)
def test_what_cannot_be_used_is_refused(stated: Used, fields: list[str]) -> None:
    """Used are metered prices, with what their model needs to know, and without contradiction."""
    assert violations(Quantities(used=(stated,))) == fields


def test_usage_that_is_stated_twice_is_refused() -> None:
    """Only the meters of a capacity are stated one by one."""
    twice = (used("calls", "1"), used("calls", "1"))
    peaks = (used("machine", "1", meter="cpu"), used("machine", "1", meter="ram"))
    assert violations(Quantities(used=(*twice, *peaks))) == ["used[1].price"]


def test_a_code_of_a_later_version_is_known() -> None:
    """What one version in force prices can be held, and is judged by that version."""
    versions = [PlanVersion(1, None, (flat("10"),)), PlanVersion(2, 1, (seats("1"),))]
    priced = PricedIn(versions, band=0, currency="USD")
    with pytest.raises(
        InvalidQuantities, match=r"^held\[1\].price: other [^;]*; base, seats have.$"
    ):
        check_quantities(Quantities(held=held(seats="1", other="1")), priced)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("base", 1),
        ("seats", 0),
        ("calls", 0),
        ("machine", 0),
        ("clients", 0),
        ("feature", None),
        ("domains", None),
    ],
)
def test_what_is_not_named_is_held_and_used_at_nothing(code: str, expected: int | None) -> None:
    """Licensed prices are held at 0, metered ones used at 0, add-ons are not chosen."""
    (named,) = (each for each in PRICES if each.code == code)
    usage = Charged(Quantities()).usage_of(named)
    assert (usage if usage is None else usage.quantity) == expected


def test_a_refusal_lists_what_can_be_named() -> None:
    """Who names an unknown price is told the codes that there are."""
    with pytest.raises(InvalidQuantities, match="seat has no price in USD; base, seats, calls"):
        check_quantities(Quantities(held=held(seat="1")), PRICED)
