"""A file of usage with one CloudEvent in JSON on each line."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NoReturn

from pospago_cli.usage.importing_lines import Lines
from pospago_cli.usage.importing_rows import (
    REMARK,
    Defaults,
    Row,
    Unreadable,
    event_of,
)

_LINE: Final = "line"


class JsonlFile:
    """A file of JSON lines, and how its rejected lines are written."""

    rejected_suffix: Final = ".rejected.jsonl"

    def __init__(self, path: Path, defaults: Defaults) -> None:
        self._lines = Lines(path)
        self._defaults = defaults

    @property
    def share(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self._lines.read_bytes / max(self._lines.size, 1)

    def rows(self, after: int) -> Iterator[Row]:
        """The lines that follow the first `after`; the first is number 1, empty ones count."""
        number = 0
        while True:
            number += 1
            try:
                line = next(self._lines)
            except StopIteration:
                return
            except Unreadable as unreadable:
                if number > after:
                    yield Row(number, "", fault=str(unreadable))
                continue
            if number > after and not line.isspace():
                yield self._row(number, line)

    def rejected_header(self) -> str:
        """JSON lines have no header."""
        return ""

    def rejected_line(self, row: Row, reason: str, message: str) -> str:
        """A rejected line with what is wrong; what is no object is kept as text."""
        return rejected_object(row, reason, message)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _row(self, number: int, line: str) -> Row:
        raw: object = line
        try:
            raw = _parsed(line)
            stated = _object("it", raw)
            data = _object("its `data`", stated.get("data") or {})
            return Row(number, raw, event=event_of(stated, data, self._defaults))
        except Unreadable as unreadable:
            return Row(number, raw, fault=str(unreadable))


def rejected_object(row: Row, reason: str, message: str) -> str:
    """A rejected row as a line of JSON, which can be corrected and imported."""
    remark = {REMARK: {"row": row.number, "reason": reason, "message": message}}
    if isinstance(row.raw, Mapping):
        kept = {key: each for key, each in row.raw.items() if key != REMARK}
    else:
        kept = {_LINE: str(row.raw).rstrip("\r\n")}
    # Only ASCII, so that bytes that are no UTF-8 do not make the whole file unreadable.
    return json.dumps({**remark, **kept}) + "\n"


def _parsed(line: str) -> object:
    """What a line of JSON says, its numbers as they are written."""
    try:
        parsed: object = json.loads(line, parse_float=str, parse_int=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as no_json:
        raise Unreadable(f"it is no JSON: {no_json}") from no_json
    return parsed


def _object(what: str, parsed: object) -> Mapping[str, object]:
    if not isinstance(parsed, Mapping):
        raise Unreadable(f"{what} is no JSON object")
    return parsed


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
