"""Reverses a payment: what it had settled is open again, unless other credit covers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.credit_note_errors import PaymentNotReversible
from billing_service.domain.errors import PaymentAlreadyReversed, PaymentNotFound
from billing_service.domain.events import PaymentReversed
from billing_service.domain.payment import take_back
from billing_service.storage import gathering_documents
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from billing_service.use_cases.crediting import use_credit
from billing_service.use_cases.receiving import PaymentWithAllocations
from billing_service.use_cases.record_payment import gather_payers
from billing_service.use_cases.settling import resettle, settlements_of
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class ReversePayment:
    """A payment is taken back, and why."""

    payer: str
    payment_id: str
    note: str

    @property
    def key(self) -> DocumentKey:
        """The payment's key."""
        return (self.payer, self.payment_id)


def gather(tx: Transaction, commands: Sequence[ReversePayment]) -> Facts:
    """The payments, what they paid, the payers' open invoices and other credit."""
    facts = Facts()
    keys = {command.key for command in commands}
    gathering_documents.gather_invoices(tx, facts, gathering_documents.paid_by_payments(tx, keys))
    payers = {command.payer for command in commands}
    gather_payers(tx, facts, payers)
    gathering_documents.gather_payments(tx, facts, keys)
    gathering_documents.gather_credit(tx, facts, payers)
    return facts


def decide(facts: Facts, command: ReversePayment, now: int) -> Effects[PaymentWithAllocations]:
    """Take the payment back, use other credit for what is open, and do what follows."""
    payment = facts.payments.get(command.key)
    name = f"accounts/{command.payer}/payments/{command.payment_id}"
    if payment is None:
        raise PaymentNotFound(name)
    if payment.reversed_at is not None:
        raise PaymentAlreadyReversed(name)
    if payment.credit_note:
        raise PaymentNotReversible(name)
    paid = facts.allocations[command.key]
    gone, negatives = take_back(payment, paid, note=command.note, now=now)
    after, outcome = facts.overlay(), Outcome()
    after.take_in([gone, *negatives])
    outcome.changes += [gone, *negatives]
    outcome.events.append(Event(command.payer, PaymentReversed(gone)))
    touched = [(each.payer, each.invoice) for each in negatives]
    # What is open again must be known to use credit for it, and what was settled to tell of it.
    before = {key: after.settlements[key] for key in touched}
    after.take_in(settlements_of(after, touched))
    touched += use_credit(after, command.payer, gone.currency, now=now, outcome=outcome)
    after.take_in(before.values())
    resettle(after, touched, now=now, outcome=outcome)
    return Effects(
        PaymentWithAllocations(gone, ()),
        tuple(outcome.changes),
        tuple(outcome.events),
        tuple(outcome.timers),
    )


def _widen(tx: Transaction, command: ReversePayment) -> tuple[str, ...]:
    """A reversal touches the accounts on what it opens again, and on what is open."""
    invoices = gathering_documents.unsettled_invoices(tx, [command.payer])
    invoices |= gathering_documents.paid_by_payments(tx, [command.key])
    return tuple(sorted(gathering_documents.accounts_on(tx, invoices)))


REVERSE_PAYMENT: Final[UseCase[ReversePayment, Facts, PaymentWithAllocations]] = UseCase(
    name="reverse_payment",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
