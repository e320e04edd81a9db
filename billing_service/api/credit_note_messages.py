"""Credit notes as the contract tells them."""

from typing import Final

from pospago.billing.v1 import invoice_pb2 as pb

from billing_service.api.tax_messages import to_proto_subtotal
from billing_service.api.values import (
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    to_proto_date,
    to_proto_money,
    to_proto_party,
    to_proto_timestamp,
)
from billing_service.domain.credit_note import (
    CreditNoteKind,
    CreditNoteLine,
    IssuedCreditNote,
)

_KINDS: Final = {
    CreditNoteKind.CORRECTION: pb.CreditNote.KIND_CORRECTION,
    CreditNoteKind.DECIDED: pb.CreditNote.KIND_DECIDED,
}


def to_proto_credit_note(issued: IssuedCreditNote) -> pb.CreditNote:
    """A credit note; one that is not issued has neither name nor number."""
    note = issued.note
    currency, is_issued = note.currency, bool(note.credit_note_id)
    return pb.CreditNote(
        name=CREDIT_NOTE.format(*note.key) if is_issued else "",
        number=note.number,
        invoice=INVOICE.format(note.payer, note.invoice),
        invoice_number=note.invoice_number,
        kind=_KINDS[note.kind],
        reason=note.reason,
        issuer=to_proto_party(note.issuer),
        buyer=to_proto_party(note.buyer),
        issue_date=to_proto_date(note.issued_on),
        lines=[_to_proto_line(each, currency) for each in issued.lines],
        subtotal=to_proto_money(note.subtotal_minor, currency),
        taxes=[to_proto_subtotal(each, currency) for each in issued.taxes],
        tax_total=to_proto_money(note.tax_minor, currency),
        total=to_proto_money(note.total_minor, currency),
        prices_include_tax=note.prices_include_tax,
        tax_note=note.tax_note,
        payment=PAYMENT.format(note.payer, note.payment_id) if is_issued else "",
        sandbox=f"sandboxes/{note.sandbox}" if note.sandbox else "",
        issue_time=to_proto_timestamp(note.issued_at) if is_issued else None,
    )


def _to_proto_line(line: CreditNoteLine, currency: str) -> pb.CreditNoteLine:
    return pb.CreditNoteLine(
        line_number=line.line_number,
        invoice_line_number=line.invoice_line_number,
        description=line.description,
        amount=to_proto_money(line.amount_minor, currency),
        period_start_date=to_proto_date(line.period_start_on),
        period_end_date=to_proto_date(line.period_end_on),
        tax_category=line.tax_category,
    )
