"""`pospago usage import`: the usage in a file, taken in once, however often it is broken off."""

import shlex
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from pospago.billing.v1.usage_pb2_grpc import UsageServiceStub
from rich.text import Text

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Leaf, Session, pass_session
from pospago_cli.tables import print_json
from pospago_cli.usage.events import NotTakenIn
from pospago_cli.usage.importing_files import UsageFile, opened
from pospago_cli.usage.importing_progress import counted, progress, rows_of
from pospago_cli.usage.importing_rows import Defaults
from pospago_cli.usage.importing_run import Import
from pospago_cli.usage.importing_state import SUFFIX, Identity, StateFile, Tally

BATCH_ROWS: Final = 1_000
BATCH_ROWS_MAX: Final = 10_000
FAULTS_SHOWN: Final = 20
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    path: Path
    account: str | None
    source: str
    kind: str
    batch_rows: int
    restart: bool
    dry_run: bool

    @property
    def defaults(self) -> Defaults:
        """What holds of rows that do not say it themselves."""
        return Defaults(self.account or "", self.source, self.kind)

    def again_with(self, path: Path) -> str:
        """The command that asks the same of another file."""
        stated = {"--account": self.account, "--source": self.source, "--type": self.kind}
        words = ["pospago", "usage", "import", str(path)]
        words += [word for each in stated.items() if each[1] for word in each if word]
        return shlex.join(words)


@click.command("import", cls=Leaf)
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--account", type=ACCOUNT, help="Whose usage it is, where a row does not say.")
@click.option("--source", default="", help="Which system tells of it, where a row does not say.")
@click.option("--type", "kind", default="", help="What happened, where a row does not say.")
@click.option(
    "--batch",
    "batch_rows",
    type=click.IntRange(1, BATCH_ROWS_MAX),
    default=BATCH_ROWS,
    show_default=True,
    help="How many rows are sent together.",
)
@click.option("--restart", is_flag=True, help="Begin anew, even if it was broken off before.")
@click.option("--dry-run", is_flag=True, help="Read FILE, tell what is wrong, send nothing.")
@pass_session
def import_(session: Session, /, **options: Any) -> None:
    """Take in the usage in FILE: .csv, .jsonl or .parquet, of any length.

    A row states source, id, subject (the account), type and time (RFC 3339; without one, now). In
    CSV and Parquet every other column is a property; in JSONL, those of its object `data` are.

    Broken off, the same command goes on; what was taken in before counts once. Rejected rows go to
    FILE.rejected.csv or .jsonl with what is wrong: correct them there, and import that file.
    """
    asked = Asked(**options)
    with closing(opened(asked.path, asked.defaults)) as file:
        if asked.dry_run:
            _check(session, asked.path, file)
        else:
            _import(session, asked, file)


def _import(session: Session, asked: Asked, file: UsageFile) -> None:
    """Take the file in, and tell what became of its rows."""
    path, stated = asked.path, asked.defaults
    identity = Identity.of(
        path, (stated.account, stated.source, stated.type), session.connection.address
    )
    state = StateFile(path.with_name(path.name + SUFFIX), identity)
    tally = (None if asked.restart else state.read()) or Tally()
    under_way = Import(
        file, state, tally, path.with_name(path.name + file.rejected_suffix), asked.batch_rows
    )
    stub = session.stub(UsageServiceStub)
    with progress(session.errors, tally) as watcher:
        if tally.rows:
            watcher.told(f"Going on after row {tally.rows:,}; to begin anew, add --restart.")
        try:
            under_way.run(stub.StreamEvents, watcher)
        except KeyboardInterrupt:
            kept = state.read() or Tally()  # what is written down; the tally may be ahead of it
            watcher.told(f"{counted(kept)}. The same command goes on from here.")
            raise
    _tell(session, asked, under_way)


def _tell(session: Session, asked: Asked, done: Import) -> None:
    """Print what became of the rows; rejected ones are a failure that says where they are."""
    tally = done.tally
    if session.as_json:
        told = {
            "rows": tally.rows,
            "accepted": tally.accepted,
            "duplicates": tally.duplicates,
            "rejected": tally.rejected,
            "rejected_file": str(done.rejected_path) if tally.rejected else "",
        }
        print_json(session.console, told)
    else:
        session.console.print(counted(tally))
    if tally.rejected:
        raise NotTakenIn(
            f"{rows_of(tally.rejected)} rejected: {done.rejected_path} says why.",
            f"Correct them there, and run `{asked.again_with(done.rejected_path)}`.",
        )


def _check(session: Session, path: Path, file: UsageFile) -> None:
    """Tell which rows of the file state no event; nothing is sent."""
    rows, faults = 0, 0
    for row in file.rows(0):
        rows += 1
        if row.event is None:
            faults += 1
            if faults <= FAULTS_SHOWN and not session.as_json:
                said = f"row {row.number}: {row.fault}"
                session.errors.print(Text(said, style="red"), soft_wrap=True)
    if session.as_json:
        print_json(session.console, {"rows": rows, "unreadable": faults})
    else:
        said = f"{rows_of(rows)}, {rows - faults:,} of them events. Nothing was sent."
        session.console.print(said)
    if faults:
        raise NotTakenIn(
            f"{rows_of(faults)} of {path} without an event.",
            "Correct them, or import the others: rejected rows go to a file of their own.",
        )
