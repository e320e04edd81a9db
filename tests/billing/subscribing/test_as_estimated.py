"""Whatever plan is subscribed, and for however long: it is charged as it was estimated."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.account import Account
from billing_service.domain.billed import Billed
from billing_service.domain.calendar import first_instant, month_after
from billing_service.domain.charge import AccountToRate, Charge, ChargeKey, RatedItem, billed_by
from billing_service.domain.charge_lines import charge_lines
from billing_service.domain.commitment_charges import propose_commitments
from billing_service.domain.estimate import Asked, estimate
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.plan import Plan, VersionPolicy
from billing_service.domain.plan_charges import PlanFacts, open_account, propose_plans
from billing_service.domain.plan_timeline import PricedPlan, is_by_whole_months
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    AddOn,
    Allowance,
    Anchor,
    Fixed,
    IntervalUnit,
    Metered,
    MinimumSpend,
    PartPeriod,
    PerUnitOf,
    Price,
    Recurring,
    Schedule,
    SharedAllowance,
    Timing,
)
from billing_service.domain.price_change import Indexation, PriceChange
from billing_service.domain.price_models import Flat, PerUnit, Usage
from billing_service.domain.subscription import (
    PlanHolding,
    PlanTerms,
    Subscription,
    subscribe_to_plan,
)
from tests.billing.estimating.plans import calls, flat, price, quantities, seats

ZONE: Final = "Asia/Kolkata"
FIRST_DAYS: Final = st.dates(date(2027, 1, 1), date(2028, 3, 31))
USED: Final = {"calls": "1234.5", "storage": "80"}
HELD: Final = {"seats": 7, "extra": 1}


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any schedule of up to a year: at either anchor, perhaps in instalments, or as instances'."""
    unit = draw(st.sampled_from(IntervalUnit))
    bare = Schedule(
        interval_unit=unit,
        interval_count=1 if unit is IntervalUnit.YEAR else draw(st.sampled_from([1, 2, 3, 6])),
        timing=draw(st.sampled_from(Timing)),
        anchor=draw(st.sampled_from(Anchor)),
        anchor_day=draw(st.integers(1, 31)),
        anchor_month=draw(st.integers(1, 12)),
        first_period=draw(st.sampled_from(PartPeriod)),
        last_period=draw(st.sampled_from(PartPeriod)),
    )
    parts = [count for count in (1, 2, 3, 12) if bare.months % count == 0]
    return draw(st.sampled_from([MONTHLY, replace(bare, instalments=draw(st.sampled_from(parts)))]))


@st.composite
def versions(draw: st.DrawFn) -> PlanVersion:
    """A base fee, seats, an add-on, calls of which some are included, storage that seats bring.

    Perhaps with a minimum spend, of all of them or of some.
    """
    amount = draw(st.sampled_from(["49", "33.33", "0.01"]))
    own = draw(st.none() | schedules())
    prices: list[Price] = [
        flat(amount, schedule=own),
        seats("15.55"),
        price("extra", Recurring(), Flat(Decimal(19)), add_on=AddOn()),
        calls("0.005", included=Allowance(Fixed(Decimal(1000)), prorated=draw(st.booleans()))),
        price("storage", Metered("storage"), PerUnit(Decimal(2))),
    ]
    shares = draw(st.booleans())
    pooled = Allowance(PerUnitOf("seats", Decimal(5)))
    if shares:
        prices[3] = replace(prices[3], included=None)
        shared = (SharedAllowance("pool", pooled, ("storage", "calls")),)
        stated = PlanVersion(0, None, tuple(prices), draw(schedules()), shared)
    else:
        prices[4] = replace(prices[4], included=pooled)
        stated = PlanVersion(0, None, tuple(prices), draw(schedules()))
    counted = draw(st.sampled_from([(), ("calls", "storage"), ("seats",)]))
    least = MinimumSpend("USD", Decimal(draw(st.sampled_from(["100", "1000.01"]))), counted)
    return replace(stated, minimum_spends=draw(st.sampled_from([(), (least,)])))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan of one to three versions, each from some day on, of either policy."""
    drawn = draw(st.lists(versions(), min_size=1, max_size=3))
    days = sorted(draw(st.sets(FIRST_DAYS, min_size=len(drawn), max_size=len(drawn))))
    numbered = [
        replace(each, version=place + 1, effective_at=first_instant(day, ZONE) if place else None)
        for place, (each, day) in enumerate(zip(drawn, days, strict=True))
    ]
    policy = draw(st.sampled_from(VersionPolicy))
    return Plan("pro", "Pro", policy, tuple(numbered))


@st.composite
def terms(draw: st.DrawFn) -> PlanTerms:
    """Days on which a plan is subscribed, perhaps with an end."""
    begins_on = draw(FIRST_DAYS)
    length = draw(st.none() | st.integers(1, 500))
    ends_on = None if length is None else begins_on + timedelta(length)
    return PlanTerms(begins_on, ends_on)


def subscribed(stated: PlanTerms) -> Subscription:
    """The subscription to the plan."""
    return subscribe_to_plan(
        account="acme",
        subscription_id="main",
        holding=PlanHolding("pro", held=quantities(HELD).held),
        display_name="",
        terms=stated,
        zone=ZONE,
    )


def usages(to_rate: AccountToRate, plan: Plan) -> Iterator[tuple[object, Usage]]:
    """The same of each meter in every period."""
    for priced in open_account(to_rate, {"pro": plan}, {}, {}).prices:
        for wanted in priced.usages_needed:
            yield wanted, Usage(Decimal(USED[wanted.meter]))


def close(
    to_rate: AccountToRate, plan: Plan, charged: dict[ChargeKey, Billed]
) -> tuple[list[InvoiceLine], list[RatedItem]]:
    """The lines of the invoice of a month, and its charges."""
    facts = PlanFacts(
        plans={"pro": plan},
        charged=charged,
        usages=dict(usages(to_rate, plan)),  # type: ignore[arg-type]
        reviews={},
        units={},
        names={},
        payer="acme",
    )
    found = propose_plans([to_rate], facts)
    found += propose_commitments([to_rate], facts, list(found))
    items = sorted(found, key=lambda each: each.line_order)
    return [line for item in items for line in charge_lines([item], "Pro")], items


def invoices(
    subscription: Subscription, plan: Plan, months: Sequence[date], changes: Sequence[PriceChange]
) -> list[list[InvoiceLine]]:
    """The lines of each month's invoice, closed one after the other."""
    closed, charged, after = [], dict[ChargeKey, Billed](), None
    for month in months:
        to_rate = AccountToRate(
            account=Account("acme", "", ZONE),
            currency="USD",
            subscriptions=(subscription,),
            after_month=after,
            through_month=month,
            price_changes=tuple(changes),
        )
        lines, items = close(to_rate, plan, charged)
        charged |= {each.key: billed_by(Charge(each, "acme", "", 1)) for each in items}
        closed.append(lines)
        after = month
    return closed


@settings(max_examples=75, deadline=None)
@given(plans(), terms(), st.integers(1, 20), st.booleans())
def test_months_are_charged_as_they_were_estimated(
    plan: Plan, stated: PlanTerms, count: int, is_indexed: bool
) -> None:
    """Invoice by invoice and line by line: amounts, quantities, periods and what they say."""
    index = Indexation(Decimal("3.5"), yearly=True)
    rise = PriceChange("acme", "rise", "pro", date(2027, 7, 10), None, index, "", 0)
    changes = (rise,) if is_indexed else ()
    asked = Asked(
        begins_on=stated.begins_on,
        ends_on=stated.ends_on,
        months=count,
        quantities=quantities(HELD, USED),
    )
    priced = PricedPlan(plan, 0, "USD", ZONE, changes=changes)
    found = estimate(priced, asked, units={}, taxation=None)
    first = stated.begins_on.replace(day=1)
    months = [month_after(first, place) for place in range(count)]
    whole = is_by_whole_months(priced, stated.begins_on)
    begun = subscribed(replace(stated, by_whole_months=whole))
    charged = invoices(begun, plan, months, changes)
    assert charged == [
        [each.line._replace(line_number=0) for each in invoice.lines] for invoice in found.invoices
    ]
