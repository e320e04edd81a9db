"""What follows when allocations change: invoices settled or open again, stops set and lifted."""

from collections.abc import Iterable
from dataclasses import replace

from billing_service.domain.dunning import StopAndDeletion, reopened
from billing_service.domain.events import (
    AccountStopped,
    InvoiceOverdue,
    InvoiceReopened,
    InvoiceSettled,
)
from billing_service.domain.invoice import Invoice, InvoiceAccount, Settlement
from billing_service.domain.payment import Allocation, OpenInvoice, settlement_of
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import (
    DELETION,
    OVERDUE,
    STOP,
    cleared_timers,
)
from billing_service.use_cases.warn import remind, warn_account
from chassis.use_case import Event, TimerSet


def open_invoices(facts: Facts, payer: str, currency: str, *, also: str = "") -> list[OpenInvoice]:
    """The payer's gathered invoices of a currency that are not settled, and one named `also`."""
    return [
        OpenInvoice(
            invoice=key[1],
            order=(invoice.month, invoice.series, invoice.sequence),
            open_minor=settlement.total_minor - settlement.paid_minor,
        )
        for key, settlement in facts.settlements.items()
        if key[0] == payer and (settlement.settled_on is None or key[1] == also)
        for invoice in [facts.invoices[key]]
        if invoice.currency == currency
    ]


def settlements_of(facts: Facts, invoices: Iterable[DocumentKey]) -> list[Settlement]:
    """What is paid of invoices by the allocations that are known now."""
    return [_settlement(facts, key) for key in invoices]


def resettle(facts: Facts, invoices: Iterable[DocumentKey], *, now: int, outcome: Outcome) -> None:
    """Derive anew what is paid of invoices, and do what follows from it.

    `facts` is an overlay that holds the new payments and allocations, and takes in what follows.
    """
    touched = dict.fromkeys(invoices)
    for key in touched:
        before = facts.settlements[key]
        after = _settlement(facts, key)
        if after != before:
            facts.take_in([after])
            outcome.changes.append(after)
        _tell(facts, before, after, now=now, outcome=outcome)
    accounts = {each.account for key in touched for each in facts.invoice_accounts[key]}
    restate(facts, sorted(accounts), now=now, outcome=outcome)


def _settlement(facts: Facts, key: DocumentKey) -> Settlement:
    """What is paid of an invoice by all the allocations that are known."""
    dates = facts.invoices[key].dates
    return settlement_of(
        facts.settlements[key],
        _allocations_to(facts, key),
        due_on=dates.due_on,
        issued_on=dates.issued_on,
    )


def _allocations_to(facts: Facts, key: DocumentKey) -> list[Allocation]:
    payer, invoice = key
    return [
        each
        for (owner, _), allocations in facts.allocations.items()
        if owner == payer
        for each in allocations
        if each.invoice == invoice
    ]


def _tell(
    facts: Facts, before: Settlement, after: Settlement, *, now: int, outcome: Outcome
) -> None:
    """Events and timers of an invoice that came to be settled, or is open again."""
    key = (after.payer, after.invoice)
    invoice, accounts = facts.invoices[key], facts.invoice_accounts[key]
    if after.settled_on is not None and after.settled_on != before.settled_on:
        outcome.events.append(Event(after.payer, InvoiceSettled(after)))
        outcome.timers += cleared_timers(invoice, accounts)
    elif before.settled_on is not None and after.settled_on is None:
        outcome.events.append(Event(after.payer, InvoiceReopened(after)))
        _dun_again(facts, invoice, after, now=now, outcome=outcome)


def _dun_again(
    facts: Facts, invoice: Invoice, settlement: Settlement, *, now: int, outcome: Outcome
) -> None:
    """Set the timers and warnings of an invoice that is open again; what is past happens now."""
    if invoice.overdue_at > now:
        timer = TimerSet(invoice.payer, OVERDUE, invoice.invoice_id, invoice.overdue_at)
        outcome.timers.append(timer)
        remind(facts, invoice, now=now, outcome=outcome)
    else:
        overdue = InvoiceOverdue(settlement, invoice.currency)
        outcome.events.append(Event(invoice.payer, overdue))
    for each in facts.invoice_accounts[invoice.key]:
        _stop_again(facts, invoice, each, now=now, outcome=outcome)


def _stop_again(
    facts: Facts, invoice: Invoice, each: InvoiceAccount, *, now: int, outcome: Outcome
) -> None:
    zone = facts.accounts[each.account].time_zone
    planned = StopAndDeletion(each.stop_at, each.deletion_at)
    again = reopened(invoice.dates, planned, now=now, zone=zone)
    key = f"{each.payer}/{each.invoice}"
    outcome.timers.append(TimerSet(each.account, DELETION, key, again.deletion_at))
    if again.stop_at > now:
        outcome.timers.append(TimerSet(each.account, STOP, key, again.stop_at))
    else:
        stop_account(facts, each, now=now, outcome=outcome)
    warn_account(facts, each, again, now=now, outcome=outcome)


def stop_account(facts: Facts, each: InvoiceAccount, *, now: int, outcome: Outcome) -> None:
    """Stop an account for an unpaid invoice; nothing new if it is stopped already."""
    standing = facts.standing(each.account)
    if standing.stopped_at is not None:
        return
    stopped = replace(standing, stopped_at=now, stopped_by=f"{each.payer}/{each.invoice}")
    facts.take_in([stopped])
    outcome.changes.append(stopped)
    fact = AccountStopped(each.account, each.payer, each.invoice)
    outcome.events.append(Event(each.account, fact))
