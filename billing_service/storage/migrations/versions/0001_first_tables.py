"""The first tables."""

from billing_service.storage.migrations.first import (
    accounts,
    catalogue,
    chassis,
    credit,
    documents,
    guards,
    one_offs,
    payment_requests,
    subscriptions,
    terms,
    usage,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

AREAS = (
    chassis,
    accounts,
    terms,
    catalogue,
    subscriptions,
    documents,
    credit,
    usage,
    guards,
    one_offs,
    payment_requests,
)


def upgrade() -> None:
    for area in AREAS:
        area.create()


def downgrade() -> None:
    for area in reversed(AREAS):
        area.drop()
