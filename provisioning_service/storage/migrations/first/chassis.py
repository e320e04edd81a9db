"""The tables of the chassis: locks, timers, clocks, requests once, the feed and its cursors."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "account_locks",
    "timers",
    "sandbox_clocks",
    "idempotency",
    "events",
    "feed_head",
    "epochs",
    "cursors",
    "parked_events",
)


def create() -> None:
    """Make the tables."""
    _create_account_locks()
    _create_timers()
    _create_sandbox_clocks()
    _create_idempotency()
    _create_events()
    _create_feed_head()
    _create_epochs()
    _create_cursors()
    _create_parked_events()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_account_locks() -> None:
    op.create_table(
        "account_locks",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("parked_cause", sa.String(length=200), server_default="", nullable=False),
        sa.Column("parked_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("peer_parked", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_locks")),
    )
    with op.batch_alter_table("account_locks", schema=None) as batch_op:
        batch_op.create_index("ix_account_locks_parked", ["parked_cause", "retry_at"], unique=False)


def _create_timers() -> None:
    op.create_table(
        "timers",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "key", name=op.f("pk_timers")),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index("ix_timers_account_due", ["account", "due_at"], unique=False)
        batch_op.create_index("ix_timers_sandbox_due", ["sandbox", "due_at"], unique=False)


def _create_sandbox_clocks() -> None:
    op.create_table(
        "sandbox_clocks",
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("clock_at", sa.BigInteger(), nullable=False),
        sa.Column("target_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sandbox", name=op.f("pk_sandbox_clocks")),
    )


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=160), nullable=False),
        sa.Column("rpc", sa.String(length=160), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "rpc", "request_id", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_recorded_at", ["recorded_at"], unique=False)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("record_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_account_seq", ["account", "seq"], unique=False)


def _create_feed_head() -> None:
    op.create_table(
        "feed_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("watermark_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_head")),
    )


def _create_epochs() -> None:
    op.create_table(
        "epochs",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_after_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_epochs")),
    )


def _create_cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("watermark_at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_cursors")),
    )


def _create_parked_events() -> None:
    op.create_table(
        "parked_events",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", "source", "seq", name=op.f("pk_parked_events")),
    )
