"""Pages of invoices: drafts, which are worked out, and issued ones, in one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pospago.billing.v1 import invoice_pb2 as pb

from billing_service.api.draft_messages import to_proto_draft_invoice
from billing_service.api.invoice_messages import STATES, to_proto_invoice
from billing_service.api.values import from_proto_month
from billing_service.domain.invoice import InvoiceState
from billing_service.storage.document_queries import (
    InvoiceFilter,
    InvoiceInFull,
    InvoiceKey,
    list_invoices,
)
from billing_service.storage.draft_rows import DraftFilter
from billing_service.use_cases.draft_invoices import (
    DRAFTS_A_PAGE_MAX,
    DraftInvoice,
    DraftsRead,
    list_draft_invoices,
)
from chassis.database import Transaction
from chassis.rpc.names import ANY, account_id, sandbox_id

Listed: TypeAlias = InvoiceInFull | DraftInvoice


@dataclass(frozen=True, slots=True)
class InvoicesRead:
    """Entries of a list in order; `more_after`: where to go on though there are no more of them."""

    entries: Sequence[Listed]
    more_after: InvoiceKey | None = None


def read_invoices(
    tx: Transaction, wanted: InvoiceFilter, *, after: InvoiceKey, limit: int, now: int
) -> InvoicesRead:
    """The invoices that follow `after`, by payer, a payer's drafts first, then by number."""
    issued = list_invoices(tx, wanted, after=after, limit=limit, now=now)
    drafts = DraftsRead(())
    if not wanted.states or InvoiceState.DRAFT in wanted.states:
        asked = DraftFilter(wanted.payer, wanted.sandbox, wanted.month_from, wanted.month_to)
        payers_max = min(limit, DRAFTS_A_PAGE_MAX)
        drafts = list_draft_invoices(tx, asked, after=after, payers_max=payers_max, now=now)
    found: list[Listed] = [*drafts.invoices, *issued]
    entries = sorted(found, key=key_of)
    if not drafts.more_from:
        return InvoicesRead(entries[:limit])
    goes_on = (drafts.more_from, "", 0)
    return InvoicesRead([each for each in entries if key_of(each) < goes_on][:limit], goes_on)


def key_of(each: Listed) -> InvoiceKey:
    """Where an entry is in the list."""
    if isinstance(each, DraftInvoice):
        return each.key
    return (each.invoice.payer, each.invoice.series, each.invoice.sequence)


def to_proto_listed(each: Listed) -> pb.Invoice:
    """An entry as the contract tells it."""
    if isinstance(each, DraftInvoice):
        return to_proto_draft_invoice(each)
    return to_proto_invoice(each)


def from_proto_filter(request: pb.ListInvoicesRequest) -> InvoiceFilter:
    """Which invoices a request asks for."""
    payer = account_id(request.parent, "parent")
    has_from, has_to = request.HasField("month_from"), request.HasField("month_to")
    return InvoiceFilter(
        payer="" if payer == ANY else payer,
        sandbox=sandbox_id(request.sandbox),
        states={STATES[each] for each in request.states if each in STATES},
        month_from=from_proto_month(request.month_from, "month_from") if has_from else None,
        month_to=from_proto_month(request.month_to, "month_to") if has_to else None,
    )
