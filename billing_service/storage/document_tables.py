"""The tables of charges, invoices and payments. Keys of all that grows start with the account."""

from datetime import date

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from billing_service.storage.columns import Table, key, long, text, word


class ChargeRow(Table, table=True):
    """What a subscription's item costs for a service period. Its key guards against charging twice.

    `item` is the code of the price; with usage, days and index it can be rated again. `usage` is
    JSON of what is known besides the quantity ('': nothing), `included` what of it costs nothing
    (unset: no allowance). With a `review` ('': none), `full_minor` is what it came to before.
    A revision with `reverses_revision` takes back that one. `credit_note` is the one whose line it
    is on ('': the invoice's). `agreed_price` is the price as JSON where it is not as the version
    states it ('': it is).
    """

    __tablename__ = "charges"
    __table_args__ = (
        Index("ix_charges_account_month", "account", "invoice_month"),
        Index("ix_charges_invoice", "payer", "invoice", "line_number", "account", "subscription"),
    )
    account: str = key()
    subscription: str = key()
    item: str = key(40)
    period_start_on: date = Field(primary_key=True)
    part: int = Field(primary_key=True, sa_type=BigInteger)
    revision: int = Field(primary_key=True)
    reverses_revision: int | None
    period_end_on: date
    invoice_month: date
    payer: str = word()
    invoice: str = word()
    line_number: int
    credit_note: str = word()
    plan: str = word()
    plan_version: int
    band: int
    currency: str = word(3)
    quantity: str = text()
    usage: str = text()
    included: str | None = text()
    part_charged: int = long()
    part_full: int = long()
    part_unit: str = word(16)
    price_index: str = text()
    amount_minor: int = long()
    review: str = word()
    full_minor: int | None = long()
    engine_version: int
    agreed_price: str = text()


class InvoiceRow(Table, table=True):
    """An issued invoice. Its unique keys guard the cause, such as the month, and the number."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("payer", "currency", "kind", "cause", name="uq_invoices_cause"),
        UniqueConstraint("series", "sequence", name="uq_invoices_number"),
        Index("ix_invoices_payer", "sandbox", "payer", "series", "sequence"),
    )
    payer: str = key()
    invoice: str = key()
    series: str = word(80)
    sequence: int = long()
    number: str = word(100)
    currency: str = word(3)
    month: date
    kind: str = word(16)
    cause: str = word(160)
    issuer_party: str = text()
    buyer_party: str = text()
    reference_text: str = text()
    bank_details: str = text()
    payment_reference: str = text()
    issued_on: date
    due_on: date
    last_service_on: date
    deletion_on: date
    deletion_hour: int
    overdue_at: int = long()
    stop_at: int = long()
    deletion_at: int = long()
    subtotal_minor: int = long()
    tax_minor: int = long()
    total_minor: int = long()
    prices_include_tax: bool
    tax_note: str = text()
    terms: str = word()
    terms_version: int
    time_zone: str = word()
    sandbox: str = word()
    issued_at: int = long()


class InvoiceLineRow(Table, table=True):
    """A line of an invoice. `taxed` is JSON of how it is taxed ('': no tax is shown)."""

    __tablename__ = "invoice_lines"
    payer: str = key()
    invoice: str = key()
    line_number: int = Field(primary_key=True)
    description: str = text()
    plan: str = word()
    plan_version: int
    band: int
    quantity: str = text()
    unit_price: str | None = text()
    amount_minor: int = long()
    period_start_on: date
    period_end_on: date
    price: str = word(40)
    part: str = word(16)
    tax_category: str = word(40)
    unit: str = text()
    credit: str = word()
    taxed: str = text()


class InvoiceTaxRow(Table, table=True):
    """The tax of an invoice on one category at one rate, in order from 1."""

    __tablename__ = "invoice_taxes"
    payer: str = key()
    invoice: str = key()
    ordinal: int = Field(primary_key=True)
    tax_category: str = word(40)
    display_name: str = text()
    percent: str = text()
    treatment: str = word(16)
    taxable_minor: int = long()
    tax_minor: int = long()


class InvoiceAccountRow(Table, table=True):
    """An account with a charge on an invoice, and when that one stops and deletes it."""

    __tablename__ = "invoice_accounts"
    __table_args__ = (Index("ix_invoice_accounts_account", "account"),)
    payer: str = key()
    invoice: str = key()
    account: str = key()
    stop_at: int = long()
    deletion_at: int = long()


class InvoiceDraftRow(Table, table=True):
    """How a payer's month rests, or rested, before it was invoiced; `issued_at` ends it."""

    __tablename__ = "invoice_drafts"
    __table_args__ = (Index("ix_invoice_drafts_resting", "issued_at", "payer"),)
    payer: str = key()
    month: date = Field(primary_key=True)
    ready_at: int = long()
    drafted_at: int = long()
    issues_at: int = long()
    held_at: int | None = long()
    note: str = text()
    author: str = text()
    behind_month: date | None
    issued_at: int | None = long()


class SettlementRow(Table, table=True):
    """What is paid of an invoice: derived from the allocations, kept to be searched."""

    __tablename__ = "settlements"
    __table_args__ = (Index("ix_settlements_open", "payer", "settled_on"),)
    payer: str = key()
    invoice: str = key()
    total_minor: int = long()
    paid_minor: int = long()
    settled_on: date | None
    settled_late: bool
    credited_minor: int = long()


class PaymentRow(Table, table=True):
    """Money that came in, or a `credit_note`; what is unallocated is credit."""

    __tablename__ = "payments"
    __table_args__ = (Index("ix_payments_credit", "payer", "unallocated_minor"),)
    payer: str = key()
    payment: str = key()
    currency: str = word(3)
    amount_minor: int = long()
    value_on: date
    reference: str = text()
    recorded_at: int = long()
    unallocated_minor: int = long()
    reversed_at: int | None = long()
    reversal_note: str = text()
    credit_note: str = word()


class AllocationRow(Table, table=True):
    """A part of a payment that pays an invoice, or the negative that takes it back."""

    __tablename__ = "allocations"
    __table_args__ = (Index("ix_allocations_invoice", "payer", "invoice"),)
    payer: str = key()
    payment: str = key()
    ordinal: int = Field(primary_key=True)
    invoice: str = word()
    amount_minor: int = long()
    value_on: date
    allocated_at: int = long()


class CreditNoteRow(Table, table=True):
    """An issued credit note. Its unique key guards the number."""

    __tablename__ = "credit_notes"
    __table_args__ = (
        UniqueConstraint("series", "sequence", name="uq_credit_notes_number"),
        Index("ix_credit_notes_payer", "payer", "series", "sequence"),
        Index("ix_credit_notes_invoice", "payer", "invoice"),
    )
    payer: str = key()
    credit_note: str = key()
    series: str = word(80)
    sequence: int = long()
    number: str = word(100)
    invoice: str = word()
    invoice_number: str = word(100)
    kind: str = word(16)
    reason: str = text()
    currency: str = word(3)
    issuer_party: str = text()
    buyer_party: str = text()
    issued_on: date
    subtotal_minor: int = long()
    tax_minor: int = long()
    total_minor: int = long()
    prices_include_tax: bool
    tax_note: str = text()
    sandbox: str = word()
    issued_at: int = long()


class CreditNoteLineRow(Table, table=True):
    """What is credited of a line. `taxed` is JSON of how it is taxed ('': no tax is shown)."""

    __tablename__ = "credit_note_lines"
    payer: str = key()
    credit_note: str = key()
    line_number: int = Field(primary_key=True)
    invoice_line_number: int
    description: str = text()
    amount_minor: int = long()
    period_start_on: date
    period_end_on: date
    tax_category: str = word(40)
    taxed: str = text()


class CreditNoteTaxRow(Table, table=True):
    """The tax of a credit note on one category at one rate, in order from 1."""

    __tablename__ = "credit_note_taxes"
    payer: str = key()
    credit_note: str = key()
    ordinal: int = Field(primary_key=True)
    tax_category: str = word(40)
    display_name: str = text()
    percent: str = text()
    treatment: str = word(16)
    taxable_minor: int = long()
    tax_minor: int = long()
