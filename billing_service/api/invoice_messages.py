"""Invoices, lines and charges as the contract tells them."""

from typing import Any, Final

from pospago.billing.v1 import invoice_pb2 as pb

from billing_service.api.tax_messages import to_proto_subtotal
from billing_service.api.values import (
    CREDIT,
    INSTANCE,
    INVOICE,
    ONE_OFF_CHARGE,
    PLAN,
    REVIEW,
    SUBSCRIPTION,
    TERMS,
    to_proto_date,
    to_proto_decimal,
    to_proto_money,
    to_proto_party,
    to_proto_timestamp,
)
from billing_service.domain.credit_grant import AppliedCredit
from billing_service.domain.invoice import (
    Invoice,
    InvoiceKind,
    InvoiceState,
    IssuedInvoice,
    Settlement,
)
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.one_off_items import one_off_id
from billing_service.storage.charge_queries import InvoiceCharge
from billing_service.storage.document_queries import InvoiceInFull

STATES: Final = {
    pb.Invoice.STATE_PREVIEW: InvoiceState.PREVIEW,
    pb.Invoice.STATE_DRAFT: InvoiceState.DRAFT,
    pb.Invoice.STATE_OPEN: InvoiceState.OPEN,
    pb.Invoice.STATE_OVERDUE: InvoiceState.OVERDUE,
    pb.Invoice.STATE_SETTLED: InvoiceState.SETTLED,
}
_PARTS: Final = {
    LinePart.WHOLE: pb.InvoiceLine.PART_WHOLE,
    LinePart.INCLUDED: pb.InvoiceLine.PART_INCLUDED,
    LinePart.EXCESS: pb.InvoiceLine.PART_EXCESS,
    LinePart.CREDIT: pb.InvoiceLine.PART_CREDIT,
}
_KINDS: Final = {
    InvoiceKind.MONTHLY: pb.Invoice.KIND_MONTHLY,
    InvoiceKind.IMMEDIATE: pb.Invoice.KIND_IMMEDIATE,
}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}


def to_proto_invoice(found: InvoiceInFull) -> pb.Invoice:
    """An issued invoice with what is paid of it."""
    invoice, settlement = found.invoice, found.settlement
    return _message(
        found,
        paid_minor=settlement.paid_minor,
        name=INVOICE.format(*invoice.key),
        number=invoice.number,
        payment_reference=invoice.payment_reference,
        issue_time=to_proto_timestamp(invoice.issued_at),
        state=_STATE_NUMBERS[found.state],
        settled_late=settlement.settled_late,
        settle_date=to_proto_date(settlement.settled_on),
    )


def to_proto_issued(issued: IssuedInvoice, settlement: Settlement) -> pb.Invoice:
    """An invoice as it was issued."""
    state = InvoiceState.OPEN if settlement.settled_on is None else InvoiceState.SETTLED
    made_of = (issued.lines, settlement, state, issued.taxes, issued.credits)
    return to_proto_invoice(InvoiceInFull(issued.invoice, *made_of))


def to_proto_preview(drafted: IssuedInvoice) -> pb.Invoice:
    """An invoice that is not issued: it has no name and no number, nor anything to quote."""
    would_pay = [each.amount_minor for each in drafted.credits if each.is_after_tax]
    return _message(drafted, paid_minor=sum(would_pay), state=pb.Invoice.STATE_PREVIEW)


def to_proto_charge(charge: InvoiceCharge) -> pb.InvoiceCharge:
    """What an item of a subscription costs for one service period, or what is charged once."""
    own, once = (charge.account, charge.subscription), one_off_id(charge.subscription)
    return pb.InvoiceCharge(
        account=f"accounts/{charge.account}",
        subscription="" if once else SUBSCRIPTION.format(*own),
        instance=INSTANCE.format(charge.account, charge.instance) if charge.instance else "",
        line_number=charge.line_number,
        month=to_proto_date(charge.month),
        amount=to_proto_money(charge.amount_minor, charge.currency),
        price=charge.price,
        quantity=to_proto_decimal(charge.quantity),
        period_start_date=to_proto_date(charge.period_start_on),
        period_end_date=to_proto_date(charge.period_end_on),
        review=REVIEW.format(charge.account, charge.review) if charge.review else "",
        outdated_time=to_proto_timestamp(charge.outdated_at),
        revision=charge.revision,
        reverses_revision=charge.reverses_revision or 0,
        one_off_charge=ONE_OFF_CHARGE.format(charge.account, once) if once else "",
    )


def _message(found: InvoiceInFull | IssuedInvoice, *, paid_minor: int, **told: Any) -> pb.Invoice:
    """An invoice with what is paid of it, and what is told of it alone."""
    invoice, currency = found.invoice, found.invoice.currency
    dates, ends = invoice.dates, invoice.stop_and_deletion
    return pb.Invoice(
        kind=_KINDS[invoice.cause.kind],
        issuer=to_proto_party(invoice.issuer),
        buyer=to_proto_party(invoice.buyer),
        reference_text=invoice.reference_text,
        bank_details=invoice.bank_details,
        month=to_proto_date(invoice.month),
        issue_date=to_proto_date(dates.issued_on),
        due_date=to_proto_date(dates.due_on),
        last_service_date=to_proto_date(dates.last_service_on),
        stop_time=to_proto_timestamp(ends.stop_at),
        deletion_time=to_proto_timestamp(ends.deletion_at),
        lines=[to_proto_line(line, currency, invoice.payer) for line in found.lines],
        subtotal=to_proto_money(invoice.subtotal_minor, currency),
        taxes=[to_proto_subtotal(each, currency) for each in found.taxes],
        tax_total=to_proto_money(invoice.tax_minor, currency),
        total=to_proto_money(invoice.total_minor, currency),
        prices_include_tax=invoice.prices_include_tax,
        tax_note=invoice.tax_note,
        amount_paid=to_proto_money(paid_minor, currency),
        terms=TERMS.format(invoice.terms_id),
        terms_version=invoice.terms_version,
        time_zone=invoice.time_zone,
        sandbox=f"sandboxes/{invoice.sandbox}" if invoice.sandbox else "",
        credits=[_to_proto_credit(each, invoice) for each in found.credits],
        **told,
    )


def _to_proto_credit(applied: AppliedCredit, invoice: Invoice) -> pb.Invoice.AppliedCredit:
    return pb.Invoice.AppliedCredit(
        credit=CREDIT.format(invoice.payer, applied.credit_id),
        amount=to_proto_money(applied.amount_minor, invoice.currency),
        after_tax=applied.is_after_tax,
    )


def to_proto_line(line: InvoiceLine, currency: str, payer: str = "") -> pb.InvoiceLine:
    """A line of an invoice or an estimate; a plan that is not stored has no name.

    `payer` is whose credit the line may use; an estimate uses none.
    """
    return pb.InvoiceLine(
        line_number=line.line_number,
        description=line.description,
        plan=PLAN.format(line.plan) if line.plan else "",
        plan_version=line.plan_version,
        band=line.band,
        quantity=to_proto_decimal(line.quantity),
        unit_price=None if line.unit_price is None else to_proto_decimal(line.unit_price),
        amount=to_proto_money(line.amount_minor, currency),
        period_start_date=to_proto_date(line.period_start_on),
        period_end_date=to_proto_date(line.period_end_on),
        price=line.price,
        part=_PARTS[line.part],
        tax_category=line.tax_category,
        unit=line.unit,
        credit=CREDIT.format(payer, line.credit) if line.credit else "",
    )
