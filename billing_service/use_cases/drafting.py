"""How months rest as drafts before they are invoiced.

Source:  docs/decisions/0032-drafts.md
"""

from collections.abc import Iterable

from billing_service.domain.draft import Draft, first_draft, month_of_draft
from billing_service.domain.errors import InvoiceNotDraft, InvoiceNotFound
from billing_service.domain.events import InvoiceDraftChanged
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.draft_rows import gather_drafts, gather_named_drafts
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.rating import BilledMonth, rate
from billing_service.use_cases.reviewing import open_reviews
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import closing_timer
from chassis.database import Transaction
from chassis.use_case import Event, TimerSet


def resting_draft(facts: Facts, payer: str) -> Draft | None:
    """The payer's draft that rests: at most one, for months close one after the other.

    Where another account came to pay for the payer, the month is closed with that one's.
    """
    closed = facts.closed_through(payer)
    if facts.profiles[payer].paid_by != payer:
        return None
    for each in facts.drafts.values():
        is_open = each.issued_at is None and (closed is None or each.month > closed)
        if each.payer == payer and is_open:
            return each
    return None


def draft_to_rest(facts: Facts, billed: BilledMonth, *, ready_at: int) -> Draft | None:
    """The draft as which a month that could be invoiced rests; None if it does not.

    The terms are those in force when it could be invoiced.
    """
    days = facts.terms_in_force(billed.payer, ready_at).draft_days
    is_held = facts.profiles[billed.payer].hold_invoices
    if not days and not is_held:
        return None
    return first_draft(
        billed.payer,
        billed.month,
        ready_at=ready_at,
        now=billed.due_at,
        days=days,
        is_held=is_held,
        zone=facts.accounts[billed.payer].time_zone,
    )


def rest(after: Facts, draft: Draft, billed: BilledMonth, outcome: Outcome) -> None:
    """Let a month rest: tell it, and open the reviews of what would be left off.

    Errors:  PriceNotFound, AmountTooLarge: what cannot be priced is no draft.
    """
    open_reviews(after, rate(after, billed).held, now=billed.due_at, outcome=outcome)
    note_draft(after, draft, outcome)


def note_draft(after: Facts, draft: Draft, outcome: Outcome) -> None:
    """Take a draft in as it rests now, and tell it."""
    after.take_in([draft])
    outcome.changes.append(draft)
    outcome.events.append(Event(draft.payer, InvoiceDraftChanged(draft)))
    outcome.timers += issuing_timers(draft)


def issuing_timers(draft: Draft) -> list[TimerSet]:
    """When a draft is issued by itself; never while it is held."""
    is_held = draft.held_at is not None
    return [] if is_held else [closing_timer(draft.payer, draft.month, draft.issues_at)]


def gather_draft_commands(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """The drafts that commands name, or the invoices that they are no more."""
    wanted = set(keys)
    payers = {payer for payer, _ in wanted}
    gathering.gather_accounts(tx, facts, payers)
    gather_drafts(tx, facts, payers)
    months = {(payer, month_of_draft(invoice)) for payer, invoice in wanted}
    gather_named_drafts(tx, facts, {(payer, month) for payer, month in months if month})
    gathering_documents.gather_invoices(tx, facts, wanted)


def named_draft(facts: Facts, payer: str, invoice: str) -> Draft:
    """The draft of a name.

    Errors:  InvoiceNotFound, InvoiceNotDraft.
    """
    month = month_of_draft(invoice)
    name = f"accounts/{payer}/invoices/{invoice}"
    found = facts.drafts.get((payer, month)) if month else None
    if found is None and (payer, invoice) not in facts.invoices:
        raise InvoiceNotFound(name)
    if found is None or found != resting_draft(facts, payer):
        raise InvoiceNotDraft(name)
    return found
