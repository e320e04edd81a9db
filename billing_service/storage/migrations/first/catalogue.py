"""The tables of the catalogue: meters, plans with their prices, price changes."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "catalog_revision",
    "meters",
    "plans",
    "plan_versions",
    "plan_prices",
    "price_changes",
)


def create() -> None:
    """Make the tables."""
    _create_catalog_revision()
    _create_meters()
    _create_plans()
    _create_plan_versions()
    _create_plan_prices()
    _create_price_changes()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_catalog_revision() -> None:
    op.create_table(
        "catalog_revision",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_catalog_revision")),
    )


def _create_meters() -> None:
    op.create_table(
        "meters",
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("event_name", sa.String(length=100), nullable=False),
        sa.Column("aggregation", sa.String(length=16), nullable=False),
        sa.Column("value_property", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("value_per_unit", sa.Text(), nullable=False),
        sa.Column("rounding_mode", sa.String(length=16), nullable=False),
        sa.Column("rounding_decimals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_meters")),
    )


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("price_change_notice_days", sa.Integer(), nullable=False),
        sa.Column("proration", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("plan", name=op.f("pk_plans")),
    )


def _create_plan_versions() -> None:
    op.create_table(
        "plan_versions",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("shared_allowances", sa.Text(), nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.Column("minimum_spends", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "version", name=op.f("pk_plan_versions")),
    )


def _create_plan_prices() -> None:
    op.create_table(
        "plan_prices",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "version", "ordinal", name=op.f("pk_plan_prices")),
    )


def _create_price_changes() -> None:
    op.create_table(
        "price_changes",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("price_change", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("index_percent", sa.Text(), nullable=False),
        sa.Column("is_yearly", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("notice_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "price_change", name=op.f("pk_price_changes")),
    )
