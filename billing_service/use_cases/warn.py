"""Warnings before harm: a due date, a stop or a deletion that is ahead while an invoice is open.

Each is told at its instant; at once where that has passed and what it warns of is still ahead. Of
what has come to pass meanwhile nobody is warned.
"""

from collections.abc import Callable, Sequence
from typing import Final

from billing_service.domain.dunning import StopAndDeletion, reminder_at, warnings_ahead
from billing_service.domain.events import AccountDeletionAhead, AccountStopAhead, InvoiceDueSoon
from billing_service.domain.invoice import Invoice, InvoiceAccount
from billing_service.domain.terms import TermsVersion
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import (
    DELETION,
    DELETION_AHEAD,
    DUE_SOON,
    STOP_AHEAD,
    document_key,
)
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerDue, TimerSet, UseCase

# --- setting them -------------------------------------------------------------------------------


def warn(facts: Facts, invoice: Invoice, *, now: int, outcome: Outcome) -> None:
    """Set all warnings of an invoice that is issued and not settled."""
    remind(facts, invoice, now=now, outcome=outcome)
    for each in facts.invoice_accounts[invoice.key]:
        planned = StopAndDeletion(each.stop_at, each.deletion_at)
        warn_account(facts, each, planned, now=now, outcome=outcome)


def remind(facts: Facts, invoice: Invoice, *, now: int, outcome: Outcome) -> None:
    """Remind the payer of the due date of an open invoice."""
    warning_at = reminder_at(invoice.dates, _terms_of(facts, invoice), invoice.time_zone)
    if warning_at is None:
        return
    timer = TimerSet(invoice.payer, DUE_SOON, invoice.invoice_id, warning_at)
    _set(timer, _due_soon(facts, invoice), harm_at=invoice.overdue_at, now=now, outcome=outcome)


def warn_account(
    facts: Facts, each: InvoiceAccount, planned: StopAndDeletion, *, now: int, outcome: Outcome
) -> None:
    """Warn an account on an open invoice of its stop and its deletion, as they are planned."""
    invoice = facts.invoices[each.payer, each.invoice]
    key = f"{each.payer}/{each.invoice}"
    zone = facts.accounts[each.account].time_zone
    ahead = warnings_ahead(invoice.dates, planned, _terms_of(facts, invoice), zone)
    if ahead.stop_warning_at is not None:
        timer = TimerSet(each.account, STOP_AHEAD, key, ahead.stop_warning_at)
        stop = AccountStopAhead(each.account, each.payer, each.invoice, planned.stop_at)
        _set(timer, stop, harm_at=planned.stop_at, now=now, outcome=outcome)
    if ahead.deletion_warning_at is not None:
        timer = TimerSet(each.account, DELETION_AHEAD, key, ahead.deletion_warning_at)
        deletion = AccountDeletionAhead(each.account, each.payer, each.invoice, planned.deletion_at)
        _set(timer, deletion, harm_at=planned.deletion_at, now=now, outcome=outcome)


def _set(timer: TimerSet, fact: object, *, harm_at: int, now: int, outcome: Outcome) -> None:
    """Set a warning's timer; or tell the fact now, if its instant has passed and the harm's not."""
    if timer.due_at > now:
        outcome.timers.append(timer)
    elif harm_at > now:
        outcome.events.append(Event(timer.account, fact))


def _due_soon(facts: Facts, invoice: Invoice) -> InvoiceDueSoon:
    settlement = facts.settlements[invoice.key]
    return InvoiceDueSoon(settlement, invoice.dates.due_on, invoice.currency)


def _terms_of(facts: Facts, invoice: Invoice) -> TermsVersion:
    """The version of the terms that an invoice keeps."""
    return facts.terms[invoice.terms_id].versions[invoice.terms_version - 1]


# --- telling them -------------------------------------------------------------------------------


def _gather_due_soon(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    facts = Facts()
    gathering_documents.gather_invoices(tx, facts, {(each.account, each.key) for each in commands})
    return facts


def tell_due_soon(facts: Facts, command: TimerDue, _now: int) -> Effects[None]:
    """Remind of an invoice that is not settled and not overdue."""
    invoice = facts.invoices[command.account, command.key]
    is_open = facts.settlements[invoice.key].settled_on is None
    if not is_open or invoice.overdue_at <= command.fired_at:
        return Effects(None)
    return Effects(None, events=(Event(command.account, _due_soon(facts, invoice)),))


def _gather_ahead(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    facts = Facts()
    keys = {document_key(command.key) for command in commands}
    gathering_documents.gather_invoices(tx, facts, keys)
    accounts = {command.account for command in commands}
    gathering.gather_deletions_due(tx, facts, accounts, DELETION)
    return facts


def tell_stop_ahead(facts: Facts, command: TimerDue, _now: int) -> Effects[None]:
    """Warn an account of its stop, if the invoice is not settled and the stop is ahead."""
    key = document_key(command.key)
    if facts.settlements[key].settled_on is not None:
        return Effects(None)
    warnings = [
        AccountStopAhead(each.account, each.payer, each.invoice, each.stop_at)
        for each in facts.invoice_accounts[key]
        if each.account == command.account and each.stop_at > command.fired_at
    ]
    return Effects(None, events=tuple(Event(command.account, each) for each in warnings))


def tell_deletion_ahead(facts: Facts, command: TimerDue, _now: int) -> Effects[None]:
    """Warn an account of its deletion, if the invoice is not settled and the deletion is ahead.

    A payment that was taken back may have moved the deletion, so its own timer tells when it is.
    """
    payer, invoice = document_key(command.key)
    deletion_at = facts.deletions_due.get((command.account, command.key), command.fired_at)
    is_open = facts.settlements[payer, invoice].settled_on is None
    if not is_open or deletion_at <= command.fired_at:
        return Effects(None)
    warning = AccountDeletionAhead(command.account, payer, invoice, deletion_at)
    return Effects(None, events=(Event(command.account, warning),))


def _use_case(
    kind: str,
    gather: Callable[[Transaction, Sequence[TimerDue]], Facts],
    decide: Callable[[Facts, TimerDue, int], Effects[None]],
) -> UseCase[TimerDue, Facts, None]:
    return UseCase(
        kind, lambda each: Scope(accounts=(each.account,), advancing=True), gather, decide, save
    )


DUE_SOON_USE_CASE: Final = _use_case(DUE_SOON, _gather_due_soon, tell_due_soon)
STOP_AHEAD_USE_CASE: Final = _use_case(STOP_AHEAD, _gather_ahead, tell_stop_ahead)
DELETION_AHEAD_USE_CASE: Final = _use_case(DELETION_AHEAD, _gather_ahead, tell_deletion_ahead)
