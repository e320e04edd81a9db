"""Issues invoices: numbers them, takes them in as unpaid, and sees to what follows from them.

The one way in which an invoice comes about, whatever the reason.
"""

from collections.abc import Iterable, Mapping, Sequence

from billing_service.domain.charge import RatedItem
from billing_service.domain.errors import IssuerNeeded
from billing_service.domain.events import InvoiceIssued
from billing_service.domain.invoice import (
    InvoiceCause,
    IssuedInvoice,
    Settlement,
    next_numbers,
)
from billing_service.domain.party import (
    NOBODY,
    Issuer,
    NumberSeries,
    sandbox_issuer,
    sandbox_series,
)
from billing_service.storage import gathering, gathering_credits, gathering_documents
from billing_service.storage.credit_note_queries import with_taken_back
from billing_service.storage.facts import Facts
from billing_service.storage.gathering_billed import corrected_invoices
from billing_service.storage.prepaid_queries import gather_waiting
from billing_service.use_cases.credit_entries import apply_grants
from billing_service.use_cases.credit_notes import issue_corrections
from billing_service.use_cases.crediting import use_credit
from billing_service.use_cases.one_offs import charge_one_offs
from billing_service.use_cases.rating import (
    BilledMonth,
    drafts,
    drafts_before_credits,
    first_issuer,
)
from billing_service.use_cases.reviewing import charge_reviews
from billing_service.use_cases.settling import resettle
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import dunning_timers
from billing_service.use_cases.warn import warn
from chassis.database import Transaction
from chassis.use_case import Event


def gather_issuing(
    tx: Transaction, facts: Facts, payers: Iterable[str], *, locked: bool = True
) -> None:
    """All that issuing invoices of the payers takes, besides what they charge for.

    Not `locked`, nothing can be issued: what would be is only looked at.

    Shapes:  `facts.billed` says for whom they pay.
    """
    wanted = sorted(set(payers))
    unsettled = gathering_documents.unsettled_invoices(tx, wanted)
    gathering_documents.gather_invoices(tx, facts, unsettled)
    billed = {*wanted, *(each for payer in wanted for each in facts.billed[payer])}
    on_invoices = {each.account for found in facts.invoice_accounts.values() for each in found}
    accounts = sorted({*billed, *on_invoices})
    gathering.gather_accounts(tx, facts, accounts)
    gathering.gather_spans(tx, facts, accounts)
    gathering.gather_issuers(tx, facts)
    gathering.gather_terms(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    gathering_documents.gather_owed(tx, facts, accounts)
    gathering_documents.gather_ledgers(tx, facts, unsettled)
    gathering_documents.gather_credit(tx, facts, wanted)
    gathering_credits.gather_credits_left(tx, facts, wanted)
    if locked:
        gather_waiting(tx, facts, wanted)
    series = {series_of(facts, each) for each in wanted} - {""}
    gathering.gather_series(tx, facts, series, locked=locked)


def touched_accounts(tx: Transaction, payer: str) -> set[str]:
    """The accounts that issuing an invoice of a payer touches: those on its open ones as well."""
    unsettled = gathering_documents.unsettled_invoices(tx, [payer])
    billed = gathering.billed_accounts(tx, payer)
    corrected = with_taken_back(tx, corrected_invoices(tx, billed))
    return {
        payer,
        *billed,
        *gathering_documents.accounts_on(tx, unsettled | corrected),
        *(each for each, _ in corrected),
    }


def touched_by(tx: Transaction, account: str) -> tuple[str, ...]:
    """The accounts that issuing an invoice for an account touches, whoever pays for it."""
    payers = gathering.payers_of(tx, [account])
    return tuple(sorted({each for payer in payers for each in touched_accounts(tx, payer)}))


def issue(
    after: Facts,
    billed: BilledMonth,
    items: Mapping[str, Sequence[RatedItem]],
    *,
    cause: InvoiceCause,
    now: int,
    outcome: Outcome,
) -> list[IssuedInvoice]:
    """Issue an invoice for the items of each currency; use credit for it, and dun what stays open.

    Of what is too much of closed months, and where all of a currency comes to less than nothing,
    credit notes are issued first.

    `after` is an overlay, and takes in what is issued and all that follows.

    Shapes:  `billed.through` names at least the accounts of the items.
    Errors:  IssuerNeeded, TaxRateNotFound.
    """
    items, returned = divided(after, billed, items, cause)
    if returned:
        zone = after.accounts[billed.payer].time_zone
        at = billed.issued_at
        issue_corrections(after, returned, issued_at=at, zone=zone, now=now, outcome=outcome)
    if not items:
        return []
    issued = _number(after, billed, items, cause=cause, outcome=outcome)
    charge_reviews(after, issued, outcome)
    charge_one_offs(after, issued, outcome)
    _settle_at_issue(after, issued, now=now, outcome=outcome)
    return issued


def divided(
    facts: Facts, billed: BilledMonth, items: Mapping[str, Sequence[RatedItem]], cause: InvoiceCause
) -> tuple[dict[str, list[RatedItem]], list[RatedItem]]:
    """What goes on invoices, by currency, and what credit notes are to give back.

    Errors:  TaxRateNotFound.
    """
    kept: dict[str, list[RatedItem]] = {}
    returned: list[RatedItem] = []
    for currency, members in items.items():
        back = [each for each in members if _is_final(each)]
        rest = [each for each in members if not _is_final(each)]
        lower = [each for each in rest if each.due_minor < 0]
        if lower and _total_minor(facts, billed, {currency: rest}, cause) < 0:
            back, rest = [*back, *lower], [each for each in rest if each.due_minor >= 0]
        returned += back
        if rest:
            kept[currency] = rest
    return kept, returned


def _is_final(item: RatedItem) -> bool:
    """Whether too much was billed for months that are closed."""
    return item.adjusts is not None and item.adjusts.is_closed and item.due_minor < 0


def _total_minor(
    facts: Facts, billed: BilledMonth, items: Mapping[str, Sequence[RatedItem]], cause: InvoiceCause
) -> int:
    """What the invoice of items would come to, before credits."""
    drafted = drafts_before_credits(facts, billed, items, NOBODY, cause)
    return sum(each.invoice.total_minor for each in drafted)


def series_of(facts: Facts, payer: str) -> str:
    """The series of the payer's invoices: its sandbox's own, or its issuer's; '' without one."""
    sandbox = facts.accounts[payer].sandbox
    if sandbox:
        return sandbox_series(sandbox)
    issuer = first_issuer(facts, payer)
    return issuer.invoice_series if issuer else ""


def _number(
    after: Facts,
    billed: BilledMonth,
    items: Mapping[str, Sequence[RatedItem]],
    *,
    cause: InvoiceCause,
    outcome: Outcome,
) -> list[IssuedInvoice]:
    """The invoices with their numbers, one for each currency, taken in as unpaid."""
    issuer, name = _issuer(after, billed.payer), series_of(after, billed.payer)
    known = after.series.get(name, NumberSeries(name, 0))
    numbers, series = next_numbers(known, len(items))
    issued = drafts(after, billed, items, issuer, cause, numbers=numbers)
    changes = [series, *issued, *map(unpaid, issued)]
    after.take_in(changes)
    outcome.changes += changes
    return issued


def unpaid(issued: IssuedInvoice) -> Settlement:
    """The settlement of an invoice of which nothing is paid yet."""
    return Settlement(
        payer=issued.invoice.payer,
        invoice=issued.invoice.invoice_id,
        total_minor=issued.invoice.total_minor,
        paid_minor=0,
        settled_on=None,
        settled_late=False,
    )


def _issuer(facts: Facts, payer: str) -> Issuer:
    """Who issues the payer's invoices; a sandbox needs nobody real."""
    issuer, sandbox = first_issuer(facts, payer), facts.accounts[payer].sandbox
    if issuer is None and sandbox:
        return sandbox_issuer(sandbox_series(sandbox))
    if issuer is None:
        raise IssuerNeeded
    return issuer


def _settle_at_issue(
    after: Facts, issued: Sequence[IssuedInvoice], *, now: int, outcome: Outcome
) -> None:
    """Tell of the invoices, apply the payer's credit to its oldest ones, dun what stays open."""
    place = len(outcome.events)
    touched = {each.invoice.key for each in issued}
    apply_grants(after, issued, now=now, outcome=outcome)
    for each in issued:
        outcome.timers += dunning_timers(each.invoice, each.accounts)
        touched |= use_credit(
            after, each.invoice.payer, each.invoice.currency, now=now, outcome=outcome
        )
    resettle(after, sorted(touched), now=now, outcome=outcome)
    for each in issued:
        if after.settlements[each.invoice.key].settled_on is None:
            warn(after, each.invoice, now=each.invoice.issued_at, outcome=outcome)
    outcome.events[place:place] = [
        Event(each.invoice.payer, InvoiceIssued(each, after.settlements[each.invoice.key]))
        for each in issued
    ]
