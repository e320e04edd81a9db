"""Reserves usage before it happens, as long as a ceiling leaves room for it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.money import EXACT
from billing_service.domain.price_models import Fault, Usage
from billing_service.domain.price_models.figures import decimals_of
from billing_service.domain.subscribed_plan import SubscribedPrice
from billing_service.domain.subscription import SubscriptionState
from billing_service.domain.usage.guard import CEILING_DECIMALS_MAX, CEILING_MAX, UsageGuard
from billing_service.domain.usage.guard_errors import (
    CeilingLoad,
    MeterNotAdditive,
    PriceNotMetered,
    SubscriptionNotActive,
    UsageCeilingReached,
)
from billing_service.domain.usage.open_reservations import OpenReservations
from billing_service.domain.usage.reservation import Reservation, hold_until
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage import gathering_guards
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from billing_service.use_cases.clocks import clocks_shown
from billing_service.use_cases.metered_periods import price_on, read_usages, subscribed_plan
from billing_service.use_cases.watched_prices import gather_watched, is_additive, watched_plan
from chassis.database import Transaction
from chassis.errors import ConcurrentChange
from chassis.use_case import Effects, Scope, UseCase

_DAY: Final = timedelta(days=1)
_PeriodKey = tuple[str, str, str, date]


@dataclass(frozen=True, slots=True)
class ReserveUsage:
    """So much is to be reserved, for `hold_us` (0: the usual time).

    `asked_at` is what the real clock showed when it was asked for: what was used is read for the
    service periods about then.
    """

    account: str
    reservation_id: str
    subscription: str
    price: str
    quantity: Decimal
    hold_us: int
    asked_at: int

    @property
    def key(self) -> DocumentKey:
        """The subscription's key."""
        return (self.account, self.subscription)

    @property
    def guard_key(self) -> tuple[str, str, str]:
        """The key of the price's guard."""
        return (self.account, self.subscription, self.price)


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation, and what is left below the ceiling after it; None: there is none."""

    reservation: Reservation
    remaining: Decimal | None
    made_at: int


@dataclass(slots=True)
class ReserveFacts:
    """What is stored; what was used of the prices, and what is reserved of each in a period."""

    stored: Facts = field(default_factory=Facts)
    used: dict[UsageWanted, Usage] = field(default_factory=dict)
    reserved: dict[_PeriodKey, OpenReservations] = field(
        default_factory=lambda: defaultdict(OpenReservations)
    )
    prices: dict[tuple[str, str, str, date], SubscribedPrice | None] = field(default_factory=dict)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        for change in effects.changes:
            if isinstance(change, Reservation):
                self.take_in(change)

    def take_in(self, reservation: Reservation) -> None:
        """Take in a reservation in its new state."""
        key = (reservation.account, reservation.subscription, reservation.price)
        self.reserved[(*key, reservation.period_start_on)].take_in(reservation)

    def price_on(self, command: ReserveUsage, now: int, day: date) -> SubscribedPrice | None:
        """The price of a command in its period on a day; looked up once."""
        wanted = (*command.guard_key, day)
        if wanted not in self.prices:
            subscribed = subscribed_plan(self.stored, command.key, now)
            self.prices[wanted] = price_on(subscribed, command.price, day)
        return self.prices[wanted]


def gather(tx: Transaction, commands: Sequence[ReserveUsage]) -> ReserveFacts:
    """The subscriptions, what was used in their periods, and what is reserved."""
    facts = ReserveFacts()
    stored = facts.stored
    gather_watched(tx, stored, [command.key for command in commands])
    gathering_guards.gather_guards(tx, stored, [command.account for command in commands])
    guarded = {command.guard_key for command in commands}
    for reservation in gathering_guards.counting_reservations(tx, guarded):
        facts.take_in(reservation)
    known = [each for each in commands if _is_of_plan(stored, each)]
    now_of = clocks_shown(tx, stored, [(each.account, each.asked_at) for each in known])
    prices = [found for each in known for found in _prices_about(facts, each, now_of)]
    facts.used.update(read_usages(tx, stored, prices, now_of))
    return facts


def decide(facts: ReserveFacts, command: ReserveUsage, now: int) -> Effects[Reserved]:
    """Reserve the quantity, unless the ceiling leaves less.

    Errors:  SubscriptionNotFound, SubscriptionNotActive, PriceNotMetered, MeterNotAdditive,
             InvalidQuantities, UsageCeilingReached.
             ConcurrentChange if a service period began that nobody foresaw.
    """
    _check_quantity(command.quantity)
    priced = _active_price(facts, command, now)
    period_start_on = priced.period.start_on
    reserved = facts.reserved[(*command.guard_key, period_start_on)]
    run_out = reserved.run_out(now)
    guard = facts.stored.guards.get(command.guard_key) or UsageGuard(*command.guard_key)
    remaining = None
    if guard.ceiling is not None:
        load = CeilingLoad(_used(facts, priced), reserved.total, guard.ceiling)
        remaining = EXACT.subtract(load.room, command.quantity)
        if remaining < 0:
            raise UsageCeilingReached(guard.name, command.quantity, load)
    reservation = Reservation(
        account=command.account,
        reservation_id=command.reservation_id,
        subscription=command.subscription,
        price=command.price,
        period_start_on=period_start_on,
        quantity=command.quantity,
        created_at=now,
        expire_at=hold_until(now, command.hold_us),
    )
    return Effects(Reserved(reservation, remaining, now), changes=(*run_out, reservation))


def _check_quantity(quantity: Decimal) -> None:
    if not 0 < quantity <= CEILING_MAX:
        raise InvalidQuantities([Fault("quantity", f"must be above 0 and up to {CEILING_MAX:,}")])
    if decimals_of(quantity) > CEILING_DECIMALS_MAX:
        text = f"has more than {CEILING_DECIMALS_MAX} decimals"
        raise InvalidQuantities([Fault("quantity", text)])


def _active_price(facts: ReserveFacts, command: ReserveUsage, now: int) -> SubscribedPrice:
    """The price in the present period of a subscription that has begun and is not over."""
    subscribed = watched_plan(facts.stored, command.key, command.price, now)
    name = f"accounts/{command.account}/subscriptions/{command.subscription}"
    today = civil_day(now, subscribed.zone)
    if subscribed.subscription.state(now, subscribed.zone) is not SubscriptionState.ACTIVE:
        raise SubscriptionNotActive(name, today)
    priced = facts.price_on(command, now, today)
    if priced is None:
        raise PriceNotMetered(name, command.price)
    if not is_additive(facts.stored, priced):
        raise MeterNotAdditive(command.price)
    return priced


def _used(facts: ReserveFacts, priced: SubscribedPrice) -> Decimal:
    """What was used in a period so far."""
    (wanted,) = priced.wanted[priced.price.code]
    usage = facts.used.get(wanted)
    if usage is None:
        raise ConcurrentChange
    return usage.quantity


def _is_of_plan(facts: Facts, command: ReserveUsage) -> bool:
    subscription = facts.subscriptions.get(command.key)
    return subscription is not None and subscription.is_of_plan


def _prices_about(
    facts: ReserveFacts, command: ReserveUsage, now_of: Mapping[str, int]
) -> Iterator[SubscribedPrice]:
    """The price in the period of now, and in that of a day later: one may begin meanwhile."""
    now = now_of[command.account]
    today = civil_day(now, facts.stored.accounts[command.account].time_zone)
    for day in (today, today + _DAY):
        found = facts.price_on(command, now, day)
        if found is not None:
            yield found


RESERVE_USAGE: Final[UseCase[ReserveUsage, ReserveFacts, Reserved]] = UseCase(
    name="reserve_usage",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
