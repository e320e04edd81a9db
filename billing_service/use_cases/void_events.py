"""Takes events back: they count no more, and stay known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.usage.correction import RecordedEvent, Why
from billing_service.domain.usage.event import event_key_of
from billing_service.domain.usage.event_errors import EventsNotCorrectable, TooManyEvents
from billing_service.domain.usage.reading_errors import InvalidTimeRange
from billing_service.storage.usage_events import (
    EventFilter,
    Name,
    count_voided_events,
    list_counting_events,
)
from billing_service.use_cases.correcting import (
    CorrectionFacts,
    apply_corrections,
    corrected,
    gather_corrections,
)
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase

EVENTS_MAX: Final = 10_000

NameText = tuple[str, str]
"""A source and an id."""


@dataclass(frozen=True, slots=True)
class VoidEvents:
    """Events are to count no more, and why: those of some names, or all that a filter means."""

    account: str
    why: Why
    names: tuple[NameText, ...] = ()
    range: EventFilter | None = None

    def named(self) -> dict[NameText, Name]:
        """What the named events are known by, each once, in order."""
        return {each: (self.account, event_key_of(*each)) for each in self.names}


@dataclass(frozen=True, slots=True)
class VoidedEvents:
    """How many events count no more, and how many did not before."""

    voided_count: int
    already_voided_count: int


def gather(tx: Transaction, commands: Sequence[VoidEvents]) -> CorrectionFacts:
    """The accounts, and the events that are named or meant."""
    names = [name for command in commands for name in command.named().values()]
    facts = gather_corrections(tx, [command.account for command in commands], names)
    for wanted in {each.range for each in commands if each.range is not None}:
        kept_at = facts.kept_at(wanted.account)
        if wanted.start_at < kept_at or wanted.start_at >= wanted.end_at:
            continue
        events = list_counting_events(tx, wanted, limit=EVENTS_MAX + 1)
        if len(events) > EVENTS_MAX:
            # It is refused: what else lies in it, which may be years of events, is not looked at.
            facts.ranges[wanted] = None
            continue
        facts.ranges[wanted] = (
            [(each.account, each.event_key) for each in events],
            count_voided_events(tx, wanted),
        )
        facts.events.update({(each.account, each.event_key): each for each in events})
    return facts


def decide(facts: CorrectionFacts, command: VoidEvents, now: int) -> Effects[VoidedEvents]:
    """Void what counts of the events.

    Errors:  AccountNotFound, EventNotFound, EventsNotCorrectable, InvalidTimeRange, TooManyEvents.
    """
    home = facts.home(command.account)
    now = home.shown_at(now)
    if command.range is None:
        before_count, events = 0, list(_named(facts, command))
    else:
        before_count, events = _meant(facts, command.range)
    voided = [each.voided(command.why, now) for each in events if each.counts]
    done = corrected(home, voided, now)
    result = VoidedEvents(len(voided), before_count + len(events) - len(voided))
    return Effects(result, done.changes, done.events, done.timers)


def _named(facts: CorrectionFacts, command: VoidEvents) -> Iterator[RecordedEvent]:
    for (source, event_id), name in command.named().items():
        yield facts.event(name, source, event_id)


def _meant(facts: CorrectionFacts, wanted: EventFilter) -> tuple[int, list[RecordedEvent]]:
    """How many events of a range did not count when it was gathered, and those that did."""
    if wanted.start_at >= wanted.end_at:
        raise InvalidTimeRange("range.end_time", "must be later than start_time")
    kept_at = facts.kept_at(wanted.account)
    if wanted.start_at < kept_at:
        raise EventsNotCorrectable(kept_at)
    meant = facts.ranges[wanted]
    if meant is None:
        raise TooManyEvents(EVENTS_MAX)
    names, before_count = meant
    # What a command before this one voided is among them, and counts no more.
    found = [facts.events[name] for name in names]
    return before_count, [each for each in found if each is not None]


VOID_EVENTS: Final[UseCase[VoidEvents, CorrectionFacts, VoidedEvents]] = UseCase(
    name="void_events",
    # What is wrong may be what parked the account: taking it back is the way out.
    scope=lambda command: Scope(accounts=(command.account,), tolerant=True),
    gather=gather,
    decide=decide,
    apply=apply_corrections,
)
