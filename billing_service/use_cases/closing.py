"""Closes months of payers: what should be charged and is not becomes invoices.

The one way in which a month is closed, whether its timer does it or somebody who issues its draft.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from billing_service.domain.calendar import first_instant, next_month
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.draft import Draft, draft_id
from billing_service.domain.invoice import IssuedInvoice, monthly
from billing_service.domain.party import NOBODY
from billing_service.domain.standing import is_open
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.draft_rows import gather_drafts
from billing_service.storage.facts import Facts
from billing_service.use_cases.credit_entries import apply_grants
from billing_service.use_cases.credit_notes import (
    corrections,
    gather_corrections,
    return_credits,
)
from billing_service.use_cases.drafting import resting_draft
from billing_service.use_cases.issuing import divided, gather_issuing, issue, unpaid
from billing_service.use_cases.looking_again import note_looked_at
from billing_service.use_cases.one_offs import charge_one_offs
from billing_service.use_cases.plan_rating import gather_plan_charging, gather_usage
from billing_service.use_cases.rating import (
    BilledMonth,
    Proposed,
    accounts_to_rate,
    drafts,
    first_issuer,
    rate,
)
from billing_service.use_cases.reviewing import charge_reviews, open_reviews
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import closing_timer
from chassis.database import Transaction
from chassis.use_case import TimerSet


class MonthToClose(NamedTuple):
    """A payer's month, and the instant that decides which terms are in force."""

    payer: str
    month: date
    instant_at: int


def gather_closing(tx: Transaction, facts: Facts, months: Iterable[MonthToClose]) -> None:
    """All that closing months takes, in a fixed number of statements."""
    wanted = list(months)
    payers = [each.payer for each in wanted]
    gathering.gather_billed(tx, facts, payers)
    billed = sorted({*payers, *(each for payer in payers for each in facts.billed[payer])})
    gather_issuing(tx, facts, payers)
    gather_drafts(tx, facts, payers)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_holds(tx, facts, billed)
    gathering.gather_open_subscriptions(tx, facts, billed)
    gathering_catalog.gather_price_changes(tx, facts, billed)
    gather_plan_charging(tx, facts, billed)
    for each in wanted:
        gather_usage(tx, facts, accounts_to_rate(facts, billed_month(facts, each)))
    gather_corrections(tx, facts)


def billed_month(
    facts: Facts, wanted: MonthToClose, *, issued_at: int | None = None
) -> BilledMonth:
    """The month of a payer, for all accounts that it pays for; issued at its instant or later."""
    at = wanted.instant_at
    draft = resting_draft(facts, wanted.payer)
    return BilledMonth(
        payer=wanted.payer,
        month=wanted.month,
        through=dict.fromkeys(facts.billed[wanted.payer], wanted.month),
        instant_at=at,
        due_at=at,
        issued_at=at if issued_at is None else issued_at,
        ready_at=None if draft is None else draft.ready_at,
    )


def close(after: Facts, billed: BilledMonth, *, now: int, outcome: Outcome) -> list[IssuedInvoice]:
    """Issue the invoices of a month, and see to what follows from them.

    `after` is an overlay, and takes in what follows.

    Errors:  PriceNotFound, TaxRateNotFound, IssuerNeeded, AmountTooLarge.
    """
    draft = resting_draft(after, billed.payer)
    proposed = rate(after, billed)
    # What is held is left off, and reviewed.
    open_reviews(after, proposed.held, now=billed.due_at, outcome=outcome)
    note_looked_at(after, billed, proposed.held, outcome)
    close_accounts(after, billed, outcome)
    cause = monthly(billed.month)
    issued = issue(after, billed, proposed.items, cause=cause, now=now, outcome=outcome)
    restate(after, billed.through, now=now, outcome=outcome)
    if draft is not None:
        outcome.changes.append(draft.issued(billed.issued_at))
    outcome.timers += _following_closes(after, billed, draft)
    return issued


def as_if_issued(facts: Facts, billed: BilledMonth) -> Facts:
    """The facts as they will be once a draft is issued: what months after it follow from.

    What is closed goes through the steps of `close`; numbers, payments and stops are left out.

    Errors:  PriceNotFound, TaxRateNotFound, AmountTooLarge.
    """
    after, unkept = facts.overlay(), Outcome()
    proposed = rate(after, billed)
    open_reviews(after, proposed.held, now=billed.due_at, outcome=unkept)
    note_looked_at(after, billed, proposed.held, unkept)
    close_accounts(after, billed, unkept)
    would_be, notes = would_issue(after, billed, proposed)
    for each in notes:
        return_credits(after, each, now=billed.issued_at, outcome=unkept)
    drafted = [_named(each) for each in would_be]
    after.take_in([*notes, *drafted, *map(unpaid, drafted)])
    charge_reviews(after, drafted, unkept)
    charge_one_offs(after, drafted, unkept)
    apply_grants(after, drafted, now=billed.due_at, outcome=unkept)
    return after


def would_issue(
    facts: Facts, billed: BilledMonth, proposed: Proposed
) -> tuple[list[IssuedInvoice], tuple[IssuedCreditNote, ...]]:
    """The invoices of what was proposed for a month, and the credit notes, without numbers.

    Errors:  TaxRateNotFound.
    """
    cause, zone = monthly(billed.month), facts.accounts[billed.payer].time_zone
    items, returned = divided(facts, billed, proposed.items, cause)
    notes = corrections(facts, returned, issued_at=billed.issued_at, zone=zone).notes
    issuer = first_issuer(facts, billed.payer) or NOBODY
    if not notes:
        return drafts(facts, billed, items, issuer, cause), notes
    after = facts.overlay()
    for each in notes:
        return_credits(after, each, now=billed.issued_at, outcome=Outcome())
    return drafts(after, billed, items, issuer, cause), notes


def resting_month(facts: Facts, draft: Draft, now: int) -> BilledMonth:
    """A month that rests, as it will be issued; one that is held, as it would be now."""
    issues_at = now if draft.held_at is not None else max(now, draft.issues_at)
    return replace(
        billed_month(facts, MonthToClose(draft.payer, draft.month, now)),
        due_at=issues_at,
        issued_at=issues_at,
    )


def _named(drafted: IssuedInvoice) -> IssuedInvoice:
    """A draft's invoice under the name that it has while it is one."""
    invoice = drafted.invoice
    name = draft_id(invoice.month, invoice.currency)
    charges = tuple(replace(each, invoice=name) for each in drafted.charges)
    accounts = tuple(replace(each, invoice=name) for each in drafted.accounts)
    named = replace(invoice, invoice_id=name)
    return replace(drafted, invoice=named, charges=charges, accounts=accounts)


def close_accounts(after: Facts, billed: BilledMonth, outcome: Outcome) -> None:
    """Note the month as closed, for the payer and for all it pays for."""
    for account in billed.through:
        standing = after.standing(account)
        closed_through = max(standing.closed_through or date.min, billed.month)
        closed = replace(standing, closed_through=closed_through)
        after.take_in([closed])
        outcome.changes.append(closed)


def _following_closes(after: Facts, billed: BilledMonth, draft: Draft | None) -> list[TimerSet]:
    """The close of the month after, while anything is still going to be billed or looked at.

    Also that of the last month which waited behind a draft.
    """
    going_on = any(
        is_open(span, after.closed_through(account))
        for account in after.billed[billed.payer]
        for span in after.spans.get(account, ())
    ) or any(
        each.account in billed.through and each.changed_from_on is not None
        for each in after.subscriptions.values()
    )
    months = {next_month(billed.month)} if going_on else set()
    if draft is not None and draft.behind_month is not None:
        months.add(draft.behind_month)
    return [_close_of(after, billed, month) for month in sorted(months)]


def _close_of(after: Facts, billed: BilledMonth, month: date) -> TimerSet:
    ends_at = max(first_instant(next_month(month), zone) for zone in after.zones[billed.payer])
    return closing_timer(billed.payer, month, max(ends_at, billed.due_at))
