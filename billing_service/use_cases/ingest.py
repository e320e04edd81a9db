"""Takes usage events in: each once, none spoiling another, with the totals in the same transaction.

What follows from usage is not done here: a timer that is due at once makes it happen, at the end of
the same batch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from billing_service.domain.account import Account
from billing_service.domain.events import AccountZoneFixed
from billing_service.domain.usage.event import UsageEvent
from billing_service.domain.usage.intake import IngestResult, Intake, Touched
from billing_service.domain.usage.judging import Bounds, Home
from billing_service.storage.saving import save
from billing_service.storage.usage_gathering import Judgements, gather_intake
from billing_service.storage.usage_saving import save_intake
from billing_service.use_cases.timers import CHECK_USAGE, MARK_OUTDATED
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerSet, UseCase


@dataclass(frozen=True, slots=True)
class IngestEvents:
    """Something was used. An event without a time happened at `received_at`.

    `received_at` is what the real clock showed when the events came; accounts of a sandbox live by
    its clock instead. Times of events may lie `tolerance_us` ahead of their account's clock, and
    `age_max_us` behind it.
    """

    events: tuple[UsageEvent, ...]
    received_at: int
    tolerance_us: int
    age_max_us: int

    @property
    def bounds(self) -> Bounds:
        """How far the times of the events may lie from their accounts' clocks."""
        return Bounds(self.received_at, self.tolerance_us, self.age_max_us)


@dataclass(slots=True)
class UsageFacts:
    """What was gathered for a list of commands, kept true by each that takes its events in."""

    intake: Intake
    # By the identity of the command, which lives as long as these facts.
    judgements: dict[int, Judgements]

    def absorb(self, _effects: Effects[Any]) -> None:
        """Nothing more: taking events in changes the intake itself."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking a batch in gives: the answers, and what the command does beside."""

    result: IngestResult
    changes: tuple[object, ...]
    events: tuple[Event, ...]
    timers: tuple[TimerSet, ...]


def gather(tx: Transaction, commands: Sequence[IngestEvents]) -> UsageFacts:
    """Accounts, meters, what is known of the events, and the totals that they may change."""
    intake, judgements = gather_intake(tx, [(each.events, each.bounds) for each in commands])
    by_command = {id(each): own for each, own in zip(commands, judgements, strict=True)}
    return UsageFacts(intake, by_command)


def take_in(facts: UsageFacts, command: IngestEvents, now: int) -> Taken:
    """Take the events of a gathered command in; nothing may refuse the command after that.

    The first of the changes is what `apply` writes, once for all commands.
    """
    result, touched = facts.intake.take_in(command.events, facts.judgements[id(command)])
    changes: list[object] = [facts.intake]
    told: list[Event] = []
    for account in sorted(touched.accounts):
        home = facts.intake.homes[account]
        if not home.account.zone_fixed:
            home.account = home.account.with_zone_fixed()
            changes.append(home.account)
            fixed = AccountZoneFixed(account, home.account.time_zone)
            told.append(Event(account, fixed, effective_at=home.now_at))
    timers = tuple(usage_timers(facts.intake.homes, touched, now))
    return Taken(result, tuple(changes), tuple(told), timers)


def decide(facts: UsageFacts, command: IngestEvents, now: int) -> Effects[IngestResult]:
    """Take the events in, and make happen what follows from them."""
    taken = take_in(facts, command, now)
    return Effects(taken.result, taken.changes, taken.events, taken.timers)


def apply(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
    """Write accounts whose zone is fixed, the events and the totals."""
    if any(isinstance(change, Account) for effect in effects for change in effect.changes):
        save(tx, effects)
    for intake in {id(c): c for e in effects for c in e.changes if isinstance(c, Intake)}.values():
        save_intake(tx, intake)


def usage_timers(homes: Mapping[str, Home], touched: Touched, now: int) -> Iterator[TimerSet]:
    """What usage makes happen at once: checks of what is watched, notes of what is outdated."""
    for account in sorted(touched.accounts):
        home = homes[account]
        if home.account.usage_watched:
            yield TimerSet(account, CHECK_USAGE, "", home.shown_at(now))
    for account, meter, day in sorted(touched.closed_days):
        home = homes[account]
        yield TimerSet(account, MARK_OUTDATED, f"{meter}/{day}", home.shown_at(now))


INGEST: Final[UseCase[IngestEvents, UsageFacts, IngestResult]] = UseCase(
    name="ingest_events",
    scope=lambda command: Scope(
        accounts=tuple(dict.fromkeys([event.account for event in command.events])), tolerant=True
    ),
    gather=gather,
    decide=decide,
    apply=apply,
)
