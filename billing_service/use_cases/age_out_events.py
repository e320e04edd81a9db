"""Drops the events of old months, table by table; totals, corrections and keys stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from billing_service.domain.calendar import month_after, month_key
from billing_service.domain.events import UsageEventsAgedOut
from billing_service.domain.usage.event_errors import MonthTooRecent
from billing_service.domain.usage.months import month_at
from billing_service.storage.usage_segments import (
    count_events,
    drop_segments,
    lock_segments,
    open_account,
    segments_of,
)
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase

# How many months must have gone by, and how many more be closed, after the last that is dropped.
MONTHS_KEPT: Final = 3


@dataclass(frozen=True, slots=True)
class AgeOutEvents:
    """The events of all months, UTC, before one are to go. `before_month` is a first day."""

    before_month: date

    @property
    def last_month(self) -> date:
        """The last month that is to go."""
        return month_after(self.before_month, -1)


@dataclass(frozen=True, slots=True)
class AgedOut:
    """The months whose events are dropped, and how many these are."""

    months: tuple[date, ...]
    events_count: int


@dataclass(frozen=True, slots=True)
class MonthsDropped:
    """No events before a month are kept from now on: the tables of these months go."""

    months: tuple[date, ...]
    last_month: date
    dropped_at: int


@dataclass(slots=True)
class AgeOutFacts:
    """How many events each month holds, and who may still be charged for which months."""

    counts: dict[date, int]
    open_accounts: dict[date, str | None]

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        for change in effects.changes:
            if isinstance(change, MonthsDropped):
                for month in change.months:
                    del self.counts[month]


def gather(tx: Transaction, commands: Sequence[AgeOutEvents]) -> AgeOutFacts:
    """What would be dropped, and who is in the way; no events of old months come meanwhile."""
    lock_segments(tx, alone=True)
    lasts = {command.last_month for command in commands}
    counts = {month: count_events(tx, month) for month in segments_of(tx) if month <= max(lasts)}
    # Events of the last hours of a month, UTC, may lie in the next one of an account's zone.
    in_the_way = {last: open_account(tx, month_after(last, MONTHS_KEPT - 1)) for last in lasts}
    return AgeOutFacts(counts, in_the_way)


def decide(facts: AgeOutFacts, command: AgeOutEvents, now: int) -> Effects[AgedOut]:
    """Drop the months.

    Errors:  MonthTooRecent.
    """
    last = command.last_month
    if month_after(last, MONTHS_KEPT) >= month_at(now):
        earliest = month_key(month_after(last, MONTHS_KEPT + 1))
        raise MonthTooRecent(last, f"they can go from {earliest} on")
    account = facts.open_accounts[last]
    if account is not None:
        text = f"accounts/{account} is not charged for it and the {MONTHS_KEPT - 1} months after it"
        raise MonthTooRecent(last, text)
    months = tuple(sorted(month for month in facts.counts if month <= last))
    aged = AgedOut(months, sum(facts.counts[month] for month in months))
    told = UsageEventsAgedOut(aged.months, aged.events_count)
    return Effects(
        aged,
        changes=(MonthsDropped(months, last, now),),
        events=(Event("", told),) if months else (),
    )


def apply(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
    """Drop the tables, and remember up to when events are gone."""
    for effect in effects:
        for change in effect.changes:
            if isinstance(change, MonthsDropped):
                drop_segments(tx, change.months, change.last_month, change.dropped_at)


AGE_OUT_EVENTS: Final[UseCase[AgeOutEvents, AgeOutFacts, AgedOut]] = UseCase(
    name="age_out_events",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=apply,
)
