"""Drafts as the contract tells them."""

from pospago.billing.v1 import invoice_pb2 as pb

from billing_service.api.invoice_messages import to_proto_preview
from billing_service.api.values import INVOICE, to_proto_date, to_proto_timestamp
from billing_service.domain.draft import Draft, draft_id
from billing_service.use_cases.draft_invoices import DraftInvoice


def to_proto_draft(draft: Draft) -> pb.Invoice.Draft:
    """How a draft rests."""
    is_held = draft.held_at is not None
    return pb.Invoice.Draft(
        issue_time=None if is_held else to_proto_timestamp(draft.issues_at),
        hold_time=to_proto_timestamp(draft.held_at),
        note=draft.note,
        author=draft.author,
    )


def to_proto_draft_invoice(found: DraftInvoice) -> pb.Invoice:
    """An invoice as it would be issued now; without figures if it cannot be priced."""
    draft = found.draft
    message = pb.Invoice(month=to_proto_date(draft.month), kind=pb.Invoice.KIND_MONTHLY)
    if found.drafted is not None:
        message = to_proto_preview(found.drafted)
    message.name = INVOICE.format(draft.payer, draft_id(draft.month, found.currency))
    message.state = pb.Invoice.STATE_DRAFT
    message.draft.CopyFrom(to_proto_draft(draft))
    return message
