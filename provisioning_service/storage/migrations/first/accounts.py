"""The tables of accounts, of integrators among them, and of their sandboxes and standing."""

from typing import Final

import sqlalchemy as sa
from alembic import op

TABLES: Final = (
    "accounts",
    "integrators",
    "sandboxes",
    "standings",
)


def create() -> None:
    """Make the tables."""
    _create_accounts()
    _create_integrators()
    _create_sandboxes()
    _create_standings()


def drop() -> None:
    """Drop the tables, and their indexes with them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("zone_fixed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index("ix_accounts_parent_id", ["parent", "id"], unique=False)
        batch_op.create_index("ix_accounts_sandbox_id", ["sandbox", "id"], unique=False)


def _create_integrators() -> None:
    op.create_table(
        "integrators",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("prepaid_migrated", sa.Boolean(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_integrators")),
    )


def _create_sandboxes() -> None:
    op.create_table(
        "sandboxes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("advancing_from_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandboxes")),
    )
    with op.batch_alter_table("sandboxes", schema=None) as batch_op:
        batch_op.create_index("ix_sandboxes_owner_id", ["owner", "id"], unique=False)


def _create_standings() -> None:
    op.create_table(
        "standings",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("earliest_unsettled_month", sa.Date(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("deletion_ordered_at", sa.BigInteger(), nullable=True),
        sa.Column("unpaid_invoice", sa.String(length=80), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_standings")),
    )
