"""Many rows in a few statements, straight to the driver.

SQLAlchemy builds the statements and knows how each type is bound; what it would do for each row and
column again is left out, because a batch of writes spends most of its time there. Rows go together
rather than one by one: at each step the driver lets other threads have the interpreter, and has to
get it back.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Insert, String, Table, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from chassis.copying import array_text
from chassis.prepared import driver_cursor

Row = dict[str, Any]

# Statements for 1, 2, 4 … rows are built, so that any number takes few of few different ones.
SQLITE_ROWS_MAX: Final = 64
POSTGRES_ROWS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What is written: into which table, which columns, and whether rows may be there already."""

    table: Table
    columns: tuple[str, ...]
    replacing: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(each.name for each in self.table.primary_key)

    def completed(self, statement: "sqlite.Insert | postgresql.Insert") -> Insert:
        """The statement with what it does about rows that are there already."""
        if not self.replacing:
            return statement
        rest = {name: statement.excluded[name] for name in self.columns if name not in self.keys}
        if rest:
            return statement.on_conflict_do_update(index_elements=self.keys, set_=rest)
        return statement.on_conflict_do_nothing(index_elements=self.keys)


class BulkStatements:
    """The statements of stores of one kind, built once for each shape."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Table, tuple[str, ...]], SqliteBulk | PostgresBulk] = {}

    def run(self, verb: str, table: Table, rows: Sequence[Row], connection: Connection) -> None:
        """Insert or upsert rows, which all have the same keys.

        Of rows to upsert with the same primary key the last one counts.

        Errors:  those that SQLAlchemy makes of the driver's.
        """
        key = (verb, table, tuple(rows[0]))
        bulk = self._known.get(key)
        if bulk is None:
            shape = Shape(table, tuple(rows[0]), replacing=verb == "upsert")
            kind = SqliteBulk if connection.dialect.name == "sqlite" else PostgresBulk
            bulk = self._known[key] = kind(shape, connection.dialect)
        for text, parameters in bulk.statements(rows):
            with driver_cursor(connection, text) as cursor:
                cursor.execute(text, parameters)


class SqliteBulk:
    """Rows as one long list of values."""

    def __init__(self, shape: Shape, dialect: Dialect) -> None:
        self._shape = shape
        self._dialect = dialect
        self._texts: dict[int, str] = {}
        # In the order of the table, which is that of the statement.
        self._names = tuple(each.name for each in shape.table.c if each.name in shape.columns)
        self._converters = [
            (self._names.index(name), convert) for name, convert in _converters(shape, dialect)
        ]

    def statements(self, rows: Sequence[Row]) -> Iterator[tuple[str, Sequence[Any]]]:
        """The statements that write these rows, each with its parameters."""
        start = 0
        while start < len(rows):
            size = min(1 << (len(rows) - start).bit_length() - 1, SQLITE_ROWS_MAX)
            chunk = rows[start : start + size]
            start += size
            yield self._text(size), list(chain.from_iterable(map(self._values, chunk)))

    def _values(self, row: Row) -> list[Any]:
        values = [row[name] for name in self._names]
        for place, convert in self._converters:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values

    def _text(self, size: int) -> str:
        text = self._texts.get(size)
        if text is None:
            values: list[dict[str, Any]] = [
                {name: bindparam(f"{name}_{number}") for name in self._names}
                for number in range(size)
            ]
            statement = self._shape.completed(sqlite.insert(self._shape.table).values(values))
            text = self._texts[size] = str(statement.compile(dialect=self._dialect))
        return text


class PostgresBulk:
    """Rows as one array for each column."""

    def __init__(self, shape: Shape, dialect: Dialect) -> None:
        self._shape = shape
        self._names = shape.columns
        columns = [shape.table.c[name] for name in shape.columns]
        lists = [
            bindparam(f"{each.name}_list", type_=postgresql.ARRAY(_unbounded(each.type)))
            for each in columns
        ]
        fresh = func.unnest(*lists).table_valued(*(column(name) for name in shape.columns))
        source = select(*fresh.render_derived(name="fresh").c)
        statement = postgresql.insert(shape.table).from_select(list(shape.columns), source)
        self._text = str(shape.completed(statement).compile(dialect=dialect))

    def statements(self, rows: Sequence[Row]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The statements that write these rows, each with its parameters."""
        if self._shape.replacing and len(rows) > 1:
            keys = self._shape.keys
            rows = list({tuple([row[name] for name in keys]): row for row in rows}.values())
        for start in range(0, len(rows), POSTGRES_ROWS_MAX):
            yield self._text, self._lists(rows[start : start + POSTGRES_ROWS_MAX])

    def _lists(self, rows: Sequence[Row]) -> Mapping[str, str]:
        return {f"{name}_list": array_text([row[name] for row in rows]) for name in self._names}


def _converters(shape: Shape, dialect: Dialect) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """The columns whose values the driver does not take as they are, each with its remedy."""
    found = []
    for name in shape.columns:
        convert = shape.table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            found.append((name, convert))
    return found


def _unbounded(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type without a length: a cast to one would cut longer texts off without a word."""
    return String() if isinstance(kind, String) else kind
