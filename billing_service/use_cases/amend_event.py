"""Replaces the data of an event from now on; the event itself stays as it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.usage.correction import RecordedEvent, Why
from billing_service.domain.usage.day_total import TOTAL_NANOS_MAX
from billing_service.domain.usage.event import event_key_of
from billing_service.domain.usage.event_errors import EventVoided, InvalidEvent
from billing_service.domain.usage.judging import Posting, Refused
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
        posting.key
        for command in commands
        for event in [facts.events.get(command.name)]
        if event is not None
        for posting in _postings(facts, event, command.data)
        if isinstance(posting, Posting) and posting.reader.adds_up
    }
    facts.sums.update({key: total.sum_nanos for key, total in find_totals(tx, wanted).items()})
    return facts


def decide(facts: CorrectionFacts, command: AmendEvent, now: int) -> Effects[RecordedEvent]:
    """Amend the event, if its data still fit every meter that counts it.

    Errors:  AccountNotFound, EventNotFound, EventsNotCorrectable, EventVoided, InvalidEvent.
    """
    home = facts.home(command.account)
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
    before = _postings(facts, event, event.data_now)
    after = _postings(facts, event, data)
    sums = dict(facts.sums)
    for sign, postings in ((-1, before), (1, after)):
        for posting in postings:
            if isinstance(posting, Refused):
                if sign > 0:
                    raise InvalidEvent(posting.field, posting.message)
            elif posting.reader.adds_up:
                sums[posting.key] = sums.get(posting.key, 0) + sign * posting.nanos
                if sign > 0 and sums[posting.key] > TOTAL_NANOS_MAX:
                    name = posting.reader.meter.value_property
                    text = f"would take the total of {posting.key.day} over 10^18: check the value"
                    raise InvalidEvent(f"data.{name}", text)
    facts.sums.update(sums)


def _postings(
    facts: CorrectionFacts, event: RecordedEvent, data: Mapping[str, str]
) -> list[Posting | Refused]:
    """What the meters that count an event would count of these data."""
    home, readers = facts.homes[event.account], facts.readers[event.type]
    day = home.days.find(event.time_at).text
    read = [
        reader.read(event.account, day, data)
        for reader in readers.each
        if f"/{reader.meter_id}/" in event.meters
    ]
    return [posting for posting in read if posting is not None]


AMEND_EVENT: Final[UseCase[AmendEvent, CorrectionFacts, RecordedEvent]] = UseCase(
    name="amend_event",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=apply_corrections,
)
