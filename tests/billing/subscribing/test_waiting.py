"""Changes that wait for renewal: what is not charged is not held, and nothing paid is lost."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.price import (
    AddOn,
    Anchor,
    Fixed,
    IntervalUnit,
    Licensed,
    Limit,
    Price,
    Recurring,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription import Subscription, changed
from billing_service.domain.subscription_change import (
    Asked,
    Moment,
    ProrationAsked,
    When,
    fact_asked,
)
from billing_service.domain.subscription_facts import Fact, FactKind, PlanHolding
from tests.billing.builders import Billing, at, day
from tests.billing.estimating.plans import flat, plan, seats
from tests.billing.one_off.coupons import create_coupon, stored_coupon
from tests.billing.subscribing.changing import change, move, undo
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.subscribing.timelines import ZONE, charges, holding, subscribed, subscription

NONE: Final = ProrationMode.NONE_UNTIL_RENEWAL
ADVANCE: Final = Schedule(timing=Timing.ADVANCE)
SEATS: Final = Price("seats", "USD", Licensed("seat"), PerUnit(Decimal(31)))
EXTRA: Final = Price("extra", "USD", Recurring(), Flat(Decimal(62)), add_on=AddOn())
USERS: Final = Limit("users", "", Fixed(Decimal(0)), "", "seats")
PRO: Final = plan_of(SEATS, EXTRA, schedule=ADVANCE, limits=(USERS,))
NEW_YEAR: Final = Schedule(IntervalUnit.YEAR, timing=Timing.ADVANCE)
BY_ANNIVERSARY: Final = Schedule(timing=Timing.ADVANCE, anchor=Anchor.ANNIVERSARY)
# The plan renews each January, seats each month, and support on the 17th of each.
MIXED: Final = plan(
    flat("365.00", schedule=NEW_YEAR),
    seats("31.00"),
    flat("62.00", "support", add_on=AddOn(), schedule=BY_ANNIVERSARY),
    schedule=ADVANCE,
)
OTHER: Final = replace(MIXED, plan_id="other")
FIRST: Final = {"seats": 3, "support": 1}


AT_ONCE: Final = [each for each in ProrationMode if each is not NONE]


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account with three seats since 1 March; it is the 10th, noon."""
    found = Live.on(sqlite_billing, PRO)
    found.subscribe("pro", {"seats": 3})
    found.billing.go_to("2026-03-10 12:00")
    return found


def seats_at(found: Subscription, when: str) -> int:
    """How many seats are held at an instant."""
    held = found.holding_at(at(when))
    return int(held.held[0].quantity) if held else 0


def seats_told(live: Live) -> list[tuple[int, str]]:
    """When how many users were told to be allowed."""
    told: list[Any] = list(live.billing.told(events_pb2.EntitlementsChanged))
    return [(when, message.limits[0].quantity.value) for when, message in told]


def test_upgrade_that_waits_is_neither_held_nor_charged_before_renewal(live: Live) -> None:
    """Ten seats are asked for in March: they are there, and cost something, from April on."""
    after = change(live, "pro", {"seats": 10}, mode=NONE)
    live.billing.go_to("2026-05-01 00:00:03")
    held = [seats_at(after, when) for when in ("2026-03-31 23:59", "2026-04-01")]
    assert (held, live.amounts()) == ([3, 10], [[9300], [31000]])


def test_entitlements_of_what_waits_are_told_when_it_takes_effect(live: Live) -> None:
    """Three users from March, ten from the first instant of April."""
    change(live, "pro", {"seats": 10}, mode=NONE)
    live.billing.go_to("2026-04-01 00:00:03")
    assert [each for each in seats_told(live) if each[0] > at("2026-03-09")] == [
        (at("2026-04-01"), "10")
    ]


def test_downgrade_that_waits_keeps_what_is_paid(live: Live) -> None:
    """One seat is asked for: three stay until March is over, as they are charged."""
    after = change(live, "pro", {"seats": 1}, mode=NONE)
    live.billing.go_to("2026-05-01 00:00:03")
    held = [seats_at(after, when) for when in ("2026-03-31 23:59", "2026-04-01")]
    assert (held, live.amounts()) == ([3, 1], [[9300], [3100]])


def test_change_to_and_fro_gives_nothing_for_nothing(live: Live) -> None:
    """A hundred seats until the day before renewal: there never was more than the three."""
    change(live, "pro", {"seats": 100}, mode=NONE)
    live.billing.go_to("2026-03-31 12:00")
    reverted = change(live, "pro", {"seats": 3}, mode=NONE)
    live.billing.go_to("2026-05-01 00:00:03")
    held = {seats_at(reverted, when) for when in ("2026-03-20", "2026-03-31 13:00", "2026-04-20")}
    assert (held, live.amounts()) == ({3}, [[9300], [9300]])


@pytest.mark.parametrize("back", ProrationMode)
@pytest.mark.parametrize("mode", AT_ONCE)
def test_upgrade_that_is_gone_back_on_is_paid_for(mode: ProrationMode, back: ProrationMode) -> None:
    """Seven seats more from the 10th to the 30th cost at least 21 of 31 days: 147.00."""
    plan_of_seats, what = (
        plan(seats("31.00"), schedule=ADVANCE),
        subscription(holding({"seats": 3})),
    )
    for when, count, how in (("2027-03-10 12:00", 10, mode), ("2027-03-31 12:00", 3, back)):
        asked = Asked(
            FactKind.CHANGED, holding=holding({"seats": count}), proration=ProrationAsked(how)
        )
        told = fact_asked(subscribed(what, plan_of_seats), asked, at(when, ZONE))
        what = changed(what, told, ZONE)
    found = charges(subscribed(what, plan_of_seats), "2027-03-01", "2027-02-01")
    assert sum(each.amount_minor for each in found) >= 9300 + 14700


@pytest.mark.parametrize("mode", AT_ONCE)
def test_what_waits_is_brought_forward_by_any_other_mode(live: Live, mode: ProrationMode) -> None:
    """Ten seats wait for April; they are wanted from the 20th on, and are there."""
    change(live, "pro", {"seats": 10}, mode=NONE)
    live.billing.go_to("2026-03-20 12:00")
    forward = change(live, "pro", {"seats": 10}, mode=mode)
    assert seats_at(forward, "2026-03-20 12:00") == 10


def test_what_is_brought_forward_is_charged_from_then_on(live: Live) -> None:
    """Of 31 days, 19 with three seats and 12 with ten: 57.00 and 120.00; April 310.00."""
    change(live, "pro", {"seats": 10}, mode=NONE)
    live.billing.go_to("2026-03-20 12:00")
    change(live, "pro", {"seats": 10})
    live.billing.go_to("2026-05-01 00:00:03")
    assert [sorted(each) for each in live.amounts()] == [[5700, 12000], [31000]]


def test_further_change_takes_the_place_of_what_waits(live: Live) -> None:
    """Eight seats wait for April; ten are taken on the 20th, and go on being held in April."""
    change(live, "pro", {"seats": 8}, mode=NONE)
    live.billing.go_to("2026-03-20 12:00")
    overtaken = change(live, "pro", {"seats": 10})
    assert seats_at(overtaken, "2026-04-20") == 10


def test_what_waits_is_undone(live: Live) -> None:
    """It has not taken effect, and never does."""
    change(live, "pro", {"seats": 10}, mode=NONE)
    undone = undo(live, 2)
    assert seats_at(undone, "2026-04-20") == 3


def test_coupon_of_what_waits_is_redeemed_once(live: Live) -> None:
    """The change that brings it forward finds it redeemed."""
    create_coupon(live.billing)
    change(live, "pro", {"seats": 10}, mode=NONE, coupons=("welcome",))
    change(live, "pro", {"seats": 10}, coupons=("welcome",))
    assert stored_coupon(live.billing).redemptions_count == 1


def test_resumption_without_proration_is_charged_from_then_on(live: Live) -> None:
    """Paused for ten days of 31: what begins again costs its part, or it would be for nothing."""
    move(live, "pause", "2026-03-11")
    live.billing.go_to("2026-03-21 00:00")
    move(live, "resume", mode=NONE)
    live.billing.go_to("2026-04-01 00:00:03")
    assert sorted(live.amounts()[0]) == [3000, 3300]


def waiting(new: PlanHolding, when: When) -> Fact:
    """The fact that a change becomes which waits, of a subscription since 17 January 2027."""
    what = subscription(holding(FIRST), begins_on=day("2027-01-17"))
    of = subscribed(what, MIXED, OTHER)
    asked = Asked(FactKind.CHANGED, when, new, ProrationAsked(NONE))
    return fact_asked(of, asked, at("2027-03-10", ZONE))


@pytest.mark.parametrize(
    ("new", "when", "renewal"),
    [
        (holding({"seats": 5, "support": 1}), Moment.NOW, "2027-04-01"),
        (holding({"seats": 3}), Moment.NOW, "2027-03-17"),
        (holding({"seats": 5}), Moment.NOW, "2027-04-01"),
        (holding(FIRST, "other"), Moment.NOW, "2028-01-01"),
        (holding(FIRST, coupons=("welcome",)), Moment.NOW, "2028-01-01"),
        (holding(FIRST), Moment.NOW, "2027-03-10"),
        (holding({"seats": 5, "support": 1}), day("2027-06-11"), "2027-07-01"),
        (holding({"seats": 5, "support": 1}), day("2027-06-01"), "2027-06-01"),
        (holding({"seats": 5, "support": 1}), Moment.RENEWAL, "2028-01-01"),
    ],
    ids=["seats", "support", "both", "plan", "coupon", "nothing", "day", "first day", "renewal"],
)
def test_change_waits_for_what_it_changes(new: PlanHolding, when: When, renewal: str) -> None:
    """For the longest period of it, as that is paid for; on its first day for nothing."""
    assert waiting(new, when).effective_at == at(renewal, ZONE)


def test_what_renews_apart_is_charged_by_part_from_then_on() -> None:
    """The plan is another from January: of support's month from 17 December on, 15 days are old."""
    fact = waiting(holding(FIRST, "other"), Moment.NOW)
    what = subscription(holding(FIRST), [fact], begins_on=day("2027-01-17"))
    found = charges(subscribed(what, MIXED, OTHER), "2028-01-01", "2027-11-01")
    support = [each for each in found if each.price.price.code == "support"]
    assert [each.exact for each in support] == [62 * Fraction(15, 31), 62 * Fraction(16, 31), 62]
