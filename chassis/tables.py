"""The tables that the chassis keeps in each service's database."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    exists,
    func,
    select,
    update,
)

from chassis.prepared import InQuery, Query

FEED_HEAD_ID: Final = 1


class ChassisTables:
    """The chassis tables of one service, defined on that service's metadata."""

    def __init__(self, metadata: MetaData) -> None:
        self.account_locks = _account_locks(metadata)
        self.sandbox_clocks = _sandbox_clocks(metadata)
        self.events = _events(metadata)
        self.feed_head = _feed_head(metadata)
        self.epochs = _epochs(metadata)
        self.cursors = _cursors(metadata)
        self.timers = _timers(metadata)
        self.parked_events = _parked_events(metadata)
        self.idempotency = _idempotency(metadata)
        self.queries = _Queries(self)


class _Queries:
    """What every batch and every look at what is due ask, built once.

    SQLite takes no notice of FOR UPDATE, and needs none.
    """

    def __init__(self, tables: ChassisTables) -> None:
        locks, clocks, timers = tables.account_locks, tables.sandbox_clocks, tables.timers
        kept, head = tables.idempotency, tables.feed_head
        lock = select(
            locks.c.account,
            locks.c.sandbox,
            locks.c.parked_cause,
            locks.c.parked_attempts,
            locks.c.retry_at,
        )
        self.lock_accounts = InQuery(
            lock.order_by(locks.c.account).with_for_update(), locks.c.account
        )
        clock = select(clocks.c.sandbox, clocks.c.clock_at, clocks.c.target_at)
        self.lock_clocks = InQuery(
            clock.order_by(clocks.c.sandbox).with_for_update(), clocks.c.sandbox
        )
        due = select(
            timers.c.account, timers.c.kind, timers.c.key, timers.c.sandbox, timers.c.due_at
        )
        self.due_timers = InQuery(
            due.where(timers.c.due_at <= bindparam("until_at")), timers.c.account
        )
        record = select(kept.c.caller, kept.c.rpc, kept.c.request_id)
        record = record.add_columns(kept.c.request_hash, kept.c.response)
        callers = kept.c.caller.in_(bindparam("callers", expanding=True))
        rpcs = kept.c.rpc.in_(bindparam("rpcs", expanding=True))
        self.records = InQuery(record.where(callers, rpcs), kept.c.request_id)
        self.take_numbers = Query(
            update(head)
            .where(head.c.id == FEED_HEAD_ID, head.c.watermark_at < bindparam("now_at"))
            .values(seq=head.c.seq + bindparam("count"))
            .returning(head.c.seq)
        )
        self.lock_watermark = Query(select(head.c.watermark_at).with_for_update())
        self.move_watermark = Query(
            update(head)
            .where(head.c.id == FEED_HEAD_ID)
            .values(watermark_at=bindparam("moved_to_at"))
            .returning(head.c.watermark_at)
        )
        parked = exists().where(locks.c.account == timers.c.account, locks.c.parked_cause != "")
        here = timers.c.sandbox == bindparam("sandbox")
        earliest = select(timers.c.due_at).where(here, ~parked)
        self.earliest_due = Query(earliest.order_by(timers.c.due_at).limit(1))
        self.due_accounts = Query(_due_accounts(timers, here, ~parked))
        self.retryable_accounts = Query(_retryable_accounts(locks))


def _due_accounts(timers: Table, *wanted: ColumnElement[bool]) -> Select[Any]:
    """The accounts of which timers are due, the earliest first."""
    first_at = func.min(timers.c.due_at).label("first_at")
    return (
        select(timers.c.account, first_at)
        .where(*wanted, timers.c.due_at <= bindparam("until_at"))
        .group_by(timers.c.account)
        .order_by(first_at, timers.c.account)
        .limit(bindparam("accounts_max", type_=Integer))
    )


def _retryable_accounts(locks: Table) -> Select[Any]:
    """The parked accounts to be tried again, the longest due first."""
    return (
        select(locks.c.account)
        .where(
            locks.c.parked_cause != "",
            locks.c.retry_at <= bindparam("until_at"),
            locks.c.sandbox == bindparam("sandbox"),
        )
        .order_by(locks.c.retry_at)
        .limit(bindparam("accounts_max", type_=Integer))
    )


def _account_locks(metadata: MetaData) -> Table:
    """A row to lock for each account: whose clock it lives by, and whether it is parked.

    `parked_cause` is empty while it is not; `peer_parked` is what the other service says of it.
    """
    return Table(
        "account_locks",
        metadata,
        Column("account", String(64), primary_key=True),
        Column("sandbox", String(64), nullable=False),
        Column("parked_cause", String(200), nullable=False, server_default=""),
        Column("parked_attempts", Integer, nullable=False, server_default="0"),
        Column("retry_at", BigInteger, nullable=False, server_default="0"),
        Column("peer_parked", Integer, nullable=False, server_default="0"),
        Index("ix_account_locks_parked", "parked_cause", "retry_at"),
    )


def _sandbox_clocks(metadata: MetaData) -> Table:
    """What each sandbox's clock shows, and where it is being advanced to (NULL: it stands)."""
    return Table(
        "sandbox_clocks",
        metadata,
        Column("sandbox", String(64), primary_key=True),
        Column("clock_at", BigInteger, nullable=False),
        Column("target_at", BigInteger, nullable=True),
    )


def _events(metadata: MetaData) -> Table:
    """The feed: audit log, outbox and public feed at once. Never pruned."""
    return Table(
        "events",
        metadata,
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("account", String(64), nullable=False),
        Column("sandbox", String(64), nullable=False),
        Column("record_at", BigInteger, nullable=False),
        Column("effective_at", BigInteger, nullable=False),
        Column("actor", String(200), nullable=False),
        Column("request_id", String(64), nullable=False),
        Column("type", String(120), nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Index("ix_events_account_seq", "account", "seq"),
    )


def _feed_head(metadata: MetaData) -> Table:
    """One row: the last sequence number, and the instant at or before which nothing can appear."""
    return Table(
        "feed_head",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, nullable=False),
        Column("watermark_at", BigInteger, nullable=False),
    )


def _epochs(metadata: MetaData) -> Table:
    """The branches of the feed: a restore begins one after the last number it brought back."""
    return Table(
        "epochs",
        metadata,
        Column("epoch", BigInteger, primary_key=True, autoincrement=False),
        Column("starts_after_seq", BigInteger, nullable=False),
    )


def _cursors(metadata: MetaData) -> Table:
    """How far a peer's feed is applied, up to which instant that is all, and by whom."""
    return Table(
        "cursors",
        metadata,
        Column("source", String(64), primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("watermark_at", BigInteger, nullable=False),
        Column("holder", String(64), nullable=False),
        Column("held_until_at", BigInteger, nullable=False),
    )


def _timers(metadata: MetaData) -> Table:
    """What happens by itself, and when."""
    return Table(
        "timers",
        metadata,
        Column("account", String(64), primary_key=True),
        Column("kind", String(40), primary_key=True),
        Column("key", String(160), primary_key=True),
        Column("sandbox", String(64), nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Index("ix_timers_account_due", "account", "due_at"),
        Index("ix_timers_sandbox_due", "sandbox", "due_at"),
    )


def _parked_events(metadata: MetaData) -> Table:
    """Events of a peer that wait with their parked account."""
    return Table(
        "parked_events",
        metadata,
        Column("account", String(64), primary_key=True),
        Column("source", String(64), primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("effective_at", BigInteger, nullable=False),
        Column("type", String(120), nullable=False),
        Column("payload", LargeBinary, nullable=False),
    )


def _idempotency(metadata: MetaData) -> Table:
    """What each repeated request is answered. The answer (not the key) is dropped with age."""
    return Table(
        "idempotency",
        metadata,
        Column("caller", String(160), primary_key=True),
        Column("rpc", String(160), primary_key=True),
        Column("request_id", String(64), primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("response", LargeBinary, nullable=True),
        Column("recorded_at", BigInteger, nullable=False),
        Index("ix_idempotency_recorded_at", "recorded_at"),
    )
