"""Many rows in one statement, straight to the driver.

SQLAlchemy builds the statement and knows how each type is bound; what it would do for each row and
column again is left out, because a batch of writes spends most of its time there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

from chassis.prepared import driver_cursor

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BulkStatement:
    """A statement as the driver takes it.

    `order` names the parameters by position, None where the driver takes them by name;
    `conversions` are for the columns whose values the driver does not take as they are.
    """

    text: str
    order: tuple[str, ...] | None
    conversions: tuple[tuple[str, Callable[[Any], Any]], ...]

    def parameters(self, rows: Sequence[Row]) -> Sequence[Any]:
        """The rows as the driver takes them."""
        converted = [self._converted(row) for row in rows] if self.conversions else rows
        if self.order is None:
            return converted
        if len(self.order) == 1:
            return [(row[self.order[0]],) for row in converted]
        return list(map(itemgetter(*self.order), converted))

    def _converted(self, row: Row) -> Row:
        """A row whose values the driver takes."""
        converted = dict(row)
        for name, convert in self.conversions:
            value = row[name]
            if value is not None:
                converted[name] = convert(value)
        return converted


class BulkStatements:
    """The statements of one store, built once for each table, verb and set of columns."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, tuple[str, ...]], BulkStatement] = {}

    def run(self, verb: str, table: Table, rows: Sequence[Row], connection: Connection) -> None:
        """Insert or upsert rows, which all have the same keys.

        Errors:  those that SQLAlchemy makes of the driver's.
        """
        key = (verb, table.name, tuple(rows[0]))
        statement = self._known.get(key)
        if statement is None:
            statement = self._known[key] = build(verb, table, tuple(rows[0]), connection.dialect)
        with driver_cursor(connection, statement.text) as cursor:
            cursor.executemany(statement.text, statement.parameters(rows))


def build(verb: str, table: Table, columns: tuple[str, ...], dialect: Dialect) -> BulkStatement:
    """The statement that inserts, or upserts on the primary key, rows with these columns."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    if verb == "upsert":
        keys = [column.name for column in table.primary_key]
        rest = {name: statement.excluded[name] for name in columns if name not in keys}
        statement = (
            statement.on_conflict_do_update(index_elements=keys, set_=rest)
            if rest
            else statement.on_conflict_do_nothing(index_elements=keys)
        )
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    order = tuple(compiled.positiontup) if compiled.positiontup else None
    conversions = []
    for name in columns:
        convert = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            conversions.append((name, convert))
    return BulkStatement(str(compiled), order, tuple(conversions))
