"""Changes of a catalogue as people scan them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import catalog_pb2 as pb
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pospago_cli.tables import instant_text

_NONE: Final = pb.CatalogChange.ACTION_NONE
_SAID: Final = {
    pb.CatalogChange.ACTION_CREATE: ("create", "green"),
    pb.CatalogChange.ACTION_UPDATE: ("update", "yellow"),
    pb.CatalogChange.ACTION_ADD_VERSION: ("new version", "yellow"),
    _NONE: ("as it is", "dim"),
}


def is_change(change: pb.CatalogChange) -> bool:
    """Whether anything is done."""
    return change.action != _NONE


def is_version(change: pb.CatalogChange) -> bool:
    """Whether a plan or a tax profile gets a further version."""
    return change.action == pb.CatalogChange.ACTION_ADD_VERSION


def is_created(change: pb.CatalogChange) -> bool:
    """Whether there was no such thing before."""
    return change.action == pb.CatalogChange.ACTION_CREATE


def times_of(
    answer: pb.ApplyCatalogResponse,
    effective: Timestamp | None,
    last: Mapping[str, Timestamp],
) -> Iterator[str]:
    """From when on new versions would hold, and after which ones; `last` begin at some instant."""
    if not any(map(is_version, answer.changes)):
        return
    if effective is None:
        yield "New versions hold from an instant ahead on, which --effective states."
    else:
        yield f"New versions hold from {instant_text(effective)} on."
    for name, since in last.items():
        yield (
            f"The last version of {name} holds from {instant_text(since)} on; a further one must "
            "hold from later on."
        )


def table_of_changes(answer: pb.ApplyCatalogResponse) -> Table:
    """One row for each thing that changes, and one for each of its fields."""
    table = Table(title="changes", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("change", no_wrap=True)
    table.add_column("name", no_wrap=True)
    table.add_column("field", overflow="fold")
    table.add_column("before", justify="right", overflow="fold")
    table.add_column("after", justify="right", overflow="fold")
    for change in filter(is_change, answer.changes):
        said, style = _SAID[change.action]
        number = f" {change.version}" if is_version(change) else ""
        head = [Text(f"{said}{number}", style=style), Text(change.name)]
        for field in change.fields or [pb.CatalogChange.FieldChange()]:
            table.add_row(*head, Text(field.path), Text(field.before), Text(field.after))
            head = [Text(), Text()]
    return table


def summary_of(answer: pb.ApplyCatalogResponse) -> str:
    """How many things are changed in which way: `create: 2, as it is: 1`."""
    counts = Counter(change.action for change in answer.changes)
    told = (f"{said}: {counts[action]}" for action, (said, _) in _SAID.items() if counts[action])
    return ", ".join(told)
