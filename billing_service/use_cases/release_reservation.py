"""Gives a reservation back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.usage.guard_errors import ReservationNotFound
from billing_service.domain.usage.reservation import Reservation, released
from billing_service.storage import gathering_guards
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class ReleaseReservation:
    """What was reserved is not needed."""

    account: str
    reservation_id: str

    @property
    def key(self) -> DocumentKey:
        """The reservation's key."""
        return (self.account, self.reservation_id)


def gather(tx: Transaction, commands: Sequence[ReleaseReservation]) -> Facts:
    """The reservations."""
    facts = Facts()
    gathering_guards.gather_reservations(tx, facts, [command.key for command in commands])
    return facts


def decide(facts: Facts, command: ReleaseReservation, now: int) -> Effects[Reservation]:
    """Release the reservation; one that was released stays as it is.

    Errors:  ReservationNotFound, ReservationNotOpen.
    """
    before = found_reservation(facts, command.key)
    after = released(before, now)
    return Effects(after, changes=() if after is before else (after,))


def found_reservation(facts: Facts, key: DocumentKey) -> Reservation:
    """The reservation of a key.

    Errors:  ReservationNotFound.
    """
    found = facts.reservations.get(key)
    if found is None:
        raise ReservationNotFound(f"accounts/{key[0]}/reservations/{key[1]}")
    return found


RELEASE_RESERVATION: Final[UseCase[ReleaseReservation, Facts, Reservation]] = UseCase(
    name="release_reservation",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
