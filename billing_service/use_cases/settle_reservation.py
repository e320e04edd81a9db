"""Settles a reservation: takes in the event that it was for, and ends it, at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from billing_service.domain.price import Metered
from billing_service.domain.review import ReviewKey
from billing_service.domain.usage.counted import check_counted
from billing_service.domain.usage.event import EventOutcome
from billing_service.domain.usage.event_errors import InvalidEvent
from billing_service.domain.usage.intake import IngestResult, Intake
from billing_service.domain.usage.reservation import Reservation, settled
from billing_service.storage import gathering_guards
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from billing_service.storage.usage_saving import save_intake
from billing_service.use_cases import ingest
from billing_service.use_cases.ingest import IngestEvents, UsageFacts
from billing_service.use_cases.metered_periods import price_of_period, subscribed_plan
from billing_service.use_cases.release_reservation import found_reservation
from billing_service.use_cases.watched_prices import gather_watched
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase

_TAKEN: Final = (EventOutcome.ACCEPTED, EventOutcome.DUPLICATE)


@dataclass(frozen=True, slots=True)
class SettleReservation:
    """What was reserved has happened: `usage` holds the one event that tells of it."""

    account: str
    reservation_id: str
    usage: IngestEvents

    @property
    def key(self) -> DocumentKey:
        """The reservation's key."""
        return (self.account, self.reservation_id)


@dataclass(frozen=True, slots=True)
class Settled:
    """The reservation as settled, and what became of its event."""

    reservation: Reservation
    outcome: int
    settled_at: int


@dataclass(slots=True)
class SettleFacts:
    """The reservations, and what was gathered to take their events in."""

    usage: UsageFacts
    stored: Facts = field(default_factory=Facts)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        self.stored.take_in(each for each in effects.changes if isinstance(each, Reservation))


def gather(tx: Transaction, commands: Sequence[SettleReservation]) -> SettleFacts:
    """The reservations with what prices them, and all that taking their events in takes."""
    facts = SettleFacts(ingest.gather(tx, [command.usage for command in commands]))
    stored = facts.stored
    gathering_guards.gather_reservations(tx, stored, [each.key for each in commands])
    reserved = stored.reservations.values()
    gather_watched(tx, stored, {(each.account, each.subscription) for each in reserved})
    return facts


def decide(facts: SettleFacts, command: SettleReservation, now: int) -> Effects[Settled]:
    """End the reservation and take its event in; neither happens without the other.

    Errors:  ReservationNotFound, ReservationNotOpen, InvalidEvent.
    """
    reservation = settled(found_reservation(facts.stored, command.key), now)
    _check_counted(facts.stored, reservation, command.usage, now)
    taken = ingest.take_in(facts.usage, command.usage, now)
    _check_taken(taken.result)
    return Effects(
        Settled(reservation, taken.result.outcomes[0], now),
        changes=(reservation, *taken.changes),
        events=taken.events,
        timers=taken.timers,
    )


def _check_counted(facts: Facts, reservation: Reservation, usage: IngestEvents, now: int) -> None:
    """Refuse an event that the reserved price does not count; all pass if it is priced no more."""
    period = (reservation.account, reservation.subscription, reservation.price)
    subscribed = subscribed_plan(facts, period[:2], now)
    priced = price_of_period(subscribed, ReviewKey(*period, reservation.period_start_on))
    if priced is None or not isinstance(priced.price.kind, Metered):
        return
    (event,), (meter,) = usage.events, priced.meters
    check_counted(event, priced.price.kind, facts.meters[meter], "event.")


def _check_taken(result: IngestResult) -> None:
    """Refuse an event that was not taken in, and of which nothing was changed."""
    if result.outcomes[0] in _TAKEN:
        return
    (refusal,) = result.refusals
    field = f"event.{refusal.field}" if refusal.field else "event"
    raise InvalidEvent(field, refusal.message)


def apply(tx: Transaction, effects: Sequence[Effects[Settled]]) -> None:
    """Write the reservations, the events and the totals."""
    save(tx, effects)
    changes = (change for effect in effects for change in effect.changes)
    for intake in {id(each): each for each in changes if isinstance(each, Intake)}.values():
        save_intake(tx, intake)


SETTLE_RESERVATION: Final[UseCase[SettleReservation, SettleFacts, Settled]] = UseCase(
    name="settle_reservation",
    # What has happened is taken in whatever state the account is in.
    scope=lambda command: Scope(accounts=(command.account,), tolerant=True),
    gather=gather,
    decide=decide,
    apply=apply,
)
