"""Begins prepaid subscriptions: paid for since they began, or from now on; else they lapse.

Source:  docs/decisions/0030-prepaid.md
"""

from dataclasses import replace

from billing_service.domain.prepaid import lapsing, paying_up
from billing_service.domain.subscription import Subscription, changed
from billing_service.storage.facts import Facts
from billing_service.use_cases.changing import with_fact
from billing_service.use_cases.collecting import keep
from billing_service.use_cases.prepaying import Attempt, pay_ahead, renewing
from billing_service.use_cases.standings import Outcome


def begin_prepaid(
    after: Facts, created: Subscription, now: int, *, outcome: Outcome
) -> Subscription:
    """A new subscription, paid for if it has begun; without payment nothing is held from its start.

    `after` is an overlay with all but the subscription, and takes in what pays for it.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge, IssuerNeeded, TaxRateNotFound.
    """
    begun = created
    if created.facts[0].effective_at <= now:
        begun, attempt = _attempted(after, created, now)
        if attempt.is_paid:
            after.take_in(attempt.outcome.changes)
            outcome.take_over(attempt.outcome)
        elif attempt.request is not None:
            keep(after, attempt.request, now=now, outcome=outcome)
    outcome.timers.append(renewing(after, begun, now))
    return begun


def _attempted(after: Facts, created: Subscription, now: int) -> tuple[Subscription, Attempt]:
    """How a subscription begins as far as it is paid for, and what charging it came to.

    Where a payment comes later, it goes on from then: so what is asked for is what that costs now.
    """
    attempt = pay_ahead(after, created, now)
    if attempt.is_paid:
        return created, attempt
    lapsed = _lapsed(after, created, now)
    if attempt.request is None or not attempt.request.is_pending:
        return lapsed, attempt
    going_on = with_fact(after, lapsed, paying_up(after.subscribed(lapsed, now), now), now)
    attempt = pay_ahead(after, going_on, now)
    return going_on if attempt.is_paid else lapsed, attempt


def _lapsed(after: Facts, created: Subscription, now: int) -> Subscription:
    """The subscription, lapsed from its first instant."""
    fact = lapsing(after.subscribed(created, now), created.facts[0].effective_at)
    zone = after.accounts[created.account].time_zone
    return changed(created, replace(fact, recorded_at=now), zone)
