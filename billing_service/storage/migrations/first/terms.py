"""The tables of what accounts are invoiced by: issuers, payment terms, tax profiles."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "issuers",
    "terms_versions",
    "tax_profiles",
    "tax_profile_versions",
)


def create() -> None:
    """Make the tables."""
    _create_issuers()
    _create_terms_versions()
    _create_tax_profiles()
    _create_tax_profile_versions()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_issuers() -> None:
    op.create_table(
        "issuers",
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("bank_details", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("invoice_series", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_issuers")),
        sa.UniqueConstraint("invoice_series", name=op.f("uq_issuers_invoice_series")),
    )


def _create_terms_versions() -> None:
    op.create_table(
        "terms_versions",
        sa.Column("terms", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("due_day", sa.Integer(), nullable=False),
        sa.Column("last_service_day", sa.Integer(), nullable=False),
        sa.Column("deletion_day", sa.Integer(), nullable=False),
        sa.Column("deletion_hour", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due_reminder_days", sa.Integer(), nullable=False),
        sa.Column("stop_warning_days", sa.Integer(), nullable=False),
        sa.Column("deletion_warning_days", sa.Integer(), nullable=False),
        sa.Column("usage_grace_hours", sa.Integer(), nullable=False),
        sa.Column("draft_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("terms", "version", name=op.f("pk_terms_versions")),
    )


def _create_tax_profiles() -> None:
    op.create_table(
        "tax_profiles",
        sa.Column("tax_profile", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tax_profile", name=op.f("pk_tax_profiles")),
    )


def _create_tax_profile_versions() -> None:
    op.create_table(
        "tax_profile_versions",
        sa.Column("tax_profile", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("rates", sa.Text(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("rounding", sa.String(length=16), nullable=False),
        sa.Column("tax_point", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("tax_profile", "version", name=op.f("pk_tax_profile_versions")),
    )
