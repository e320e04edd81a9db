"""Files of usage as they are read: CSV, JSON lines and Parquet, row by row."""

import json
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow
import pytest

from pospago_cli.failures import CommandFailed
from pospago_cli.usage.importing_files import opened
from pospago_cli.usage.importing_lines import LINE_BYTES_MAX
from pospago_cli.usage.importing_rows import Defaults
from tests.cli.usage_files import (
    STATED,
    data_of,
    faults_of,
    rows_of,
    written,
    written_jsonl,
    written_parquet,
)

CSV: Final = """\
source,id,subject,type,time,megabytes,data.region,import.reason
crm,1,acme,api.call,2031-01-06T12:00:00-03:00,0.10,eu,CONFLICT
crm,2,accounts/acme,api.call,2031-01-06T15:00:00.000001Z,,,
"""


def test_a_csv_row_states_an_event(tmp_path: Path) -> None:
    """Attributes by their columns, the account in short, the time in UTC, properties as written."""
    (first, _) = rows_of(written(tmp_path / "a.csv", CSV))
    assert first.event is not None
    assert (first.event.source, first.event.id, first.event.type) == ("crm", "1", "api.call")
    assert first.event.subject == "accounts/acme"
    assert first.event.time.ToDatetime(tzinfo=UTC) == datetime(2031, 1, 6, 15, tzinfo=UTC)
    assert dict(first.event.data) == {"megabytes": "0.10", "region": "eu"}


def test_empty_cells_are_left_out(tmp_path: Path) -> None:
    """A property without a value is none; columns of an earlier import are no properties."""
    (_, second) = rows_of(written(tmp_path / "a.csv", CSV))
    assert second.event is not None
    assert dict(second.event.data) == {}
    assert second.event.time.nanos == 1000


def test_what_rows_leave_out_is_stated_for_all(tmp_path: Path) -> None:
    """Account, source and type of the command line, where a row does not say them."""
    path = written(tmp_path / "a.csv", "id,source\n1,\n2,crm\n")
    events = [row.event for row in rows_of(path)]
    assert [(each.subject, each.source, each.type) for each in events if each] == [
        ("accounts/acme", "tests", "api.call"),
        ("accounts/acme", "crm", "api.call"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("id,x\n1,2,3\n", "it has 3 cells, and the header 2"),
        ("id,time\n1,yesterday\n", "its time 'yesterday' is no instant"),
        ("id,time\n1,2031-01-06T12:00:00\n", "has no offset"),
        ("id,x\n,2\n", "it states no id"),
        (b"id,x\n1,\xff\n", "no UTF-8"),
        ("id,x\n1," + "y" * 200_000 + "\n", "field larger than field limit"),
        ("id,x\n1," + "y" * LINE_BYTES_MAX + "\n", "its line has more than"),
    ],
)
def test_a_csv_row_that_states_no_event_is_told(
    tmp_path: Path, text: str | bytes, fault: str
) -> None:
    """Each row says why, and the row after it is read."""
    more = b"last,\n"
    path = written(tmp_path / "a.csv", (text if isinstance(text, bytes) else text.encode()) + more)
    faults = faults_of(path)
    assert list(faults) == [1]
    assert fault in faults[1]


def test_what_is_not_stated_is_told_with_its_option(tmp_path: Path) -> None:
    """A row without account says how to state one for all rows."""
    path = written(tmp_path / "a.csv", "id\n1\n")
    assert faults_of(path, Defaults(source="s", type="t")) == {
        1: "it states no subject, and no --account was given"
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "source,x\n1,2\n", "has no column `id`"),
        ("a.csv", "", "has no column `id`"),
        ("a.csv", "id,x,x\n", "more than one column 'x'"),
        ("a.parquet", "id,x\n", "is no Parquet file"),
        ("a.txt", "id,x\n", "of no kind that can be imported"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    """As a whole, before anything is sent."""
    with pytest.raises(CommandFailed, match=said):
        rows_of(written(tmp_path / name, text))


def test_numbers_of_json_are_taken_digit_by_digit(tmp_path: Path) -> None:
    """No digit is lost or added, whether a number is quoted or not."""
    line = '{"id": 7, "data": {"a": 0.10, "b": 123456789012345678901, "c": "1.0", "d": true}}\n'
    path = written(tmp_path / "a.jsonl", line)
    assert data_of(path) == [{"a": "0.10", "b": "123456789012345678901", "c": "1.0", "d": "true"}]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[1]", "it is no JSON object"),
        ('{"id": "1", "data": [1]}', "its `data` is no JSON object"),
        ('{"id": "1", "data": {"a": NaN}}', "NaN is no number"),
        ('{"id": "1", "data": {"a": {"b": 1}}}', "data.a is neither"),
        ('{"id": {"b": 1}}', "id is neither"),
        ('{"id": "' + "y" * LINE_BYTES_MAX + '"}', "its line has more than"),
    ],
)
def test_a_line_that_states_no_event_is_told(tmp_path: Path, line: str, fault: str) -> None:
    """Each line says why, and the line after it is read; empty lines are none."""
    path = written(tmp_path / "a.jsonl", f'\n{line}\n{{"id": "last"}}\n')
    faults = faults_of(path)
    assert list(faults) == [2]
    assert fault in faults[2]


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array(["0.1", None]),
        pyarrow.array([0.1, None]),
        pyarrow.array([Decimal("0.1"), None]),
    ],
    ids=["text", "float", "decimal"],
)
def test_values_of_parquet_are_text(tmp_path: Path, column: Any) -> None:
    """Whatever type a column has; what is null is left out."""
    path = written_parquet(tmp_path / "a.parquet", {"id": ["1", "2"], "value": column})
    assert data_of(path) == [{"value": "0.1"}, {}]


@pytest.mark.parametrize(
    "data",
    [
        pyarrow.array([{"a": 1, "b": "x"}]),
        pyarrow.array([[("a", "1"), ("b", "x")]], pyarrow.map_(pyarrow.string(), pyarrow.string())),
    ],
    ids=["struct", "map"],
)
def test_data_of_parquet_may_be_one_column(tmp_path: Path, data: Any) -> None:
    """A struct or a map called `data` holds properties."""
    path = written_parquet(tmp_path / "a.parquet", {"id": ["1"], "data": data})
    assert data_of(path) == [{"a": "1", "b": "x"}]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_parquet_count_to_the_microsecond(tmp_path: Path, unit: str) -> None:
    """In whichever unit they are kept."""
    nanos = 1_925_000_000_123_456_789
    divisor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    times = pyarrow.array([nanos // divisor], pyarrow.timestamp(unit, tz="UTC"))
    (row,) = rows_of(written_parquet(tmp_path / "a.parquet", {"id": ["1"], "time": times}))
    assert row.event is not None
    kept = max(divisor, 1000)
    assert row.event.time.ToNanoseconds() == nanos // kept * kept


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"id": ["1"], "time": pyarrow.array([1], pyarrow.timestamp("us"))}, "has no offset"),
        ({"id": ["1"], "a": [[1, 2]]}, "a is neither"),
        ({"id": ["1"], "a": [float("inf")]}, "a is neither"),
        ({"id": [None], "a": [date(2031, 1, 1)]}, "it states no id"),
        ({"id": ["1"], "a": pyarrow.array([2**62], pyarrow.timestamp("ms"))}, "has no text"),
    ],
)
def test_a_parquet_row_that_states_no_event_is_told(
    tmp_path: Path, columns: dict[str, Any], fault: str
) -> None:
    """Each row says why."""
    faults = faults_of(written_parquet(tmp_path / "a.parquet", columns))
    assert fault in faults[1]


@pytest.mark.parametrize("after", [0, 1, 4, 5, 9, 10])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_reading_goes_on_after_any_row(tmp_path: Path, name: str, after: int) -> None:
    """The rows that follow are the same, with the same numbers."""
    ids = [str(number) for number in range(1, 11)]
    match name:
        case "a.csv":
            path = written(tmp_path / name, "id\n" + "".join(f"{each}\n" for each in ids))
        case "a.jsonl":
            path = written_jsonl(tmp_path / name, [{"id": each} for each in ids])
        case _:
            path = written_parquet(tmp_path / name, {"id": ids}, group_rows=3)
    read = [(row.number, row.event.id) for row in rows_of(path, after=after) if row.event]
    assert read == [(int(each), each) for each in ids[after:]]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_a_rejected_row_can_be_imported_again(tmp_path: Path, name: str) -> None:
    """Written down with what is wrong, it states the same event as before."""
    text = 'id,time,a\n1,2031-01-06T12:00:00Z,"x, y"\n'
    line = '{"id": "1", "time": "2031-01-06T12:00:00Z", "data": {"a": "x, y"}}\n'
    match name:
        case "a.csv":
            path = written(tmp_path / name, text)
        case "a.jsonl":
            path = written(tmp_path / name, line)
        case _:
            columns = {"id": ["1"], "time": ["2031-01-06T12:00:00Z"], "a": ["x, y"]}
            path = written_parquet(tmp_path / name, columns)
    with closing(opened(path, STATED)) as file:
        (row,) = file.rows(0)
        written_down = file.rejected_header() + file.rejected_line(row, "CONFLICT", "why, and how")
        again = written(tmp_path / f"b{file.rejected_suffix}", written_down)
    assert [each.event for each in rows_of(again)] == [row.event]


def test_a_line_that_is_no_object_is_kept_as_text(tmp_path: Path) -> None:
    """In the file of rejected lines it stands beside what is wrong with it."""
    path = written(tmp_path / "a.jsonl", "{broken\n")
    with closing(opened(path, STATED)) as file:
        (row,) = file.rows(0)
        told = json.loads(file.rejected_line(row, "UNREADABLE", row.fault))
    assert told["line"] == "{broken"
    assert told["import"]["row"] == 1
