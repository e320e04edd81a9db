"""`pospago db`: the stores themselves, without a service."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from chassis.clock import SystemClock
from pospago_cli.backup import StoreCopy, back_up, restore
from pospago_cli.session import Noun, Session, pass_session
from pospago_cli.tables import print_json


@click.group("db", cls=Noun)
def db() -> None:
    """Stores: upgrade, back up, restore."""


@db.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@pass_session
def backup(session: Session, folder: Path) -> None:
    """Copy both SQLite stores and the credentials into FOLDER, while the services serve.

    FOLDER then holds secrets: keep it as you keep the data folder. On PostgreSQL use its own tools.
    """
    copies = back_up(session.data_dir, folder, SystemClock())
    _show(session, "backed up", copies)


@db.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the stores in the data folder.")
@pass_session
def restore_(session: Session, folder: Path, *, replace: bool) -> None:
    """Bring back the stores and credentials of FOLDER. No service may run meanwhile.

    Each feed goes on in a new epoch, by which consumers elsewhere notice what was cut off.
    """
    copies = restore(folder, session.data_dir, replace=replace)
    _show(session, "restored", copies)


def _show(session: Session, title: str, copies: Mapping[str, StoreCopy]) -> None:
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
