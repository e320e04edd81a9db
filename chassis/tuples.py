"""Rows as tuples, straight to the driver: added, replaced and found by key, thousands at a time.

Shapes:  a tuple holds a row's values in the order of the table's columns, or of the key's, as
         texts, whole numbers, bytes and None; a date is its ISO text. Nothing is converted on the
         way: that is why it is fast, and why only tables whose columns are such may be written so.
Why:     tables that get tens of thousands of rows a second, or some with each write; for all
         others `Transaction.insert` and `upsert` do.
"""

# ruff: noqa: S608 - statements are put together of names of tables and columns only

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Column, Date, String, Table
from sqlalchemy.dialects import postgresql

from chassis.copying import array_text, copy_text
from chassis.database import Transaction
from chassis.prepared import driver_cursor

Tuple = Sequence[Any]

# Statements for 1, 2, 3, 4, 6, 8, 12 … rows are built, so that any number takes few of few
# different ones.
_SQLITE_ROWS_MAX: Final = 256
_POSTGRES_ROWS_MAX: Final = 20_000
# As few rows as these go with one message; a copy needs an answer in between.
_POSTGRES_COPY_MIN: Final = 500


def insert_tuples(tx: Transaction, table: Table, rows: Sequence[Tuple]) -> None:
    """Add rows, whose keys must be new."""
    if not rows:
        return
    if tx.dialect == "sqlite":
        _write_sqlite(tx, table, rows, replacing=False)
        return
    if len(rows) < _POSTGRES_COPY_MIN:
        text = _postgres_insert(table)
        with driver_cursor(tx.connection, text) as cursor:
            cursor.execute(text, _arrays(rows))
        return
    names = ", ".join(each.name for each in table.c)
    text = f"COPY {table.name} ({names}) FROM STDIN"
    with driver_cursor(tx.connection, text) as cursor, cursor.copy(text) as copy:
        copy.write(copy_text(rows))


def upsert_tuples(tx: Transaction, table: Table, rows: Sequence[Tuple]) -> None:
    """Add rows, or replace those with the same key; no two of them have the same."""
    if not rows:
        return
    if tx.dialect == "sqlite":
        _write_sqlite(tx, table, rows, replacing=True)
        return
    text = _postgres_upsert(table)
    for chunk in _chunks(rows, _POSTGRES_ROWS_MAX):
        with driver_cursor(tx.connection, text) as cursor:
            cursor.execute(text, _arrays(chunk))


def find_tuples(
    tx: Transaction, table: Table, keys: Sequence[Tuple], *, by: int = 0
) -> list[Tuple]:
    """The rows whose first `by` columns (0: the primary key) are one of `keys`, in no order.

    The columns of the key must be the table's first, and start an index.
    """
    width = by or len(table.primary_key)
    found: list[Tuple] = []
    if not keys:
        return found
    if tx.dialect == "sqlite":
        for chunk in _filled_up(keys, _SQLITE_ROWS_MAX):
            text = _sqlite_find(table, width, len(chunk))
            with driver_cursor(tx.connection, text) as cursor:
                found += cursor.execute(text, list(chain.from_iterable(chunk))).fetchall()
        return found
    text = _postgres_find(table, width, several=bool(by))
    for chunk in _chunks(keys, _POSTGRES_ROWS_MAX):
        with driver_cursor(tx.connection, text) as cursor:
            found += cursor.execute(text, _arrays(chunk)).fetchall()
    return found


# --- SQLite -----------------------------------------------------------------------------------


def _write_sqlite(tx: Transaction, table: Table, rows: Sequence[Tuple], *, replacing: bool) -> None:
    for chunk in _parts(rows, _SQLITE_ROWS_MAX):
        text = _sqlite_write(table, len(chunk), replacing=replacing)
        with driver_cursor(tx.connection, text) as cursor:
            cursor.execute(text, list(chain.from_iterable(chunk)))


@lru_cache(maxsize=4096)
def _sqlite_write(table: Table, count: int, *, replacing: bool) -> str:
    verb = "INSERT OR REPLACE" if replacing else "INSERT"
    names = ", ".join(each.name for each in table.c)
    return f"{verb} INTO {table.name} ({names}) VALUES {_places(len(table.c), count)}"


@lru_cache(maxsize=4096)
def _sqlite_find(table: Table, width: int, count: int) -> str:
    """A join from the keys to the rows; a list of keys to be `IN` would read the whole table."""
    names = [each.name for each in table.c][:width]
    same = " AND ".join(f"kept.{name} = wanted.{name}" for name in names)
    return (
        f"WITH wanted({', '.join(names)}) AS (VALUES {_places(width, count)}) "
        f"SELECT kept.* FROM wanted CROSS JOIN {table.name} AS kept ON {same}"
    )


def _places(width: int, count: int) -> str:
    row = f"({','.join('?' * width)})"
    return ",".join([row] * count)


def _parts(rows: Sequence[Tuple], most: int) -> Iterator[Sequence[Tuple]]:
    """The rows in chunks of `most`, then of falling numbers that statements are built for."""
    start, count = 0, len(rows)
    while start < count:
        left = count - start
        size = 1 << left.bit_length() - 1
        if size + (size >> 1) <= left:
            size += size >> 1
        size = min(size, most)
        yield rows[start : start + size]
        start += size


def _filled_up(keys: Sequence[Tuple], most: int) -> Iterator[Sequence[Tuple]]:
    """The keys in chunks of `most`, the last one filled up with NULLs, which no row equals."""
    for chunk in _chunks(keys, most):
        size = 1 << (len(chunk) - 1).bit_length()
        nothing = (None,) * len(chunk[0])
        yield [*chunk, *[nothing] * (size - len(chunk))]


# --- PostgreSQL -------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _postgres_insert(table: Table) -> str:
    names = ", ".join(each.name for each in table.c)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({_casts(list(table.c))})"


@lru_cache(maxsize=1024)
def _postgres_upsert(table: Table) -> str:
    keys = [each.name for each in table.primary_key]
    rest = [each.name for each in table.c if each.name not in keys]
    changed = ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f"{_postgres_insert(table)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"


@lru_cache(maxsize=1024)
def _postgres_find(table: Table, width: int, *, several: bool) -> str:
    """A look into the index for each key, whatever the planner believes of the table's size."""
    columns = list(table.c)
    names = [each.name for each in columns][:width]
    same = " AND ".join(f"kept.{name} = wanted.{name}" for name in names)
    shown = ", ".join(
        f"kept.{each.name}::text" if isinstance(each.type, Date) else f"kept.{each.name}"
        for each in columns
    )
    limit = "OFFSET 0" if several else "LIMIT 1"
    return (
        f"SELECT found.* FROM unnest({_casts(columns[:width])}) AS wanted({', '.join(names)}) "
        f"CROSS JOIN LATERAL (SELECT {shown} FROM {table.name} AS kept WHERE {same} {limit}) "
        "AS found"
    )


def _casts(columns: Sequence[Column[Any]]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    kinds = [
        "text" if isinstance(each.type, String) else str(each.type.compile(dialect=dialect))
        for each in columns
    ]
    return ", ".join(f"%s::{kind}[]" for kind in kinds)


def _arrays(rows: Sequence[Tuple]) -> list[str]:
    return [array_text(column) for column in zip(*rows, strict=True)]


def _chunks(rows: Sequence[Tuple], most: int) -> Iterator[Sequence[Tuple]]:
    for start in range(0, len(rows), most):
        yield rows[start : start + most]
