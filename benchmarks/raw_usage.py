"""The naive ceiling of ingest: the same rows of events, keys and totals, straight to the driver.

One connection, one transaction for a batch, the durability of the service. Nothing is looked up,
judged or added up: the rows are made before the clock starts.
"""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

import psycopg
from pospago.billing.v1 import usage_pb2 as pb
from sqlalchemy import Table

from billing_service.domain.usage.event import body_hash_of, event_key_of
from billing_service.domain.usage.months import month_at
from billing_service.storage.schema import upgrade
from billing_service.storage.tables import table
from billing_service.storage.usage_segments import make_segments, segment_table
from chassis.copying import copy_text
from chassis.database import Database

_SECOND_US: Final = 1_000_000

Rows = Sequence[tuple[Any, ...]]


class RawBatch:
    """The rows of a batch: events, keys, and the totals after them."""

    def __init__(self, request: pb.IngestEventsRequest, totals: dict[tuple[str, str], int]) -> None:
        """`totals` counts what each account and type has; the batch is added to it."""
        events, keys, touched = [], [], set()
        for event in request.events:
            account = event.subject.removeprefix("accounts/")
            time_at = event.time.seconds * _SECOND_US
            key = event_key_of(event.source, event.id)
            digest = body_hash_of(event.type, time_at, dict(event.data))
            data = f'{{"value":"{event.data["value"]}"}}'
            place = f"/meter-{event.type[-1]}/"
            body = (event.source, event.id, event.type, data, place, time_at)
            events.append((account, time_at, key, *body))
            keys.append((key, account, digest, time_at))
            totals[account, event.type] = totals.get((account, event.type), 0) + 1
            touched.add((account, event.type))
        self.events, self.keys = events, keys
        self.month = month_at(events[0][1])
        day = self.month.replace(day=1).isoformat()
        self.totals = [
            (account, f"meter-{kind[-1]}", day, "[]", count, count, 0, 0, 0, 0, 0, 0, b"", 0, "0")
            for (account, kind) in sorted(touched)
            for count in [totals[account, kind]]
        ]


class RawStore(Protocol):
    """A store that batches are written to."""

    def write(self, batch: RawBatch) -> None:
        """Write a batch in a transaction of its own."""
        ...


def prepare(url: str, month_of: int) -> None:
    """Make the tables at `url`, those of the month that holds an instant among them."""
    database = Database(url)
    upgrade(database)
    with database.writing() as tx:
        make_segments(tx, [month_at(month_of)])
    database.close()


class RawSqlite:
    """A SQLite file, as synchronised as that of the service."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "cache_size = -65536",
            "temp_store = MEMORY",
        ):
            self._connection.execute(f"PRAGMA {pragma}")

    def write(self, batch: RawBatch) -> None:
        """Write a batch in a transaction of its own."""
        execute, many = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        many(_insert("INSERT", segment_table(batch.month)), batch.events)
        many(_insert("INSERT", table("usage_keys")), batch.keys)
        many(_insert("INSERT OR REPLACE", table("usage_totals")), batch.totals)
        execute("COMMIT")


class RawPostgres:
    """A PostgreSQL database: COPY of what is new, arrays of what replaces other rows."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""))

    def write(self, batch: RawBatch) -> None:
        """Write a batch in a transaction of its own."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            _copy(cursor, segment_table(batch.month), batch.events)
            _copy(cursor, table("usage_keys"), batch.keys)
            cursor.execute(
                _UPSERT_TOTALS, [list(column) for column in zip(*batch.totals, strict=True)]
            )


def _insert(verb: str, into: Table) -> str:
    return f"{verb} INTO {into.name} VALUES ({','.join('?' * len(into.c))})"


def _copy(cursor: psycopg.Cursor[Any], into: Table, rows: Rows) -> None:
    with cursor.copy(f"COPY {into.name} FROM STDIN".encode()) as copy:
        copy.write(copy_text(rows))


_UPSERT_TOTALS: Final = """
INSERT INTO usage_totals
SELECT * FROM unnest(
    %s::text[], %s::text[], %s::date[], %s::text[], %s::bigint[], %s::bigint[], %s::int[],
    %s::bigint[], %s::int[], %s::bigint[], %s::int[], %s::bigint[], %s::bytea[], %s::bigint[],
    %s::text[]
)
ON CONFLICT (account, meter, day, dimensions) DO UPDATE SET
    events_count = excluded.events_count, sum_units = excluded.sum_units,
    sum_nanos = excluded.sum_nanos, max_units = excluded.max_units,
    max_nanos = excluded.max_nanos, latest_units = excluded.latest_units,
    latest_nanos = excluded.latest_nanos, latest_at = excluded.latest_at,
    latest_key = excluded.latest_key, first_at = excluded.first_at, integral = excluded.integral
"""


def rate(store: RawStore, batches: Sequence[RawBatch]) -> float:
    """How many events a second are written."""
    started = time.perf_counter()
    for batch in batches:
        store.write(batch)
    return sum(len(batch.events) for batch in batches) / (time.perf_counter() - started)
