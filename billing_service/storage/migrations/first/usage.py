"""The tables of usage: keys, corrections, totals, and the months whose events have a table."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "usage_keys",
    "usage_segments",
    "usage_corrections",
    "usage_totals",
    "usage_values",
)


def create() -> None:
    """Make the tables."""
    _create_usage_keys()
    _create_usage_segments()
    _create_usage_corrections()
    _create_usage_totals()
    _create_usage_values()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    # The tables of events came one by one with their months.
    segments = sa.table("usage_segments", sa.column("month", sa.Date()))
    for (month,) in op.get_bind().execute(sa.select(segments.c.month)).all():
        op.execute(f"DROP TABLE IF EXISTS usage_events_{month:%Y%m}")
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_usage_keys() -> None:
    op.create_table(
        "usage_keys",
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("time_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_key", "account", name=op.f("pk_usage_keys")),
        sqlite_with_rowid=False,
    )


def _create_usage_segments() -> None:
    op.create_table(
        "usage_segments",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("aged_out_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_usage_segments")),
    )


def _create_usage_corrections() -> None:
    op.create_table(
        "usage_corrections",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "event_key", "ordinal", name=op.f("pk_usage_corrections")
        ),
    )


def _create_usage_totals() -> None:
    op.create_table(
        "usage_totals",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("events_count", sa.BigInteger(), nullable=False),
        sa.Column("sum_units", sa.BigInteger(), nullable=False),
        sa.Column("sum_nanos", sa.Integer(), nullable=False),
        sa.Column("max_units", sa.BigInteger(), nullable=False),
        sa.Column("max_nanos", sa.Integer(), nullable=False),
        sa.Column("latest_units", sa.BigInteger(), nullable=False),
        sa.Column("latest_nanos", sa.Integer(), nullable=False),
        sa.Column("latest_at", sa.BigInteger(), nullable=False),
        sa.Column("latest_key", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("integral", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "meter", "day", "dimensions", name=op.f("pk_usage_totals")
        ),
        sqlite_with_rowid=False,
    )


def _create_usage_values() -> None:
    op.create_table(
        "usage_values",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("events_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "meter", "day", "dimensions", "value", name=op.f("pk_usage_values")
        ),
        sqlite_with_rowid=False,
    )
