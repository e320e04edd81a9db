"""The tables of events: one for each month, UTC, of what happened, made when it is first needed.

A month's row in the registry comes first, so that of two processes that need its table at once one
waits and then finds it. Old months age out whole: their table is dropped, the row stays.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.sql.base import Executable

from billing_service.domain.calendar import next_month
from billing_service.domain.usage.months import month_start
from billing_service.domain.usage.reading_errors import EventsAgedOut
from billing_service.storage.columns import ID_LENGTH
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import Query

_SEGMENTS: Final = table("usage_segments")
# Of their own, so that tables made by the way are not taken for a change of the shape.
_METADATA: Final = MetaData()
# Since when events are kept, at the earliest, where those of a table are gone.
_KEPT_AT: Final = "kept_at"
_UNDEFINED_TABLE: Final = "42P01"
_KEPT_MONTHS: Final = Query(
    select(_SEGMENTS.c.month).where(_SEGMENTS.c.aged_out_at.is_(None)).order_by(_SEGMENTS.c.month)
)
# The last one only.
_AGED_OUT_MONTHS: Final = Query(
    select(_SEGMENTS.c.month)
    .where(_SEGMENTS.c.aged_out_at.is_not(None))
    .order_by(_SEGMENTS.c.month.desc())
    .limit(1)
)


@lru_cache(maxsize=256)
def segment_table(month: date) -> Table:
    """The table of a month's events; whether it is there is another matter."""
    name = f"usage_events_{month:%Y%m}"
    return Table(
        name,
        _METADATA,
        Column("account", String(ID_LENGTH), nullable=False),
        Column("time_at", BigInteger, nullable=False),
        Column("event_key", LargeBinary, nullable=False),
        Column("source", String(200), nullable=False),
        Column("event_id", String(200), nullable=False),
        Column("type", String(100), nullable=False),
        Column("data", Text, nullable=False),
        # Those of its type that there were when it came, each between slashes.
        Column("meters", Text, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("account", "time_at", "event_key", name=f"pk_{name}"),
        info={_KEPT_AT: month_start(next_month(month))},
        extend_existing=True,
        sqlite_with_rowid=False,
    )


def make_segments(tx: Transaction, months: Iterable[date]) -> None:
    """Make the tables of months that have none yet.

    Where two processes need a month at once the second one waits for the row of the first, and
    finds the table.
    """
    missing = sorted(set(months) - set(segments_of(tx)))
    for month in missing:
        insert = sqlite.insert if tx.dialect == "sqlite" else postgresql.insert
        row = insert(_SEGMENTS).values(month=month, aged_out_at=None).on_conflict_do_nothing()
        if tx.execute(row):
            tx.execute(CreateTable(segment_table(month)))


def segments_of(tx: Transaction) -> list[date]:
    """The months whose events are kept, in order."""
    return [row[0] for row in tx.rows(_KEPT_MONTHS)]


def segments_between(tx: Transaction, start_at: int, end_at: int) -> list[Table]:
    """The tables that can hold events of a stretch of time, in order."""
    return [
        segment_table(month)
        for month in segments_of(tx)
        if month_start(month) < end_at and month_start(next_month(month)) > start_at
    ]


def rows_of_segment(
    tx: Transaction, segment: Table, statement: Executable, parameters: Any = None
) -> Sequence[Any]:
    """The rows of a query of a month's events.

    In PostgreSQL a table is gone at once, also for those whose snapshot still has its month.

    Errors:  EventsAgedOut if the table was dropped since the transaction began.
    """
    try:
        return tx.all(statement, parameters)
    except ProgrammingError as failure:
        if getattr(failure.orig, "sqlstate", "") != _UNDEFINED_TABLE:
            raise
        raise EventsAgedOut(segment.info[_KEPT_AT]) from failure


def kept_since(tx: Transaction) -> int | None:
    """The first instant whose events are kept; None if none has aged out."""
    months: list[date] = [row[0] for row in tx.rows(_AGED_OUT_MONTHS)]
    return month_start(next_month(months[0])) if months else None


def count_events(tx: Transaction, month: date) -> int:
    """How many events the table of a month holds."""
    row = tx.one(select(func.count()).select_from(segment_table(month)))
    return int(row[0])


def lock_segments(tx: Transaction, *, alone: bool) -> None:
    """Keep months from aging out while events of old ones come, or these while months age out.

    SQLite has one writer, and needs none of it.
    """
    if tx.dialect == "postgresql":
        mode = "EXCLUSIVE" if alone else "ROW SHARE"
        tx.execute(text(f"LOCK TABLE {_SEGMENTS.name} IN {mode} MODE"))


def drop_segments(tx: Transaction, months: Iterable[date], last: date, now_at: int) -> None:
    """Drop the tables of months, and remember that all months up to `last` have aged out."""
    for month in months:
        tx.execute(DropTable(segment_table(month)))
    rows = [{"month": month, "aged_out_at": now_at} for month in {*months, last}]
    tx.upsert(_SEGMENTS, rows)


def open_account(tx: Transaction, through: date) -> str | None:
    """A real account with a month up to `through` that is not billed for good; None: all are.

    A month is not, either, while a charge for its usage waits for review.
    """
    accounts, standings = table("accounts"), table("standings")
    subscriptions = table("subscriptions")
    closed = standings.c.closed_through
    query = (
        select(subscriptions.c.account)
        .join(accounts, accounts.c.account == subscriptions.c.account)
        .outerjoin(standings, standings.c.account == subscriptions.c.account)
        .where(
            accounts.c.sandbox == "",
            subscriptions.c.first_month <= through,
            subscriptions.c.last_month >= subscriptions.c.first_month,
            or_(closed.is_(None), and_(closed < through, subscriptions.c.last_month > closed)),
        )
        .limit(1)
    )
    reviews = table("reviews")
    reviewed = (
        select(reviews.c.account)
        .join(accounts, accounts.c.account == reviews.c.account)
        .where(
            accounts.c.sandbox == "",
            reviews.c.invoice == "",
            reviews.c.period_start_on < next_month(through),
        )
        .limit(1)
    )
    row = tx.one(query) or tx.one(reviewed)
    return row[0] if row else None
