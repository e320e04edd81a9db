"""Brings both stores to the shape that this release needs, without a service."""

from pathlib import Path
from typing import Final

from billing_service.storage import schema as billing
from chassis.database import Database, StoreLockedError
from pospago_cli.backup import store_file
from pospago_cli.failures import CommandFailed
from pospago_cli.session import stated_database_url
from provisioning_service.storage import schema as provisioning

UPGRADES: Final = {"provisioning": provisioning.upgrade, "billing": billing.upgrade}


def upgrade_stores(data_dir: Path) -> None:
    """Upgrade the stores that the environment names, else those in the data folder.

    Errors:  CommandFailed if a service holds one.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for service, bring_up_to_date in UPGRADES.items():
        url = stated_database_url(service) or f"sqlite:///{data_dir / store_file(service)}"
        try:
            database = Database(url)
        except StoreLockedError as locked:
            raise CommandFailed(str(locked)) from locked
        try:
            bring_up_to_date(database)
        finally:
            database.close()
