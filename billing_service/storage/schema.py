"""The shape of the store: what brings it up to date, and the chassis's tables in it."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from billing_service.storage import tables
from chassis.database import Database, Transaction

CHASSIS: Final = tables.CHASSIS
METADATA: Final = tables.METADATA
MIGRATIONS: Final = Path(__file__).parent / "migrations"
# Any number of ours: several processes that start at once migrate one after the other.
_MIGRATION_LOCK: Final = 7_707_002


def upgrade(database: Database) -> None:
    """Bring the store up to date; nothing if it is. Done whole, or not at all."""
    with database.writing() as tx:
        if tx.dialect == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:lock)")
            tx.connection.execute(lock, {"lock": _MIGRATION_LOCK})
        command.upgrade(configuration(tx), "head")


def configuration(tx: Transaction) -> Config:
    """The configuration of the migrations, which run in a transaction of the caller's."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx.connection
    return config
