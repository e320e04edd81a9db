"""A CSV file of usage: attributes by the names of its columns, every other column a property."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pospago_cli.failures import CommandFailed
from pospago_cli.usage.importing_lines import Lines
from pospago_cli.usage.importing_rows import (
    ATTRIBUTES,
    REMARK,
    Defaults,
    Row,
    Unreadable,
    event_of,
)

_PROPERTY_PREFIX: Final = "data."
_REMARKS: Final = tuple(f"{REMARK}.{each}" for each in ("row", "reason", "message"))
_HEADER_REMEDY: Final = (
    "The first line names the columns: id, source, subject, type, time, and a column for each"
    " property."
)


class CsvFile:
    """A CSV file with a header, and how its rejected rows are written."""

    rejected_suffix: Final = ".rejected.csv"

    def __init__(self, path: Path, defaults: Defaults) -> None:
        self._lines = Lines(path)
        self._defaults = defaults
        self._reader = csv.reader(self._lines)
        try:
            self._header = self._read_header(path)
        except CommandFailed:
            self.close()
            raise
        self._attributes = [
            (name, place) for place, name in enumerate(self._header) if name in ATTRIBUTES
        ]
        self._properties = [
            (name.removeprefix(_PROPERTY_PREFIX), place)
            for place, name in enumerate(self._header)
            if name and name not in ATTRIBUTES and name not in _REMARKS
        ]

    @property
    def share(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self._lines.read_bytes / max(self._lines.size, 1)

    def rows(self, after: int) -> Iterator[Row]:
        """The rows below the header that follow the first `after`; the first is number 1."""
        number = 0
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except (csv.Error, Unreadable) as unreadable:
                number += 1
                if number > after:
                    yield Row(number, (), fault=str(unreadable))
                continue
            number += 1
            if cells and number > after:
                yield self._row(number, cells)

    def rejected_header(self) -> str:
        """The first line of the file of rejected rows."""
        kept = [name for name in self._header if name not in _REMARKS]
        return _line([*_REMARKS, *kept])

    def rejected_line(self, row: Row, reason: str, message: str) -> str:
        """A rejected row with what is wrong; columns that an earlier import added are replaced."""
        cells = row.raw if isinstance(row.raw, list) else []
        kept = [
            cell
            for place, cell in enumerate(cells)
            if place >= len(self._header) or self._header[place] not in _REMARKS
        ]
        return _line([str(row.number), reason, message, *kept])

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _row(self, number: int, cells: list[str]) -> Row:
        if len(cells) > len(self._header):
            fault = f"it has {len(cells)} cells, and the header {len(self._header)}"
            return Row(number, cells, fault=fault)
        count = len(cells)
        stated = {name: cells[place] for name, place in self._attributes if place < count}
        properties = {
            name: cells[place] for name, place in self._properties if place < count and cells[place]
        }
        try:
            return Row(number, cells, event=event_of(stated, properties, self._defaults))
        except Unreadable as unreadable:
            return Row(number, cells, fault=str(unreadable))

    def _read_header(self, path: Path) -> list[str]:
        try:
            header = [name.strip() for name in next(self._reader, [])]
        except (csv.Error, Unreadable) as unreadable:
            raise CommandFailed(f"{path} has no header: {unreadable}.", _HEADER_REMEDY) from None
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise CommandFailed(f"{path} has more than one column {twice[0]!r}.", _HEADER_REMEDY)
        if "id" not in header:
            raise CommandFailed(f"{path} has no column `id`.", _HEADER_REMEDY)
        return header


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
