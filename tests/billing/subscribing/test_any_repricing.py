"""What was priced before a change was told, and is remembered, leaves the change as it is."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.coupon import Coupon
from billing_service.domain.negotiated import PriceOverride
from billing_service.domain.price import Allowance, Anchor, PercentDiscount, PerUnitOf, Schedule
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.subscription import Fact, changed
from billing_service.domain.subscription_change import without_changes
from tests.billing.builders import day
from tests.billing.estimating.plans import calls, flat, plan, seats
from tests.billing.subscribing.test_any_timeline import (
    LAST_MONTH,
    MODES,
    SCHEDULES,
    ZONE,
    changes,
    timelines,
)
from tests.billing.subscribing.timelines import fact, holding, subscribed, subscription

# From the day of the beginning on, so that what is held in between begins and ends with periods.
MONTHLY: Final = Schedule(anchor=Anchor.ANNIVERSARY)
PER_SEAT: Final = Allowance(PerUnitOf("seats", Decimal(100)))
# In force for two periods of each price.
HALF: Final = Coupon(
    "half", "Half off", PercentDiscount(Decimal(50)), "", 2, (), (), None, 0, created_at=0
)


def of_schedule(schedule: Schedule) -> SubscribedPlan:
    """A subscription to the first of two plans, with an allowance by seats and a coupon."""
    prices = (flat("50.00"), seats("12.34"), calls("0.01", included=PER_SEAT))
    pro = plan(*prices, schedule=schedule)
    first = holding({"seats": 3}, coupons=("half",))
    what = subscription(first, zone=ZONE, begins_on=day("2027-01-17"))
    dear = replace(pro, plan_id="max")
    return subscribed(what, pro, dear, zone=ZONE, coupons={"half": HALF})


def told(of: SubscribedPlan, fact: Fact) -> SubscribedPlan:
    """The same with a further fact."""
    return replace(of, subscription=changed(of.subscription, fact, ZONE))


def looked_at_each_time(facts: Sequence[Fact], schedule: Schedule) -> SubscribedPlan:
    """The subscription with some facts, all of it priced before each of them."""
    of = of_schedule(schedule)
    for each in facts:
        priced(of)
        of = told(of, each)
    return of


def told_at_once(facts: Sequence[Fact], schedule: Schedule) -> SubscribedPlan:
    """The same, never priced before."""
    return reduce(told, facts, of_schedule(schedule))


def priced(of: SubscribedPlan) -> list[SubscribedPrice]:
    """All that there is to charge: some of it is remembered from then on."""
    return list(of.prices_in(None, day(LAST_MONTH)))


@settings(max_examples=40)
@given(timelines(), st.sampled_from(SCHEDULES))
def test_a_change_is_priced_as_if_nothing_was_before(facts: list[Fact], schedule: Schedule) -> None:
    """All that is charged is the same, item by item and part by part."""
    looked_at = looked_at_each_time(facts, schedule)
    assert priced(looked_at) == priced(told_at_once(facts, schedule))


def test_a_coupon_that_is_used_up_meanwhile_is_in_force_no_more() -> None:
    """What is held since March stays as it was, but not the half of it that is off."""
    stated = PriceOverride("base", PercentDiscount(Decimal(10)))
    with_coupon = holding({"seats": 3}, coupons=("half",))
    facts = [
        fact("2027-02-17", holding({"seats": 3}), zone=ZONE),
        fact("2027-03-17", with_coupon, zone=ZONE),
        fact("2027-02-20", replace(with_coupon, price_overrides=(stated,)), zone=ZONE),
    ]
    looked_at = looked_at_each_time(facts, MONTHLY)
    assert priced(looked_at) == priced(told_at_once(facts, MONTHLY))


@settings(max_examples=25)
@given(changes(MODES, None), changes(MODES, None), st.sampled_from(SCHEDULES))
def test_what_is_undone_is_priced_as_if_never_told(
    kept: Fact, undone: Fact, schedule: Schedule
) -> None:
    """A change that is taken back leaves what is remembered of the time before it."""
    of = told(of_schedule(schedule), kept)
    before = priced(of)
    after = told(of, undone)
    priced(after)
    without = replace(after, subscription=without_changes(after.subscription, [3]))
    assert priced(without) == before
