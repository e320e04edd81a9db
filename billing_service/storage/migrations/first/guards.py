"""The tables of what watches usage: guards, thresholds, reservations, reviews."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "usage_guards",
    "threshold_crossings",
    "reservations",
    "reviews",
)


def create() -> None:
    """Make the tables."""
    _create_usage_guards()
    _create_threshold_crossings()
    _create_reservations()
    _create_reviews()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_usage_guards() -> None:
    op.create_table(
        "usage_guards",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("percents", sa.Text(), nullable=False),
        sa.Column("amounts_minor", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ceiling", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "subscription", "price", name=op.f("pk_usage_guards")),
    )


def _create_threshold_crossings() -> None:
    op.create_table(
        "threshold_crossings",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("threshold", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "subscription",
            "price",
            "period_start_on",
            "threshold",
            name=op.f("pk_threshold_crossings"),
        ),
    )


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("reservation", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expire_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "reservation", name=op.f("pk_reservations")),
    )
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reservations_counting", ["account", "subscription", "price", "counts"], unique=False
        )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("review", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_minor", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("full_minor", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "review", name=op.f("pk_reviews")),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reviews_key", ["account", "subscription", "price", "period_start_on"], unique=True
        )
