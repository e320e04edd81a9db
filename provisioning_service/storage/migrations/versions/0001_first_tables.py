"""The first tables."""

from provisioning_service.storage.migrations.first import (
    accounts,
    chassis,
    instances,
    members,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

AREAS = (
    chassis,
    accounts,
    instances,
    members,
)


def upgrade() -> None:
    for area in AREAS:
        area.create()


def downgrade() -> None:
    for area in reversed(AREAS):
        area.drop()
