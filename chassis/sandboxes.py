"""Stepping a sandbox: its clock moves to each due time in turn, and what is due there is done."""

from collections.abc import Callable

from sqlalchemy import select, update

from chassis.accounts import RETRY_LAST_US, SandboxClock, lock_clocks
from chassis.database import Transaction
from chassis.entry import PeerEvent, Submission
from chassis.errors import AccountParked, SandboxNotFound
from chassis.feed import Position, read_head
from chassis.tables import ChassisTables
from chassis.timers import due_accounts, next_due, retryable_accounts
from chassis.writer import Writer, fire_timers

SubmissionOf = Callable[[PeerEvent], Submission | None]


def read_clock(tx: Transaction, tables: ChassisTables, sandbox: str) -> SandboxClock:
    """A sandbox's clock.

    Errors:  SandboxNotFound.
    """
    clocks = tables.sandbox_clocks
    query = select(clocks.c.sandbox, clocks.c.clock_at, clocks.c.target_at)
    row = tx.one(query.where(clocks.c.sandbox == sandbox))
    if row is None:
        raise SandboxNotFound(sandbox)
    return SandboxClock(*row)


def next_due_in(writer: Writer, sandbox: str) -> tuple[int | None, Position]:
    """When the next thing falls due in a sandbox (None: nothing waits), and the feed's head.

    Errors:  SandboxNotFound.
    """
    tables = writer.tools.tables

    def query(tx: Transaction) -> tuple[int | None, Position]:
        read_clock(tx, tables, sandbox)
        # Not the writer's head: another process may have recorded more.
        return next_due(tx, tables, sandbox), read_head(tx, tables)[0]

    return writer.database.read(query)


def step_to(writer: Writer, sandbox: str, *, to_at: int, target_at: int | None) -> int:
    """Move a sandbox's clock to `to_at`, doing on the way what is due; gives how much it was.

    Runs in the writing thread (`await writer.call(...)`). While `target_at` is set, other writes to
    the sandbox are refused. A clock that is ahead already stays where it is.

    Errors:  SandboxNotFound; AccountParked if something due could not be done.
    """
    tables = writer.tools.tables
    clock = writer.database.read(lambda tx: read_clock(tx, tables, sandbox))
    fired_count = 0
    at = clock.clock_at
    while True:
        due_at = writer.database.read(lambda tx: next_due(tx, tables, sandbox))
        arrived = due_at is None or due_at > to_at
        at = max(at, to_at if arrived or due_at is None else due_at)
        _set_clock(writer, sandbox, clock_at=at, target_at=target_at)
        if arrived:
            return fired_count
        fired_count += _fire_all(writer, sandbox, at)


def retry_parked_in(writer: Writer, sandbox: str, submission_of: SubmissionOf) -> None:
    """Try again what had parked a sandbox's accounts, however short ago it failed.

    Runs in the writing thread, before a step: the workers do so for the real world only. Whoever
    advances a sandbox may have just mended what was in the way, and would wait in vain.
    """
    tables = writer.tools.tables
    until_at = writer.clock.now() + RETRY_LAST_US
    for account in writer.database.read(
        lambda tx: retryable_accounts(tx, tables, until_at, sandbox=sandbox)
    ):
        writer.retry_parked(account, submission_of)


def _set_clock(writer: Writer, sandbox: str, *, clock_at: int, target_at: int | None) -> None:
    """Set a sandbox's clock, never back: another process may have stepped further."""
    tables = writer.tools.tables
    clocks = tables.sandbox_clocks
    statement = update(clocks).where(clocks.c.sandbox == sandbox)

    def work(tx: Transaction) -> None:
        shown_at = lock_clocks(tx, tables, [sandbox])[sandbox].clock_at
        later_at = max(shown_at, clock_at)
        tx.execute(statement.values(clock_at=later_at, target_at=target_at))

    writer.in_transaction(work)


def _fire_all(writer: Writer, sandbox: str, until_at: int) -> int:
    """Do what is due in a sandbox at `until_at`; gives how many accounts had something."""
    tables = writer.tools.tables
    accounts = writer.database.read(
        lambda tx: due_accounts(tx, tables, sandbox=sandbox, until_at=until_at)
    )
    if not accounts:
        _raise_parked(writer, sandbox)
    outcomes = writer.execute([fire_timers(account) for account in accounts])
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    still = writer.database.read(
        lambda tx: due_accounts(tx, tables, sandbox=sandbox, until_at=until_at)
    )
    stuck = set(still) & set(accounts)
    if stuck:
        raise AccountParked(min(stuck))
    return len(accounts)


def _raise_parked(writer: Writer, sandbox: str) -> None:
    """Name the parked account that holds the sandbox up."""
    locks = writer.tools.tables.account_locks
    query = (
        select(locks.c.account)
        .where(locks.c.sandbox == sandbox, locks.c.parked_cause != "")
        .order_by(locks.c.account)
        .limit(1)
    )
    row = writer.database.read(lambda tx: tx.one(query))
    raise AccountParked(row[0] if row else sandbox)
