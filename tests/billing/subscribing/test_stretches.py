"""What a change makes of the period that holds it: by mode and granularity, with the arithmetic."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

import pytest

from billing_service.domain.plan import Plan
from billing_service.domain.price import (
    AddOn,
    Allowance,
    Anchor,
    Fixed,
    IntervalUnit,
    PartPeriod,
    PerUnitOf,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Usage
from billing_service.domain.proration import (
    AllowanceSwitch,
    ChangeDay,
    Granularity,
    Proration,
    ProrationMode,
)
from billing_service.domain.subscription import Fact, FactKind, PlanHolding
from billing_service.domain.subscription_change import Asked, ProrationAsked, fact_asked
from billing_service.domain.subscription_facts import first_day_affected
from tests.billing.builders import at, day
from tests.billing.estimating.plans import calls, flat, plan, seats
from tests.billing.subscribing.timelines import (
    ZONE,
    charges,
    fact,
    holding,
    subscribed,
    subscription,
)

NOW, NEXT = ProrationMode.PRORATE_NOW, ProrationMode.PRORATE_NEXT_INVOICE
FULL, DIFFERENCE = ProrationMode.FULL_NOW, ProrationMode.DIFFERENCE_NOW
NONE = ProrationMode.NONE_UNTIL_RENEWAL
SECOND, DAY, DAY_OF_30 = Granularity.SECOND, Granularity.DAY, Granularity.DAY_OF_30
ADVANCE: Final = Schedule(timing=Timing.ADVANCE)
PRO: Final = plan(seats("31.00"), flat("62.01", "support", add_on=AddOn()), schedule=ADVANCE)

# Months of 28 to 31 days; each change is on the 11th, at noon: ten days and a half have passed.
MONTHS: Final = {28: "2027-02", 29: "2028-02", 30: "2027-06", 31: "2027-07"}
# Which part of the month the old and the new are charged for, by mode, granularity and days.
PARTS: Final = {
    (NOW, SECOND, 28): ("907200/2419200", "1512000/2419200"),
    (NOW, SECOND, 29): ("907200/2505600", "1598400/2505600"),
    (NOW, SECOND, 30): ("907200/2592000", "1684800/2592000"),
    (NOW, SECOND, 31): ("907200/2678400", "1771200/2678400"),
    (NOW, DAY, 28): ("10/28", "18/28"),
    (NOW, DAY, 29): ("10/29", "19/29"),
    (NOW, DAY, 30): ("10/30", "20/30"),
    (NOW, DAY, 31): ("10/31", "21/31"),
    **{(NOW, DAY_OF_30, days): ("10/30", "20/30") for days in MONTHS},
    **{(NONE, each, days): ("1", "0") for each in Granularity for days in MONTHS},
    **{(DIFFERENCE, each, days): ("0", "1") for each in Granularity for days in MONTHS},
    # The old month is charged in full, and so is the new one, which begins on the 11th.
    **{(FULL, each, days): ("1", "1") for each in Granularity for days in MONTHS},
}
PARTS_OF_ALL: Final = PARTS | {(NEXT, *key[1:]): PARTS[key] for key in PARTS if key[0] is NOW}
# What is held before and after, and what each costs in a full month, in minor units.
KINDS: Final = {
    "up": (holding({"seats": 3}), holding({"seats": 5}), 9300, 15500),
    "down": (holding({"seats": 5}), holding({"seats": 3}), 15500, 9300),
    "add-on": (holding({}), holding({"support": 1}), 0, 6201),
    "cancel": (holding({"seats": 3}), None, 9300, 0),
}


def minor(amount: int, part: str) -> int:
    """A part of an amount, rounded half up."""
    exact = amount * Fraction(part)
    return int(exact + Fraction(1, 2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("mode", "granularity", "days"), PARTS_OF_ALL)
def test_each_side_of_a_change_is_charged_for_its_part(
    mode: ProrationMode, granularity: Granularity, days: int, kind: str
) -> None:
    """Such as 93.00 x 10/28 = 33.21 of three seats, and 155.00 x 18/28 = 99.64 of five."""
    old, new, old_minor, new_minor = KINDS[kind]
    if new is None and mode in (FULL, DIFFERENCE):
        # What is cancelled has no new cycle, nor a difference: nobody may ask for that.
        return
    begins, month = f"{MONTHS[days]}-01", f"{MONTHS[days]}-01"
    asked = Asked(
        FactKind.CHANGED if new else FactKind.CANCELLED,
        holding=new,
        proration=ProrationAsked(mode, granularity),
    )
    before = subscription(old, begins_on=day(begins))
    change = fact_asked(subscribed(before, PRO), asked, at(f"{MONTHS[days]}-11 12:00", ZONE))
    found = charges(subscribed(subscription(old, [change], begins_on=day(begins)), PRO), month)
    # A difference is never of less: what was had of it is charged.
    is_lower = mode is DIFFERENCE and kind == "down"
    parts = PARTS_OF_ALL[NOW if is_lower else mode, granularity, days]
    expected = [minor(old_minor, parts[0]), minor(new_minor, parts[1])]
    assert sorted(each.amount_minor for each in found if each.amount_minor) == sorted(
        each for each in expected if each
    )


@pytest.mark.parametrize(
    ("when", "part"),
    [
        ("2027-07-01 00:00", "0/30"),
        ("2027-07-30 00:00", "29/30"),
        ("2027-07-31 00:00", "30/30"),
        ("2027-06-30 00:00", "29/30"),
        ("2027-02-28 00:00", "27/30"),
        ("2028-02-29 00:00", "28/30"),
    ],
)
def test_a_month_of_thirty_days_has_no_31st(when: str, part: str) -> None:
    """A 31st adds nothing to what lies before it; the last day of February stands for the rest."""
    change = fact(when, holding({"seats": 0}), Proration(NOW, DAY_OF_30))
    begins = day(when[:8] + "01")
    found = charges(
        subscribed(subscription(holding({"seats": 3}), [change], begins_on=begins), PRO),
        when[:8] + "01",
    )
    assert sum(each.amount_minor for each in found) == minor(9300, part)


@pytest.mark.parametrize(
    ("change_day", "when", "first_day"),
    [
        (ChangeDay.NEW, "2027-06-11 12:00", "2027-06-11"),
        (ChangeDay.NEW, "2027-06-11 00:00", "2027-06-11"),
        (ChangeDay.OLD, "2027-06-11 12:00", "2027-06-12"),
        (ChangeDay.OLD, "2027-06-11 00:00", "2027-06-11"),
    ],
)
def test_the_day_of_a_change_is_the_new_ones_or_the_old_ones(
    change_day: ChangeDay, when: str, first_day: str
) -> None:
    """A change at midnight leaves nothing of its day to what was before."""
    change = fact(when, holding({"seats": 5}), Proration(NOW, DAY, change_day))
    found = charges(
        subscribed(subscription(holding({"seats": 3}), [change], begins_on=day("2027-06-01")), PRO),
        "2027-06-01",
    )
    assert [each.price.period.start_on for each in found] == [day("2027-06-01"), day(first_day)]


def test_seconds_are_those_that_pass_where_clocks_are_set_forward() -> None:
    """March has 743 hours in New York; until noon of the 14th, 13 days of 24 hours and 11 pass."""
    zone = "America/New_York"
    change = fact("2027-03-14 12:00", holding({"seats": 5}), Proration(NOW, SECOND), zone=zone)
    what = subscription(holding({"seats": 3}), [change], begins_on=day("2027-03-01"), zone=zone)
    found = charges(subscribed(what, PRO, zone=zone), "2027-03-01")
    hours = [Fraction(e.price.coverage.part, e.price.coverage.whole) * 743 for e in found]
    assert hours == [13 * 24 + 11, 743 - 13 * 24 - 11]


def test_parts_of_one_day_have_keys_of_their_own() -> None:
    """Two changes by the second within a day are told apart by the microseconds that had passed."""
    by_second = Proration(NOW, SECOND)
    facts = [
        fact("2027-06-11 10:00", holding({"seats": 5}), by_second),
        fact("2027-06-11 15:00", holding({"seats": 4}), by_second),
    ]
    what = subscription(holding({"seats": 3}), facts, begins_on=day("2027-06-01"))
    keys = [each.price.key for each in charges(subscribed(what, PRO), "2027-06-01")]
    assert [(each.period_start_on.day, each.part) for each in keys] == [
        (1, 0),
        (11, 36_000_000_000),
        (11, 54_000_000_000),
    ]


def test_two_changes_in_a_day_by_days_leave_the_last_one() -> None:
    """What was held for some hours only is not charged."""
    facts = [
        fact("2027-06-11 10:00", holding({"seats": 50})),
        fact("2027-06-11 15:00", holding({"seats": 3})),
    ]
    what = subscription(holding({"seats": 3}), facts, begins_on=day("2027-06-01"))
    assert [each.amount_minor for each in charges(subscribed(what, PRO), "2027-06-01")] == [9300]


def test_what_does_not_change_is_not_cut() -> None:
    """The seats are one charge where only an add-on comes."""
    change = fact("2027-06-11 10:00", holding({"seats": 3, "support": 1}))
    what = subscription(holding({"seats": 3}), [change], begins_on=day("2027-06-01"))
    found = charges(subscribed(what, PRO), "2027-06-01")
    assert [(each.price.price.code, each.amount_minor) for each in found] == [
        ("seats", 9300),
        ("support", minor(6201, "20/30")),
    ]


def test_nothing_is_charged_while_it_is_paused() -> None:
    """Paused from the 11th until the 21st: ten days before, and ten after."""
    facts = [
        fact("2027-06-11 00:00", kind=FactKind.PAUSED),
        fact("2027-06-21 00:00", kind=FactKind.UNPAUSED),
    ]
    what = subscription(holding({"seats": 3}), facts, begins_on=day("2027-06-01"))
    assert [each.amount_minor for each in charges(subscribed(what, PRO), "2027-06-01")] == [
        minor(9300, "10/30"),
        minor(9300, "10/30"),
    ]


def test_what_was_withdrawn_never_counts() -> None:
    """A cancellation that was taken back leaves the month whole."""
    facts = [
        fact("2027-06-21 00:00", kind=FactKind.CANCELLED),
        Fact(FactKind.WITHDRAWN, at("2027-06-15", ZONE), withdraws=2),
    ]
    what = subscription(holding({"seats": 3}), facts, begins_on=day("2027-06-01"))
    assert [each.amount_minor for each in charges(subscribed(what, PRO), "2027-06-01")] == [9300]


def test_nothing_is_charged_on_trial() -> None:
    """Periods by anniversary are reckoned from the first day that is charged."""
    monthly = plan(seats("31.00"), schedule=Schedule(anchor=Anchor.ANNIVERSARY))
    what = subscription(
        holding({"seats": 3}), begins_on=day("2027-06-01"), trial_ends_on=day("2027-06-15")
    )
    found = charges(subscribed(what, monthly), "2027-07-01")
    assert [(each.price.period.start_on.isoformat(), each.amount_minor) for each in found] == [
        ("2027-06-15", 9300),
        ("2027-07-15", 9300),
    ]


def test_a_difference_is_charged_for_the_whole_stretch() -> None:
    """A year of 3 seats paid in January; in July two more cost two for a year, not before."""
    yearly = plan(seats("31.00"), schedule=Schedule(IntervalUnit.YEAR))
    change = fact("2027-07-05 09:00", holding({"seats": 5}), Proration(DIFFERENCE))
    of = subscribed(subscription(holding({"seats": 3}), [change]), yearly)
    assert (
        [each.amount_minor for each in charges(of, "2027-06-01")],
        [each.amount_minor for each in charges(of, "2027-07-01")],
    ) == ([9300], [15500])


def test_a_difference_counts_where_a_period_is_priced_again() -> None:
    """What is told of a period by its first day is what is known of it in the end."""
    yearly = plan(seats("31.00"), schedule=Schedule(IntervalUnit.YEAR))
    change = fact("2027-07-05 09:00", holding({"seats": 5}), Proration(DIFFERENCE))
    of = subscribed(subscription(holding({"seats": 3}), [change]), yearly)
    priced = of.price_at("seats", day("2027-01-01"))
    rated = priced.rate({}) if priced else None
    assert rated is not None
    assert rated.amount_minor == 15500


def test_a_cancelled_subscription_prices_usage_until_its_end() -> None:
    """Another one may price the same usage from the day after its last one on."""
    end = fact("2027-03-11 10:00", kind=FactKind.CANCELLED)
    of = subscribed(subscription(holding({"seats": 3}), [end]), PRO)
    assert of.over_on == day("2027-03-12")


def test_a_switched_plan_prices_each_part_of_the_usage() -> None:
    """Calls are 1 cent until the 10th, and 2 from the 11th on."""
    cheap = plan(calls("0.01"), schedule=ADVANCE)
    dear = Plan("dear", "Dear", cheap.policy, plan(calls("0.02")).versions)
    change = fact("2027-06-11 10:00", PlanHolding("dear"))
    of = subscribed(subscription(PlanHolding("pro"), [change]), cheap, dear)
    found = of.prices_in(day("2027-05-01"), day("2027-06-01"))
    told = [
        (
            each.plan.plan_id,
            each.usages_needed[0].start_on.day,
            each.usages_needed[0].end_on.isoformat(),
            each.rate({"calls": Usage(Decimal(100))}).amount_minor,  # type: ignore[union-attr]
        )
        for each in found
    ]
    assert told == [("pro", 1, "2027-06-11", 100), ("dear", 11, "2027-07-01", 200)]


@pytest.mark.parametrize(
    ("switch", "amounts"),
    [(AllowanceSwitch.FULL, [0, 30]), (AllowanceSwitch.PRORATED, [40, 60])],
)
def test_a_switch_leaves_allowances_in_full_or_by_part(
    switch: AllowanceSwitch, amounts: list[int]
) -> None:
    """Of 90 included calls each part has 90, or 30 and 60 by its days; 70 and 120 were made."""
    included = Allowance(Fixed(Decimal(90)))
    cheap = plan(calls("0.01", included=included))
    other = Plan("other", "Other", cheap.policy, cheap.versions)
    change = fact("2027-06-11", PlanHolding("other"), Proration(NOW, allowances=switch))
    of = subscribed(subscription(PlanHolding("pro"), [change]), cheap, other)
    used = (Usage(Decimal(70)), Usage(Decimal(120)))
    found = of.prices_in(day("2027-05-01"), day("2027-06-01"))
    told = [each.rate({"calls": usage}) for each, usage in zip(found, used, strict=True)]
    assert [each.amount_minor for each in told if each] == amounts


@pytest.mark.parametrize(
    ("is_prorated", "included"), [(False, Decimal(500)), (True, Decimal("433.333333400"))]
)
def test_an_allowance_goes_by_the_most_held_or_by_the_time(
    is_prorated: bool, included: Decimal
) -> None:
    """100 a seat: of 3 seats, and 5 from the 11th on, 500; or 3 x 10/30 + 5 x 20/30 of 100."""
    per_seat = Allowance(PerUnitOf("seats", Decimal(100)), prorated=is_prorated)
    what = plan(seats("31.00"), calls("0.01", included=per_seat))
    change = fact("2027-06-11", holding({"seats": 5}))
    of = subscribed(subscription(holding({"seats": 3}), [change]), what)
    (metered,) = of.metered_on(day("2027-06-15"))
    rated = metered.rate({"calls": Usage(Decimal(1000))})
    assert rated is not None
    assert rated.included == included


@pytest.mark.parametrize(
    ("policy", "amounts"),
    [
        (PartPeriod.PRORATED, [3100, 6200]),
        (PartPeriod.FULL, [6200, 6200]),
        (PartPeriod.FREE, [0, 0]),
    ],
)
def test_a_first_part_of_a_month_is_charged_as_the_plan_says(
    policy: PartPeriod, amounts: list[int]
) -> None:
    """Begun on the 11th, with 6 seats from the 21st on: of 3 seats at 31.00, 10/30, 20/30 or 0."""
    what = plan(seats("31.00"), schedule=Schedule(first_period=policy))
    change = fact("2027-06-21", holding({"seats": 6}))
    of = subscribed(
        subscription(holding({"seats": 3}), [change], begins_on=day("2027-06-11")), what
    )
    assert [each.amount_minor for each in charges(of, "2027-06-01")] == amounts


def test_one_cancelled_without_proration_bills_to_the_end_of_its_period() -> None:
    """A quarter in arrears, cancelled in its first month, is on the invoice of its last one."""
    quarterly = plan(seats("31.00"), schedule=Schedule(interval_count=3, timing=Timing.ARREARS))
    end = fact("2027-01-11 00:00", kind=FactKind.CANCELLED, proration=Proration(NONE))
    of = subscribed(subscription(holding({"seats": 3}), [end]), quarterly)
    assert of.settled().span.last_month == day("2027-03-01")


def test_what_a_fact_may_change_ends_on_its_day_or_later() -> None:
    """A withdrawal goes by the day of what it withdraws."""
    change = fact("2027-06-11 10:00", holding({"seats": 5}))
    of = subscription(holding({"seats": 3}), [change])
    withdrawn = Fact(FactKind.WITHDRAWN, at("2027-06-20", ZONE), withdraws=2)
    assert first_day_affected(of.facts, withdrawn, ZONE) == day("2027-06-11")
