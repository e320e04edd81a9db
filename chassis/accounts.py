"""The row that stands for an account: locked before it is touched, and telling whose clock it has.

Also the sandboxes' clocks, and what is parked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update

from chassis.database import Transaction
from chassis.tables import ChassisTables
from chassis.use_case import AccountOpened, SandboxClockSet

# What PostgreSQL knows the writes by that touch no account; any number of ours would do.
UNOWNED_LOCK: Final = 7_041_776
RETRY_FIRST_US: Final = 1_000_000
RETRY_LAST_US: Final = 300_000_000


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the chassis knows it; `parked_cause` is empty while it is not parked."""

    account: str
    sandbox: str
    parked_cause: str = ""
    parked_attempts: int = 0
    retry_at: int = 0


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """What a sandbox's clock shows, and where it is being advanced to (None: it stands)."""

    sandbox: str
    clock_at: int
    target_at: int | None


def lock_accounts(
    tx: Transaction, tables: ChassisTables, accounts: Iterable[str]
) -> dict[str, AccountRow]:
    """The rows of `accounts`, locked in ascending order until the end of the transaction."""
    rows = tx.fetched_in(tables.queries.lock_accounts, sorted(set(accounts)))
    return {row[0]: AccountRow(*row) for row in rows}


def lock_unowned(tx: Transaction) -> None:
    """Keep other processes from writing what belongs to no account, until the transaction ends.

    Taken before any account. SQLite has one process, and needs none of it.
    """
    if tx.dialect == "postgresql":
        tx.one(select(func.pg_advisory_xact_lock(UNOWNED_LOCK)))


def lock_clocks(
    tx: Transaction, tables: ChassisTables, sandboxes: Iterable[str]
) -> dict[str, SandboxClock]:
    """The clocks of `sandboxes`, locked in ascending order until the end of the transaction."""
    rows = tx.fetched_in(tables.queries.lock_clocks, sorted(set(sandboxes) - {""}))
    return {row[0]: SandboxClock(*row) for row in rows}


def write_openings(
    tx: Transaction,
    tables: ChassisTables,
    openings: Sequence[AccountOpened | SandboxClockSet],
) -> None:
    """Write new accounts and sandboxes' clocks."""
    tx.insert(
        tables.account_locks,
        [
            {"account": each.account, "sandbox": each.sandbox}
            for each in openings
            if isinstance(each, AccountOpened)
        ],
    )
    tx.upsert(
        tables.sandbox_clocks,
        [
            {"sandbox": each.sandbox, "clock_at": each.clock_at, "target_at": each.target_at}
            for each in openings
            if isinstance(each, SandboxClockSet)
        ],
    )


def park(tx: Transaction, tables: ChassisTables, row: AccountRow, cause: str, now_at: int) -> None:
    """Note that something could not be done for an account, and when to try again.

    The pause doubles with each attempt, from a second to five minutes.
    """
    locks = tables.account_locks
    pause_us = min(RETRY_FIRST_US << min(row.parked_attempts, 20), RETRY_LAST_US)
    tx.execute(
        update(locks)
        .where(locks.c.account == row.account)
        .values(
            parked_cause=cause[:200],
            parked_attempts=row.parked_attempts + 1,
            retry_at=now_at + pause_us,
        )
    )


def unpark(tx: Transaction, tables: ChassisTables, account: str) -> None:
    """Note that what had parked an account is done."""
    locks = tables.account_locks
    tx.execute(
        update(locks)
        .where(locks.c.account == account)
        .values(parked_cause="", parked_attempts=0, retry_at=0)
    )


def parked_here_or_at_peer(
    tx: Transaction, tables: ChassisTables, accounts: Sequence[str]
) -> set[str]:
    """Those of `accounts` that are parked here, or that the other service says it has parked."""
    locks = tables.account_locks
    query = select(locks.c.account).where((locks.c.parked_cause != "") | (locks.c.peer_parked != 0))
    return {row[0] for row in tx.where_in(query, locks.c.account, list(accounts))}
