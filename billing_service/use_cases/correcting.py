"""What amending and voiding events have in common: what they need to know, and what they change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from billing_service.domain.events import UsageCorrected
from billing_service.domain.usage.correction import Correction, RecordedEvent
from billing_service.domain.usage.event_errors import EventNotFound, EventsNotCorrectable
from billing_service.domain.usage.intake import Touched
from billing_service.domain.usage.judging import Bounds, Home, Readers, TotalKey
from billing_service.storage.usage_events import EventFilter, Name, find_events, save_corrections
from billing_service.storage.usage_gathering import read_accounts, readers_by_type
from billing_service.storage.usage_recounting import Recounted, recount
from billing_service.storage.usage_saving import MeterDay
from billing_service.storage.usage_segments import kept_since, lock_segments
from billing_service.use_cases.ingest import usage_timers
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, TimerSet

# Events that are there already are judged by what they state, not by when they happened.
_NO_BOUNDS: Final = Bounds(received_at=0, tolerance_us=0, age_max_us=0)


@dataclass(frozen=True, slots=True)
class DaysOfEvents:
    """On which civil day of its account's zone each corrected event lies, and the zone."""

    days: Mapping[Name, str]
    zone: str


@dataclass(slots=True)
class CorrectionFacts:
    """Accounts, meters and events; None for an event that is known, but no longer kept.

    `sums` has what the days add up to that amended data go to; `ranges` the events of a stretch of
    time that count, and how many were voided before; None: too many count.
    """

    homes: Mapping[str, Home]
    readers: Mapping[str, Readers]
    events: dict[Name, RecordedEvent | None]
    sums: dict[TotalKey, int] = field(default_factory=dict)
    ranges: dict[EventFilter, tuple[list[Name], int] | None] = field(default_factory=dict)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        for change in effects.changes:
            if isinstance(change, RecordedEvent):
                self.events[change.account, change.event_key] = change

    def home(self, account: str) -> Home:
        """The account.

        Errors:  AccountNotFound.
        """
        home = self.homes.get(account)
        if home is None:
            raise AccountNotFound(account)
        return home

    def event(self, name: Name, source: str, event_id: str) -> RecordedEvent:
        """An event of an account.

        Errors:  EventNotFound, EventsNotCorrectable.
        """
        if name not in self.events:
            raise EventNotFound(name[0], source, event_id)
        event, kept_at = self.events[name], self.kept_at(name[0])
        if event is None or event.time_at < kept_at:
            raise EventsNotCorrectable(kept_at)
        return event

    def kept_at(self, account: str) -> int:
        """Since when all events of an account's days are kept."""
        home = self.homes.get(account)
        return 0 if home is None else home.kept_since


@dataclass(frozen=True, slots=True)
class Corrected:
    """What correcting events of one account changes, tells and makes happen."""

    changes: tuple[object, ...]
    events: tuple[Event, ...]
    timers: tuple[TimerSet, ...]


def gather_corrections(
    tx: Transaction, accounts: Iterable[str], names: Iterable[Name]
) -> CorrectionFacts:
    """The accounts, all meters, and the events of these names."""
    lock_segments(tx, alone=False)
    found = read_accounts(tx, set(accounts)).items()
    bounds = _NO_BOUNDS._replace(kept_since=kept_since(tx))
    homes = {account: each.home(bounds) for account, each in found}
    return CorrectionFacts(homes, readers_by_type(tx), find_events(tx, names))


def corrected(home: Home, events: Sequence[RecordedEvent], now: int) -> Corrected:
    """What follows once these events of an account are corrected as their last correction says.

    `now` is what the account's clock shows.
    """
    if not events:
        return Corrected((), (), ())
    account = home.account.account
    days = {
        (event.account, event.event_key): home.days.find(event.time_at).text for event in events
    }
    last = events[0].corrections[-1]
    told = UsageCorrected(last, len(events), events[0].source, events[0].event_id)
    closed = {
        meter_day
        for event in events
        for meter_day in _meter_days(event, days[event.account, event.event_key])
        if meter_day[2] < home.closed_until
    }
    touched = Touched({account}, closed)
    timers = tuple(usage_timers({account: home}, touched, now))
    where = DaysOfEvents(days, home.account.time_zone)
    return Corrected((*events, where), (Event(account, told, effective_at=now),), timers)


def apply_corrections(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
    """Write the new corrections, and what they change of the totals."""
    changes = [change for effect in effects for change in effect.changes]
    # An event that two commands corrected comes twice: its later form has both corrections.
    rows: dict[tuple[str, bytes, int], Correction] = {}
    latest: dict[Name, RecordedEvent] = {}
    since: dict[Name, int] = {}
    for event in changes:
        if isinstance(event, RecordedEvent):
            last = event.corrections[-1]
            name = last.account, last.event_key
            rows[*name, last.ordinal] = last
            latest[name] = event
            since.setdefault(name, last.ordinal)
    save_corrections(tx, rows.values())
    places = [each for each in changes if isinstance(each, DaysOfEvents)]
    days = {name: day for each in places for name, day in each.days.items()}
    zones = {name[0]: each.zone for each in places for name in each.days}
    recount(tx, [Recounted(latest[name], since[name], days[name]) for name in latest], zones)


def _meter_days(event: RecordedEvent, day: str) -> Iterable[MeterDay]:
    """The days of the meters that may count an event."""
    meters = event.meters.strip("/").split("/")
    return [(event.account, meter, day) for meter in meters]
