"""Changes that wait for a renewal: until when, and which of them a further change overtakes.

What is not charged before the renewal is not held before it either: nobody has anything for nothing
by changing to and fro, and nobody loses what is paid for.
Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billing_service.domain.calendar import first_instant
from billing_service.domain.proration import ProrationMode
from billing_service.domain.quantities import ZERO
from billing_service.domain.subscribed_price import SubscribedPrice
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_facts import Fact, FactKind, PlanHolding


def waits(fact: Fact) -> bool:
    """Whether a fact is a change that waits until what it changes renews."""
    mode = fact.proration.mode if fact.proration else None
    return fact.kind is FactKind.CHANGED and mode is ProrationMode.NONE_UNTIL_RENEWAL


def waits_until(
    held: Iterable[SubscribedPrice],
    old: PlanHolding,
    new: PlanHolding,
    *,
    asked_at: int,
    renewal_at: int,
    zone: str,
) -> int:
    """When a change takes effect that is asked for at an instant, and waits.

    That is the end of the longest period among those of what it changes, all of which are paid for;
    where it only adds something, or changes what usage costs, the renewal of all.

    Shapes:  `held` is what is licensed at the instant.
    """
    if old == new:
        return asked_at
    ends = [_end_at(each, asked_at, zone) for each in held if _differs(each.price.code, old, new)]
    return max(ends, default=renewal_at)


def overtaken(subscription: Subscription, asked_at: int, renewal_at: int) -> Iterator[int]:
    """The changes, by number, that wait for the present renewal, and were asked for before.

    A further change states all that is held from then on, and takes their place.
    """
    withdrawn = {each.withdraws for each in subscription.facts}
    for ordinal, fact in enumerate(subscription.facts, start=1):
        is_told = fact.recorded_at <= asked_at < fact.effective_at <= renewal_at
        if is_told and waits(fact) and ordinal not in withdrawn:
            yield ordinal


def _end_at(priced: SubscribedPrice, asked_at: int, zone: str) -> int:
    """When the period of a price ends; what begins with a change does not wait for it."""
    if priced.start_at >= asked_at:
        return asked_at
    return first_instant(priced.period.full_end_on, zone)


def _differs(code: str, old: PlanHolding, new: PlanHolding) -> bool:
    """Whether what is held of a price, or what prices it, is another."""
    return _of_price(code, old) != _of_price(code, new)


def _of_price(code: str, holding: PlanHolding) -> tuple[object, ...]:
    quantities: dict[str, Decimal] = {each.price: each.quantity for each in holding.held}
    agreed = tuple(each for each in holding.price_overrides if each.price == code)
    plan = (holding.plan, holding.band)
    return (plan, quantities.get(code, ZERO), agreed, holding.coupons)
