"""Charges what a prepaid subscription begins, if its payer's credit covers it.

Nothing is charged that is not paid: it is tried on an overlay, which stands only if all its
invoices are settled.

Source:  docs/decisions/0030-prepaid.md
"""

from dataclasses import dataclass, replace

from billing_service.domain.invoice import IssuedInvoice, by_currency, immediate
from billing_service.domain.payment_request import (
    PaymentPurpose,
    PaymentRequest,
    request_id_of,
)
from billing_service.domain.plan_charges import propose_plans
from billing_service.domain.prepaid import has_begun_ahead, next_renewal_at
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_change import without_differences_ahead
from billing_service.storage.facts import Facts
from billing_service.use_cases.charging_now import billed_now
from billing_service.use_cases.collecting import collect, keep, open_minor
from billing_service.use_cases.issuing import issue
from billing_service.use_cases.rating import accounts_to_rate, plan_facts_of
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import RENEW_PREPAID
from chassis.use_case import TimerCleared, TimerSet


@dataclass(frozen=True, slots=True)
class Attempt:
    """What charging a prepaid subscription came to, on an overlay that stands if all is paid.

    `request` is what a provider was asked for and did not pay, or not yet.
    """

    after: Facts
    outcome: Outcome
    is_paid: bool
    request: PaymentRequest | None = None


def pay_ahead(facts: Facts, subscription: Subscription, at: int, *, asks: bool = True) -> Attempt:
    """Charge what has begun of a subscription, of its payer's credit, then by its provider.

    `asks`: the provider of a payer who has one is asked for what is missing.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge, IssuerNeeded, TaxRateNotFound.
    """
    after, outcome = facts.overlay(), Outcome()
    cause = ahead_at(subscription, at)
    issued = charge_ahead(after, subscription, cause=cause, as_of=at, now=at, outcome=outcome)
    missing_minor = open_minor(after, issued)
    if not missing_minor or not asks:
        return Attempt(after, outcome, is_paid=not missing_minor)
    request = collect(
        after,
        subscription.key,
        request_id=_request_id(after, subscription, cause),
        amount_minor=missing_minor,
        purpose=PaymentPurpose.PREPAID_PERIOD,
        now=at,
    )
    if request is None or not request.is_paid:
        return Attempt(after, outcome, is_paid=False, request=request)
    keep(after, request, invoice=issued[0].invoice.invoice_id, now=at, outcome=outcome)
    return Attempt(after, outcome, is_paid=not open_minor(after, issued))


def charge_ahead(
    after: Facts,
    subscription: Subscription,
    *,
    cause: str,
    as_of: int,
    now: int,
    outcome: Outcome,
) -> list[IssuedInvoice]:
    """Invoice what has begun of all that a subscription is charged in advance, less what was.

    `after` is an overlay, and takes in what follows; `cause` tells it from others of the account.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge, IssuerNeeded, TaxRateNotFound.
    """
    billed = billed_now(after, subscription.account, as_of, now)
    begun = without_differences_ahead(subscription, as_of)
    to_rate = [
        replace(each, subscriptions=(begun,), outdated=frozenset())
        for each in accounts_to_rate(after, billed)
        if each.account.account == subscription.account
    ]
    found = propose_plans(
        to_rate,
        plan_facts_of(after, billed),
        is_wanted=lambda priced: has_begun_ahead(priced, as_of),
    )
    items = by_currency(each for each in found if not each.is_held)
    owed = {
        currency: each for currency, each in items.items() if sum(e.due_minor for e in each) > 0
    }
    told = immediate(subscription.account, cause)
    return issue(after, billed, owed, cause=told, now=now, outcome=outcome)


def ahead_at(subscription: Subscription, at: int) -> str:
    """What tells that a subscription is charged ahead at an instant."""
    return f"{subscription.subscription_id}/ahead-{at}"


def _request_id(facts: Facts, subscription: Subscription, cause: str) -> str:
    """The id of a request: another one if somebody is to pay otherwise at the same instant."""
    profile = facts.profiles[subscription.account]
    payer = facts.profiles[profile.paid_by]
    return request_id_of(*subscription.key, f"{cause}/{profile.version}/{payer.version}")


def renewing(facts: Facts, subscription: Subscription, at: int) -> TimerSet | TimerCleared:
    """What looks at a prepaid subscription when something of it begins next."""
    account, subscription_id = subscription.key
    due_at = next_renewal_at(facts.subscribed(subscription, at), at)
    if due_at is None:
        return TimerCleared(account, RENEW_PREPAID, subscription_id)
    return TimerSet(account, RENEW_PREPAID, subscription_id, due_at)
