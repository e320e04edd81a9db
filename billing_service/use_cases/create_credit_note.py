"""Credits lines of an issued invoice, as an operator decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.credit_note import (
    CreditedInvoice,
    CreditNoteKind,
    IssuedCreditNote,
    LineCredit,
    draft_credit_note,
)
from billing_service.domain.credit_note_errors import CreditExceedsLine
from billing_service.domain.errors import (
    CurrencyMismatch,
    InvalidAmount,
    InvoiceNotFound,
    LineNotFound,
)
from billing_service.domain.money import price_of
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage import gathering_documents
from billing_service.storage.credit_note_queries import gather_credited
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from billing_service.use_cases.credit_notes import (
    gather_credit_series,
    issue_credit_note,
    return_credits,
)
from billing_service.use_cases.record_payment import gather_payers
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class LineToCredit:
    """A line, and how much of it; None: all that is left."""

    line_number: int
    amount: StatedAmount | None


@dataclass(frozen=True, slots=True)
class CreateCreditNote:
    """An operator credits lines of an invoice, and says why."""

    payer: str
    invoice: str
    lines: tuple[LineToCredit, ...]
    reason: str

    @property
    def key(self) -> DocumentKey:
        """The invoice's key."""
        return (self.payer, self.invoice)


def gather(tx: Transaction, commands: Sequence[CreateCreditNote]) -> Facts:
    """The invoices and what is left of them, and what their payers owe besides."""
    facts = Facts()
    keys = {command.key for command in commands}
    gather_credited(tx, facts, keys)
    gather_credit_series(tx, facts, keys)
    gather_payers(tx, facts, {command.payer for command in commands})
    return facts


def decide(facts: Facts, command: CreateCreditNote, now: int) -> Effects[IssuedCreditNote]:
    """Issue the credit note, and let it pay.

    Errors:  InvoiceNotFound, LineNotFound, InvalidAmount, CurrencyMismatch, CreditExceedsLine.
    """
    credited = facts.credited.get(command.key)
    if credited is None:
        raise InvoiceNotFound(f"accounts/{command.payer}/invoices/{command.invoice}")
    drafted = draft_credit_note(
        credited,
        _credits(credited, command.lines),
        kind=CreditNoteKind.DECIDED,
        reason=command.reason,
        issued_on=civil_day(now, credited.invoice.time_zone),
        issued_at=now,
    )
    after, outcome = facts.overlay(), Outcome()
    return_credits(after, drafted, now=now, outcome=outcome)
    issued = issue_credit_note(after, drafted, now=now, outcome=outcome)
    return Effects(issued, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _credits(credited: CreditedInvoice, asked: Sequence[LineToCredit]) -> list[LineCredit]:
    """What is credited of each line, all of them together no more than what is left."""
    found: list[LineCredit] = []
    for place, each in enumerate(asked):
        found.append(_credit(credited.after(found), each, place))
    return found


def _credit(credited: CreditedInvoice, asked: LineToCredit, place: int) -> LineCredit:
    """What is credited of a line; refuses more than what is left of it."""
    invoice = credited.invoice
    line = credited.line(asked.line_number)
    if line is None:
        raise LineNotFound(invoice.name, asked.line_number)
    left = credited.left_of(line)
    amount_minor = left
    if asked.amount is not None:
        amount_minor = _amount_minor(asked.amount, invoice.currency, f"lines[{place}].amount")
    if not 0 < amount_minor <= left:
        told = f"{invoice.currency} {price_of(left, invoice.currency):f}"
        raise CreditExceedsLine(invoice.name, asked.line_number, told)
    return LineCredit(asked.line_number, amount_minor)


def _amount_minor(amount: StatedAmount, currency: str, field: str) -> int:
    if amount.currency != currency:
        raise CurrencyMismatch(amount.currency, currency)
    amount_minor = amount.minor(field)
    if amount_minor is None:
        raise InvalidAmount(field, f"is finer than {currency} allows, or of mixed sign")
    if amount_minor <= 0:
        raise InvalidAmount(field, "must be more than 0")
    return amount_minor


def _widen(tx: Transaction, command: CreateCreditNote) -> tuple[str, ...]:
    """A credit note touches the accounts on its invoice, and on what else it may settle."""
    invoices = {command.key, *gathering_documents.unsettled_invoices(tx, [command.payer])}
    return tuple(sorted(gathering_documents.accounts_on(tx, invoices)))


CREATE_CREDIT_NOTE: Final[UseCase[CreateCreditNote, Facts, IssuedCreditNote]] = UseCase(
    name="create_credit_note",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
