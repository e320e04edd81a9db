"""Has subscribers of a plan looked at as another version of it comes into force."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from billing_service.domain.plan import Plan
from billing_service.storage.tables import CHASSIS, table
from chassis.database import Transaction

# Of two that are due at once the first one by name is fired first, so that it can move the other.
AIM_ENTITLEMENTS: Final = "aim_entitlements"
TELL_ENTITLEMENTS: Final = "tell_entitlements"
_SUBSCRIPTIONS: Final = table("subscriptions")


def set_version_timers(tx: Transaction, plans: Iterable[Plan]) -> None:
    """Set a timer for each subscriber of plans that got a version just now.

    Each is due when the version comes into force or, on a sandbox's clock that has passed it, at
    once; the account's day may begin later, which the timer finds out. One that subscribes at the
    same time knows the version already, or is told of it at its next turn.
    """
    changed = list(plans)
    if not changed:
        return
    clocks, locks = CHASSIS.sandbox_clocks, CHASSIS.account_locks
    clock_of = {row.sandbox: row.clock_at for row in tx.all(select(clocks))}
    query = select(_SUBSCRIPTIONS.c.account, _SUBSCRIPTIONS.c.subscription, locks.c.sandbox).join(
        locks, locks.c.account == _SUBSCRIPTIONS.c.account
    )
    for plan in changed:
        version = plan.versions[-1]
        subscribers = query.where(
            _SUBSCRIPTIONS.c.plan == plan.plan_id, _SUBSCRIPTIONS.c.begins_on.is_not(None)
        )
        tx.insert(
            CHASSIS.timers,
            [
                {
                    "account": row.account,
                    "kind": AIM_ENTITLEMENTS,
                    "key": f"{row.subscription}/{plan.plan_id}/{version.version}",
                    "sandbox": row.sandbox,
                    "due_at": max(version.effective_at or 0, clock_of.get(row.sandbox, 0)),
                }
                for row in tx.all(subscribers)
            ],
        )
