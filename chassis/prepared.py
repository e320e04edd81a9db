"""Hot statements, built once and handed straight to the driver.

SQLAlchemy builds the statement and knows how each type is bound and read; what it would do again
at each call is left out, because a small batch of writes spends most of its time there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Column, Connection, Dialect, Select, bindparam
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

VALUES: Final = "values_in"
"""The parameter of an InQuery that holds the values looked for."""

Converter = Callable[[Any], Any]
Parameters = Mapping[str, Any]


class Query:
    """A statement that gives rows. A parameter that is `expanding` takes a list."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self.statement = statement


class InQuery(Query):
    """A query for the rows whose `column` is one of some values."""

    def __init__(self, statement: Select[Any], column: Column[Any]) -> None:
        values: BindParameter[Any] = bindparam(VALUES, expanding=True)
        super().__init__(statement.where(column.in_(values)))


@contextmanager
def driver_cursor(connection: Connection, text: str) -> Iterator[Any]:
    """A cursor of the driver's, for the statement `text`.

    Errors:  those that SQLAlchemy makes of the driver's.
    """
    dbapi_error = connection.dialect.loaded_dbapi.Error
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except dbapi_error as failure:
        raise DBAPIError.instance(
            text,
            None,
            failure,
            dbapi_error,
            hide_parameters=True,
            dialect=connection.dialect,
        ) from failure
    finally:
        cursor.close()


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A query for lists of certain lengths, as the driver takes it.

    `constants` are the parameters that the statement itself states; `lists` gives the names of
    those that stand for each list's places; `order` names all by position, None where the driver
    takes them by name. `readers` convert the columns whose values are not what they should be.
    """

    text: str
    constants: Parameters
    lists: tuple[tuple[str, tuple[str, ...]], ...]
    order: tuple[str, ...] | None
    columns: SimpleResultMetaData
    readers: tuple[tuple[int, Converter], ...]

    def fetch(self, connection: Connection, parameters: Parameters) -> list[tuple[Any, ...]]:
        """The rows for these parameters, as the driver gives them."""
        with driver_cursor(connection, self.text) as cursor:
            cursor.execute(self.text, self._bound(parameters))
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def run(self, connection: Connection, parameters: Parameters) -> Sequence[Any]:
        """The rows for these parameters."""
        rows = self.fetch(connection, parameters)
        if self.readers:
            rows = [self._read(row) for row in rows]
        return IteratorResult(self.columns, iter(rows)).all() if rows else rows

    def _bound(self, parameters: Parameters) -> Any:
        """The parameters as the driver takes them; a short list is filled up with its last."""
        bound = {**self.constants, **parameters}
        for name, places in self.lists:
            values = bound.pop(name)
            bound.update(zip(places, values, strict=False))
            for place in places[len(values) :]:
                bound[place] = values[-1]
        return bound if self.order is None else [bound[name] for name in self.order]

    def _read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for index, convert in self.readers:
            values[index] = convert(values[index])
        return tuple(values)


class PreparedQueries:
    """The queries of stores of one kind, built once for each and for a few lengths of its lists."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], PreparedQuery] = {}

    def run(self, query: Query, parameters: Parameters, connection: Connection) -> Sequence[Any]:
        """The rows of a query; the lists among its parameters are not empty."""
        return self._prepared(query, parameters, connection).run(connection, parameters)

    def fetch(
        self, query: Query, parameters: Parameters, connection: Connection
    ) -> list[tuple[Any, ...]]:
        """The same, as the driver gives them: no names, nothing converted."""
        return self._prepared(query, parameters, connection).fetch(connection, parameters)

    def _prepared(
        self, query: Query, parameters: Parameters, connection: Connection
    ) -> PreparedQuery:
        lengths = {
            name: 1 << (len(value) - 1).bit_length()
            for name, value in parameters.items()
            if isinstance(value, list)
        }
        key = (query, *lengths.values())
        prepared = self._known.get(key)
        if prepared is None:
            prepared = self._known[key] = prepare(query, lengths, connection.dialect)
        return prepared


def prepare(query: Query, lengths: Mapping[str, int], dialect: Dialect) -> PreparedQuery:
    """A query built for lists of these lengths. Its values must need no conversion."""
    compiled = query.statement.compile(dialect=dialect)
    shape = {name: [""] * length for name, length in lengths.items()}
    expanded = compiled.construct_expanded_state({**compiled.params, **shape})
    columns = tuple(query.statement.exported_columns)
    converters = [
        each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns
    ]
    return PreparedQuery(
        text=expanded.statement,
        constants={name: value for name, value in compiled.params.items() if value is not None},
        lists=tuple(
            (name, tuple(f"{name}_{place}" for place in range(1, length + 1)))
            for name, length in lengths.items()
        ),
        order=None if expanded.positiontup is None else tuple(expanded.positiontup),
        columns=SimpleResultMetaData([str(each.key) for each in columns]),
        readers=tuple(
            (index, convert) for index, convert in enumerate(converters) if convert is not None
        ),
    )
