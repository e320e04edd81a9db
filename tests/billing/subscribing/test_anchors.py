"""Where periods begin, whatever the plan says, and what the first one costs from a purchase on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from billing_service.domain.coupon import Coupon
from billing_service.domain.plan import PlanVersion, VersionPolicy
from billing_service.domain.price import (
    Anchor,
    IntervalUnit,
    PartPeriod,
    PercentDiscount,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import PerUnit
from billing_service.domain.proration import Granularity, Proration, ProrationMode
from billing_service.domain.subscription import FactKind, PlanHolding
from billing_service.domain.subscription_change import Asked, Moment, fact_asked
from tests.billing.builders import at, day
from tests.billing.estimating.plans import SEATS, flat, plan, plan_of, price, seats
from tests.billing.subscribing.timelines import (
    ZONE,
    Charged,
    charges,
    fact,
    holding,
    subscribed,
    subscription,
)

# The plan is paid by the year, a device by the month, the first time by days.
YEARLY: Final = Schedule(IntervalUnit.YEAR, timing=Timing.ADVANCE, anchor=Anchor.ANNIVERSARY)
MONTHLY: Final = Schedule(timing=Timing.ADVANCE, anchor=Anchor.ANNIVERSARY)
DEVICE: Final = price("devices", SEATS, PerUnit(Decimal("93.00")), schedule=MONTHLY)
DEVICES: Final = plan(flat("990.00"), DEVICE, schedule=YEARLY)
BY_DAYS: Final = Proration(ProrationMode.PRORATE_NOW, Granularity.DAY)
ZONES: Final = ("UTC", "America/Sao_Paulo", "Europe/Oslo", "Asia/Kolkata", "Australia/Lord_Howe")

# The day on which the account was opened, that of the purchase, and the days charged of those of
# the period that holds it: the day of the purchase is in, that of the anniversary is out.
PURCHASES: Final = {
    # From 15 March to 5 April are 17 + 4 of the 31 days from 5 March on.
    ("2026-01-05", "2026-03-15"): (21, 31),
    # On the anniversary a full month, on the day before it one day of that month.
    ("2026-01-05", "2026-04-05"): (30, 30),
    ("2026-01-05", "2026-04-04"): (1, 31),
    ("2026-01-05", "2026-04-06"): (29, 30),
    # Opened on a 28th: February has an anniversary of its own in any year.
    ("2026-01-28", "2027-02-27"): (1, 31),
    ("2026-01-28", "2027-02-28"): (28, 28),
    ("2026-01-28", "2028-02-28"): (29, 29),
    ("2026-01-28", "2028-02-29"): (28, 29),
    # Opened on a 29th: in a short February the anniversary is its last day.
    ("2026-01-29", "2027-02-27"): (1, 30),
    ("2026-01-29", "2027-02-28"): (29, 29),
    ("2026-01-29", "2027-03-01"): (28, 29),
    ("2026-01-29", "2028-02-28"): (1, 31),
    ("2026-01-29", "2028-02-29"): (29, 29),
    ("2026-01-29", "2028-03-28"): (1, 29),
    # Opened on a leap day: the 29th of every month that has one.
    ("2024-02-29", "2026-02-28"): (29, 29),
    ("2024-02-29", "2026-03-29"): (31, 31),
    ("2024-02-29", "2028-02-29"): (29, 29),
    # Opened on a 30th.
    ("2026-01-30", "2027-02-27"): (1, 29),
    ("2026-01-30", "2027-02-28"): (30, 30),
    ("2026-01-30", "2027-03-01"): (29, 30),
    ("2026-01-30", "2028-02-29"): (30, 30),
    ("2026-01-30", "2026-04-30"): (30, 30),
    ("2026-01-30", "2026-05-29"): (1, 30),
    # Opened on a 31st: the last day of each month, and back on the 31st after a short one.
    ("2026-01-31", "2027-02-27"): (1, 28),
    ("2026-01-31", "2027-02-28"): (31, 31),
    ("2026-01-31", "2027-03-30"): (1, 31),
    ("2026-01-31", "2027-03-31"): (30, 30),
    ("2026-01-31", "2026-04-29"): (1, 30),
    ("2026-01-31", "2026-04-30"): (31, 31),
    ("2026-01-31", "2028-02-29"): (31, 31),
    ("2026-01-31", "2028-02-28"): (1, 29),
    # Clocks are set forward and back within these months: days are days.
    ("2026-01-15", "2026-03-29"): (17, 31),
    ("2026-01-15", "2026-10-25"): (21, 31),
}
FULL_MINOR: Final = 9300


def part_minor(days: int, of: int) -> int:
    """So many days of a period's, such as 93.00 x 21/31 = 63.00, rounded half up."""
    return (FULL_MINOR * days * 2 + of) // (of * 2)


def of_devices(found: list[Charged]) -> list[tuple[date, int]]:
    """The days on which what is charged for devices begins, and the amounts above 0."""
    return [
        (each.price.period.start_on, each.amount_minor)
        for each in found
        if each.price.price.code == "devices" and each.amount_minor
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("opened", "bought"), PURCHASES)
def test_first_charge_is_for_the_days_to_the_anniversary(
    opened: str, bought: str, zone: str
) -> None:
    """A device that is bought at noon: the purchase's day in, the anniversary out, then in full."""
    days, of = PURCHASES[opened, bought]
    purchase = fact(f"{bought} 12:00", holding({"devices": 1}), BY_DAYS, zone=zone)
    what = subscription(holding({}), [purchase], zone=zone, begins_on=day(opened))
    first, second, *_ = of_devices(charges(subscribed(what, DEVICES, zone=zone), "2028-12-01"))
    assert (first, second[1]) == ((day(bought), part_minor(days, of)), FULL_MINOR)


@pytest.mark.parametrize(("opened", "bought"), PURCHASES)
def test_subscription_keeps_the_accounts_anniversary(opened: str, bought: str) -> None:
    """A device that is subscribed by itself, with the day on which the account was opened."""
    days, of = PURCHASES[opened, bought]
    terms: dict[str, Any] = {
        "begins_on": day(bought),
        "anchor": Anchor.ANNIVERSARY,
        "anchor_on": day(opened),
    }
    what = subscription(holding({"devices": 1}), **terms)
    first, second, *_ = of_devices(charges(subscribed(what, DEVICES), "2028-12-01"))
    assert (first, second[1]) == ((day(bought), part_minor(days, of)), FULL_MINOR)


@pytest.mark.parametrize(
    ("policy", "amounts"),
    [
        (PartPeriod.PRORATED, [part_minor(21, 31), FULL_MINOR]),
        (PartPeriod.FULL, [FULL_MINOR, FULL_MINOR]),
        (PartPeriod.FREE, [FULL_MINOR, FULL_MINOR]),
    ],
)
def test_what_lies_before_the_first_day_goes_by_the_schedule(
    policy: PartPeriod, amounts: list[int]
) -> None:
    """From 15 March to the anniversary on 5 April: by days, in full, or not at all."""
    monthly = Schedule(timing=Timing.ADVANCE, first_period=policy)
    terms: dict[str, Any] = {"begins_on": day("2026-03-15"), "anchor": Anchor.ANNIVERSARY}
    what = subscription(holding({"seats": 1}), anchor_on=day("2026-01-05"), **terms)
    of = subscribed(what, plan(seats("93.00"), schedule=monthly))
    through = "2026-05-01" if policy is PartPeriod.FREE else "2026-04-01"
    assert [each.amount_minor for each in charges(of, through) if each.amount_minor] == amounts


@pytest.mark.parametrize(
    ("anchor", "anchor_on", "starts"),
    [
        (None, "", ["2026-03-15", "2026-04-01", "2026-05-01"]),
        (Anchor.CALENDAR, "", ["2026-03-15", "2026-04-01", "2026-05-01"]),
        (Anchor.ANNIVERSARY, "", ["2026-03-15", "2026-04-15"]),
        (Anchor.ANNIVERSARY, "2026-04-10", ["2026-03-15", "2026-04-10", "2026-05-10"]),
        (Anchor.ANNIVERSARY, "2011-07-31", ["2026-03-15", "2026-03-31", "2026-04-30"]),
        (Anchor.ANNIVERSARY, "1900-02-28", ["2026-03-15", "2026-03-28", "2026-04-28"]),
        (Anchor.ANNIVERSARY, "9998-12-31", ["2026-03-15", "2026-03-31", "2026-04-30"]),
    ],
)
def test_anchor_takes_the_place_of_the_plans(
    anchor: Anchor | None, anchor_on: str, starts: list[str]
) -> None:
    """A plan by the calendar: as it says, from the first day on, or by the days of a date."""
    what = subscription(
        holding({"seats": 1}),
        begins_on=day("2026-03-15"),
        anchor=anchor,
        anchor_on=day(anchor_on) if anchor_on else None,
    )
    of = subscribed(what, plan(seats("93.00"), schedule=Schedule(timing=Timing.ADVANCE)))
    found = [each.price.period.start_on.isoformat() for each in charges(of, "2026-05-01")]
    assert found[: len(starts)] == starts


def test_calendar_takes_the_place_of_an_anniversary() -> None:
    """A plan by anniversary whose customer wants the first of each month."""
    what = subscription(
        holding({"devices": 1}), begins_on=day("2026-03-15"), anchor=Anchor.CALENDAR
    )
    found = of_devices(charges(subscribed(what, DEVICES), "2026-04-01"))
    assert found == [(day("2026-03-15"), part_minor(17, 31)), (day("2026-04-01"), FULL_MINOR)]


def test_a_new_cycle_takes_the_place_of_the_anchor() -> None:
    """A change in full on the 20th: from then on it is the 20th."""
    change = fact("2026-04-20 09:00", holding({"seats": 2}), Proration(ProrationMode.FULL_NOW))
    terms: dict[str, Any] = {"begins_on": day("2026-03-15"), "anchor": Anchor.ANNIVERSARY}
    what = subscription(holding({"seats": 1}), [change], anchor_on=day("2026-01-05"), **terms)
    of = subscribed(what, plan(seats("93.00"), schedule=Schedule(timing=Timing.ADVANCE)))
    starts = [each.price.period.start_on for each in charges(of, "2026-05-01")]
    assert starts == [day(f"2026-{each}") for each in ("03-15", "04-05", "04-20", "05-20")]


def test_a_trial_renews_when_it_ends() -> None:
    """What is asked for at renewal takes effect as the first period begins that is charged."""
    what = subscription(
        holding({"seats": 1}), begins_on=day("2026-03-01"), trial_ends_on=day("2026-03-15")
    )
    of = subscribed(what, plan(seats("93.00"), schedule=MONTHLY))
    end = Asked(FactKind.CANCELLED, Moment.RENEWAL)
    renewals = [
        fact_asked(of, end, at(each, ZONE)).effective_at
        for each in ("2026-03-14 12:00", "2026-03-15")
    ]
    assert renewals == [at("2026-03-15", ZONE), at("2026-04-15", ZONE)]


def test_what_ends_on_trial_is_never_charged() -> None:
    """Cancelled at renewal, that is: as the trial ends."""
    cancelled = fact("2026-03-15 00:00", kind=FactKind.CANCELLED)
    terms: dict[str, Any] = {"begins_on": day("2026-03-01"), "trial_ends_on": day("2026-03-15")}
    what = subscription(holding({"seats": 1}), [cancelled], **terms)
    of = subscribed(what, plan(seats("93.00"), schedule=MONTHLY))
    assert charges(of, "2026-12-01") == []


def test_plan_that_is_taken_on_trial_keeps_its_version_of_that_day() -> None:
    """From 15 March on Max, whose second version came on the 10th and costs 80.00."""
    prices = (flat("50.00"),), (flat("80.00"),)
    versions = [
        PlanVersion(place + 1, None if not place else at("2026-03-10", ZONE), each, MONTHLY)
        for place, each in enumerate(prices)
    ]
    dear = replace(plan_of(tuple(versions), VersionPolicy.KEEP), plan_id="max")
    change = fact("2026-03-15 12:00", PlanHolding("max"))
    terms: dict[str, Any] = {"begins_on": day("2026-03-01"), "trial_ends_on": day("2026-04-01")}
    what = subscription(holding({}), [change], **terms)
    of = subscribed(what, plan(flat("93.00"), schedule=MONTHLY), dear)
    assert [each.amount_minor for each in charges(of, "2026-04-01")] == [8000]


def test_a_coupon_is_not_used_up_by_a_trial() -> None:
    """One period at half the price is the first that is charged."""
    discount = PercentDiscount(Decimal(50))
    half = Coupon("half", "", discount, "", 1, (), (), None, redemptions_max=0, created_at=0)
    terms: dict[str, Any] = {"begins_on": day("2026-03-01"), "trial_ends_on": day("2026-03-15")}
    what = subscription(holding({"seats": 1}, coupons=("half",)), **terms)
    pro = plan(seats("93.00"), schedule=MONTHLY)
    found = charges(subscribed(what, pro, coupons={"half": half}), "2026-04-01")
    assert [each.amount_minor for each in found] == [FULL_MINOR // 2, FULL_MINOR]
