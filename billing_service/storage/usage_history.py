"""What an account used of a meter over time: from totals for days and months, else from events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.price import DimensionFilter
from billing_service.domain.usage.buckets import Measured, Stretch, place_of
from billing_service.domain.usage.day_total import Point, total_of
from billing_service.domain.usage.part import levels_in_part, part_of
from billing_service.domain.usage.period_total import DimensionedDay
from billing_service.storage.usage_periods import (
    Asked,
    Stored,
    read_daily_values,
    read_days,
    read_levels,
)
from billing_service.storage.usage_transactions import counted_events, is_counted, value_nanos
from chassis.database import Transaction


class HistoryWanted(NamedTuple):
    """A part of a meter of an account in the days `[start_on, end_on)` of its zone."""

    account: str
    meter: Meter
    filters: tuple[DimensionFilter, ...]
    start_on: date
    end_on: date
    zone: str

    @property
    def asked(self) -> Asked:
        """The same, as rows are asked for."""
        return Asked([self.account], self.start_on, self.end_on)


def measured_by_day(
    tx: Transaction, wanted: HistoryWanted, stretches: Sequence[Stretch]
) -> list[Measured]:
    """What was counted in stretches of whole days; rows do not grow with events."""
    meter, stored = wanted.meter, Stored()
    read_days(tx, stored, wanted.asked, [meter.meter_id])
    days = part_of(meter, wanted.filters, stored.days[wanted.account, meter.meter_id])
    values: Mapping[tuple[date, str], set[str]] = {}
    if meter.aggregation is Aggregation.UNIQUE_COUNT:
        values = read_daily_values(tx, wanted.asked, meter.meter_id)
    return [
        Measured(
            place_of(stretches, first_instant(each.day, wanted.zone)),
            each,
            frozenset(values.get((each.day, each.dimensions), ())),
        )
        for each in days
    ]


def measured_by_event(
    tx: Transaction, wanted: HistoryWanted, stretches: Sequence[Stretch]
) -> list[Measured]:
    """What was counted in stretches of any length, each event looked at.

    Errors:  EventsAgedOut.
    """
    meter = wanted.meter
    points: dict[tuple[int, str], list[Point]] = defaultdict(list)
    values: dict[tuple[int, str], set[str]] = defaultdict(set)
    whole = Stretch(stretches[0].start_at, stretches[-1].end_at)
    for event in counted_events(tx, [wanted.account], meter.event_name, *whole):
        if is_counted(meter, wanted.filters, event):
            key = (place_of(stretches, event.time_at), meter.dimensions_of(event.data))
            nanos = value_nanos(meter, event.data)
            points[key].append(Point(event.time_at, event.event_key, nanos))
            if meter.aggregation is Aggregation.UNIQUE_COUNT:
                values[key].add(event.data.get(meter.value_property, ""))
    found: list[Measured] = []
    for (place, dimensions), own in points.items():
        total = total_of(meter.aggregation, own)
        if total is not None:
            day = civil_day(own[0].time_at, wanted.zone)
            counted = DimensionedDay(day, dimensions, total)
            found.append(Measured(place, counted, frozenset(values[place, dimensions])))
    return found


def levels_before(tx: Transaction, wanted: HistoryWanted) -> Mapping[str, int]:
    """What held when the first day began, by dimensions; none where no levels are weighed."""
    meter, stored = wanted.meter, Stored()
    if meter.aggregation is Aggregation.WEIGHTED_SUM:
        read_levels(tx, stored, wanted.asked, [meter.meter_id])
    return levels_in_part(meter, wanted.filters, stored.levels[wanted.account, meter.meter_id])
