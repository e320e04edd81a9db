"""The tables of subscriptions and what they were charged."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "subscriptions",
    "subscription_facts",
    "charges",
    "outdated_charges",
)


def create() -> None:
    """Make the tables."""
    _create_subscriptions()
    _create_subscription_facts()
    _create_charges()
    _create_outdated_charges()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("instance", sa.String(length=64), nullable=True),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("first_billed_month", sa.Date(), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column("last_kind", sa.String(length=16), nullable=False),
        sa.Column("facts_count", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("is_lapsed", sa.Boolean(), nullable=False),
        sa.Column("changed_from_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("account", "subscription", name=op.f("pk_subscriptions")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriptions_months", ["account", "last_month", "first_month"], unique=False
        )
        batch_op.create_index("ix_subscriptions_instance", ["account", "instance"], unique=True)
        batch_op.create_index(
            "ix_subscriptions_lapsed",
            ["account"],
            unique=False,
            sqlite_where=sa.text("is_lapsed = 1"),
            postgresql_where=sa.text("is_lapsed"),
        )


def _create_subscription_facts() -> None:
    op.create_table(
        "subscription_facts",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "subscription", "ordinal", name=op.f("pk_subscription_facts")
        ),
    )


def _create_charges() -> None:
    op.create_table(
        "charges",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reverses_revision", sa.Integer(), nullable=True),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("invoice_month", sa.Date(), nullable=False),
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("credit_note", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("included", sa.Text(), nullable=True),
        sa.Column("part_charged", sa.BigInteger(), nullable=False),
        sa.Column("part_full", sa.BigInteger(), nullable=False),
        sa.Column("part_unit", sa.String(length=16), nullable=False),
        sa.Column("price_index", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("review", sa.String(length=64), nullable=False),
        sa.Column("full_minor", sa.BigInteger(), nullable=True),
        sa.Column("engine_version", sa.Integer(), nullable=False),
        sa.Column("agreed_price", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "subscription",
            "item",
            "period_start_on",
            "part",
            "revision",
            name=op.f("pk_charges"),
        ),
    )
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index(
            "ix_charges_account_month", ["account", "invoice_month"], unique=False
        )
        batch_op.create_index(
            "ix_charges_invoice",
            ["payer", "invoice", "line_number", "account", "subscription"],
            unique=False,
        )


def _create_outdated_charges() -> None:
    op.create_table(
        "outdated_charges",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("outdated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account",
            "subscription",
            "item",
            "period_start_on",
            "revision",
            name=op.f("pk_outdated_charges"),
        ),
    )
