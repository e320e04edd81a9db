"""What billing has told of an account: how long it is served, and whether it is stopped."""

from dataclasses import dataclass, replace
from datetime import date

from provisioning_service.domain.errors import AccountUnpaid


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's standing as far as billing's feed is applied.

    `expires_on` is None where nothing is owed, and holds for what happened up to `told_at`.
    `stopped_at` and `deletion_ordered_at` are set while
    an unpaid invoice stops the account, and `unpaid_invoice` names it.
    """

    account: str
    expires_on: date | None = None
    earliest_unsettled_month: date | None = None
    stopped_at: int | None = None
    deletion_ordered_at: int | None = None
    unpaid_invoice: str = ""
    told_at: int = 0
    version: int = 0


def check_paid(standing: Standing) -> None:
    """Refuse what an account may not do while it is stopped for non-payment."""
    if standing.stopped_at is not None:
        raise AccountUnpaid(f"accounts/{standing.account}", standing.unpaid_invoice)


def with_expiry(
    standing: Standing,
    expires_on: date | None,
    earliest_unsettled_month: date | None,
    *,
    told_at: int,
) -> Standing:
    """The standing with another last day of service, which holds for what happened by `told_at`."""
    return replace(
        standing,
        expires_on=expires_on,
        earliest_unsettled_month=earliest_unsettled_month,
        told_at=told_at,
        version=standing.version + 1,
    )


def stopped(standing: Standing, stopped_at: int, invoice: str) -> Standing:
    """The standing of an account that is stopped since `stopped_at` for an invoice."""
    if standing.stopped_at is not None:
        return standing
    return replace(
        standing, stopped_at=stopped_at, unpaid_invoice=invoice, version=standing.version + 1
    )


def deletion_ordered(standing: Standing, ordered_at: int, invoice: str) -> Standing:
    """The standing of an account whose instances are to be deleted since `ordered_at`."""
    halted = stopped(standing, ordered_at, invoice)
    return replace(halted, deletion_ordered_at=ordered_at, version=standing.version + 1)


def lifted(standing: Standing) -> Standing:
    """The standing once all is paid that had to be."""
    return replace(
        standing,
        stopped_at=None,
        deletion_ordered_at=None,
        unpaid_invoice="",
        version=standing.version + 1,
    )
