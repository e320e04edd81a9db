"""The invoices that a payer's current month would become, if it ended as things stand now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_service.domain.calendar import first_instant, month_after, month_of, next_month
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.draft import Draft
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.plan_charges import OpenAccount
from billing_service.storage import gathering, gathering_catalog, gathering_credits
from billing_service.storage.draft_rows import gather_drafts
from billing_service.storage.facts import Facts
from billing_service.use_cases.closing import as_if_issued, resting_month, would_issue
from billing_service.use_cases.credit_notes import (
    gather_corrections,
)
from billing_service.use_cases.drafting import resting_draft
from billing_service.use_cases.plan_rating import (
    closing_at,
    gather_plan_charging,
    gather_usage_of,
)
from billing_service.use_cases.rating import (
    BilledMonth,
    HeldLine,
    Proposed,
    held_lines,
    open_accounts,
    rate,
    rate_open,
)
from chassis.database import Transaction
from chassis.errors import AccountNotFound


@dataclass(frozen=True, slots=True)
class Preview:
    """The invoices of an open month, one for each currency, what is held, and credit notes."""

    invoices: Sequence[IssuedInvoice]
    held_lines: Sequence[HeldLine]
    credit_notes: Sequence[IssuedCreditNote] = ()


def preview_invoices(tx: Transaction, payer: str, now: int) -> Preview:
    """The invoices that the open month would become; nothing is written.

    A month that has ended, and waits for late usage, is still open. While one rests as a draft, it
    is the month after it.

    Errors:  AccountNotFound, PayerNotSelfPaying, PriceNotFound, TaxRateNotFound, AmountTooLarge.
    """
    return preview_from(tx, gather_preview(tx, payer), payer, now)


def preview_from(tx: Transaction, facts: Facts, payer: str, now: int) -> Preview:
    """The same from facts that were gathered, and take in what is read besides: usage, mostly.

    Errors:  AccountNotFound, PayerNotSelfPaying, PriceNotFound, TaxRateNotFound, AmountTooLarge.
    """
    if payer not in facts.accounts:
        raise AccountNotFound(payer)
    facts.profiles[payer].check_self_paying()
    draft = resting_draft(facts, payer)
    if draft is None:
        billed = _open_month(facts, payer, now)
        opened = _gather_used(tx, facts, billed, now)
        return _drafted(facts, billed, rate_open(facts, billed, opened))
    billed = _month_behind(facts, draft, now)
    _gather_used(tx, facts, billed, now)
    after = as_if_issued(facts, resting_month(facts, draft, now))
    return _drafted(after, billed, rate(after, billed))


def preview_draft(tx: Transaction, draft: Draft, now: int) -> Preview:
    """What a draft that rests would be issued as.

    Errors:  PriceNotFound, TaxRateNotFound, AmountTooLarge.
    """
    facts = gather_preview(tx, draft.payer)
    billed = resting_month(facts, draft, now)
    opened = _gather_used(tx, facts, billed, now)
    return _drafted(facts, billed, rate_open(facts, billed, opened))


def _gather_used(
    tx: Transaction, facts: Facts, billed: BilledMonth, now: int
) -> Sequence[OpenAccount]:
    """Gather the usage of a month; gives the accounts billed with all that may be charged then."""
    cut_at, known_count = dict.fromkeys(billed.through, now), len(facts.charged)
    opened = open_accounts(facts, billed)
    gather_usage_of(tx, facts, opened, cut_at)
    if len(facts.charged) == known_count:
        return opened
    gather_corrections(tx, facts, locked=False)
    return open_accounts(facts, billed)


def _drafted(facts: Facts, billed: BilledMonth, proposed: Proposed) -> Preview:
    """What a month would become, of what was proposed for it."""
    drafted, notes = would_issue(facts, billed, proposed)
    return Preview(drafted, held_lines(facts, proposed.held), notes)


def _open_month(facts: Facts, payer: str, now: int) -> BilledMonth:
    """The month before if it is not closed but waits for late usage, else the present one."""
    zones = {facts.accounts[account].time_zone for account in facts.billed[payer]}
    # A month closes when it has ended for all accounts, so it is open until the last of them.
    month = min(month_of(now, zone) for zone in zones)
    before = _billed(facts, payer, month_after(month, -1), zones, now)
    closed = facts.closed_through(payer)
    if closed is None or closed < before.month:
        closes_at = closing_at(facts, before)
        if closes_at > now:
            return replace(before, due_at=closes_at, issued_at=closes_at)
    return _billed(facts, payer, month, zones, now)


def _month_behind(facts: Facts, draft: Draft, now: int) -> BilledMonth:
    """The month after a draft: the present one, or one that waits for the draft."""
    zones = {facts.accounts[account].time_zone for account in facts.billed[draft.payer]}
    billed = _billed(facts, draft.payer, next_month(draft.month), zones, now)
    due_at = max(billed.due_at, now)
    return replace(billed, due_at=due_at, issued_at=due_at)


def _billed(facts: Facts, payer: str, month: date, zones: Collection[str], now: int) -> BilledMonth:
    ends_at = max(first_instant(next_month(month), zone) for zone in zones)
    return BilledMonth(
        payer=payer,
        month=month,
        through=dict.fromkeys(facts.billed[payer], month),
        instant_at=now,
        due_at=ends_at,
        issued_at=ends_at,
    )


def gather_preview(tx: Transaction, payer: str) -> Facts:
    """All that a preview of a payer's open month follows from, without what is used in it."""
    facts = Facts()
    gathering.gather_billed(tx, facts, [payer])
    gathering.gather_accounts(tx, facts, [payer, *facts.billed[payer]])
    gathering.gather_issuers(tx, facts)
    gathering.gather_terms(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    gathering_credits.gather_credits_left(tx, facts, [payer])
    gather_open_month(tx, facts, payer)
    return facts


def gather_open_month(tx: Transaction, facts: Facts, payer: str) -> None:
    """What is charged in a payer's open month, where all that invoicing takes was gathered."""
    accounts = [payer, *facts.billed[payer]]
    gather_drafts(tx, facts, [payer])
    gathering.gather_open_subscriptions(tx, facts, accounts)
    gathering_catalog.gather_price_changes(tx, facts, accounts)
    gather_plan_charging(tx, facts, accounts)
    gather_corrections(tx, facts, locked=False)
