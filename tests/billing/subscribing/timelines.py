"""Subscriptions that change, for what needs no server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from billing_service.domain.plan import Plan
from billing_service.domain.proration import Proration, ProrationMode
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.subscription import (
    Fact,
    FactKind,
    PlanHolding,
    PlanTerms,
    Subscription,
    changed,
    subscribe_to_plan,
)
from tests.billing.builders import at, day
from tests.billing.estimating.plans import quantities

ZONE: Final = "UTC"
PRORATED: Final = Proration(ProrationMode.PRORATE_NOW)


def holding(held: Mapping[str, str | int], plan: str = "pro", **more: Any) -> PlanHolding:
    """What is held of a plan."""
    return PlanHolding(plan, held=quantities(held).held, **more)


def fact(
    when: str | int,
    held: PlanHolding | None = None,
    proration: Proration = PRORATED,
    kind: FactKind = FactKind.CHANGED,
    zone: str = ZONE,
) -> Fact:
    """A change that takes effect at an instant."""
    effective_at = when if isinstance(when, int) else at(when, zone)
    return Fact(kind, effective_at, holding=held, proration=proration, recorded_at=effective_at)


def subscription(
    first: PlanHolding, facts: Sequence[Fact] = (), *, zone: str = ZONE, **terms: Any
) -> Subscription:
    """A subscription from a first day on, with facts in the order in which they were told."""
    found = subscribe_to_plan(
        account="acme",
        subscription_id="main",
        holding=first,
        display_name="",
        terms=PlanTerms(**({"begins_on": day("2027-01-01")} | terms)),
        zone=zone,
    )
    for each in facts:
        found = changed(found, each, zone)
    return found


def subscribed(what: Subscription, *plans: Plan, zone: str = ZONE, **more: Any) -> SubscribedPlan:
    """The same with the plans that price it."""
    return SubscribedPlan(what, {each.plan_id: each for each in plans}, "USD", zone, **more)


@dataclass(frozen=True, slots=True)
class Charged:
    """What a stretch costs."""

    price: SubscribedPrice
    amount_minor: int
    exact: Fraction


def charges(of: SubscribedPlan, through: str, after: str = "") -> list[Charged]:
    """What prices that need no usage cost, for the invoices of the months up to one."""
    found = []
    for each in of.prices_in(day(after) if after else None, day(through)):
        rated = None if each.is_metered else each.rate({})
        if rated is not None:
            exact = Fraction(rated.numerator) / rated.divisor
            found.append(Charged(each, rated.amount_minor, exact))
    return found
