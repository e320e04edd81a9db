"""Events on their way in: what was known of them, what becomes of each, and the totals after them.

An intake holds what was gathered for some batches of events. Taking a batch in changes it, so that
what follows in the same transaction sees it; at the end it knows all that is to be written. Plain
dictionaries and lists: this is done for a hundred thousand events a second.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from billing_service.domain.usage.day_total import TOTAL_NANOS_MAX
from billing_service.domain.usage.event import (
    EventName,
    EventOutcome,
    EventRefusal,
    RefusalReason,
    UsageEvent,
)
from billing_service.domain.usage.judging import (
    Home,
    Judged,
    Posting,
    Refused,
    Running,
    TotalKey,
)

_SHOWN_MAX: Final = 60
_ACCEPTED: Final = int(EventOutcome.ACCEPTED)

ValueKey = tuple[str, str, str, str, str]
"""Account, meter, day and dimensions, and a value that was met there."""

EventRow = tuple[str, int, bytes, str, str, str, str, str, int]
"""Account, time, key, source, id, type, data, meters and when it was recorded."""

KeyRow = tuple[bytes, str, bytes, int]
"""Key, account, digest of the body, and time."""


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

    def note_closed(self, judged: Judged) -> None:
        """Note the days of what is counted of an event that are closed."""
        for running, _, _, _ in judged.postings:
            if running.key.day < judged.home.closed_until:
                self.closed_days.add(running.key[:3])


@dataclass(slots=True)
class Intake:
    """What was gathered for batches of events, and what is to be written of them.

    `known` has the digest of each event's body that is known; `running` and `values` what the days
    add up to that the batches may touch.
    """

    homes: Mapping[str, Home]
    known: MutableMapping[EventName, bytes]
    running: Mapping[TotalKey, Running]
    values: MutableMapping[ValueKey, int]
    keys: list[KeyRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    changed_values: set[ValueKey] = field(default_factory=set)

    def take_in(
        self, events: Sequence[UsageEvent], judged: Sequence[Judged | Refused | None]
    ) -> tuple[IngestResult, Touched]:
        """Take a batch in, each of its events as it was judged (None: it was known before)."""
        outcomes: list[int] = []
        refusals: list[EventRefusal] = []
        touched = Touched()
        for place, (event, verdict) in enumerate(zip(events, judged, strict=True)):
            known_hash = self.known.get(event.name)
            if known_hash is None and type(verdict) is Judged:
                refused = self._count(verdict, event.name[0])
                if refused is None:
                    self._keep(event, verdict)
                    # Also what no filter lets through: once amended, it may count on that day.
                    touched.accounts.add(event.account)
                    if verdict.home.closed_until:
                        touched.note_closed(verdict)
                    outcomes.append(_ACCEPTED)
                    continue
                outcome = int(EventOutcome.REJECTED)
            else:
                outcome, refused = _not_taken(event, known_hash, verdict)
            outcomes.append(outcome)
            if refused is not None:
                refusals.append(EventRefusal(place, *refused))
        return IngestResult(outcomes, refusals), touched

    def _count(self, judged: Judged, event_key: bytes) -> Refused | None:
        """Add an event to its totals; to none if one of them would grow too large."""
        time_at, postings, _, _ = judged
        if len(postings) == 1:
            # As below, for what nearly all events are.
            running, nanos, value, reader = postings[0]
            total = reader.count(running.total, nanos, time_at, event_key)
            if total is not None and total[1] <= TOTAL_NANOS_MAX and not value:
                running.total = total
                running.is_changed = True
                return None
        totals = [
            reader.count(running.total, nanos, time_at, event_key)
            for running, nanos, _, reader in postings
        ]
        for total, posting in zip(totals, postings, strict=True):
            # Only sums grow so large.
            if total is not None and total[1] > TOTAL_NANOS_MAX:
                return _too_large(posting)
        for total, (running, _, value, _) in zip(totals, postings, strict=True):
            if total is None:
                running.is_stale = True
            else:
                running.total = total
                running.is_changed = True
            if value:
                self._meet(running.key, value)
        return None

    def _meet(self, key: TotalKey, value: str) -> None:
        """Count a value where values are told apart."""
        met = (*key, value)
        self.values[met] = self.values.get(met, 0) + 1
        self.changed_values.add(met)

    def _keep(self, event: UsageEvent, judged: Judged) -> None:
        """Keep an event and what it is known by."""
        name, account, source, event_id, kind, _, _, text, body_hash = event
        time_at, _, meters, home = judged
        self.known[name] = body_hash
        self.keys.append((*name, body_hash, time_at))
        self.events.append(
            (account, time_at, name[0], source, event_id, kind, text, meters, home.now_at)
        )


def _not_taken(
    event: UsageEvent, known_hash: bytes | None, verdict: Judged | Refused | None
) -> tuple[int, Refused | None]:
    """What becomes of an event that is known already, or was refused by itself."""
    if known_hash is None:
        return EventOutcome.REJECTED, cast("Refused", verdict)
    if known_hash == event.body_hash:
        return EventOutcome.DUPLICATE, None
    return EventOutcome.CONFLICT, _conflict(event)


def _conflict(event: UsageEvent) -> Refused:
    return Refused(
        RefusalReason.CONFLICT,
        "id",
        f"another event of source {event.source[:_SHOWN_MAX]!r} has the id "
        f"{event.event_id[:_SHOWN_MAX]!r}: give this one an id of its own, or amend that one "
        "unless it was voided",
    )


def _too_large(posting: Posting) -> Refused:
    key, name = posting[0].key, posting[3].property
    return Refused(
        RefusalReason.TOTAL_TOO_LARGE,
        f"data.{name}",
        f"data.{name} would take the total of meters/{key.meter} on {key.day} "
        "over 10^18: check the value",
    )
