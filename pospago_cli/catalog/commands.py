"""`pospago catalog`: what can be bought, from a file; looked at before it is made so."""

from pathlib import Path
from typing import Final

import click
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import catalog_pb2 as pb
from rich.box import SIMPLE_HEAD
from rich.table import Table

from pospago_cli.catalog.applying import apply_catalog, changes_of, checked, last_versions
from pospago_cli.catalog.changes import (
    is_change,
    is_created,
    is_version,
    summary_of,
    table_of_changes,
    times_of,
)
from pospago_cli.catalog.faults import CatalogFault, CatalogRefused
from pospago_cli.catalog.loading import Loaded
from pospago_cli.failures import EXIT_REFUSED, CommandFailed
from pospago_cli.plans import table_of_prices
from pospago_cli.session import Noun, Session, ask, pass_session
from pospago_cli.tables import as_json, print_json
from pospago_cli.values import Instant

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
EFFECTIVE: Final = click.option(
    "--effective",
    type=Instant(),
    default=None,
    help="When new versions of plans and tax profiles take force.",
)


@click.group("catalog", cls=Noun)
def catalog() -> None:
    """The catalogue as a file: meters, taxes, add-ons and plans."""


@catalog.command("validate")
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@pass_session
@click.pass_context
def validate(ctx: click.Context, session: Session, files: tuple[Path, ...]) -> None:
    """Check each FILE, without a server.

    A file is right if it has the form that examples/catalogs/catalog.schema.json describes, holds
    all that it refers to, and keeps the rules that the services hold prices to.
    """
    right: list[Loaded] = []
    faults: list[CatalogFault] = []
    for path in files:
        try:
            right.append(checked(path))
        except CatalogRefused as wrong:
            faults += wrong.faults
    if session.as_json:
        print_json(session.console, {"faults": [each.as_json() for each in faults]})
    else:
        if right:
            session.console.print(_table_of_files(right))
        for fault in faults:
            session.errors.print(str(fault), style="red", markup=False, soft_wrap=True)
    if faults:
        ctx.exit(EXIT_REFUSED)


@catalog.command("diff")
@click.argument("file", type=FILE)
@EFFECTIVE
@pass_session
def diff(session: Session, file: Path, effective: Timestamp | None) -> None:
    """Show what `apply` would change, and change nothing."""
    loaded = checked(file)
    answer = changes_of(session.connection, loaded, effective)
    _show(session, answer, loaded, effective)


@catalog.command("apply")
@click.argument("file", type=FILE)
@EFFECTIVE
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def apply(session: Session, file: Path, effective: Timestamp | None, *, yes: bool) -> None:
    """Make the stored catalogue what FILE says, all of it or nothing.

    Shows the changes first and asks; exactly those are made. What FILE does not name stays as it
    is. A second run has nothing to do.
    """
    loaded = checked(file)
    answer = changes_of(session.connection, loaded, effective)
    if not session.as_json:
        _show(session, answer, loaded, effective)
    if any(map(is_change, answer.changes)):
        if effective is None and any(map(is_version, answer.changes)):
            raise CommandFailed(
                "New versions take force at an instant that is ahead.",
                "Say when, such as --effective 2027-02-01T00:00:00-03:00.",
            )
        if not yes:
            ask("Make these changes?")
        answer = apply_catalog(session.connection, loaded, effective, digest=answer.digest)
        if not session.as_json:
            session.console.print("Done.")
    if session.as_json:
        print_json(session.console, as_json(answer))


def _show(
    session: Session, answer: pb.ApplyCatalogResponse, loaded: Loaded, effective: Timestamp | None
) -> None:
    if session.as_json:
        print_json(session.console, as_json(answer))
    elif any(map(is_change, answer.changes)):
        session.console.print(table_of_changes(answer))
        for created in filter(is_created, answer.changes):
            for plan in loaded.messages.catalog.plans:
                if plan.name == created.name:
                    session.console.print(table_of_prices(f"{plan.name}: prices", plan.versions[0]))
        session.console.print(summary_of(answer))
        for line in times_of(answer, effective, last_versions(session.connection, answer)):
            session.console.print(line, soft_wrap=True)
    else:
        said = f"Nothing to do: the stored catalogue is what {loaded.document.file} says."
        session.console.print(said, soft_wrap=True)


def _table_of_files(files: list[Loaded]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("ok", "meters", "tax profiles", "add-ons", "plans", "prices"):
        table.add_column(name, justify="left" if name == "ok" else "right")
    for each in files:
        plans = each.messages.catalog.plans
        counts = (
            *(len(each.file.meters), len(each.file.tax_profiles), len(each.file.add_ons)),
            *(len(plans), sum(len(plan.versions[0].prices) for plan in plans)),
        )
        table.add_row(each.document.file, *map(str, counts))
    return table
