"""Records a payment: to the invoice it names, then to the oldest open ones, the rest is credit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.errors import (
    CurrencyMismatch,
    InvalidAmount,
    InvoiceNotFound,
    PaymentAlreadyExists,
    ValueDateInFuture,
)
from billing_service.domain.money import PAYMENT_MINOR_MAX, minor_digits, minor_units
from billing_service.domain.payment import Payment
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.prepaid_queries import gather_waiting
from billing_service.storage.saving import save
from billing_service.use_cases.receiving import PaymentWithAllocations, receive
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Money came in: units and billionths of a currency. `invoice` is its id, or ''."""

    payer: str
    payment_id: str
    units: int
    nanos: int
    currency: str
    value_on: date
    invoice: str
    reference: str


def gather_payers(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """The payers' open invoices, with all that tells where the accounts on them stand."""
    unsettled = gathering_documents.unsettled_invoices(tx, payers)
    gathering_documents.gather_invoices(tx, facts, unsettled)
    on_invoices = {each.account for found in facts.invoice_accounts.values() for each in found}
    accounts = on_invoices | set(payers)
    gathering.gather_accounts(tx, facts, accounts)
    gathering.gather_terms(tx, facts)
    gathering.gather_spans(tx, facts, accounts)
    gathering_documents.gather_owed(tx, facts, accounts)
    gathering_documents.gather_ledgers(tx, facts, facts.invoices)
    gather_waiting(tx, facts, payers)


def gather(tx: Transaction, commands: Sequence[RecordPayment]) -> Facts:
    """The payers' open invoices, the invoices named, and payments of the same ids."""
    facts = Facts()
    named = {(each.payer, each.invoice) for each in commands if each.invoice}
    gathering_documents.gather_invoices(tx, facts, named)
    gather_payers(tx, facts, {command.payer for command in commands})
    gathering_documents.gather_payments(
        tx, facts, {(each.payer, each.payment_id) for each in commands}
    )
    return facts


def decide(facts: Facts, command: RecordPayment, now: int) -> Effects[PaymentWithAllocations]:
    """Allocate the payment, and do what follows for the invoices that it settles."""
    amount_minor = _checked_amount(command)
    _check(facts, command, now)
    payment = Payment(
        payer=command.payer,
        payment_id=command.payment_id,
        currency=command.currency,
        amount_minor=amount_minor,
        value_on=command.value_on,
        reference=command.reference,
        recorded_at=now,
        unallocated_minor=amount_minor,
    )
    after, outcome = facts.overlay(), Outcome()
    recorded = receive(after, payment, invoice=command.invoice, now=now, outcome=outcome)
    return Effects(
        recorded,
        tuple(outcome.changes),
        tuple(outcome.events),
        tuple(outcome.timers),
    )


def _checked_amount(command: RecordPayment) -> int:
    """The amount in minor units: positive, exact, within bounds."""
    minor_digits(command.currency, "amount.currency_code")
    amount_minor = minor_units(command.units, command.nanos, command.currency)
    if amount_minor is None:
        raise InvalidAmount("amount", f"is finer than {command.currency} allows, or of mixed sign")
    if not 0 < amount_minor <= PAYMENT_MINOR_MAX:
        raise InvalidAmount("amount", f"must be from 1 to {PAYMENT_MINOR_MAX} minor units")
    return amount_minor


def _check(facts: Facts, command: RecordPayment, now: int) -> None:
    """Refuse what cannot be paid, or not by this account, or not yet."""
    if command.payer not in facts.accounts:
        raise AccountNotFound(command.payer)
    key: DocumentKey = (command.payer, command.invoice)
    if command.invoice and key not in facts.invoices:
        raise InvoiceNotFound(f"accounts/{command.payer}/invoices/{command.invoice}")
    if command.invoice and facts.invoices[key].currency != command.currency:
        raise CurrencyMismatch(command.currency, facts.invoices[key].currency)
    if (command.payer, command.payment_id) in facts.payments:
        raise PaymentAlreadyExists(f"accounts/{command.payer}/payments/{command.payment_id}")
    if not any(owner == command.payer for owner, _ in facts.invoices):
        # One that another account pays for now may still owe invoices of its own.
        facts.profiles[command.payer].check_self_paying()
    today = civil_day(now, facts.terms_in_force(command.payer, now).time_zone)
    if command.value_on > today:
        raise ValueDateInFuture(today)


def _widen(tx: Transaction, command: RecordPayment) -> tuple[str, ...]:
    """A payment touches the accounts on the invoices that it may settle."""
    invoices = gathering_documents.unsettled_invoices(tx, [command.payer])
    return tuple(sorted(gathering_documents.accounts_on(tx, invoices)))


RECORD_PAYMENT: Final[UseCase[RecordPayment, Facts, PaymentWithAllocations]] = UseCase(
    name="record_payment",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
