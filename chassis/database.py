"""A service's store: SQLite embedded, PostgreSQL in production, one code path.

Writes go through one connection (the writer's); reads come from a small pool and see a consistent
snapshot. A SQLite file belongs to one process, held by an operating system lock.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Delete,
    Engine,
    Select,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import make_url
from sqlalchemy.sql.base import Executable

from chassis.bulk import BulkStatements
from chassis.prepared import VALUES, InQuery, PreparedQueries, Query, driver_cursor

T = TypeVar("T")

Memory: TypeAlias = dict[str, Any]
"""What is remembered of a store, by whoever remembers it, as long as it is open.

All transactions share it, each in its own thread: replace what is in it, never change it. Nothing
of it is rolled back: what is remembered must tell by itself whether it still holds.
"""

READERS_MAX: Final = 4
IN_LIST_MAX: Final = 5_000
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
)


class StoreLockedError(Exception):
    """Another process holds the SQLite file; the message names it."""


class Transaction:
    """One transaction on the store. Committed or rolled back by whoever opened it."""

    def __init__(
        self,
        connection: Connection,
        bulk: BulkStatements,
        prepared: PreparedQueries,
        memory: Memory,
    ) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self._bulk = bulk
        self._prepared = prepared
        self.memory = memory

    def all(self, statement: Executable, parameters: Any = None) -> Sequence[Any]:
        """All rows of a query."""
        return self.connection.execute(statement, parameters).all()

    def one(self, statement: Executable, parameters: Any = None) -> Any:
        """The first row of a query, or None."""
        return self.connection.execute(statement, parameters).first()

    def execute(self, statement: Executable, parameters: Any = None) -> int:
        """Run a statement and give how many rows it touched."""
        return self.connection.execute(statement, parameters).rowcount

    def rows(self, query: Query, parameters: Mapping[str, Any] = NOTHING) -> Sequence[Any]:
        """The rows of a prepared query; none of the lists among its parameters is empty."""
        return self._prepared.run(query, parameters, self.connection)

    def fetched(
        self, query: Query, parameters: Mapping[str, Any] = NOTHING
    ) -> list[tuple[Any, ...]]:
        """The same as the driver gives them, in a third of the time: dates may be texts."""
        return self._prepared.fetch(query, parameters, self.connection)

    def all_in(
        self, query: InQuery, values: Sequence[Any], parameters: Mapping[str, Any] = NOTHING
    ) -> Sequence[Any]:
        """The rows of a prepared query for these values, in chunks that the store takes."""
        chunks = [
            self.rows(query, {**parameters, VALUES: list(values[start : start + IN_LIST_MAX])})
            for start in range(0, len(values), IN_LIST_MAX)
        ]
        return chunks[0] if len(chunks) == 1 else [row for chunk in chunks for row in chunk]

    def fetched_in(self, query: InQuery, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The same as the driver gives them: no names, dates may be texts, and truths 0 or 1."""
        return [
            row
            for start in range(0, len(values), IN_LIST_MAX)
            for row in self.fetched(query, {VALUES: list(values[start : start + IN_LIST_MAX])})
        ]

    def where_in(
        self, statement: Select[Any], column: Column[Any], values: Sequence[Any]
    ) -> Sequence[Any]:
        """The rows whose `column` is one of `values`, in chunks that the store takes."""
        if not values:
            return []
        query = InQuery(statement, column).statement
        chunks = [
            self.all(query, {VALUES: values[start : start + IN_LIST_MAX]})
            for start in range(0, len(values), IN_LIST_MAX)
        ]
        return [row for chunk in chunks for row in chunk]

    def insert(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, all with the same keys."""
        if rows:
            self._bulk.run("insert", table, rows, self.connection)

    def upsert(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, or replace those with the same primary key."""
        if rows:
            self._bulk.run("upsert", table, rows, self.connection)

    def delete_where_in(
        self, statement: Delete, column: Column[Any], values: Sequence[Any]
    ) -> None:
        """Delete the rows whose `column` is one of `values`, in chunks that the store takes."""
        for start in range(0, len(values), IN_LIST_MAX):
            self.execute(statement.where(column.in_(values[start : start + IN_LIST_MAX])))


class Database:
    """The store of one service."""

    def __init__(self, url: str, *, exclusive: bool = True) -> None:
        """Open the store at `url`; `exclusive` takes the process lock of a SQLite file."""
        self.url = url
        self.dialect = make_url(url).get_backend_name()
        self._lock_file = self._take_lock() if exclusive and self.dialect == "sqlite" else None
        self._bulk, self._prepared = _statements(self.dialect)
        self._memory: Memory = {}
        self._reading = self._engine(readonly=True, size=READERS_MAX)
        self._writing = self._engine(readonly=False, size=2)
        self._readers = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="reader")

    def close(self) -> None:
        """Close all connections and give the process lock back."""
        self._readers.shutdown(wait=True)
        self._reading.dispose()
        self._writing.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A write transaction: committed at the end, rolled back by any exception."""
        with self._writing.begin() as connection:
            yield Transaction(connection, self._bulk, self._prepared, self._memory)

    def read(self, query: Callable[[Transaction], T]) -> T:
        """What `query` gives on a consistent snapshot."""
        with self._reading.begin() as connection:
            return query(Transaction(connection, self._bulk, self._prepared, self._memory))

    async def reading(self, query: Callable[[Transaction], T]) -> T:
        """The same, in the pool of readers."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read, query)

    def _engine(self, *, readonly: bool, size: int) -> Engine:
        if self.dialect == "sqlite":
            return _sqlite_engine(self.url, readonly=readonly, size=size)
        engine = create_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=readonly,
            isolation_level="REPEATABLE READ" if readonly else "READ COMMITTED",
        )
        return engine.execution_options(postgresql_readonly=True) if readonly else engine

    def _take_lock(self) -> int | None:
        """Lock the SQLite file for this process; the error names the process that holds it."""
        path = make_url(self.url).database
        if path in {None, "", ":memory:"}:
            return None
        lock_path = Path(f"{path}.lock")
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise StoreLockedError(
                f"{path} is in use by the process {holder}: stop that one, or choose another "
                "data folder."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return descriptor


@cache
def _statements(_dialect: str) -> tuple[BulkStatements, PreparedQueries]:
    """What is built once for all stores of a kind that this process opens."""
    return BulkStatements(), PreparedQueries()


def _sqlite_engine(url: str, *, readonly: bool, size: int) -> Engine:
    """An engine whose transactions begin when they say so: deferred to read, immediate to write."""
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    def on_connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        if readonly:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        text = "BEGIN" if readonly else "BEGIN IMMEDIATE"
        with driver_cursor(connection, text) as cursor:
            cursor.execute(text)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine
