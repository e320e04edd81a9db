"""What can be read of invoices and payments."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_

from billing_service.domain.credit_grant import AppliedCredit
from billing_service.domain.invoice import (
    Invoice,
    InvoiceState,
    Settlement,
)
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.payment import Payment
from billing_service.domain.tax import TaxSubtotal
from billing_service.storage import document_rows
from billing_service.storage.credit_queries import credits_of_invoices
from billing_service.storage.tables import table
from billing_service.storage.tax_rows import tax_subtotal_from_row
from chassis.database import Transaction

_INVOICES: Final = table("invoices")
_SETTLEMENTS: Final = table("settlements")
_PAYMENTS: Final = table("payments")

# Before the first entry of a list.
InvoiceKey = tuple[str, str, int]
FIRST_INVOICE: Final[InvoiceKey] = ("", "", 0)


@dataclass(frozen=True, slots=True)
class InvoiceInFull:
    """An invoice with its lines and taxes, what is paid of it, and where it stands."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    settlement: Settlement
    state: InvoiceState
    taxes: tuple[TaxSubtotal, ...] = ()
    credits: tuple[AppliedCredit, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices: of one payer ('': all of a world), in states and months."""

    payer: str
    sandbox: str
    states: Collection[InvoiceState]
    month_from: date | None
    month_to: date | None


@dataclass(frozen=True, slots=True)
class PaymentInFull:
    """A payment and the parts of it that pay invoices, by invoice."""

    payment: Payment
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments of a payer: reversed or not (None: both), by value date."""

    payer: str
    is_reversed: bool | None
    value_from: date | None
    value_to: date | None


def find_invoice(tx: Transaction, payer: str, invoice: str, now: int) -> InvoiceInFull | None:
    """An invoice by its payer and id."""
    query = _invoices().where(_INVOICES.c.payer == payer, _INVOICES.c.invoice == invoice)
    found = _in_full(tx, query, now)
    return found[0] if found else None


def list_invoices(
    tx: Transaction, wanted: InvoiceFilter, *, after: InvoiceKey, limit: int, now: int
) -> list[InvoiceInFull]:
    """Invoices by payer and number, those that follow `after`."""
    order = (_INVOICES.c.payer, _INVOICES.c.series, _INVOICES.c.sequence)
    query = _invoices().where(tuple_(*order) > after).order_by(*order).limit(limit)
    if wanted.payer:
        query = query.where(_INVOICES.c.payer == wanted.payer)
    else:
        query = query.where(_INVOICES.c.sandbox == wanted.sandbox)
    if wanted.states:
        query = query.where(or_(*(_stands(state, now) for state in wanted.states)))
    if wanted.month_from:
        query = query.where(_INVOICES.c.month >= wanted.month_from)
    if wanted.month_to:
        query = query.where(_INVOICES.c.month <= wanted.month_to)
    return _in_full(tx, query, now)


def find_payment(tx: Transaction, payer: str, payment: str) -> PaymentInFull | None:
    """A payment by its payer and id."""
    query = select(_PAYMENTS).where(_PAYMENTS.c.payer == payer, _PAYMENTS.c.payment == payment)
    found = _with_parts(tx, payer, query)
    return found[0] if found else None


def list_payments(
    tx: Transaction, wanted: PaymentFilter, *, after: str, limit: int
) -> list[PaymentInFull]:
    """A payer's payments by id, those that follow `after`."""
    columns = _PAYMENTS.c
    query = (
        select(_PAYMENTS)
        .where(columns.payer == wanted.payer, columns.payment > after)
        .order_by(columns.payment)
        .limit(limit)
    )
    if wanted.is_reversed is not None:
        reversal = columns.reversed_at
        query = query.where(reversal.is_not(None) if wanted.is_reversed else reversal.is_(None))
    if wanted.value_from:
        query = query.where(columns.value_on >= wanted.value_from)
    if wanted.value_to:
        query = query.where(columns.value_on <= wanted.value_to)
    return _with_parts(tx, wanted.payer, query)


def _invoices() -> Select[Any]:
    """Invoices with what is paid of them."""
    same = and_(
        _SETTLEMENTS.c.payer == _INVOICES.c.payer, _SETTLEMENTS.c.invoice == _INVOICES.c.invoice
    )
    columns = _SETTLEMENTS.c
    settled = (columns.settled_on, columns.settled_late)
    paid = (columns.paid_minor, columns.credited_minor, *settled)
    return select(_INVOICES, *paid).join(_SETTLEMENTS, same)


def _stands(state: InvoiceState, now: int) -> ColumnElement[bool]:
    """Whether an invoice is in a state at an instant; none is a preview or a draft."""
    settled_on, overdue_at = _SETTLEMENTS.c.settled_on, _INVOICES.c.overdue_at
    match state:
        case InvoiceState.SETTLED:
            return settled_on.is_not(None)
        case InvoiceState.OVERDUE:
            return and_(settled_on.is_(None), overdue_at <= now)
        case InvoiceState.OPEN:
            return and_(settled_on.is_(None), overdue_at > now)
        case InvoiceState.PREVIEW | InvoiceState.DRAFT:
            return _INVOICES.c.invoice == ""


def _in_full(tx: Transaction, query: Select[Any], now: int) -> list[InvoiceInFull]:
    found = tx.all(query)
    keys = [(row.payer, row.invoice) for row in found]
    lines, taxes = lines_of(tx, keys), taxes_of(tx, keys)
    used = credits_of_invoices(tx, keys)
    read = []
    for row in found:
        invoice = document_rows.invoice_from_row(row)
        settlement = document_rows.settlement_from_row(row)
        state = settlement.state(overdue_at=invoice.overdue_at, now=now)
        made_of = (tuple(lines[invoice.key]), settlement, state, tuple(taxes[invoice.key]))
        read.append(InvoiceInFull(invoice, *made_of, used.get(invoice.key, ())))
    return read


def lines_of(
    tx: Transaction, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[InvoiceLine]]:
    """The lines of invoices, in order."""
    lines = table("invoice_lines")
    key: Any = tuple_(lines.c.payer, lines.c.invoice)
    found: dict[tuple[str, str], list[InvoiceLine]] = defaultdict(list)
    for row in tx.where_in(select(lines).order_by(lines.c.line_number), key, keys):
        found[row.payer, row.invoice].append(document_rows.line_from_row(row))
    return found


def taxes_of(
    tx: Transaction, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[TaxSubtotal]]:
    """The taxes of invoices, in order."""
    taxes = table("invoice_taxes")
    key: Any = tuple_(taxes.c.payer, taxes.c.invoice)
    found: dict[tuple[str, str], list[TaxSubtotal]] = defaultdict(list)
    for row in tx.where_in(select(taxes).order_by(taxes.c.ordinal), key, keys):
        found[row.payer, row.invoice].append(tax_subtotal_from_row(row))
    return found


def _with_parts(tx: Transaction, payer: str, query: Select[Any]) -> list[PaymentInFull]:
    payments = [document_rows.payment_from_row(row) for row in tx.all(query)]
    allocations = table("allocations")
    paid: dict[str, dict[str, int]] = {each.payment_id: {} for each in payments}
    ordered = (
        select(allocations).where(allocations.c.payer == payer).order_by(allocations.c.ordinal)
    )
    for row in tx.where_in(ordered, allocations.c.payment, list(paid)):
        parts = paid[row.payment]
        parts[row.invoice] = parts.get(row.invoice, 0) + row.amount_minor
    return [
        PaymentInFull(each, tuple((k, v) for k, v in paid[each.payment_id].items() if v != 0))
        for each in payments
    ]
