"""What rules say of a subscription by itself: where it stands, and whose usage is priced twice."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.plan import Plan
from billing_service.domain.price import (
    Allowance,
    DimensionFilter,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
)
from billing_service.domain.quantities import Quantities
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription import (
    PlanHolding,
    PlanTerms,
    Subscription,
    SubscriptionState,
    intervals,
    subscribe_to_plan,
)
from billing_service.domain.subscription_errors import PlanNotSubscribable, UsageAlreadyPriced
from billing_service.domain.subscription_rules import check_plan, check_priced_once
from tests.billing.builders import SAO_PAULO, at, day
from tests.billing.estimating.plans import calls, plan, seats

KOLKATA: Final = "Asia/Kolkata"


def subscription(
    begins: str = "2026-03-01", ends: str = "", *, name: str = "main", zone: str = SAO_PAULO
) -> Subscription:
    """A subscription to a plan."""
    return subscribe_to_plan(
        account="acme",
        subscription_id=name,
        holding=PlanHolding("pro"),
        display_name="",
        terms=PlanTerms(day(begins), day(ends) if ends else None),
        zone=zone,
    )


def subscribed(what: Plan, begins: str = "2026-03-01", ends: str = "") -> SubscribedPlan:
    """The same with its plan."""
    return SubscribedPlan(subscription(begins, ends), {"pro": what}, "USD", SAO_PAULO)


def filtered(stated: Mapping[str, str]) -> Plan:
    """A plan that prices the calls of which each dimension has one of some values."""
    filters = tuple(
        DimensionFilter(name, frozenset(values.split(","))) for name, values in stated.items()
    )
    return plan(replace(calls("0.01"), kind=Metered("calls", filters)))


def is_priced_twice(new: SubscribedPlan, other: SubscribedPlan) -> bool:
    """Whether both may not be subscribed."""
    try:
        check_priced_once(new, [other])
    except UsageAlreadyPriced:
        return True
    return False


@pytest.mark.parametrize("zone", [SAO_PAULO, KOLKATA, "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-03-09 23:59:59", SubscriptionState.SCHEDULED),
        ("2026-03-10 00:00", SubscriptionState.ACTIVE),
        ("2026-05-02 23:59:59", SubscriptionState.ACTIVE),
        ("2026-05-03 00:00", SubscriptionState.ENDED),
    ],
)
def test_state_follows_from_the_days_in_the_accounts_zone(
    zone: str, now: str, state: SubscriptionState
) -> None:
    """A day begins and ends with the account's midnight."""
    found = subscription("2026-03-10", "2026-05-03", zone=zone)
    assert found.state(at(now, zone), zone) is state


def test_a_subscription_is_one_stretch_of_instants() -> None:
    """From its first day's midnight to that of the day on which it is over."""
    (found,) = intervals(subscription("2026-03-10", "2026-05-03", zone=KOLKATA).facts)
    assert (found.start_at, found.end_at) == (at("2026-03-10", KOLKATA), at("2026-05-03", KOLKATA))


@pytest.mark.parametrize(
    ("ends", "last_month"),
    [("2026-04-30", "2026-04-01"), ("2026-05-01", "2026-04-01"), ("2026-05-02", "2026-05-01")],
)
def test_last_month_is_that_of_the_last_day(ends: str, last_month: str) -> None:
    """The end itself is a day on which it is over."""
    assert subscription("2026-03-10", ends).span.last_month == day(last_month)


@pytest.mark.parametrize(
    ("one", "other", "is_twice"),
    [
        ({}, {}, True),
        ({"region": "eu"}, {}, True),
        ({"region": "eu"}, {"region": "us"}, False),
        ({"region": "eu,us"}, {"region": "us,as"}, True),
        ({"region": "eu"}, {"model": "a"}, True),
        ({"region": "eu", "model": "a"}, {"region": "eu", "model": "b"}, False),
        ({"region": "eu", "model": "a"}, {"model": "a,b", "region": "eu"}, True),
    ],
)
def test_one_part_of_a_meters_usage_is_priced_once(
    one: dict[str, str], other: dict[str, str], is_twice: bool
) -> None:
    """Two plans may price one meter where some dimension has no value in common."""
    assert is_priced_twice(subscribed(filtered(one)), subscribed(filtered(other))) is is_twice


@pytest.mark.parametrize(
    ("begins", "ends", "is_twice"),
    [
        ("2026-03-01", "2026-04-10", False),
        ("2026-03-01", "2026-04-11", True),
        ("2026-03-01", "", True),
        ("2026-05-19", "", True),
        ("2026-05-20", "", False),
    ],
)
def test_usage_is_priced_once_on_each_day(begins: str, ends: str, is_twice: bool) -> None:
    """Before the first day of a subscription, and from its end on, another one may price it."""
    what = plan(calls("0.01"))
    other = subscribed(what, "2026-04-10", "2026-05-20")
    assert is_priced_twice(subscribed(what, begins, ends), other) is is_twice


def test_plans_without_a_meter_in_common_go_together() -> None:
    """Whatever else both price."""
    other = plan(replace(calls("0.01"), kind=Metered("storage")), seats("5"))
    assert not is_priced_twice(subscribed(plan(calls("0.01"), seats("5"))), subscribed(other))


@pytest.mark.parametrize("dimension", ["", "agent"])
def test_allowance_for_each_unit_needs_its_dimension(dimension: str) -> None:
    """Without it nothing tells which seat used something."""
    each = Allowance(PerUnitOf("seats", Decimal(5), dimension), Pooling.PER_UNIT)
    prices: tuple[Price, ...] = (seats("15"), calls("0.01", included=each))
    try:
        check_plan(subscribed(plan(*prices)), Quantities())
        is_refused = False
    except PlanNotSubscribable:
        is_refused = True
    assert is_refused is not bool(dimension)
