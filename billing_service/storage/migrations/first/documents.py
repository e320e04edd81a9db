"""The tables of invoices and payments, and of which payment settles which invoice."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "number_series",
    "invoices",
    "invoice_accounts",
    "invoice_lines",
    "invoice_taxes",
    "invoice_drafts",
    "settlements",
    "payments",
    "allocations",
    "credit_notes",
    "credit_note_lines",
    "credit_note_taxes",
)


def create() -> None:
    """Make the tables."""
    _create_number_series()
    _create_invoices()
    _create_invoice_accounts()
    _create_invoice_lines()
    _create_invoice_taxes()
    _create_invoice_drafts()
    _create_settlements()
    _create_payments()
    _create_allocations()
    _create_credit_notes()
    _create_credit_note_lines()
    _create_credit_note_taxes()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_number_series() -> None:
    op.create_table(
        "number_series",
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_number_series")),
    )


def _create_invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=160), nullable=False),
        sa.Column("issuer_party", sa.Text(), nullable=False),
        sa.Column("buyer_party", sa.Text(), nullable=False),
        sa.Column("reference_text", sa.Text(), nullable=False),
        sa.Column("bank_details", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("last_service_on", sa.Date(), nullable=False),
        sa.Column("deletion_on", sa.Date(), nullable=False),
        sa.Column("deletion_hour", sa.Integer(), nullable=False),
        sa.Column("overdue_at", sa.BigInteger(), nullable=False),
        sa.Column("stop_at", sa.BigInteger(), nullable=False),
        sa.Column("deletion_at", sa.BigInteger(), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("terms", sa.String(length=64), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", name=op.f("pk_invoices")),
        sa.UniqueConstraint("payer", "currency", "kind", "cause", name="uq_invoices_cause"),
        sa.UniqueConstraint("series", "sequence", name="uq_invoices_number"),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(
            "ix_invoices_payer", ["sandbox", "payer", "series", "sequence"], unique=False
        )


def _create_invoice_accounts() -> None:
    op.create_table(
        "invoice_accounts",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("stop_at", sa.BigInteger(), nullable=False),
        sa.Column("deletion_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", "account", name=op.f("pk_invoice_accounts")),
    )
    with op.batch_alter_table("invoice_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_accounts_account", ["account"], unique=False)


def _create_invoice_lines() -> None:
    op.create_table(
        "invoice_lines",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("credit", sa.String(length=64), nullable=False),
        sa.Column("taxed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", "line_number", name=op.f("pk_invoice_lines")),
    )


def _create_invoice_taxes() -> None:
    op.create_table(
        "invoice_taxes",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Text(), nullable=False),
        sa.Column("treatment", sa.String(length=16), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", "ordinal", name=op.f("pk_invoice_taxes")),
    )


def _create_invoice_drafts() -> None:
    op.create_table(
        "invoice_drafts",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", sa.BigInteger(), nullable=False),
        sa.Column("issues_at", sa.BigInteger(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("behind_month", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("payer", "month", name=op.f("pk_invoice_drafts")),
    )
    with op.batch_alter_table("invoice_drafts", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_drafts_resting", ["issued_at", "payer"], unique=False)


def _create_settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_late", sa.Boolean(), nullable=False),
        sa.Column("credited_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", name=op.f("pk_settlements")),
    )
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.create_index("ix_settlements_open", ["payer", "settled_on"], unique=False)


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("payment", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("unallocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.Column("reversal_note", sa.Text(), nullable=False),
        sa.Column("credit_note", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("payer", "payment", name=op.f("pk_payments")),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_credit", ["payer", "unallocated_minor"], unique=False)


def _create_allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("payment", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("allocated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "payment", "ordinal", name=op.f("pk_allocations")),
    )
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.create_index("ix_allocations_invoice", ["payer", "invoice"], unique=False)


def _create_credit_notes() -> None:
    op.create_table(
        "credit_notes",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("credit_note", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("invoice_number", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issuer_party", sa.Text(), nullable=False),
        sa.Column("buyer_party", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "credit_note", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("series", "sequence", name="uq_credit_notes_number"),
    )
    with op.batch_alter_table("credit_notes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_notes_payer", ["payer", "series", "sequence"], unique=False
        )
        batch_op.create_index("ix_credit_notes_invoice", ["payer", "invoice"], unique=False)


def _create_credit_note_lines() -> None:
    op.create_table(
        "credit_note_lines",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("credit_note", sa.String(length=64), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("invoice_line_number", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("taxed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "payer", "credit_note", "line_number", name=op.f("pk_credit_note_lines")
        ),
    )


def _create_credit_note_taxes() -> None:
    op.create_table(
        "credit_note_taxes",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("credit_note", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Text(), nullable=False),
        sa.Column("treatment", sa.String(length=16), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "payer", "credit_note", "ordinal", name=op.f("pk_credit_note_taxes")
        ),
    )
