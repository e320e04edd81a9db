"""Cancels a one-off charge; one that is on an invoice is given back by credit notes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.credit_note import (
    CreditNoteKind,
    IssuedCreditNote,
    LineCredit,
    draft_credit_note,
)
from billing_service.domain.events import OneOffChargeChanged
from billing_service.domain.giving_back import giving
from billing_service.domain.one_off_charge import OneOffCharge, OneOffState
from billing_service.domain.one_off_errors import OneOffChargeNotFound
from billing_service.domain.one_off_items import one_off_key
from billing_service.storage import gathering_documents
from billing_service.storage.credit_note_queries import gather_credited, with_taken_back
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.gathering_billed import gather_billed_for
from billing_service.storage.one_off_queries import find_one_off, gather_one_offs
from billing_service.storage.saving import save
from billing_service.use_cases.create_one_off_charge import OneOffInFull
from billing_service.use_cases.credit_notes import gather_credit_series, issue_credit_notes
from billing_service.use_cases.record_payment import gather_payers
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Effects, Event, Scope, UseCase

# What a credit note says where nobody said why.
_REASON: Final = "The one-off charge was cancelled."


@dataclass(frozen=True, slots=True)
class CancelOneOffCharge:
    """A one-off charge is not to come about, or is to be given back; `etag` '': in any state."""

    account: str
    charge_id: str
    note: str
    etag: str = ""

    @property
    def key(self) -> DocumentKey:
        """The charge's key."""
        return (self.account, self.charge_id)


def gather(tx: Transaction, commands: Sequence[CancelOneOffCharge]) -> Facts:
    """The charges, and of those on invoices what giving them back takes."""
    facts = Facts()
    gather_one_offs(tx, facts, [command.key for command in commands])
    invoiced = [each for each in facts.one_offs.values() if each.state is OneOffState.INVOICED]
    if not invoiced:
        return facts
    invoices = with_taken_back(tx, {(each.payer, each.invoice) for each in invoiced})
    gather_billed_for(tx, facts, [one_off_key(each) for each in invoiced])
    gather_credited(tx, facts, invoices)
    gather_credit_series(tx, facts, invoices)
    gather_payers(tx, facts, {payer for payer, _ in invoices})
    return facts


def decide(facts: Facts, command: CancelOneOffCharge, now: int) -> Effects[OneOffInFull]:
    """Cancel the charge: it comes to nothing, or credit notes give back what is left of it.

    Errors:  OneOffChargeNotFound, EtagMismatch, OneOffChargeNotPending.
    """
    before = facts.one_offs.get(command.key)
    if before is None:
        name = f"accounts/{command.account}/oneOffCharges/{command.charge_id}"
        raise OneOffChargeNotFound(name)
    if command.etag not in ("", before.etag):
        raise EtagMismatch(before.name, before.etag)
    charge, outcome = before.cancelled(note=command.note, now=now), Outcome()
    if before.invoice:
        drafted = _drafted(facts, before, command.note, now)
        issued = issue_credit_notes(facts.overlay(), drafted, now=now, outcome=outcome)
        charge = replace(charge, credit_note=_told_of(before, issued))
    full = OneOffInFull(charge, charge.included, charge.amount_minor or 0)
    told = OneOffChargeChanged(charge, full.included, full.amount_minor)
    return Effects(
        full,
        (charge, *outcome.changes),
        (*outcome.events, Event(charge.account, told)),
        tuple(outcome.timers),
    )


def _drafted(facts: Facts, charge: OneOffCharge, note: str, now: int) -> list[IssuedCreditNote]:
    """The credit notes for what is left of a charge: of its invoice, and of those it took from."""
    key = (charge.payer, charge.invoice)
    wanted = [
        LineCredit(each.line_number, each.amount_minor)
        for each in facts.charged[one_off_key(charge)].lines
    ]
    return [
        draft_credit_note(
            facts.credited[place],
            given,
            kind=CreditNoteKind.DECIDED,
            reason=note or _REASON,
            issued_on=civil_day(now, facts.credited[place].invoice.time_zone),
            issued_at=now,
        )
        for place, given in sorted(giving(facts.credited, {key: wanted}).items())
    ]


def _told_of(charge: OneOffCharge, issued: Sequence[IssuedCreditNote]) -> str:
    """The credit note that a charge names: that of its invoice, if there is one."""
    notes = [each.note for each in issued if each.note.payer == charge.payer]
    notes.sort(key=lambda note: note.invoice != charge.invoice)
    return notes[0].credit_note_id if notes else ""


def _widen(tx: Transaction, command: CancelOneOffCharge) -> tuple[str, ...]:
    """A charge on an invoice touches its payer, and the accounts on what its notes may settle."""
    found = find_one_off(tx, *command.key)
    if not found or found[0].state is not OneOffState.INVOICED:
        return ()
    given = with_taken_back(tx, [(found[0].payer, found[0].invoice)])
    payers = {payer for payer, _ in given}
    invoices = {*given, *gathering_documents.unsettled_invoices(tx, payers)}
    return tuple(sorted(payers | set(gathering_documents.accounts_on(tx, invoices))))


CANCEL_ONE_OFF_CHARGE: Final[UseCase[CancelOneOffCharge, Facts, OneOffInFull]] = UseCase(
    name="cancel_one_off_charge",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
