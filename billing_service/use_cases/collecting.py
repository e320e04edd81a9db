"""Asks a payer's provider for what something costs before it takes effect.

Whoever wants to be paid works out what it would come to on an overlay, and asks for what stays
open of that. Paid, the overlay stands and the payment comes in on it; otherwise nothing of it is
kept but the request.

Source:  docs/decisions/0029-payment-requests.md
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.events import PaymentRequestClosed, PaymentRequested
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.payment import Payment
from billing_service.domain.payment_provider import answered
from billing_service.domain.payment_request import (
    AskedChange,
    PaymentPurpose,
    PaymentRequest,
)
from billing_service.domain.payment_request_errors import PaymentPending
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.receiving import receive
from billing_service.use_cases.standings import Outcome
from chassis.use_case import Event, TimerCleared, TimerSet

EXPIRE_REQUEST: Final = "expire_payment_request"


def open_minor(after: Facts, issued: Iterable[IssuedInvoice]) -> int:
    """What is still to be paid of issued invoices, all of one currency."""
    settlements = [after.settlements[each.invoice.key] for each in issued]
    return sum(each.total_minor - each.paid_minor for each in settlements)


def collect(
    facts: Facts,
    subscription: DocumentKey,
    *,
    request_id: str,
    amount_minor: int,
    purpose: PaymentPurpose,
    change: AskedChange | None = None,
    now: int,
) -> PaymentRequest | None:
    """A request for so much, with the answer of the provider that collects of the payer.

    None if nothing is to be paid, or the payer pays by invoice. Whoever asks keeps it, by `keep`,
    with or without what it is to pay for.

    Shapes:  the account's and its payer's profiles, and all terms, were gathered.
    """
    account, subscription_id = subscription
    payer = facts.profiles[account].paid_by
    profile = facts.profiles[payer]
    if amount_minor <= 0 or not profile.payment_provider:
        return None
    request = PaymentRequest(
        payer=payer,
        request_id=request_id,
        provider=profile.payment_provider,
        method=profile.payment_method,
        currency=facts.currency_of(account, now),
        amount_minor=amount_minor,
        purpose=purpose,
        account=account,
        subscription_id=subscription_id,
        asked_at=now,
        change=change,
    )
    return answered(request, now)


def keep(
    after: Facts, request: PaymentRequest, *, invoice: str = "", now: int, outcome: Outcome
) -> None:
    """Keep a request that was just made, and tell of it; paid, its payment goes to `invoice` first.

    `after` is an overlay, and takes in what follows.
    """
    after.take_in([request])
    outcome.changes.append(request)
    if request.is_pending:
        outcome.events.append(Event(request.payer, PaymentRequested(request)))
        outcome.timers.append(
            TimerSet(request.payer, EXPIRE_REQUEST, request.request_id, request.expires_at)
        )
        return
    outcome.events.append(Event(request.payer, PaymentRequestClosed(request)))
    if request.is_paid:
        zone = after.terms_in_force(request.payer, now).time_zone
        payment = payment_of(request, value_on=civil_day(now, zone), reference="", now=now)
        receive(after, payment, invoice=invoice, now=now, outcome=outcome)


def close(after: Facts, request: PaymentRequest, outcome: Outcome) -> None:
    """Note the answer of a request that was pending, and tell of it.

    `after` is an overlay, and takes in what follows.
    """
    after.take_in([request])
    outcome.changes.append(request)
    outcome.events.append(Event(request.payer, PaymentRequestClosed(request)))
    outcome.timers.append(TimerCleared(request.payer, EXPIRE_REQUEST, request.request_id))


def payment_of(request: PaymentRequest, *, value_on: date, reference: str, now: int) -> Payment:
    """The payment that comes of a request; it has its id."""
    return Payment(
        payer=request.payer,
        payment_id=request.request_id,
        currency=request.currency,
        amount_minor=request.amount_minor,
        value_on=value_on,
        reference=reference,
        recorded_at=now,
        unallocated_minor=request.amount_minor,
    )


def check_nothing_pending(facts: Facts, subscription: DocumentKey) -> None:
    """Refuse to change a subscription while another change of it waits for its payment.

    What is asked for a prepaid period is as good for what is held by then.

    Errors:  PaymentPending.
    """
    for each in facts.payment_requests.values():
        if each.is_pending and each.change and each.subscription == subscription:
            raise PaymentPending(*subscription, each.name)
