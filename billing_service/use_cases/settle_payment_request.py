"""Takes in the outcome of a request for payment, and does what it was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.change_errors import Outdated, PreviewOutdated
from billing_service.domain.errors import PaymentAlreadyExists, ValueDateInFuture
from billing_service.domain.payment_request import (
    PaymentPurpose,
    PaymentRequest,
    PaymentRequestState,
)
from billing_service.domain.payment_request_errors import PaymentRequestNotFound
from billing_service.domain.refusals import BillingError
from billing_service.storage import gathering_documents
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.payment_request_queries import (
    find_payment_request,
    gather_payment_requests,
)
from billing_service.storage.saving import save
from billing_service.use_cases.change_subscription import Changed, gather_changes, paid_change
from billing_service.use_cases.change_subscription import decide as decide_change
from billing_service.use_cases.changing import gather_changing
from billing_service.use_cases.charging_now import gather_charged, touched_by_charge
from billing_service.use_cases.collecting import close, payment_of
from billing_service.use_cases.paying_up import pay_period
from billing_service.use_cases.receiving import receive
from billing_service.use_cases.record_payment import gather_payers
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class SettlePaymentRequest:
    """A request was paid, as of `value_on`; None: it was declined, and `note` says why."""

    payer: str
    request_id: str
    value_on: date | None
    reference: str = ""
    note: str = ""

    @property
    def key(self) -> DocumentKey:
        """The request's key."""
        return (self.payer, self.request_id)


def gather(tx: Transaction, commands: Sequence[SettlePaymentRequest]) -> Facts:
    """The requests, what they are to pay for, and what their payers owe."""
    asked = Facts()
    gather_payment_requests(tx, asked, {command.key for command in commands})
    requests = asked.payment_requests
    changes = [paid_change(each) for each in requests.values() if each.change and each.is_pending]
    facts = gather_changes(tx, changes, locked=True)
    periods = {
        each.subscription for each in requests.values() if each.is_pending and not each.change
    }
    if periods:
        gather_changing(tx, facts, periods)
        gather_charged(tx, facts, dict.fromkeys(periods))
    facts.payment_requests.update(requests)
    gather_payers(tx, facts, {each.payer for each in requests.values()})
    gathering_documents.gather_payments(tx, facts, requests)
    return facts


def decide(facts: Facts, command: SettlePaymentRequest, now: int) -> Effects[PaymentRequest]:
    """Note the outcome; paid, do what was asked for if it follows from the same as it did then.

    Errors:  PaymentRequestNotFound, PaymentRequestClosed, PaymentAlreadyExists, ValueDateInFuture.
    """
    request = facts.payment_requests.get(command.key)
    if request is None:
        payer, request_id = command.key
        raise PaymentRequestNotFound(f"accounts/{payer}/paymentRequests/{request_id}")
    after, outcome = facts.overlay(), Outcome()
    if command.value_on is None:
        closed = request.closed(PaymentRequestState.DECLINED, now, command.note)
        close(after, closed, outcome)
    else:
        closed = _paid(facts, after, request, command, now, outcome)
    return Effects(closed, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _paid(
    facts: Facts,
    after: Facts,
    request: PaymentRequest,
    command: SettlePaymentRequest,
    now: int,
    outcome: Outcome,
) -> PaymentRequest:
    """The request as paid: what it pays for is done first, so that the payment goes to that."""
    paid = request.paid(now)
    value_on = _checked_value_date(facts, command, now)
    made = _made(facts, paid, now)
    if isinstance(made, BillingError):
        paid = replace(paid, note=f"Paid, but not made: {made}")
        made = None
    close(after, paid, outcome)
    invoice = ""
    if made is not None:
        after.take_in(made.changes)
        outcome.changes += made.changes
        outcome.events += made.events
        outcome.timers += made.timers
        invoice = made.result.invoices[0][0].invoice.invoice_id
    payment = payment_of(paid, value_on=value_on, reference=command.reference, now=now)
    is_period = paid.purpose is PaymentPurpose.PREPAID_PERIOD
    if not (is_period and pay_period(after, paid, payment, now=now, outcome=outcome)):
        receive(after, payment, invoice=invoice, now=now, outcome=outcome)
    return paid


def _made(facts: Facts, paid: PaymentRequest, now: int) -> Effects[Changed] | BillingError | None:
    """The change that was paid, or why it cannot be made as it was asked for; None: it is none."""
    if paid.change is None:
        return None
    told = facts.overlay()
    told.take_in([paid])
    try:
        made = decide_change(told, paid_change(paid), now)
    except BillingError as refused:
        # The money came in all the same: it becomes the payer's balance, and the request says why.
        return refused
    if made.result.open_minor > paid.amount_minor:
        return PreviewOutdated(*paid.subscription, Outdated.LINES)
    return made


def _checked_value_date(facts: Facts, command: SettlePaymentRequest, now: int) -> date:
    """The day from which the payment counts.

    Errors:  PaymentAlreadyExists, ValueDateInFuture.
    """
    payer, payment_id = command.key
    assert command.value_on is not None  # noqa: S101 - asked of what was paid only
    if command.key in facts.payments:
        raise PaymentAlreadyExists(f"accounts/{payer}/payments/{payment_id}")
    today = civil_day(now, facts.terms_in_force(payer, now).time_zone)
    if command.value_on > today:
        raise ValueDateInFuture(today)
    return command.value_on


def _widen(tx: Transaction, command: SettlePaymentRequest) -> tuple[str, ...]:
    """A change that is paid touches what invoicing it does, its payment what its payer owes."""
    request = find_payment_request(tx, *command.key)
    if request is None:
        return ()
    invoices = gathering_documents.unsettled_invoices(tx, [request.payer])
    paid = gathering_documents.accounts_on(tx, invoices)
    told_on = paid_change(request).asked.told_on if request.change else None
    return tuple(sorted({*paid, *touched_by_charge(tx, {request.subscription: told_on})}))


SETTLE_PAYMENT_REQUEST: Final[UseCase[SettlePaymentRequest, Facts, PaymentRequest]] = UseCase(
    name="settle_payment_request",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
