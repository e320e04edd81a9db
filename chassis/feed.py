"""The event feed: numbers in commit order, a watermark, epochs, and cursors on a peer's feed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, insert, or_, select, update

from chassis.database import Transaction
from chassis.errors import PositionOutOfRange
from chassis.tables import FEED_HEAD_ID, ChassisTables
from chassis.tuples import insert_tuples

WATERMARK_LAG_US: Final = 2_000_000
FIRST_EPOCH: Final = 1
# How many bytes of payloads a page holds, but for a single event that has more: messages have a
# limit, and a page beyond it would stop whoever follows the feed for good.
PAGE_BYTES_MAX: Final = 2 * 1024 * 1024
# How many events are read at once, so that few are read for another page.
_READ_AT_ONCE: Final = 100


class WatermarkPassedError(Exception):
    """The watermark has overtaken this transaction's `now`: it must run again with a later one."""

    def __init__(self, watermark_at: int) -> None:
        super().__init__(f"watermark {watermark_at}")
        self.watermark_at = watermark_at


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one service's feed."""

    epoch: int
    seq: int


class RecordedEvent(NamedTuple):
    """A row of the feed, in the order of its columns."""

    seq: int
    account: str
    sandbox: str
    record_at: int
    effective_at: int
    actor: str
    request_id: str
    type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, how far the feed was looked through, and where it stood meanwhile."""

    events: tuple[RecordedEvent, ...]
    next_seq: int
    head: Position
    watermark_at: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a peer's feed is applied, and up to which instant nothing more can come."""

    epoch: int
    seq: int
    watermark_at: int


def prepare_feed(tx: Transaction, tables: ChassisTables) -> None:
    """Give a fresh store its feed head and first epoch; nothing if it has them."""
    if tx.one(select(tables.feed_head.c.id)) is None:
        tx.insert(tables.feed_head, [{"id": FEED_HEAD_ID, "seq": 0, "watermark_at": 0}])
    if tx.one(select(tables.epochs.c.epoch)) is None:
        tx.insert(tables.epochs, [{"epoch": FIRST_EPOCH, "starts_after_seq": 0}])


def take_numbers(tx: Transaction, tables: ChassisTables, *, count: int, now_at: int) -> int:
    """The first of `count` sequence numbers, taken at `now_at`.

    The head's row stays locked until the commit, so numbers appear in commit order.

    Errors:  WatermarkPassedError if something may no longer appear at `now_at`.
    """
    rows = tx.rows(tables.queries.take_numbers, {"now_at": now_at, "count": count})
    if not rows:
        watermark_at = tx.one(select(tables.feed_head.c.watermark_at))
        raise WatermarkPassedError(watermark_at[0] if watermark_at else 0)
    return int(rows[0][0]) - count + 1


def append_events(
    tx: Transaction, tables: ChassisTables, events: Sequence[RecordedEvent], *, first_seq: int
) -> None:
    """Write events, numbered from `first_seq` on."""
    rows = [(seq, *each[1:]) for seq, each in enumerate(events, start=first_seq)]
    insert_tuples(tx, tables.events, rows)


def move_watermark(tx: Transaction, tables: ChassisTables, *, now_at: int) -> int:
    """Move the watermark up to where nothing can appear any more, and give it.

    That is two seconds before `now_at`, or just before the earliest thing of the real world that
    is due and not done; what a parked account waits for does not count.
    """
    queries = tables.queries
    # Before the timers are looked at: one that is set meanwhile is committed, and so seen, or its
    # transaction takes its numbers after this one and finds the watermark.
    ((watermark_at,),) = tx.fetched(queries.lock_watermark)
    goal_at = now_at - WATERMARK_LAG_US
    for (due_at,) in tx.fetched(queries.earliest_due, {"sandbox": ""}):
        goal_at = min(goal_at, due_at - 1)
    if goal_at <= watermark_at:
        return int(watermark_at)
    tx.fetched(queries.move_watermark, {"moved_to_at": goal_at})
    return goal_at


def read_head(tx: Transaction, tables: ChassisTables) -> tuple[Position, int]:
    """Where the feed stands, and its watermark."""
    head = tx.one(select(tables.feed_head.c.seq, tables.feed_head.c.watermark_at))
    epoch = tx.one(select(func.max(tables.epochs.c.epoch)))
    seq, watermark_at = (int(head[0]), int(head[1])) if head else (0, 0)
    number = int(epoch[0]) if epoch is not None and epoch[0] is not None else FIRST_EPOCH
    return Position(number, seq), watermark_at


def read_events(
    tx: Transaction,
    tables: ChassisTables,
    *,
    after_seq: int,
    limit: int,
    account: str = "",
    bytes_max: int = PAGE_BYTES_MAX,
) -> Page:
    """Events after `after_seq`, at most `limit`; of one account if it is named.

    Shapes:  `next_seq` is where to go on; with all looked through it is the head. A page of large
             payloads, of more than `bytes_max`, has fewer events, and at least one.
    """
    head, watermark_at = read_head(tx, tables)
    events = tables.events
    query = select(events).where(events.c.seq <= head.seq)
    if account:
        query = query.where(events.c.account == account)
    found: list[RecordedEvent] = []
    bytes_left = bytes_max
    for event in _following(tx, tables, query, after_seq, at_once=min(limit, _READ_AT_ONCE)):
        bytes_left -= len(event.payload)
        if found and bytes_left < 0:
            break
        found.append(event)
        if len(found) == limit:
            break
    else:
        return Page(tuple(found), max(head.seq, after_seq), head, watermark_at)
    return Page(tuple(found), found[-1].seq, head, watermark_at)


def _following(
    tx: Transaction, tables: ChassisTables, query: Select[Any], after_seq: int, *, at_once: int
) -> Iterator[RecordedEvent]:
    """The events of a query that follow `after_seq`, read as they are asked for."""
    seq = tables.events.c.seq
    rows_count = at_once
    while rows_count == at_once:
        rows = tx.all(query.where(seq > after_seq).order_by(seq).limit(at_once))
        yield from (RecordedEvent(**row._mapping) for row in rows)
        rows_count = len(rows)
        after_seq = rows[-1].seq if rows else after_seq


def check_position(tx: Transaction, tables: ChassisTables, position: Position) -> None:
    """Refuse a position that is not on this feed.

    It is on it if its epoch is known, it is not beyond the head, and it does not lie on a branch
    that a later epoch cut off.

    Errors:  PositionOutOfRange.
    """
    head, _ = read_head(tx, tables)
    epochs = tables.epochs
    cut_off = tx.one(
        select(epochs.c.epoch).where(
            epochs.c.epoch > position.epoch, epochs.c.starts_after_seq < position.seq
        )
    )
    if position.epoch > head.epoch or position.seq > head.seq or cut_off is not None:
        raise PositionOutOfRange(f"{position.epoch}/{position.seq}", f"{head.epoch}/{head.seq}")


def append_epoch(tx: Transaction, tables: ChassisTables) -> Position:
    """Begin a new branch of the feed after its present head, as a restore does."""
    head, _ = read_head(tx, tables)
    tx.execute(insert(tables.epochs), {"epoch": head.epoch + 1, "starts_after_seq": head.seq})
    return Position(head.epoch + 1, head.seq)


def read_cursor(tx: Transaction, tables: ChassisTables, source: str) -> Cursor:
    """How far `source`'s feed is applied here."""
    return _cursor_of(tx, tables, source, locked=False)


def lock_cursor(tx: Transaction, tables: ChassisTables, source: str) -> Cursor:
    """The same, locked until the end of the transaction, so that nobody else applies the feed."""
    return _cursor_of(tx, tables, source, locked=True)


def _cursor_of(tx: Transaction, tables: ChassisTables, source: str, *, locked: bool) -> Cursor:
    cursors = tables.cursors
    query = select(cursors.c.epoch, cursors.c.seq, cursors.c.watermark_at)
    query = query.where(cursors.c.source == source)
    row = tx.one(query.with_for_update() if locked else query)
    return Cursor(int(row[0]), int(row[1]), int(row[2])) if row else Cursor(FIRST_EPOCH, 0, 0)


def hold_cursor(
    tx: Transaction, tables: ChassisTables, source: str, *, holder: str, now_at: int, until_at: int
) -> bool:
    """Claim a peer's feed for one process until `until_at`; False while another holds it."""
    cursors = tables.cursors
    if tx.one(select(cursors.c.source).where(cursors.c.source == source)) is None:
        fresh = {"source": source, "epoch": FIRST_EPOCH, "seq": 0, "watermark_at": 0}
        tx.insert(cursors, [{**fresh, "holder": holder, "held_until_at": until_at}])
        return True
    claimed = tx.execute(
        update(cursors)
        .where(
            cursors.c.source == source,
            or_(cursors.c.holder == holder, cursors.c.held_until_at < now_at),
        )
        .values(holder=holder, held_until_at=until_at)
    )
    return claimed == 1


def move_cursor(tx: Transaction, tables: ChassisTables, source: str, cursor: Cursor) -> None:
    """Note that `source`'s feed is applied up to `cursor`; a watermark of 0 leaves it as it is."""
    values: dict[str, Any] = {"epoch": cursor.epoch, "seq": cursor.seq}
    if cursor.watermark_at:
        values["watermark_at"] = cursor.watermark_at
    cursors = tables.cursors
    moved = tx.execute(update(cursors).where(cursors.c.source == source).values(**values))
    if moved == 0:
        row = {"source": source, "watermark_at": 0, **values}
        tx.insert(cursors, [{**row, "holder": "", "held_until_at": 0}])


def peer_watermark(tx: Transaction, tables: ChassisTables, source: str, sandbox: str) -> int:
    """The instant at or before which `source` can tell nothing new.

    In a sandbox that is just before its clock: whoever moves the clock moves the peer's first.
    """
    if not sandbox:
        return read_cursor(tx, tables, source).watermark_at
    clocks = tables.sandbox_clocks
    row = tx.one(select(clocks.c.clock_at).where(clocks.c.sandbox == sandbox))
    return int(row[0]) - 1 if row else 0
