"""What usage must come to: a small model that keeps every event, and looks at all of them anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Aggregation, Meter, RoundingMode
from billing_service.domain.usage.event import EventOutcome, RefusalReason, event_key_of
from tests.billing.usage.naive import Stated, naive_quantity

FUTURE_TOLERANCE_US = 5 * 60 * 1_000_000
AGE_MAX_US = 1_100 * 86_400 * 1_000_000

Name = tuple[str, str]
"""A source and an id."""


class Draft(NamedTuple):
    """An event as it is sent. `time_at` None: it happens when it is taken in."""

    source: str
    event_id: str
    type: str
    time_at: int | None
    data: Mapping[str, str]

    @property
    def name(self) -> Name:
        """What it is known by."""
        return self.source, self.event_id


class Answer(NamedTuple):
    """What became of an event."""

    outcome: EventOutcome
    reason: RefusalReason | None = None


ACCEPTED = Answer(EventOutcome.ACCEPTED)
DUPLICATE = Answer(EventOutcome.DUPLICATE)
CONFLICT = Answer(EventOutcome.CONFLICT, RefusalReason.CONFLICT)


@dataclass(slots=True)
class Known:
    """An event that was taken in: what it states by now, and which meters there were then."""

    draft: Draft
    time_at: int
    data: Mapping[str, str]
    meters: frozenset[str]
    counts: bool = True


@dataclass(slots=True)
class Reference:
    """One account: its zone, the meters, and every event that it was told of."""

    zone: str
    meters: list[Meter]
    known: dict[Name, Known] = field(default_factory=dict)

    def ingest(self, draft: Draft, now: int) -> Answer:
        """Take an event in, or say why not."""
        if (known := self.known.get(draft.name)) is not None:
            return DUPLICATE if known.draft == draft else CONFLICT
        time_at = now if draft.time_at is None else draft.time_at
        reason = self._fault(draft, time_at, now)
        if reason is not None:
            return Answer(EventOutcome.REJECTED, reason)
        meters = frozenset(each.meter_id for each in self.meters)
        self.known[draft.name] = Known(draft, time_at, draft.data, meters)
        return ACCEPTED

    def _fault(self, draft: Draft, time_at: int, now: int) -> RefusalReason | None:
        if time_at > now + FUTURE_TOLERANCE_US:
            return RefusalReason.IN_FUTURE
        if time_at < now - AGE_MAX_US:
            return RefusalReason.TOO_OLD
        if all(each.event_name != draft.type for each in self.meters):
            return RefusalReason.UNKNOWN_TYPE
        if _is_malformed(self.meters, draft.type, draft.data):
            return RefusalReason.MALFORMED_VALUE
        return None

    def amend(self, name: Name, data: Mapping[str, str]) -> str:
        """Another body from now on; or the reason why not."""
        known = self.known.get(name)
        if known is None:
            return "EVENT_NOT_FOUND"
        if not known.counts:
            return "EVENT_VOIDED"
        meters = [each for each in self.meters if each.meter_id in known.meters]
        if _is_malformed(meters, known.draft.type, data):
            return "INVALID_EVENT"
        known.data = data
        return ""

    def void(self, names: Iterable[Name]) -> tuple[int, int] | str:
        """How many count no more, and how many did not before; or the reason why not."""
        named = [self.known.get(name) for name in dict.fromkeys(names)]
        found = [each for each in named if each is not None]
        if len(found) < len(named):
            return "EVENT_NOT_FOUND"
        counting = [each for each in found if each.counts]
        for each in counting:
            each.counts = False
        return len(counting), len(found) - len(counting)

    def in_range(self, source: str, start_at: int, end_at: int, event_type: str) -> list[Name]:
        """The events of a source in a stretch of time, void or not; of a type, or of all ('')."""
        return [
            name
            for name, each in self.known.items()
            if each.draft.source == source
            and start_at <= each.time_at < end_at
            and event_type in {"", each.draft.type}
        ]

    def quantity(
        self,
        meter: Meter,
        first_on: date,
        end_on: date,
        *,
        regions: Sequence[str] | None = None,
        cut_at: int | None = None,
    ) -> Fraction:
        """What the account used of a meter in some days, converted and rounded once."""
        exact = naive_quantity(
            meter.aggregation,
            self.stated(meter, regions),
            first_instant(first_on, self.zone),
            first_instant(end_on, self.zone),
            cut_at=cut_at,
        )
        return _rounded(meter, exact)

    def events_count(
        self, meter: Meter, start_at: int, end_at: int, regions: Sequence[str] | None = None
    ) -> int:
        """How many events a meter counts in a stretch of time."""
        return sum(start_at <= each.time_at < end_at for each in self.stated(meter, regions))

    def stated(self, meter: Meter, regions: Sequence[str] | None = None) -> list[Stated]:
        """The events that a meter counts, of some regions or of all."""
        return [
            Stated(
                each.time_at,
                event_key_of(*name),
                each.data.get(meter.value_property, ""),
                each.data.get("region", "") if "region" in meter.dimensions else "",
            )
            for name, each in self.known.items()
            if each.counts
            and meter.meter_id in each.meters
            and counts(meter, each.draft.type, each.data)
            and (regions is None or each.data.get("region", "") in regions)
        ]


def _is_malformed(meters: Iterable[Meter], event_type: str, data: Mapping[str, str]) -> bool:
    """Whether some meter that counts such an event cannot read its value."""
    return any(counts(each, event_type, data) and not _reads(each, data) for each in meters)


def counts(meter: Meter, event_type: str, data: Mapping[str, str]) -> bool:
    """Whether a meter counts events of such a type and data."""
    passes = all(data.get(each.property, "") in each.values for each in meter.filters)
    return meter.event_name == event_type and passes


def _reads(meter: Meter, data: Mapping[str, str]) -> bool:
    """Whether a meter finds the value it needs; such as the machine draws."""
    text = data.get(meter.value_property, "")
    if meter.aggregation is Aggregation.UNIQUE_COUNT:
        return 1 <= len(text) <= 100
    return not meter.value_property or text.replace(".", "", 1).isdigit()


def _rounded(meter: Meter, exact: Fraction) -> Fraction:
    scale = 10**meter.rounding.decimals
    scaled = exact / Fraction(meter.value_per_unit) * scale
    match meter.rounding.mode:
        case RoundingMode.HALF_UP:
            return Fraction((2 * scaled + 1) // 2, scale)
        case RoundingMode.UP:
            return Fraction(-(-scaled // 1), scale)
        case RoundingMode.DOWN:
            return Fraction(scaled // 1, scale)
