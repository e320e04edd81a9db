"""Which periods are committed to how much, where plans change within them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.account import Account
from billing_service.domain.allowance import Coverage
from billing_service.domain.billed import Billed
from billing_service.domain.charge import AccountToRate, ChargeKey
from billing_service.domain.commitment import Minimum, Spent, counted_minor, missing
from billing_service.domain.commitment_charges import (
    CommittedPeriod,
    committed_periods,
    propose_commitments,
)
from billing_service.domain.explanation import explain
from billing_service.domain.plan import Plan
from billing_service.domain.plan_charges import PlanFacts
from billing_service.domain.price import MinimumSpend, Price, Recurring, Schedule
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import Proration, ProrationMode
from billing_service.domain.subscription import Fact, FactKind, Subscription
from tests.billing.builders import day
from tests.billing.subscribing.live import plan_of
from tests.billing.subscribing.timelines import ZONE, fact, holding, subscription

BASE: Final = Price("base", "USD", Recurring(), Flat(Decimal(10)))
FULL_NOW: Final = Proration(ProrationMode.FULL_NOW)


def committed_plan(amount: str, plan: str = "pro", schedule: Schedule | None = None) -> Plan:
    """A plan with a minimum spend, or '' for none."""
    least = (MinimumSpend("USD", Decimal(amount)),) if amount else ()
    return plan_of(BASE, plan=plan, schedule=schedule, minimum_spends=least)


PLANS: Final = (committed_plan("300"), committed_plan("900", "max"), committed_plan("", "free"))


def periods(facts: Sequence[Fact], through: str, *plans: Plan) -> list[CommittedPeriod]:
    """The committed periods of a subscription since 2027, for the invoices through a month."""
    to_rate = to_rate_of(subscription(holding({}), facts), through)
    return list(committed_periods(to_rate, {each.plan_id: each for each in plans or PLANS}, {}))


def to_rate_of(what: Subscription, through: str) -> AccountToRate:
    """The account of a subscription, to be rated through a month."""
    return AccountToRate(
        account=Account("acme", "", ZONE),
        currency="USD",
        subscriptions=(what,),
        after_month=None,
        through_month=day(through),
    )


def plan_facts(charged: Mapping[ChargeKey, Billed]) -> PlanFacts:
    """What was charged, and the plans."""
    return PlanFacts(
        plans={each.plan_id: each for each in PLANS},
        charged=charged,
        usages={},
        reviews={},
        units={},
        names={},
        payer="acme",
    )


def billed_of(amount_minor: int, end: str) -> Billed:
    """What was billed for a period that ends on a day."""
    return Billed(
        revision=1,
        stands=1,
        amount_minor=amount_minor,
        currency="USD",
        plan="pro",
        plan_version=1,
        band=0,
        quantity=Decimal(1),
        coverage=Coverage(28, 28),
        period_end_on=day(end),
        invoice_month=day("2027-02-01"),
    )


def told(facts: Sequence[Fact], through: str, *plans: Plan) -> list[tuple[str, str, int]]:
    """The days of each period, and what it comes to at least in minor units."""
    return [
        (
            each.start_on.isoformat(),
            each.end_on.isoformat(),
            missing(each.minimums, 0, "USD").amount_minor,
        )
        for each in periods(facts, through, *plans)
    ]


def test_each_month_is_a_period() -> None:
    """A plan by calendar months is committed by calendar months."""
    assert told([], "2027-02-01") == [
        ("2027-01-01", "2027-02-01", 30000),
        ("2027-02-01", "2027-03-01", 30000),
    ]


def test_a_larger_plan_raises_the_minimum_of_its_part() -> None:
    """From the 11th of April: 300 x 10/30 + 900 x 20/30 = 100 + 600."""
    upgrade = [fact("2027-04-11", holding({}, "max"))]
    assert told(upgrade, "2027-04-01")[-1] == ("2027-04-01", "2027-05-01", 70000)


def test_a_plan_without_minimum_leaves_that_of_the_part_before() -> None:
    """To the 10th of April: 300 x 10/30, due as the period ends."""
    downgrade = [fact("2027-04-11", holding({}, "free"))]
    assert told(downgrade, "2027-04-01")[-1] == ("2027-04-01", "2027-05-01", 10000)


def test_a_cancellation_ends_the_period() -> None:
    """To the 10th of April: 300 x 10/30, and nothing afterwards."""
    cancelled = [fact("2027-04-11", kind=FactKind.CANCELLED)]
    assert told(cancelled, "2027-09-01")[3:] == [("2027-04-01", "2027-04-11", 10000)]


def test_a_pause_within_a_period_is_not_committed() -> None:
    """Paused from the 11th to the 20th of April: 300 x 10/30 + 300 x 10/30 = 200."""
    pause = fact("2027-04-11", kind=FactKind.PAUSED)
    facts = [pause, fact("2027-04-21", kind=FactKind.UNPAUSED)]
    assert told(facts, "2027-04-01")[-1] == ("2027-04-01", "2027-05-01", 20000)


def test_a_new_cycle_begins_a_period() -> None:
    """Whoever restarts on the 11th owes what the part before came to, and counts anew."""
    restart = [fact("2027-04-11", holding({}, "max"), FULL_NOW)]
    assert told(restart, "2027-05-01")[3:] == [
        ("2027-04-01", "2027-04-11", 30000),
        ("2027-04-11", "2027-05-11", 90000),
    ]


def test_a_quarter_waits_for_its_end() -> None:
    """A change in February is looked at with the invoice of March."""
    quarterly = Schedule(interval_count=3)
    plans = (committed_plan("300", schedule=quarterly), committed_plan("900", "max", quarterly))
    upgrade = [fact("2027-02-15", holding({}, "max"))]
    assert told(upgrade, "2027-02-01", *plans) == []


def test_different_minimums_are_explained_part_by_part() -> None:
    """300 x 10/30 + 900 x 20/30 is 700; 250 of it were charged."""
    minimums = [
        Minimum(Decimal(300), Coverage(10, 30)),
        Minimum(Decimal(900), Coverage(20, 30)),
    ]
    rated = missing(minimums, 25000, "USD")
    assert explain(rated, plan="pro", plan_version=1).steps == (
        "Minimum spend, remainder: 300 x 10/30 of the days + 900 x 20/30 of the days.",
        "Flat: 700.",
        "Charged of it: 250, which leaves 450.",
        "It comes to USD 450.00.",
    )


@pytest.mark.parametrize(
    ("counted", "missing_minor"), [(0, 33333), (33332, 1), (33333, 0), (33334, 0), (99999, 0)]
)
def test_what_is_missing_is_rounded_once_and_never_negative(
    counted: int, missing_minor: int
) -> None:
    """A third of 1,000.00 is 333.333: what is missing to it is never less than nothing."""
    least = [Minimum(Decimal(1000), Coverage(10, 30))]
    assert missing(least, counted, "USD").amount_minor == missing_minor


def test_what_counts_lies_in_the_period_and_is_named() -> None:
    """From its first day to its last one, of the prices that count, in plans with a minimum."""
    least = MinimumSpend("USD", Decimal(1), ("calls",))
    spent = [
        Spent(least, "calls", day("2026-12-31"), 1),
        Spent(least, "calls", day("2027-01-01"), 10),
        Spent(least, "calls", day("2027-01-31"), 100),
        Spent(least, "calls", day("2027-02-01"), 1000),
        Spent(least, "seats", day("2027-01-15"), 10000),
        Spent(None, "calls", day("2027-01-15"), 100000),
    ]
    bounds = {"start_on": day("2027-01-01"), "end_on": day("2027-02-01")}
    assert counted_minor(spent, **bounds) == 110


def test_what_was_missing_is_given_back_where_no_minimum_is_left() -> None:
    """Cancelled on the first of February, told in March: February's remainder was too much."""
    cancelled = fact("2027-02-01", kind=FactKind.CANCELLED)
    what = replace(subscription(holding({}), [cancelled]), changed_from_on=day("2027-02-01"))
    key = ChargeKey("acme", "main", "commitment", day("2027-02-01"))
    to_rate = replace(to_rate_of(what, "2027-03-01"), after_month=day("2027-02-01"))
    january = key._replace(period_start_on=day("2027-01-01"))
    charged = {january: billed_of(30000, "2027-02-01"), key: billed_of(29000, "2027-03-01")}
    (item,) = propose_commitments(
        [replace(to_rate, charged=charged)], plan_facts(charged), proposed=[]
    )
    assert (item.key, item.due_minor) == (key, -29000)
