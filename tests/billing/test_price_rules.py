"""The rules of prices: each refused with the path of the field, and with what it must be."""

from itertools import pairwise
from typing import Final

import pytest

from billing_service.domain import price_rules
from billing_service.domain.price import (
    AddOn,
    Allowance,
    Anchor,
    Fixed,
    Limit,
    Metered,
    Pooling,
    Price,
    Schedule,
)
from billing_service.domain.price_models import (
    Ceiling,
    Fault,
    Graduated,
)
from chassis.errors import BadRequest
from tests.billing.allowance_rule_cases import ALLOWANCE_CASES
from tests.billing.price_rule_cases import (
    CASES,
    METERS,
    YEAR,
    D,
    base,
    by,
    calls,
    capacity,
    per_unit_of,
    seats,
    shared,
    storage,
    tiers,
    version,
)

ALL_CASES: Final = CASES | ALLOWANCE_CASES


@pytest.mark.parametrize("name", ALL_CASES)
def test_each_rule_names_field_and_remedy(name: str) -> None:
    """A version that breaks one rule has that one fault, at the field's path."""
    broken, path, text = ALL_CASES[name]
    assert [(each.path, each.text) for each in price_rules.faults(broken, METERS)] == [(path, text)]


def test_prices_in_order_have_no_fault() -> None:
    """A version of all kinds, with allowances, add-ons and limits, breaks no rule."""
    fine = version(
        base(band=1),
        base(band=2),
        base(band=1, currency="EUR"),
        seats(band=1, included=Allowance(Fixed(D(3)))),
        seats(band=2),
        seats(code="devices", included=per_unit_of("seats"), add_on=AddOn(exclusive_group="g")),
        calls(included=per_unit_of("seats", pooling=Pooling.PER_UNIT)),
        calls(
            code="gets",
            kind=Metered("calls", (by("method"), by("seat", "a", "b"))),
            included=per_unit_of("seats", pooling=Pooling.PER_UNIT, dimension="seat"),
        ),
        storage(),
        calls(code="traffic", kind=Metered("storage")),
        calls(code="room", kind=Metered(""), model=capacity(Ceiling("calls", None)).model),
        base(code="year", schedule=Schedule(interval_unit=YEAR, anchor_month=4, instalments=12)),
        shared_allowances=(shared("storage", "traffic", allowance=per_unit_of("seats")),),
        limits=(Limit("users", "", Fixed(D(3)), raised_by="seats"),),
        schedule=Schedule(anchor_day=15),
    )
    assert list(price_rules.faults(fine, METERS)) == []


def test_allowances_must_not_go_round() -> None:
    """Each price on the way round is named, with the way."""
    round_trip = version(
        seats(code="a", included=per_unit_of("b")),
        seats(code="b", included=per_unit_of("a")),
        seats(code="c", included=per_unit_of("a")),
    )
    assert list(price_rules.faults(round_trip, METERS)) == [
        Fault(
            "prices[0].included.per_unit_of.price",
            "a -> b -> a: an allowance cannot come from itself",
        ),
        Fault(
            "prices[1].included.per_unit_of.price",
            "b -> a -> b: an allowance cannot come from itself",
        ),
    ]


def test_a_long_way_round_is_told_by_its_ends() -> None:
    """A way over many prices is cut short."""
    codes = ["a", "b", "c", "d", "e", "a"]
    around = [seats(code=code, included=per_unit_of(source)) for code, source in pairwise(codes)]
    first = next(price_rules.faults(version(*around), METERS))
    assert first.text == "a -> b -> ... -> a: an allowance cannot come from itself"


def test_an_own_anchor_bears_with_the_anchor_taken_over() -> None:
    """A price on anniversaries takes over the version's day and month, which it does not use."""
    general = Schedule(interval_unit=YEAR, anchor_day=15, anchor_month=4)
    own = Schedule(anchor=Anchor.ANNIVERSARY, anchor_day=15, anchor_month=4)
    assert list(price_rules.faults(version(base(schedule=own), schedule=general), METERS)) == []


WRONG: Final = (
    base(),
    base(),
    calls(kind=Metered("nothing"), model=Graduated(tiers("9", "3", None))),
    seats(currency="ZZZ", minimum_charge=D(2), maximum_charge=D(1)),
)


def test_all_faults_are_told_by_path() -> None:
    """Faults come in the order of their paths, and none hides another."""
    found = price_rules.faults(version(*WRONG), METERS)
    assert [each.path for each in found] == [
        "prices[1].code",
        "prices[2].metered.meter",
        "prices[2].graduated.tiers[1].up_to",
        "prices[3].currency",
        "prices[3].minimum_charge",
    ]


@pytest.mark.parametrize(
    ("prices", "reason"),
    [
        (WRONG[:2], "INVALID_PRICES"),
        (WRONG[2:], "METER_NOT_FOUND"),
        (WRONG[3:], "CURRENCY_UNKNOWN"),
    ],
)
def test_the_first_fault_gives_the_reason(prices: tuple[Price, ...], reason: str) -> None:
    """A refusal has the reason of its first fault."""
    assert price_rules.refusal(list(price_rules.faults(version(*prices), METERS))).reason == reason


def test_a_refusal_tells_all_faults_under_the_path_of_the_request() -> None:
    """Each fault is a violation; the message names the first and says how many more there are."""
    found = list(price_rules.faults(version(*WRONG), METERS))
    refusal = price_rules.refusal(found, "plan.versions[0].")
    assert isinstance(refusal.detail, BadRequest)
    assert [each.field for each in refusal.detail.violations] == [
        f"plan.versions[0].{each.path}" for each in found
    ]
    assert refusal.message == (
        "plan.versions[0].prices[1].code: base is priced in BRL in every band by prices[0] "
        "already; 4 more."
    )
