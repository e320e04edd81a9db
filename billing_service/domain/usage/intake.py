"""Events on their way in: what was known of them, what becomes of each, and the totals after them.

An intake holds what was gathered for some batches of events. Taking a batch in changes it, so that
what follows in the same transaction sees it; at the end it knows all that is to be written. Plain
dictionaries and lists: this is done for a hundred thousand events a second.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from billing_service.domain.usage.day_total import TOTAL_NANOS_MAX, DayTotal
from billing_service.domain.usage.event import (
    EventOutcome,
    EventRefusal,
    RefusalReason,
    UsageEvent,
)
from billing_service.domain.usage.judging import Home, Judged, Posting, Refused, TotalKey
from billing_service.domain.usage.months import month_at

_DAY_US: Final = 86_400_000_000
_SHOWN_MAX: Final = 60
_ACCEPTED: Final = int(EventOutcome.ACCEPTED)

ValueKey = tuple[str, str, str, str, str]
"""Account, meter, day and dimensions, and a value that was met there."""


class EventRow(NamedTuple):
    """An event as it is kept."""

    account: str
    time_at: int
    event_key: bytes
    source: str
    event_id: str
    type: str
    data: str
    meters: str
    recorded_at: int


class KeyRow(NamedTuple):
    """That an event was taken in."""

    account: str
    event_key: bytes
    body_hash: bytes
    time_at: int


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of each event of a batch, in order, and why where it was not taken in."""

    outcomes: list[int]
    refusals: list[EventRefusal]

    @property
    def accepted_count(self) -> int:
        """How many were accepted."""
        return self.outcomes.count(_ACCEPTED)


@dataclass(slots=True)
class Touched:
    """What a batch concerns: accounts, and days that are closed already, by account."""

    accounts: set[str] = field(default_factory=set)
    closed_days: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Intake:
    """What was gathered for batches of events, and what is to be written of them.

    `known` has the digest of each event's body that is known, by account and key; `totals` and
    `values` what the days add up to that the batches may touch. `stale` are totals that must be
    summed up anew from the events once these are stored.
    """

    homes: Mapping[str, Home]
    known: MutableMapping[tuple[str, bytes], bytes]
    totals: MutableMapping[TotalKey, DayTotal]
    values: MutableMapping[ValueKey, int]
    keys: list[KeyRow] = field(default_factory=list)
    events: dict[date, list[EventRow]] = field(default_factory=dict)
    changed_totals: set[TotalKey] = field(default_factory=set)
    changed_values: set[ValueKey] = field(default_factory=set)
    stale: set[TotalKey] = field(default_factory=set)
    _days: dict[int, list[EventRow]] = field(default_factory=dict)

    def take_in(
        self, events: Sequence[UsageEvent], judged: Sequence[Judged | Refused | None]
    ) -> tuple[IngestResult, Touched]:
        """Take a batch in, each of its events as it was judged (None: it was known before)."""
        outcomes: list[int] = []
        refusals: list[EventRefusal] = []
        touched = Touched()
        for place, event in enumerate(events):
            outcome, refused = self._take(event, judged[place], touched)
            outcomes.append(outcome)
            if refused is not None:
                refusals.append(EventRefusal(place, *refused))
        return IngestResult(outcomes, refusals), touched

    def _take(
        self, event: UsageEvent, judged: Judged | Refused | None, touched: Touched
    ) -> tuple[int, Refused | None]:
        known_hash = self.known.get((event.account, event.event_key))
        if known_hash is not None:
            if known_hash == event.body_hash:
                return EventOutcome.DUPLICATE, None
            return EventOutcome.CONFLICT, _conflict(event)
        if judged is None or isinstance(judged, Refused):
            return EventOutcome.REJECTED, judged
        refused = self._count(event, judged)
        if refused is not None:
            return EventOutcome.REJECTED, refused
        self._keep(event, judged)
        if judged.postings:
            touched.accounts.add(event.account)
            closed_until = self.homes[event.account].closed_until
            for posting in judged.postings:
                if posting.key.day < closed_until:
                    touched.closed_days.add(posting.key[:3])
        return _ACCEPTED, None

    def _count(self, event: UsageEvent, judged: Judged) -> Refused | None:
        """Add an event to its totals; to none if one of them would grow too large."""
        totals, stale = self.totals, self.stale
        counted: list[tuple[Posting, DayTotal | None]] = []
        for posting in judged.postings:
            key, nanos, _, reader = posting
            total = reader.count(totals.get(key), nanos, judged.time_at, event.event_key)
            if reader.adds_up and total is not None and total[1] > TOTAL_NANOS_MAX:
                return _too_large(posting)
            counted.append((posting, total))
        for posting, total in counted:
            key = posting.key
            if total is None:
                stale.add(key)
                continue
            totals[key] = total
            self.changed_totals.add(key)
            if posting.reader.is_unique:
                met = (*key, posting.value)
                self.values[met] = self.values.get(met, 0) + 1
                self.changed_values.add(met)
        return None

    def _keep(self, event: UsageEvent, judged: Judged) -> None:
        """Keep an event and what it is known by."""
        time_at = judged.time_at
        account, source, event_id, kind, _, data, body_hash, event_key = event
        self.known[account, event_key] = body_hash
        self.keys.append(KeyRow(account, event_key, body_hash, time_at))
        row = EventRow(
            account,
            time_at,
            event_key,
            source,
            event_id,
            kind,
            data_text(data),
            judged.meters,
            self.homes[account].now_at,
        )
        rows = self._days.get(time_at // _DAY_US)
        if rows is None:
            rows = self.events.setdefault(month_at(time_at), [])
            self._days[time_at // _DAY_US] = rows
        rows.append(row)


def data_text(data: Mapping[str, str]) -> str:
    """The properties of an event as JSON, in a third of the time that `json.dumps` takes."""
    parts = [f"{encode_basestring(name)}:{encode_basestring(data[name])}" for name in data]
    return f"{{{','.join(parts)}}}"


def _conflict(event: UsageEvent) -> Refused:
    return Refused(
        RefusalReason.CONFLICT,
        "id",
        f"another event of source {event.source[:_SHOWN_MAX]!r} has the id "
        f"{event.event_id[:_SHOWN_MAX]!r}: give this one an id of its own, or amend that one",
    )


def _too_large(posting: Posting) -> Refused:
    name = posting.reader.meter.value_property
    return Refused(
        RefusalReason.TOTAL_TOO_LARGE,
        f"data.{name}",
        f"data.{name} would take the total of meters/{posting.key.meter} on {posting.key.day} "
        "over 10^18: check the value",
    )
