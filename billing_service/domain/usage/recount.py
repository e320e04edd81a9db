"""What becomes of totals when events are corrected: the old data taken out, the new ones put in.

Shapes:  a recount holds the totals that events were counted in, and those that they are counted in
         by now; a correction changes them in turn. A day of a meter for which that is not exact is
         stale: it must be summed up anew from its events.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from billing_service.domain.meter import Aggregation
from billing_service.domain.usage.correction import RecordedEvent
from billing_service.domain.usage.day_total import NOTHING, DayTotal, Point, counting_of, without
from billing_service.domain.usage.intake import ValueKey
from billing_service.domain.usage.judging import Readers, Refused, TotalKey


class Counted(NamedTuple):
    """What a meter counts of an event: in which total, and the value that it tells apart, or ''."""

    key: TotalKey
    aggregation: Aggregation
    point: Point
    value: str

    @property
    def value_key(self) -> ValueKey:
        """Where the value is kept."""
        return (*self.key, self.value)


def counted_of(
    event: RecordedEvent, data: Mapping[str, str], day: str, readers: Readers
) -> Iterator[Counted]:
    """What its meters count of an event with these data, which they took."""
    for reader in readers.each:
        if f"/{reader.meter_id}/" not in event.meters:
            continue
        reading = reader.read(data)
        if reading is None or isinstance(reading, Refused):
            continue
        dimensions, nanos, value = reading
        key = TotalKey(event.account, reader.meter_id, day, dimensions)
        point = Point(event.time_at, event.event_key, nanos)
        yield Counted(key, reader.meter.aggregation, point, value)


@dataclass(slots=True)
class Recount:
    """Totals of days, in how many events values were met, and what of it is stale."""

    totals: dict[TotalKey, DayTotal]
    values: dict[ValueKey, int]
    stale: set[tuple[str, str, str]] = field(default_factory=set)

    def take_out(self, counted: Counted) -> None:
        """Count an event no more."""
        total = self.totals.get(counted.key, NOTHING)
        # Without an event in it, it is not what the event was counted in.
        left = without(total, counted.aggregation, counted.point) if total.events_count else None
        self._set(counted.key, left)
        if counted.value:
            self.values[counted.value_key] = self.values.get(counted.value_key, 0) - 1

    def put_in(self, counted: Counted) -> None:
        """Count an event."""
        total = self.totals.get(counted.key, NOTHING)
        time_at, event_key, nanos = counted.point
        count = counting_of(counted.aggregation)
        before = total if total.events_count else None
        self._set(counted.key, count(before, nanos, time_at, event_key))
        if counted.value:
            self.values[counted.value_key] = self.values.get(counted.value_key, 0) + 1

    def _set(self, key: TotalKey, total: DayTotal | None) -> None:
        if total is None:
            self.stale.add(key[:3])
        else:
            self.totals[key] = total
