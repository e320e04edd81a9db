"""Replaces the data of an event from now on; the event itself stays as it came."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.usage.correction import RecordedEvent, Why
from billing_service.domain.usage.day_total import TOTAL_NANOS_MAX
from billing_service.domain.usage.event import event_key_of
from billing_service.domain.usage.event_errors import EventVoided, InvalidEvent
from billing_service.domain.usage.judging import MeterReader, Reading, Refused, TotalKey
from billing_service.storage.usage_events import Name
from billing_service.storage.usage_gathering import find_totals
from billing_service.use_cases.correcting import (
    CorrectionFacts,
    apply_corrections,
    corrected,
    gather_corrections,
)
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class AmendEvent:
    """An event is to have other data, all of them stated, and why."""

    account: str
    source: str
    event_id: str
    data: Mapping[str, str]
    why: Why

    @property
    def name(self) -> Name:
        """What the event is known by."""
        return self.account, event_key_of(self.source, self.event_id)


def gather(tx: Transaction, commands: Sequence[AmendEvent]) -> CorrectionFacts:
    """The accounts, the events, and the sums of their days."""
    facts = gather_corrections(
        tx, [each.account for each in commands], [each.name for each in commands]
    )
    wanted = {
        key
        for command in commands
        for event in [facts.events.get(command.name)]
        if event is not None
        for key, _, _ in _added(facts, event, command.data)
    }
    facts.sums.update({key: total.sum_nanos for key, total in find_totals(tx, wanted).items()})
    return facts


def decide(facts: CorrectionFacts, command: AmendEvent, now: int) -> Effects[RecordedEvent]:
    """Amend the event, if its data still fit every meter that counts it.

    Errors:  AccountNotFound, EventNotFound, EventsNotCorrectable, EventVoided, InvalidEvent.
    """
    home = facts.home(command.account)
    now = home.shown_at(now)
    event = facts.event(command.name, command.source, command.event_id)
    if not event.counts:
        raise EventVoided(command.source, command.event_id)
    _count_anew(facts, event, command.data)
    amended = event.amended(command.data, command.why, now)
    done = corrected(home, [amended], now)
    return Effects(amended, done.changes, done.events, done.timers)


def _count_anew(facts: CorrectionFacts, event: RecordedEvent, data: Mapping[str, str]) -> None:
    """Put what the data state in place of what the event stated, in the sums of its days.

    Errors:  InvalidEvent if they do not fit, or a sum would grow too large.
    """
    for _, reading in _readings(facts, event, data):
        if isinstance(reading, Refused):
            raise InvalidEvent(reading.field, reading.message)
    sums = dict(facts.sums)
    for key, nanos, _ in _added(facts, event, event.data_now):
        sums[key] = sums.get(key, 0) - nanos
    for key, nanos, name in _added(facts, event, data):
        sums[key] = sums.get(key, 0) + nanos
        if sums[key] > TOTAL_NANOS_MAX:
            text = f"would take the total of {key.day} over 10^18: check the value"
            raise InvalidEvent(f"data.{name}", text)
    facts.sums.update(sums)


def _added(
    facts: CorrectionFacts, event: RecordedEvent, data: Mapping[str, str]
) -> Iterator[tuple[TotalKey, int, str]]:
    """What these data add to sums: to which, how much, and from which property."""
    day = facts.homes[event.account].days.find(event.time_at).text
    for reader, reading in _readings(facts, event, data):
        if reader.adds_up and reading is not None and not isinstance(reading, Refused):
            dimensions, nanos, _ = reading
            yield TotalKey(event.account, reader.meter_id, day, dimensions), nanos, reader.property


def _readings(
    facts: CorrectionFacts, event: RecordedEvent, data: Mapping[str, str]
) -> list[tuple[MeterReader, Reading | Refused | None]]:
    """What the meters that count an event would count of these data."""
    return [
        (reader, reader.read(data))
        for reader in facts.readers[event.type].each
        if f"/{reader.meter_id}/" in event.meters
    ]


AMEND_EVENT: Final[UseCase[AmendEvent, CorrectionFacts, RecordedEvent]] = UseCase(
    name="amend_event",
    # What is wrong may be what parked the account: putting it right is the way out.
    scope=lambda command: Scope(accounts=(command.account,), tolerant=True),
    gather=gather,
    decide=decide,
    apply=apply_corrections,
)
