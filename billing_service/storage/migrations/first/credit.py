"""The tables of credits, and of the ledger of what became of them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "credits",
    "credit_ledgers",
    "credit_entries",
)


def create() -> None:
    """Make the tables."""
    _create_credits()
    _create_credit_ledgers()
    _create_credit_entries()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_credits() -> None:
    op.create_table(
        "credits",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("credit", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("left_minor", sa.BigInteger(), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("expired_at", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.BigInteger(), nullable=True),
        sa.Column("void_note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "credit", name=op.f("pk_credits")),
    )
    with op.batch_alter_table("credits", schema=None) as batch_op:
        batch_op.create_index("ix_credits_left", ["payer", "left_minor"], unique=False)


def _create_credit_ledgers() -> None:
    op.create_table(
        "credit_ledgers",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entries_count", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "currency", name=op.f("pk_credit_ledgers")),
    )


def _create_credit_entries() -> None:
    op.create_table(
        "credit_entries",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("credit", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("left_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "currency", "number", name=op.f("pk_credit_entries")),
    )
    with op.batch_alter_table("credit_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_entries_credit", ["payer", "credit", "currency", "number"], unique=False
        )
        batch_op.create_index("ix_credit_entries_invoice", ["payer", "invoice"], unique=False)
