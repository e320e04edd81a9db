"""The tables of instances and of the tokens that create them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "instances",
    "tokens",
)


def create() -> None:
    """Make the tables."""
    _create_instances()
    _create_tokens()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_instances() -> None:
    op.create_table(
        "instances",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=80), nullable=False),
        sa.Column("stop_reasons", sa.String(length=80), nullable=False),
        sa.Column("payment_type", sa.String(length=80), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("paid_through_on", sa.Date(), nullable=True),
        sa.Column("first_billed_month", sa.Date(), nullable=True),
        sa.Column("cap_on", sa.Date(), nullable=True),
        sa.Column("expiry_fixed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("trial_end_at", sa.BigInteger(), nullable=True),
        sa.Column("subscribed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_subscribed_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("purge_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("deletion_reason", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_instances")),
    )


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("rung", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("creations_max", sa.BigInteger(), nullable=False),
        sa.Column("creations_used", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("secret_hint", sa.String(length=80), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("previous_secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret_hint", sa.String(length=80), nullable=False),
        sa.Column("previous_secret_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("quota_warned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "rung", name=op.f("pk_tokens")),
        sa.UniqueConstraint("previous_secret_hash", name=op.f("uq_tokens_previous_secret_hash")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_tokens_secret_hash")),
    )
