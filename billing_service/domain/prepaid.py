"""Prepaid subscriptions: what is paid before it begins, and what happens where it is not.

Source:  docs/decisions/0030-prepaid.md
"""

from typing import Final

from billing_service.domain.calendar import civil_day, first_instant, next_month
from billing_service.domain.price import Timing
from billing_service.domain.proration import Granularity, Proration, ProrationMode
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscribed_price import SubscribedPrice
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_change import held_as_of
from billing_service.domain.subscription_facts import Fact, FactKind, ending

# What may begin something, which is then paid first: an end and a pause never do.
BEGINNING: Final = frozenset({FactKind.CHANGED, FactKind.UNPAUSED})


def is_prepaid(subscription: Subscription) -> bool:
    """Whether what is charged in advance is paid before it begins."""
    terms = subscription.plan_terms
    return terms is not None and terms.prepaid


def is_over(subscription: Subscription, at: int) -> bool:
    """Whether a plan's subscription has ended by an instant."""
    over = ending(subscription.facts)
    return over is not None and over.at <= at


def is_charged_ahead(priced: SubscribedPrice) -> bool:
    """Whether a price is charged before its period: not what was used, nor what is in arrears."""
    return not priced.is_metered and priced.schedule.timing is Timing.ADVANCE


def has_begun_ahead(priced: SubscribedPrice, at: int) -> bool:
    """Whether a price is charged in advance, for a period that has begun by an instant."""
    return is_charged_ahead(priced) and priced.start_at <= at


def next_renewal_at(subscribed: SubscribedPlan, at: int) -> int | None:
    """When what is charged in advance is to be looked at next; None if nothing is, until then.

    That is when something begins, and each month begins: so that one never looks far ahead. What
    lapsed is looked at when it is over, and waits for no credit from then on.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    subscription = subscribed.subscription
    if is_over(subscription, at):
        return None
    if subscription.is_lapsed_at(at):
        over = ending(subscription.facts)
        return over.at if over else None
    # An instant before the first one, it is known when that is.
    from_at = max(at, subscription.facts[0].effective_at - 1)
    day = civil_day(from_at, subscribed.zone)
    month = next_month(day.replace(day=1))
    ahead = [
        each.start_at
        for each in subscribed.prices_since(day, month)
        if is_charged_ahead(each) and each.start_at > from_at
    ]
    next_at = min([*ahead, first_instant(month, subscribed.zone)])
    return None if is_over(subscription, next_at) else next_at


def lapsing(subscribed: SubscribedPlan, at: int) -> Fact:
    """The fact that from an instant on nothing is held, as it is not paid for.

    What was paid for longer is given back by the day, or by the second where none begins.
    """
    day_at = first_instant(civil_day(at, subscribed.zone), subscribed.zone)
    by = Granularity.DAY if day_at == at else Granularity.SECOND
    return Fact(FactKind.LAPSED, at, proration=_prorated(subscribed, at, by), recorded_at=at)


def paying_up(subscribed: SubscribedPlan, at: int) -> Fact:
    """The fact that from an instant on it is paid, and charged, by parts as the plan divides."""
    held = held_as_of(subscribed.subscription, at)
    plan = subscribed.plans[held.plan if held else subscribed.subscription.plan]
    proration = _prorated(subscribed, at, plan.proration.granularity)
    return Fact(FactKind.PAID_UP, at, proration=proration, recorded_at=at)


def _prorated(subscribed: SubscribedPlan, at: int, by: Granularity) -> Proration:
    """Each side has its part, and a day that is not divided is the new one's."""
    held = held_as_of(subscribed.subscription, at)
    plan = subscribed.plans[held.plan if held else subscribed.subscription.plan]
    return Proration(
        ProrationMode.PRORATE_NOW, granularity=by, allowances=plan.proration.allowances
    )
