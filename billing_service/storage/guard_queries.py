"""What can be read of guards, reservations and reviews."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, assert_never

from sqlalchemy import ColumnElement, and_, or_, select, tuple_

from billing_service.domain.review import Review, ReviewState
from billing_service.domain.usage.guard import UsageGuard
from billing_service.domain.usage.reservation import Reservation, ReservationState
from billing_service.storage import guard_rows
from billing_service.storage.tables import table
from chassis.database import Transaction

_GUARDS: Final = table("usage_guards")
_RESERVATIONS: Final = table("reservations")
_REVIEWS: Final = table("reviews")
_ACCOUNTS: Final = table("accounts")

# Before the first entry of a list.
FIRST_REVIEW: Final[tuple[str, str]] = ("", "")


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which reviews: of one account ('': all of a world), in some states (none: in any)."""

    account: str
    sandbox: str
    states: Collection[ReviewState]


@dataclass(frozen=True, slots=True)
class ReservationFilter:
    """Which reservations of an account: for one subscription ('': any), in states (none: any)."""

    account: str
    subscription: str
    states: Collection[ReservationState]


def find_guard(tx: Transaction, account: str, subscription: str, price: str) -> UsageGuard | None:
    """The guard of a price; None if none was stated."""
    columns = _GUARDS.c
    key = (account, subscription, price)
    wanted = tuple_(columns.account, columns.subscription, columns.price) == key
    row = tx.one(select(_GUARDS).where(wanted))
    return guard_rows.guard_from_row(row) if row else None


def find_reservation(tx: Transaction, account: str, reservation: str) -> Reservation | None:
    """A reservation by its account and id."""
    columns = _RESERVATIONS.c
    wanted = (columns.account == account, columns.reservation == reservation)
    row = tx.one(select(_RESERVATIONS).where(*wanted))
    return guard_rows.reservation_from_row(row) if row else None


def list_reservations(
    tx: Transaction, wanted: ReservationFilter, *, now: int, after: str, limit: int
) -> list[Reservation]:
    """Reservations by id, those that follow `after`; their states are those of `now`."""
    columns = _RESERVATIONS.c
    query = select(_RESERVATIONS).order_by(columns.reservation).limit(limit)
    query = query.where(columns.account == wanted.account, columns.reservation > after)
    if wanted.subscription:
        query = query.where(columns.subscription == wanted.subscription)
    if wanted.states:
        query = query.where(or_(*(_stands(each, now) for each in wanted.states)))
    return [guard_rows.reservation_from_row(row) for row in tx.all(query)]


def find_review(tx: Transaction, account: str, review: str) -> Review | None:
    """A review by its account and id."""
    columns = _REVIEWS.c
    row = tx.one(select(_REVIEWS).where(columns.account == account, columns.review == review))
    return guard_rows.review_from_row(row) if row else None


def list_reviews(
    tx: Transaction, wanted: ReviewFilter, *, after: tuple[str, str], limit: int
) -> list[Review]:
    """Reviews by account and id, those that follow `after`."""
    columns = _REVIEWS.c
    query = select(_REVIEWS).order_by(columns.account, columns.review).limit(limit)
    query = query.where(tuple_(columns.account, columns.review) > after)
    if wanted.account:
        query = query.where(columns.account == wanted.account)
    else:
        query = query.join(_ACCOUNTS, _ACCOUNTS.c.account == columns.account)
        query = query.where(_ACCOUNTS.c.sandbox == wanted.sandbox)
    if wanted.states:
        query = query.where(columns.state.in_([each.value for each in wanted.states]))
    return [guard_rows.review_from_row(row) for row in tx.all(query)]


def _stands(state: ReservationState, now: int) -> ColumnElement[bool]:
    """That a row is in a state at an instant, as `Reservation.state` says it."""
    columns = _RESERVATIONS.c
    is_kept = and_(columns.settled_at.is_(None), columns.released_at.is_(None))
    match state:
        case ReservationState.SETTLED:
            return columns.settled_at.is_not(None)
        case ReservationState.RELEASED:
            return and_(columns.settled_at.is_(None), columns.released_at.is_not(None))
        case ReservationState.OPEN:
            return and_(is_kept, columns.counts, columns.expire_at > now)
        case ReservationState.EXPIRED:
            return and_(is_kept, or_(~columns.counts, columns.expire_at <= now))
        case _:
            assert_never(state)
