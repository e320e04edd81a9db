"""`pospago db`: the stores themselves, without a service."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from chassis.clock import SystemClock
from pospago_cli.failures import CommandFailed
from pospago_cli.session import Noun, Session, pass_session, stated_database_url
from pospago_cli.tables import print_json

if TYPE_CHECKING:
    from pospago_cli.backup import StoreCopy

# What opens stores is imported where it is needed: it costs every other command a second.


@click.group("db", cls=Noun)
def db() -> None:
    """Stores: upgrade, back up, restore."""


@db.command("upgrade")
@pass_session
def upgrade(session: Session) -> None:
    """Bring both stores to the shape that this release needs.

    The services do so themselves when they start; this does it beforehand. No service may run.
    """
    from pospago_cli.upgrade import upgrade_stores  # noqa: PLC0415 - as said above

    upgrade_stores(session.data_dir)
    session.errors.print("Both stores are up to date.")


@db.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@pass_session
def backup(session: Session, folder: Path) -> None:
    """Copy both SQLite stores and the credentials into FOLDER, while the services serve.

    FOLDER then holds secrets: keep it as you keep the data folder. On PostgreSQL use its own tools.
    """
    from pospago_cli.backup import back_up  # noqa: PLC0415 - as said above

    _require_sqlite()
    _show(session, "backed up", back_up(session.data_dir, folder, SystemClock()))


@db.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the stores in the data folder.")
@pass_session
def restore(session: Session, folder: Path, *, replace: bool) -> None:
    """Bring back the stores and credentials of FOLDER. No service may run meanwhile.

    Each feed goes on in a new epoch, by which consumers elsewhere notice what was cut off.
    """
    from pospago_cli.backup import restore as bring_back  # noqa: PLC0415 - as said above

    _require_sqlite()
    _show(session, "restored", bring_back(folder, session.data_dir, replace=replace))


def _require_sqlite() -> None:
    """Backup and restore know the SQLite stores of the data folder only."""
    for service in ("provisioning", "billing"):
        if stated_database_url(service):
            raise CommandFailed(
                f"POSPAGO_{service.upper()}_DATABASE_URL names another store than the data folder.",
                "Back that up with its own tools, such as pg_dump.",
            )


def _show(session: Session, title: str, copies: "Mapping[str, StoreCopy]") -> None:
    """Print what each store weighs and where its feed stands."""
    if session.as_json:
        print_json(session.console, {name: asdict(copy) for name, copy in copies.items()})
        return
    table = Table(title=title, title_justify="left")
    for heading in ("store", "bytes", "feed", "of the other's feed"):
        table.add_column(heading)
    for name, copy in copies.items():
        table.add_row(name, f"{copy.size_bytes:,}", f"{copy.epoch}/{copy.seq}", f"{copy.peer_seq}")
    session.console.print(table)
