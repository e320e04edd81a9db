"""A Parquet file of usage: attributes by the names of its columns, the others properties."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow
import pyarrow.parquet

from pospago_cli.failures import CommandFailed
from pospago_cli.usage.importing_jsonl import rejected_object
from pospago_cli.usage.importing_rows import (
    ATTRIBUTES,
    Defaults,
    Row,
    Unreadable,
    event_of,
)

_BATCH_ROWS: Final = 1_000
_DATA: Final = "data"


class ParquetFile:
    """A Parquet file, and how its rejected rows are written: as JSON lines."""

    rejected_suffix: Final = ".rejected.jsonl"

    def __init__(self, path: Path, defaults: Defaults) -> None:
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as unreadable:
            said = f"{path} is no Parquet file: {unreadable}"
            raise CommandFailed(said, "Name it .csv or .jsonl if that is what it is.") from None
        self._defaults = defaults
        self._rows_count: int = self._file.metadata.num_rows
        self._read_count = 0
        if "id" not in self._file.schema_arrow.names:
            raise CommandFailed(f"{path} has no column `id`.", "See `pospago usage import --help`.")

    @property
    def share(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self._read_count / max(self._rows_count, 1)

    def rows(self, after: int) -> Iterator[Row]:
        """The rows that follow the first `after`; the first is number 1."""
        groups, number = self._groups_after(after)
        try:
            for batch in self._file.iter_batches(
                batch_size=_BATCH_ROWS, row_groups=groups, use_threads=False
            ):
                for read in _read(_readable(batch)):
                    number += 1
                    self._read_count = number
                    if number > after:
                        yield self._row(number, read)
        except (pyarrow.ArrowException, OSError) as broken:
            said = f"The file cannot be read beyond row {number}: {broken}"
            raise CommandFailed(said, "What stands before was imported.") from None

    def rejected_header(self) -> str:
        """JSON lines have no header."""
        return ""

    def rejected_line(self, row: Row, reason: str, message: str) -> str:
        """A rejected row with what is wrong, as a line of JSON."""
        return rejected_object(row, reason, message)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _groups_after(self, after: int) -> tuple[list[int], int]:
        """The row groups from the one that holds the next row, and the rows before them."""
        before = 0
        counts = [
            self._file.metadata.row_group(each).num_rows
            for each in range(self._file.metadata.num_row_groups)
        ]
        for first, count in enumerate(counts):
            if before + count > after:
                return list(range(first, len(counts))), before
            before += count
        return [], before

    def _row(self, number: int, read: dict[str, Any] | Exception) -> Row:
        if isinstance(read, Exception):
            return Row(number, "", fault=f"a value of it has no text: {read}")
        stated = {name: read[name] for name in ATTRIBUTES if read.get(name) is not None}
        properties = _properties(read)
        raw = {name: str(each) for name, each in stated.items()}
        try:
            event = event_of(stated, properties, self._defaults)
        except Unreadable as unreadable:
            kept = {name: str(each) for name, each in properties.items() if each is not None}
            return Row(number, {**raw, _DATA: kept}, fault=str(unreadable))
        return Row(number, {**raw, _DATA: dict(event.data)}, event=event)


def _properties(read: Mapping[str, Any]) -> dict[str, object]:
    """The properties of a row: those in `data`, a struct or a map, and every other column."""
    data = read.get(_DATA) or {}
    properties = dict(data.items() if isinstance(data, Mapping) else data)
    for name, value in read.items():
        if name != _DATA and name not in ATTRIBUTES:
            properties[name.removeprefix(f"{_DATA}.")] = value
    return properties


def _read(batch: Any) -> list[dict[str, Any] | Exception]:
    """The rows of a batch; one with a value beyond what Python counts to is told as such."""
    try:
        rows: list[dict[str, Any] | Exception] = batch.to_pylist()
    except (ValueError, OverflowError):
        return [_read_one(batch, place) for place in range(batch.num_rows)]
    return rows


def _read_one(batch: Any, place: int) -> dict[str, Any] | Exception:
    try:
        (row,) = batch.slice(place, 1).to_pylist()
    except (ValueError, OverflowError) as beyond:
        return beyond
    return dict(row)


def _readable(batch: Any) -> Any:
    """The batch with its times in microseconds, which count: a finer one has no Python form."""
    for place, field in enumerate(batch.schema):
        if pyarrow.types.is_timestamp(field.type) and field.type.unit == "ns":
            coarser = pyarrow.timestamp("us", tz=field.type.tz)
            batch = batch.set_column(
                place, field.name, batch.column(place).cast(coarser, safe=False)
            )
    return batch
