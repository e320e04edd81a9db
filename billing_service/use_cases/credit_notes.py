"""Issues credit notes: numbers them, and lets what they give back pay invoices."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.billed import Billed, BilledLine, taken_off
from billing_service.domain.calendar import civil_day
from billing_service.domain.charge import Charge, RatedItem, charges_of
from billing_service.domain.charge_lines import charge_lines
from billing_service.domain.credit_note import (
    CreditNoteKind,
    IssuedCreditNote,
    LineCredit,
    draft_credit_note,
    number_credit_note,
)
from billing_service.domain.events import CreditNoteIssued
from billing_service.domain.giving_back import giving
from billing_service.domain.party import NumberSeries, credit_series
from billing_service.domain.payment import Allocation, Payment, allocate
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.credit_note_queries import gather_credited, with_taken_back
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.credit_entries import return_grants, return_to
from billing_service.use_cases.settling import open_invoices, resettle
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.topping_up import topping_up
from chassis.database import Transaction
from chassis.use_case import Event

_CORRECTED: Final = "What was charged was too much."


@dataclass(frozen=True, slots=True)
class Corrections:
    """The credit notes that items with too much billed come to, and how the charges change.

    Shapes:  each of the `charges` with the invoices whose credit notes it may be given back by.
    """

    notes: tuple[IssuedCreditNote, ...]
    charges: tuple[tuple[Charge, tuple[DocumentKey, ...]], ...]


def gather_corrections(tx: Transaction, facts: Facts, *, locked: bool = True) -> None:
    """The invoices of what is looked at again, and the series that credit notes of these take.

    All that was billed and may be too much is gathered before. Not `locked`, the series are left
    out: nothing is numbered.
    """
    gather_correctable(tx, facts, invoices_of(facts.charged.values()), locked=locked)


def invoices_of(billed: Iterable[Billed]) -> set[DocumentKey]:
    """The invoices on which what was billed stands."""
    return {(line.payer, line.invoice) for each in billed for line in each.lines}


def gather_correctable(
    tx: Transaction, facts: Facts, places: set[DocumentKey], *, locked: bool
) -> None:
    """Invoices that credit notes may give back of, and all that follows from these.

    With those of which they took something back themselves.
    """
    places = with_taken_back(tx, places)
    gather_credited(tx, facts, places)
    if locked:
        gather_credit_series(tx, facts, places)
    on_invoices = {each.account for key in places for each in facts.invoice_accounts.get(key, ())}
    accounts = sorted((on_invoices | {payer for payer, _ in places}) - facts.accounts.keys())
    if not accounts:
        return
    gathering.gather_accounts(tx, facts, accounts)
    gathering.gather_spans(tx, facts, accounts)
    gathering_documents.gather_owed(tx, facts, accounts)


def gather_credit_series(
    tx: Transaction, facts: Facts, invoices: Iterable[DocumentKey], *, locked: bool = True
) -> None:
    """The series of the credit notes for invoices."""
    series = {
        credit_series(facts.credited[key].invoice.series)
        for key in invoices
        if key in facts.credited
    }
    gathering.gather_series(tx, facts, series - facts.series.keys(), locked=locked)


def corrections(
    facts: Facts, items: Sequence[RatedItem], *, issued_at: int, zone: str
) -> Corrections:
    """The credit notes for items of which too much is billed, one for each invoice.

    What an item gives back it takes from the lines that charged it last, and never more of a line
    than what is left of it. Where their invoice comes to less, since it took something back of an
    earlier one, the rest is of that.
    """
    given: dict[DocumentKey, list[LineCredit]] = defaultdict(list)
    places: list[tuple[RatedItem, list[BilledLine]]] = []
    for item in sorted(items, key=lambda each: each.line_order):
        places.append((item, _places(facts, item)))
        text = _description(facts, item)
        for each in places[-1][1]:
            credit = LineCredit(each.line_number, each.amount_minor, text)
            given[each.payer, each.invoice].append(credit)
    notes = [
        draft_credit_note(
            facts.credited[key],
            lines,
            kind=CreditNoteKind.CORRECTION,
            reason=_CORRECTED,
            issued_on=civil_day(issued_at, zone),
            issued_at=issued_at,
        )
        for key, lines in sorted(giving(facts.credited, given).items())
    ]
    charges = (
        (each, _invoices_for(facts, found))
        for item, found in places
        for each in _charges(item, found)
    )
    return Corrections(tuple(notes), tuple(charges))


def return_credits(after: Facts, drafted: IssuedCreditNote, *, now: int, outcome: Outcome) -> None:
    """Let what a credit note does not give back as money come back to credits.

    That is what its lines say of those before tax; and what it gives back beyond what is open of
    its invoice, up to what those after tax pay of it. The note, once it is issued, pays the invoice
    in their place.
    """
    key = (drafted.note.payer, drafted.note.invoice)
    for line in drafted.lines:
        lowered = after.credited[key].line(line.invoice_line_number)
        if lowered and lowered.credit:
            back = -line.amount_minor
            return_to(after, key, lowered.credit, back, now=now, outcome=outcome)
            outcome.timers += topping_up(after, drafted.note.payer, now)
    paid = after.settlements[key]
    over_minor = drafted.note.total_minor - (paid.total_minor - paid.paid_minor)
    if over_minor > 0 and return_grants(after, key, over_minor, now=now, outcome=outcome):
        outcome.timers += topping_up(after, drafted.note.payer, now)


def issue_credit_note(
    after: Facts, drafted: IssuedCreditNote, *, now: int, outcome: Outcome
) -> IssuedCreditNote:
    """Number a credit note, and let it pay its invoice first, then the payer's other open ones.

    `after` is an overlay, and takes in what is issued and all that follows.

    Shapes:  what comes back to credits did so before.
    """
    key = (drafted.note.payer, drafted.note.invoice)
    name = credit_series(after.invoices[key].series)
    series = after.series.get(name, NumberSeries(name, 0))
    issued, series = number_credit_note(drafted, series)
    after.take_in([series, issued])
    outcome.changes += [series, issued]
    payment, allocations = allocate(
        _payment_of(issued),
        open_invoices(after, drafted.note.payer, drafted.note.currency, also=drafted.note.invoice),
        first=drafted.note.invoice,
        now=now,
    )
    allocations = [_as_of_settlement(after, each) for each in allocations]
    after.take_in([payment, *allocations])
    outcome.changes += [payment, *allocations]
    outcome.events.append(Event(payment.payer, CreditNoteIssued(issued)))
    if payment.unallocated_minor:
        outcome.timers += topping_up(after, payment.payer, now)
    touched = [(each.payer, each.invoice) for each in allocations]
    resettle(after, touched, now=now, outcome=outcome)
    return issued


def issue_credit_notes(
    after: Facts, drafted: Sequence[IssuedCreditNote], *, now: int, outcome: Outcome
) -> list[IssuedCreditNote]:
    """Issue credit notes together; what they give back to credits comes back before any pays."""
    for each in drafted:
        return_credits(after, each, now=now, outcome=outcome)
    return [issue_credit_note(after, each, now=now, outcome=outcome) for each in drafted]


def issue_corrections(
    after: Facts,
    items: Sequence[RatedItem],
    *,
    issued_at: int,
    zone: str,
    now: int,
    outcome: Outcome,
) -> None:
    """Issue the credit notes for items of which too much is billed, with their charges."""
    found = corrections(after, items, issued_at=issued_at, zone=zone)
    issued = issue_credit_notes(after, found.notes, now=now, outcome=outcome)
    by_invoice = {(each.note.payer, each.note.invoice): each.note for each in issued}
    charges = [
        replace(each, credit_note=by_invoice[noted[0]].credit_note_id)
        for each, keys in found.charges
        if (noted := [key for key in keys if key in by_invoice])
    ]
    after.take_in(charges)
    outcome.changes += charges


def _payment_of(issued: IssuedCreditNote) -> Payment:
    """The payment that a credit note counts as."""
    note = issued.note
    return Payment(
        payer=note.payer,
        payment_id=note.payment_id,
        currency=note.currency,
        amount_minor=note.total_minor,
        value_on=note.issued_on,
        reference=note.number,
        recorded_at=note.issued_at,
        unallocated_minor=note.total_minor,
        credit_note=note.credit_note_id,
    )


def _as_of_settlement(facts: Facts, allocation: Allocation) -> Allocation:
    """What pays a settled invoice in place of credits: as they did when it was issued.

    So a credit note does not make an invoice late that was settled in time.
    """
    key = (allocation.payer, allocation.invoice)
    if facts.settlements[key].settled_on is None:
        return allocation
    return replace(allocation, value_on=facts.invoices[key].dates.issued_on)


def _places(facts: Facts, item: RatedItem) -> list[BilledLine]:
    """From which lines an item takes what it gives back."""
    if item.adjusts is None:
        return []
    _, taken = taken_off(item.adjusts.billed.lines, -item.due_minor)
    return taken


def _charges(item: RatedItem, places: Sequence[BilledLine]) -> tuple[Charge, ...]:
    """The revisions of an item that credit notes give back, by the line that charged it last."""
    if not places:
        return ()
    payer, invoice, line_number = places[0].place
    return charges_of(item, payer=payer, invoice=invoice, line_number=line_number)


def _invoices_for(facts: Facts, places: Sequence[BilledLine]) -> tuple[DocumentKey, ...]:
    """The invoices that may give back what stands on lines, the first of these first."""
    keys = dict.fromkeys((each.payer, each.invoice) for each in places)
    others = (each for key in keys for each in reversed(facts.credited[key].took_back))
    return (*keys, *((each.payer, each.invoice) for each in others))


def _description(facts: Facts, item: RatedItem) -> str:
    """What is said of what an item gives back."""
    (line,) = charge_lines([item], facts.plans[item.rate.plan].display_name)
    return line.description
