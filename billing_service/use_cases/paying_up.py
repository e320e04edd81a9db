"""Lets what lapsed for want of payment go on, of credit or of the payment that it waits for.

Source:  docs/decisions/0030-prepaid.md
"""

from billing_service.domain.payment import Payment
from billing_service.domain.payment_request import PaymentRequest
from billing_service.domain.prepaid import paying_up
from billing_service.domain.refusals import BillingError
from billing_service.domain.subscription import Subscription
from billing_service.storage.facts import Facts
from billing_service.use_cases.changing import follow, with_fact
from billing_service.use_cases.collecting import open_minor
from billing_service.use_cases.prepaying import ahead_at, charge_ahead
from billing_service.use_cases.receiving import receive
from billing_service.use_cases.standings import Outcome


def going_on(after: Facts, before: Subscription, now: int, outcome: Outcome) -> Subscription:
    """A lapsed subscription that is paid from now on, with all that follows but its charges.

    `after` is an overlay, and takes in what has changed.
    """
    fact = paying_up(after.subscribed(before, now), now)
    paid_up = with_fact(after, before, fact, now)
    follow(after, before, paid_up, now=now, outcome=outcome)
    return paid_up


def pay_period(
    after: Facts, request: PaymentRequest, payment: Payment, *, now: int, outcome: Outcome
) -> bool:
    """Let a new payment pay first for the period that it was asked for; whether it does.

    If it does not, the payment was not received.

    `after` is an overlay, and takes in what follows.

    Shapes:  the request's subscription was gathered with what charging it takes.
    """
    before = after.subscriptions[request.subscription]
    is_payers = after.profiles[before.account].paid_by == request.payer
    if not is_payers or not before.is_lapsed_at(now):
        return False
    trial, step = after.overlay(), Outcome()
    try:
        paid_up = going_on(trial, before, now, step)
        issued = charge_ahead(
            trial, paid_up, cause=ahead_at(before, now), as_of=now, now=now, outcome=step
        )
    except BillingError:
        # The money came in all the same: as the payer's credit, it has this looked at again.
        return False
    first = issued[0].invoice.invoice_id if issued else ""
    receive(trial, payment, invoice=first, now=now, outcome=step)
    if open_minor(trial, issued):
        return False
    after.take_in(step.changes)
    outcome.take_over(step)
    return True
