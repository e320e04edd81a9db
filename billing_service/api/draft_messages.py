"""Drafts as the contract tells them."""

from pospago.billing.v1 import invoice_pb2 as pb

from billing_service.api.credit_note_messages import to_proto_credit_note
from billing_service.api.invoice_messages import to_proto_preview
from billing_service.api.values import INVOICE, to_proto_date, to_proto_money, to_proto_timestamp
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
    message = to_proto_preview(found.drafted) if found.drafted else _without_invoice(found)
    message.credit_notes.extend(map(to_proto_credit_note, found.credit_notes))
    message.name = INVOICE.format(draft.payer, draft_id(draft.month, found.currency))
    message.state = pb.Invoice.STATE_DRAFT
    message.draft.CopyFrom(to_proto_draft(draft))
    return message


def _without_invoice(found: DraftInvoice) -> pb.Invoice:
    """What is known of a month of which no invoice comes: that it is 0, unless it has no price."""
    message = pb.Invoice(month=to_proto_date(found.draft.month), kind=pb.Invoice.KIND_MONTHLY)
    if found.is_priced:
        nothing = to_proto_money(0, found.currency)
        for amount in (message.subtotal, message.tax_total, message.total, message.amount_paid):
            amount.CopyFrom(nothing)
    return message
