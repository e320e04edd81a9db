"""Writes what came in: events, what they are known by, and the totals of their days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.usage.day_total import Point, total_of
from billing_service.domain.usage.intake import EventRow, Intake, ValueKey
from billing_service.domain.usage.judging import TotalKey
from billing_service.domain.usage.months import month_at
from billing_service.storage.catalog_memory import remembered_meters
from billing_service.storage.tables import table
from billing_service.storage.usage_rows import total_to_tuple
from billing_service.storage.usage_segments import make_segments, segment_table
from billing_service.storage.usage_transactions import (
    CountedEvent,
    counted_events,
    is_counted,
    value_nanos,
)
from chassis.database import Transaction
from chassis.tuples import insert_tuples, upsert_tuples

_KEYS: Final = table("usage_keys")
_TOTALS: Final = table("usage_totals")
_VALUES: Final = table("usage_values")
_ONE_DAY: Final = timedelta(days=1)

MeterDay = tuple[str, str, str]
"""An account, a meter and a civil day (ISO) of the account's zone."""


def save_intake(tx: Transaction, intake: Intake) -> None:
    """Write what was taken in."""
    # In the order of their keys rows are written to one page of the store after the other.
    insert_tuples(tx, _KEYS, sorted(intake.keys))
    by_month = _by_month(sorted(intake.events))
    make_segments(tx, by_month)
    for month, rows in sorted(by_month.items()):
        insert_tuples(tx, segment_table(month), rows)
    running = intake.running.values()
    changed = [each for each in running if each.is_changed]
    totals = [total_to_tuple(each.key, each.total) for each in changed if each.total is not None]
    upsert_tuples(tx, _TOTALS, totals)
    upsert_tuples(tx, _VALUES, [(*key, intake.values[key]) for key in intake.changed_values])
    stale = {each.key[:3] for each in running if each.is_stale}
    if stale:
        zones = {name: home.account.time_zone for name, home in intake.homes.items()}
        sum_up_anew(tx, stale, zones)


def _by_month(rows: Sequence[EventRow]) -> Mapping[date, Sequence[EventRow]]:
    """Events by the months that they happened in, which mostly is one."""
    if not rows:
        return {}
    times = [row[1] for row in rows]
    first, last = month_at(min(times)), month_at(max(times))
    if first == last:
        return {first: rows}
    found: dict[date, list[EventRow]] = defaultdict(list)
    for row in rows:
        found[month_at(row[1])].append(row)
    return found


def sum_up_anew(tx: Transaction, days: Iterable[MeterDay], zones: Mapping[str, str]) -> None:
    """Sum up days of meters from their events as these count by now, in place of what was there."""
    meters = remembered_meters(tx)
    by_stretch: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for account, meter, day in set(days):
        by_stretch[account, meters[meter].event_name, day].append(meter)
    for (account, event_type, day), names in sorted(by_stretch.items()):
        on = date.fromisoformat(day)
        start_at = first_instant(on, zones[account])
        end_at = first_instant(on + _ONE_DAY, zones[account])
        events = list(counted_events(tx, [account], event_type, start_at, end_at))
        for name in sorted(names):
            _forget(tx, account, name, on)
            _write_day(tx, meters[name], (account, name, day), events)


def _write_day(
    tx: Transaction, meter: Meter, day: MeterDay, events: Iterable[CountedEvent]
) -> None:
    """Write what the events of a day add up to for a meter."""
    points: dict[TotalKey, list[Point]] = defaultdict(list)
    values: dict[ValueKey, int] = defaultdict(int)
    unique = meter.aggregation is Aggregation.UNIQUE_COUNT
    for event in events:
        if not is_counted(meter, (), event):
            continue
        key = TotalKey(*day, meter.dimensions_of(event.data))
        points[key].append(Point(event.time_at, event.event_key, value_nanos(meter, event.data)))
        if unique:
            values[(*key, event.data[meter.value_property])] += 1
    rows = []
    for key, own in points.items():
        total = total_of(meter.aggregation, own)
        if total is not None:
            rows.append(total_to_tuple(key, total))
    insert_tuples(tx, _TOTALS, rows)
    insert_tuples(tx, _VALUES, [(*key, count) for key, count in values.items()])


def _forget(tx: Transaction, account: str, meter: str, on: date) -> None:
    """Delete what a day of a meter adds up to."""
    for rows in (_TOTALS, _VALUES):
        tx.execute(
            delete(rows).where(rows.c.account == account, rows.c.meter == meter, rows.c.day == on)
        )
