"""Has the usage of accounts watched once a plan of theirs holds charges for review."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select, update

from billing_service.domain.plan import Plan
from billing_service.storage.tables import CHASSIS, table
from chassis.database import Transaction

_ACCOUNTS: Final = table("accounts")
_SUBSCRIPTIONS: Final = table("subscriptions")
_CHUNK: Final = 1_000


def watch_subscribers(tx: Transaction, plans: Iterable[Plan]) -> None:
    """Watch the accounts that are subscribed to those of the plans that may hold charges.

    They are locked, as whoever writes an account as a whole has done: so nobody undoes this. One
    that subscribes at the same time is watched by its own subscription, or by its next one; its
    reviews are opened when its month closes in any case.
    """
    held = sorted({plan.plan_id for plan in plans if plan.may_hold_usage})
    if not held:
        return
    query = (
        select(_SUBSCRIPTIONS.c.account)
        .join(_ACCOUNTS, _ACCOUNTS.c.account == _SUBSCRIPTIONS.c.account)
        .where(_SUBSCRIPTIONS.c.begins_on.is_not(None), _ACCOUNTS.c.usage_watched.is_(False))
        .distinct()
    )
    accounts = sorted(row[0] for row in tx.where_in(query, _SUBSCRIPTIONS.c.plan, held))
    locks = CHASSIS.account_locks
    for start in range(0, len(accounts), _CHUNK):
        chunk = accounts[start : start + _CHUNK]
        lock = select(locks.c.account).order_by(locks.c.account).with_for_update()
        tx.where_in(lock, locks.c.account, chunk)
        watched = update(_ACCOUNTS).where(_ACCOUNTS.c.account.in_(chunk))
        tx.execute(watched.values(usage_watched=True))
