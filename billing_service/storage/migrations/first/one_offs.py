"""The tables of what is charged once, and of coupons."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = ("one_off_charges", "coupons")


def create() -> None:
    """Make the tables."""
    _create_one_off_charges()
    _create_coupons()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_one_off_charges() -> None:
    op.create_table(
        "one_off_charges",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("charge", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=True),
        sa.Column("period_end_on", sa.Date(), nullable=True),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("cancel_note", sa.Text(), nullable=False),
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("included", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("credit_note", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "charge", name=op.f("pk_one_off_charges")),
    )
    with op.batch_alter_table("one_off_charges", schema=None) as batch_op:
        batch_op.create_index("ix_one_off_charges_state", ["account", "state"], unique=False)
        batch_op.create_index(
            "ix_one_off_charges_period",
            ["account", "subscription", "price", "period_start_on"],
            unique=False,
        )


def _create_coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("coupon", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Text(), nullable=True),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("periods_count", sa.Integer(), nullable=True),
        sa.Column("plans", sa.Text(), nullable=False),
        sa.Column("prices", sa.Text(), nullable=False),
        sa.Column("redeem_before_at", sa.BigInteger(), nullable=True),
        sa.Column("redemptions_max", sa.Integer(), nullable=False),
        sa.Column("redemptions_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("deactivated_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("coupon", name=op.f("pk_coupons")),
    )
