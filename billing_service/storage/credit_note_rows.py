"""Credit notes as rows and back."""

from typing import Any

from sqlalchemy import Row

from billing_service.domain.credit_note import (
    CreditNote,
    CreditNoteKind,
    CreditNoteLine,
    IssuedCreditNote,
)
from billing_service.storage.line_taxes import line_tax_from_text, line_tax_to_text
from billing_service.storage.rows import Values, party_from_text, party_to_text


def credit_note_to_row(note: CreditNote) -> Values:
    """A credit note as a row, without its lines."""
    return {
        "payer": note.payer,
        "credit_note": note.credit_note_id,
        "series": note.series,
        "sequence": note.sequence,
        "number": note.number,
        "invoice": note.invoice,
        "invoice_number": note.invoice_number,
        "kind": note.kind.value,
        "reason": note.reason,
        "currency": note.currency,
        "issuer_party": party_to_text(note.issuer),
        "buyer_party": party_to_text(note.buyer),
        "issued_on": note.issued_on,
        "subtotal_minor": note.subtotal_minor,
        "tax_minor": note.tax_minor,
        "total_minor": note.total_minor,
        "prices_include_tax": note.prices_include_tax,
        "tax_note": note.tax_note,
        "sandbox": note.sandbox,
        "issued_at": note.issued_at,
    }


def credit_note_from_row(row: Row[Any]) -> CreditNote:
    """The credit note of a row."""
    return CreditNote(
        payer=row.payer,
        credit_note_id=row.credit_note,
        series=row.series,
        sequence=row.sequence,
        number=row.number,
        invoice=row.invoice,
        invoice_number=row.invoice_number,
        kind=CreditNoteKind(row.kind),
        reason=row.reason,
        currency=row.currency,
        issuer=party_from_text(row.issuer_party),
        buyer=party_from_text(row.buyer_party),
        issued_on=row.issued_on,
        subtotal_minor=row.subtotal_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        prices_include_tax=bool(row.prices_include_tax),
        tax_note=row.tax_note,
        sandbox=row.sandbox,
        issued_at=row.issued_at,
    )


def lines_to_rows(issued: IssuedCreditNote) -> list[Values]:
    """The lines of a credit note as rows."""
    return [
        {
            "payer": issued.note.payer,
            "credit_note": issued.note.credit_note_id,
            "line_number": line.line_number,
            "invoice_line_number": line.invoice_line_number,
            "description": line.description,
            "amount_minor": line.amount_minor,
            "period_start_on": line.period_start_on,
            "period_end_on": line.period_end_on,
            "tax_category": line.tax_category,
            "taxed": line_tax_to_text(line.taxed),
        }
        for line in issued.lines
    ]


def line_from_row(row: Row[Any]) -> CreditNoteLine:
    """The line of a row."""
    return CreditNoteLine(
        line_number=row.line_number,
        invoice_line_number=row.invoice_line_number,
        description=row.description,
        amount_minor=row.amount_minor,
        period_start_on=row.period_start_on,
        period_end_on=row.period_end_on,
        tax_category=row.tax_category,
        taxed=line_tax_from_text(row.taxed),
    )


def taxes_to_rows(issued: IssuedCreditNote) -> list[Values]:
    """The taxes of a credit note as rows."""
    return [
        {
            "payer": issued.note.payer,
            "credit_note": issued.note.credit_note_id,
            "ordinal": ordinal,
            "tax_category": each.tax_category,
            "display_name": each.display_name,
            "percent": str(each.percent),
            "treatment": each.treatment.value,
            "taxable_minor": each.taxable_minor,
            "tax_minor": each.tax_minor,
        }
        for ordinal, each in enumerate(issued.taxes, start=1)
    ]
