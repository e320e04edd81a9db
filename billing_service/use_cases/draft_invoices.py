"""The invoices that drafts would be if they were issued as things stand: worked out anew each time.

Source:  docs/decisions/0032-drafts.md
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.draft import Draft, draft_id
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.refusals import BillingError
from billing_service.storage import gathering
from billing_service.storage.draft_rows import DraftFilter, list_drafts
from billing_service.storage.facts import Facts
from billing_service.use_cases.preview_invoice import preview_draft
from chassis.database import Transaction

# So many payers' drafts are worked out for a page of a list.
DRAFTS_A_PAGE_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class DraftInvoice:
    """A draft's invoice in a currency, and the credit notes that are issued with it.

    `place` is that among the draft's invoices, from 1. `drafted` is None where no invoice comes of
    it: where nothing is charged, or it cannot be priced any more, and so is not `is_priced`.
    """

    draft: Draft
    currency: str
    place: int
    drafted: IssuedInvoice | None
    credit_notes: Sequence[IssuedCreditNote] = ()
    is_priced: bool = True

    @property
    def key(self) -> tuple[str, str, int]:
        """Where it is in a list: before all invoices of its payer that have a number."""
        return (self.draft.payer, "", self.place)


@dataclass(frozen=True, slots=True)
class DraftsRead:
    """The invoices of some drafts in order; `more_from` is the payer of the first one left out."""

    invoices: Sequence[DraftInvoice]
    more_from: str = ""


def draft_invoices(tx: Transaction, draft: Draft, now: int) -> list[DraftInvoice]:
    """The invoices of a draft that rests, one for each currency, if only to give something back.

    Where nothing is charged nor given back, there is one in the payer's currency.

    Errors:  PriceNotFound, TaxRateNotFound, AmountTooLarge.
    """
    found = preview_draft(tx, draft, now)
    invoices = {each.invoice.currency: _named(each, draft) for each in found.invoices}
    notes: dict[str, list[IssuedCreditNote]] = defaultdict(list)
    for each in found.credit_notes:
        notes[each.note.currency].append(each)
    currencies = sorted({*invoices, *notes}) or [_currency(tx, draft.payer, now)]
    return [
        DraftInvoice(draft, currency, place, invoices.get(currency), notes[currency])
        for place, currency in enumerate(currencies, 1)
    ]


def list_draft_invoices(
    tx: Transaction,
    wanted: DraftFilter,
    *,
    after: tuple[str, str, int],
    payers_max: int,
    now: int,
) -> DraftsRead:
    """The invoices of drafts that follow `after`, of a limited number of payers."""
    payer, series, _ = after
    # After an invoice with a number, its payer's drafts were there before.
    is_after = bool(series)
    found = list_drafts(tx, wanted, from_payer=payer, is_after=is_after, limit=payers_max + 1)
    invoices = [
        each
        for draft in found[:payers_max]
        for each in _invoices_if_priced(tx, draft, now)
        if each.key > after
    ]
    left_out = found[payers_max:]
    return DraftsRead(invoices, left_out[0].payer if left_out else "")


def _invoices_if_priced(tx: Transaction, draft: Draft, now: int) -> list[DraftInvoice]:
    """The invoices of a draft; one without figures if it cannot be priced any more."""
    try:
        return draft_invoices(tx, draft, now)
    except BillingError:
        return [DraftInvoice(draft, _currency(tx, draft.payer, now), 1, None, is_priced=False)]


def _currency(tx: Transaction, payer: str, now: int) -> str:
    facts = Facts()
    gathering.gather_accounts(tx, facts, [payer])
    gathering.gather_terms(tx, facts)
    return facts.currency_of(payer, now)


def _named(drafted: IssuedInvoice, draft: Draft) -> IssuedInvoice:
    name = draft_id(draft.month, drafted.invoice.currency)
    return replace(drafted, invoice=replace(drafted.invoice, invoice_id=name))
