"""Reservations: usage that is set aside before it happens, for a while."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

from billing_service.domain.usage.guard_errors import ReservationNotOpen

HOLD_DEFAULT_SECONDS: Final = 15 * 60
_SECOND_US: Final = 1_000_000


class ReservationState(Enum):
    """Where a reservation stands."""

    OPEN = "open"
    SETTLED = "settled"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reservation:
    """So much of a price, set aside in the service period that begins on a day.

    `lapsed` notes that a later reservation found it expired: it need not be looked at again.
    """

    account: str
    reservation_id: str
    subscription: str
    price: str
    period_start_on: date
    quantity: Decimal
    created_at: int
    expire_at: int
    settled_at: int | None = None
    released_at: int | None = None
    lapsed: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its account and its id."""
        return (self.account, self.reservation_id)

    @property
    def name(self) -> str:
        """Its name in the contract."""
        return f"accounts/{self.account}/reservations/{self.reservation_id}"

    @property
    def counts(self) -> bool:
        """Whether it still stands against the ceiling, as far as is known."""
        return self.settled_at is None and self.released_at is None and not self.lapsed

    def state(self, now: int) -> ReservationState:
        """Where it stands at an instant."""
        if self.settled_at is not None:
            return ReservationState.SETTLED
        if self.released_at is not None:
            return ReservationState.RELEASED
        if self.lapsed or now >= self.expire_at:
            return ReservationState.EXPIRED
        return ReservationState.OPEN


def settled(reservation: Reservation, now: int) -> Reservation:
    """The reservation ended by its event; an expired one is, all the same.

    Errors:  ReservationNotOpen.
    """
    _check_not_ended(reservation, may_be_released=False)
    return replace(reservation, settled_at=now)


def released(reservation: Reservation, now: int) -> Reservation:
    """The reservation given back; one that was, stays as it is.

    Errors:  ReservationNotOpen if it is settled.
    """
    _check_not_ended(reservation, may_be_released=True)
    if reservation.released_at is not None:
        return reservation
    return replace(reservation, released_at=now)


def hold_until(now: int, hold_us: int) -> int:
    """When a reservation that is made now runs out; 0 means the usual time."""
    return now + (hold_us or HOLD_DEFAULT_SECONDS * _SECOND_US)


def _check_not_ended(reservation: Reservation, *, may_be_released: bool) -> None:
    if reservation.settled_at is not None:
        raise ReservationNotOpen(reservation.name, "settled")
    if reservation.released_at is not None and not may_be_released:
        raise ReservationNotOpen(reservation.name, "released")
