"""The table of requests for payment."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = ("payment_requests",)


def create() -> None:
    """Make the table."""
    op.create_table(
        "payment_requests",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("payment_request", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("payment", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "payment_request", name=op.f("pk_payment_requests")),
    )
    with op.batch_alter_table("payment_requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payment_requests_subscription", ["account", "subscription", "state"], unique=False
        )


def drop() -> None:
    """Drop the table, and its index with it."""
    for table in TABLES:
        op.drop_table(table)
