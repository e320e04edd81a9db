"""The tables of accounts, of who pays for them and where they stand."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "accounts",
    "billing_profiles",
    "standings",
    "account_revisions",
)


def create() -> None:
    """Make the tables."""
    _create_accounts()
    _create_billing_profiles()
    _create_standings()
    _create_account_revisions()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("zone_fixed", sa.Boolean(), nullable=False),
        sa.Column("usage_watched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_accounts")),
    )


def _create_billing_profiles() -> None:
    op.create_table(
        "billing_profiles",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("paid_by", sa.String(length=64), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("billing_email", sa.Text(), nullable=False),
        sa.Column("reference_text", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("terms", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("tax_profile", sa.String(length=64), nullable=False),
        sa.Column("tax_treatment", sa.String(length=16), nullable=False),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("hold_invoices", sa.Boolean(), nullable=False),
        sa.Column("payment_provider", sa.String(length=64), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_billing_profiles")),
    )
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.create_index("ix_billing_profiles_paid_by", ["paid_by", "account"], unique=False)


def _create_standings() -> None:
    op.create_table(
        "standings",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("earliest_unsettled_month", sa.Date(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_standings")),
    )


def _create_account_revisions() -> None:
    op.create_table(
        "account_revisions",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_revisions")),
    )
