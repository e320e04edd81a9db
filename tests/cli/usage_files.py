"""Files of usage, as a test writes them and as an import reads them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pyarrow
import pyarrow.parquet

from pospago_cli.usage.importing_files import opened
from pospago_cli.usage.importing_rows import Defaults, Row

STATED: Final = Defaults(account="accounts/acme", source="tests", type="api.call")


def written(path: Path, text: str | bytes) -> Path:
    """The file with this text."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def written_jsonl(path: Path, objects: Sequence[Mapping[str, Any]]) -> Path:
    """The file with an object on each line."""
    return written(path, "".join(f"{json.dumps(each)}\n" for each in objects))


def written_parquet(path: Path, columns: Mapping[str, Any], group_rows: int = 1000) -> Path:
    """The file with these columns."""
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), path, row_group_size=group_rows)
    return path


def rows_of(path: Path, *, after: int = 0, defaults: Defaults = STATED) -> list[Row]:
    """The rows as an import reads them."""
    with closing(opened(path, defaults)) as file:
        return list(file.rows(after))


def data_of(path: Path) -> list[dict[str, str]]:
    """The properties of each event."""
    return [dict(row.event.data) if row.event else {} for row in rows_of(path)]


def faults_of(path: Path, defaults: Defaults = STATED) -> dict[int, str]:
    """Why rows state no event, by their numbers."""
    return {row.number: row.fault for row in rows_of(path, defaults=defaults) if not row.event}
