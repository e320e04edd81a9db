"""What happens by itself: rows with a due time, fired in order, account by account."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import delete, func, select, tuple_

from chassis.database import Transaction
from chassis.tables import ChassisTables
from chassis.tuples import upsert_tuples

DUE_ACCOUNTS_MAX: Final = 256


class Timer(NamedTuple):
    """A row of the timers: what is due on an account, and when. In the order of the columns."""

    account: str
    kind: str
    key: str
    sandbox: str
    due_at: int

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from other timers."""
        return (self.account, self.kind, self.key)


def read_due(
    tx: Transaction, tables: ChassisTables, accounts: Sequence[str], until_at: int
) -> list[Timer]:
    """The timers of `accounts` that are due at `until_at`, the earliest first."""
    found = tx.all_in(tables.queries.due_timers, accounts, {"until_at": until_at})
    rows = [Timer(*row) for row in found]
    return sorted(rows, key=lambda each: (each.due_at, each.account, each.kind, each.key))


def write_timers(
    tx: Transaction,
    tables: ChassisTables,
    changes: Mapping[tuple[str, str, str], Timer | None],
) -> None:
    """Set timers, and delete those whose change is None."""
    timers = tables.timers
    gone = [identity for identity, change in changes.items() if change is None]
    for start in range(0, len(gone), 1000):
        identity = tuple_(timers.c.account, timers.c.kind, timers.c.key)
        tx.execute(delete(timers).where(identity.in_(gone[start : start + 1000])))
    upsert_tuples(tx, timers, [change for change in changes.values() if change is not None])


def due_accounts(
    tx: Transaction,
    tables: ChassisTables,
    *,
    sandbox: str,
    until_at: int,
    skipped: Iterable[str] = (),
) -> list[str]:
    """Some accounts of a world that have something due at `until_at` and are not parked."""
    passed_over = set(skipped)
    rows = tx.fetched(
        tables.queries.due_accounts,
        {
            "sandbox": sandbox,
            "until_at": until_at,
            "accounts_max": DUE_ACCOUNTS_MAX + len(passed_over),
        },
    )
    return [row[0] for row in rows if row[0] not in passed_over][:DUE_ACCOUNTS_MAX]


def next_due(tx: Transaction, tables: ChassisTables, sandbox: str) -> int | None:
    """When the next thing falls due in a world; None if nothing waits."""
    timers = tables.timers
    row = tx.one(
        select(timers.c.due_at)
        .where(timers.c.sandbox == sandbox)
        .order_by(timers.c.due_at)
        .limit(1)
    )
    return int(row[0]) if row else None


def first_due(tx: Transaction, tables: ChassisTables, account: str) -> int | None:
    """When an account's first timer is due; None if nothing waits."""
    timers = tables.timers
    row = tx.one(select(func.min(timers.c.due_at)).where(timers.c.account == account))
    return None if row is None or row[0] is None else int(row[0])


def retryable_accounts(
    tx: Transaction, tables: ChassisTables, until_at: int, *, sandbox: str = ""
) -> list[str]:
    """Parked accounts of a world whose next attempt is due at `until_at`, by the real clock."""
    wanted = {"sandbox": sandbox, "until_at": until_at, "accounts_max": DUE_ACCOUNTS_MAX}
    return [row[0] for row in tx.fetched(tables.queries.retryable_accounts, wanted)]
