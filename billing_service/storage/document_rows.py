"""Entities as rows and back: invoices, lines, settlements, payments, allocations."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from billing_service.domain.dunning import DunningDates, StopAndDeletion
from billing_service.domain.invoice import (
    Invoice,
    InvoiceAccount,
    InvoiceCause,
    InvoiceKind,
    Settlement,
)
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.payment import Allocation, Payment
from billing_service.storage.line_taxes import line_tax_from_text, line_tax_to_text
from billing_service.storage.rows import Values, party_from_text, party_to_text


def invoice_to_row(invoice: Invoice) -> Values:
    """An invoice as a row, without its lines."""
    return {
        "payer": invoice.payer,
        "invoice": invoice.invoice_id,
        "series": invoice.series,
        "sequence": invoice.sequence,
        "number": invoice.number,
        "currency": invoice.currency,
        "month": invoice.month,
        "kind": invoice.cause.kind.value,
        "cause": invoice.cause.key,
        "issuer_party": party_to_text(invoice.issuer),
        "buyer_party": party_to_text(invoice.buyer),
        "reference_text": invoice.reference_text,
        "bank_details": invoice.bank_details,
        "payment_reference": invoice.payment_reference,
        **asdict(invoice.dates),
        "overdue_at": invoice.overdue_at,
        **asdict(invoice.stop_and_deletion),
        "subtotal_minor": invoice.subtotal_minor,
        "tax_minor": invoice.tax_minor,
        "total_minor": invoice.total_minor,
        "prices_include_tax": invoice.prices_include_tax,
        "tax_note": invoice.tax_note,
        "terms": invoice.terms_id,
        "terms_version": invoice.terms_version,
        "time_zone": invoice.time_zone,
        "sandbox": invoice.sandbox,
        "issued_at": invoice.issued_at,
    }


def invoice_from_row(row: Row[Any]) -> Invoice:
    """The invoice of a row."""
    return Invoice(
        payer=row.payer,
        invoice_id=row.invoice,
        series=row.series,
        sequence=row.sequence,
        number=row.number,
        currency=row.currency,
        month=row.month,
        cause=InvoiceCause(InvoiceKind(row.kind), row.cause),
        issuer=party_from_text(row.issuer_party),
        buyer=party_from_text(row.buyer_party),
        reference_text=row.reference_text,
        bank_details=row.bank_details,
        payment_reference=row.payment_reference,
        dates=DunningDates(
            issued_on=row.issued_on,
            due_on=row.due_on,
            last_service_on=row.last_service_on,
            deletion_on=row.deletion_on,
            deletion_hour=row.deletion_hour,
        ),
        overdue_at=row.overdue_at,
        stop_and_deletion=StopAndDeletion(row.stop_at, row.deletion_at),
        subtotal_minor=row.subtotal_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        prices_include_tax=bool(row.prices_include_tax),
        tax_note=row.tax_note,
        terms_id=row.terms,
        terms_version=row.terms_version,
        time_zone=row.time_zone,
        sandbox=row.sandbox,
        issued_at=row.issued_at,
    )


def line_to_row(invoice: Invoice, line: InvoiceLine) -> Values:
    """A line of an invoice as a row."""
    return {
        "payer": invoice.payer,
        "invoice": invoice.invoice_id,
        "line_number": line.line_number,
        "description": line.description,
        "plan": line.plan,
        "plan_version": line.plan_version,
        "band": line.band,
        "quantity": str(line.quantity),
        "unit_price": None if line.unit_price is None else str(line.unit_price),
        "amount_minor": line.amount_minor,
        "period_start_on": line.period_start_on,
        "period_end_on": line.period_end_on,
        "price": line.price,
        "part": line.part.value,
        "tax_category": line.tax_category,
        "unit": line.unit,
        "credit": line.credit,
        "taxed": line_tax_to_text(line.taxed),
    }


def line_from_row(row: Row[Any]) -> InvoiceLine:
    """The line of a row."""
    return InvoiceLine(
        line_number=row.line_number,
        description=row.description,
        plan=row.plan,
        plan_version=row.plan_version,
        band=row.band,
        quantity=Decimal(row.quantity),
        unit_price=None if row.unit_price is None else Decimal(row.unit_price),
        amount_minor=row.amount_minor,
        period_start_on=row.period_start_on,
        period_end_on=row.period_end_on,
        price=row.price,
        part=LinePart(row.part),
        tax_category=row.tax_category,
        unit=row.unit,
        credit=row.credit,
        taxed=line_tax_from_text(row.taxed),
    )


def invoice_account_to_row(each: InvoiceAccount) -> Values:
    """An account on an invoice as a row."""
    return asdict(each)


def invoice_account_from_row(row: Row[Any]) -> InvoiceAccount:
    """The account on an invoice of a row."""
    return InvoiceAccount(row.payer, row.invoice, row.account, row.stop_at, row.deletion_at)


def settlement_to_row(settlement: Settlement) -> Values:
    """A settlement as a row."""
    return asdict(settlement)


def settlement_from_row(row: Row[Any]) -> Settlement:
    """The settlement of a row."""
    return Settlement(
        payer=row.payer,
        invoice=row.invoice,
        total_minor=row.total_minor,
        paid_minor=row.paid_minor,
        settled_on=row.settled_on,
        settled_late=bool(row.settled_late),
        credited_minor=row.credited_minor,
    )


def payment_to_row(payment: Payment) -> Values:
    """A payment as a row."""
    values = asdict(payment)
    values["payment"] = values.pop("payment_id")
    return values


def payment_from_row(row: Row[Any]) -> Payment:
    """The payment of a row."""
    return Payment(
        payer=row.payer,
        payment_id=row.payment,
        currency=row.currency,
        amount_minor=row.amount_minor,
        value_on=row.value_on,
        reference=row.reference,
        recorded_at=row.recorded_at,
        unallocated_minor=row.unallocated_minor,
        reversed_at=row.reversed_at,
        reversal_note=row.reversal_note,
        credit_note=row.credit_note,
    )


def allocation_to_row(allocation: Allocation) -> Values:
    """An allocation as a row."""
    return asdict(allocation)


def allocation_from_row(row: Row[Any]) -> Allocation:
    """The allocation of a row."""
    return Allocation(
        payer=row.payer,
        payment=row.payment,
        ordinal=row.ordinal,
        invoice=row.invoice,
        amount_minor=row.amount_minor,
        value_on=row.value_on,
        allocated_at=row.allocated_at,
    )
