"""Usage event by event, as it counts after all corrections: for what totals do not tell.

Rows grow with the events of the stretch of time that is asked for.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Table, and_, bindparam, select

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import AS_EXACT_AS_STORED, Aggregation, Meter
from billing_service.domain.price import DimensionFilter
from billing_service.domain.price_models import Transaction as PricedTransaction
from billing_service.domain.usage.part import is_in_part
from billing_service.domain.usage.quantity import NANOS, nanos_of
from billing_service.domain.usage.reading_errors import EventsAgedOut
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage.catalog_memory import remembered_meters
from billing_service.storage.tables import table
from billing_service.storage.usage_segments import kept_since, rows_of_segment, segments_between
from chassis.database import IN_LIST_MAX, Transaction

_CORRECTIONS: Final = table("usage_corrections")
_VOIDED: Final = "voided"
_SUMMED: Final = frozenset({Aggregation.COUNT, Aggregation.SUM})


class CountedEvent(NamedTuple):
    """An event that counts: whose it is, when it happened, and its data after all amendments.

    `meters` names those of its type that there were when it came, each between slashes: a meter
    counts events from its creation on.
    """

    account: str
    time_at: int
    event_key: bytes
    data: Mapping[str, str]
    meters: str


def counted_events(
    tx: Transaction, accounts: Sequence[str], event_type: str, start_at: int, end_at: int
) -> Iterator[CountedEvent]:
    """The events of a type in `[start_at, end_at)` that were not voided, by account and time.

    Errors:  EventsAgedOut if some of them are no longer kept.
    """
    kept_at = kept_since(tx)
    if kept_at is not None and start_at < kept_at:
        raise EventsAgedOut(kept_at)
    for segment in segments_between(tx, start_at, end_at):
        for place in range(0, len(accounts), IN_LIST_MAX):
            parameters = {
                "accounts": list(accounts[place : place + IN_LIST_MAX]),
                "type": event_type,
                "start_at": start_at,
                "end_at": end_at,
            }
            yield from _corrected(rows_of_segment(tx, segment, _query(segment), parameters))


def transactions_of(
    tx: Transaction, wanted: Sequence[UsageWanted], *, zones: Mapping[str, str]
) -> dict[UsageWanted, tuple[PricedTransaction, ...]]:
    """The value of each event that a meter counts, in their order, for each that wants to know.

    A meter that neither counts nor sums up has no transactions.
    """
    meters = remembered_meters(tx) if wanted else {}
    found: dict[UsageWanted, list[int]] = {}
    grouped: dict[tuple[str, int, int], dict[str, list[UsageWanted]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for each in wanted:
        meter, zone = meters[each.meter], zones[each.account]
        if meter.aggregation in _SUMMED:
            found[each] = []
            start_at = first_instant(each.start_on, zone)
            end_at = first_instant(each.end_on, zone)
            grouped[meter.event_name, start_at, end_at][each.account].append(each)
    for (event_type, start_at, end_at), asking in grouped.items():
        for event in counted_events(tx, sorted(asking), event_type, start_at, end_at):
            for each in asking[event.account]:
                if is_counted(meters[each.meter], each.filters, event):
                    found[each].append(value_nanos(meters[each.meter], event.data))
    return {each: tuple(_priced(meters[each.meter], own)) for each, own in found.items()}


def is_counted(meter: Meter, filters: Sequence[DimensionFilter], event: CountedEvent) -> bool:
    """Whether an event of the meter's type counts in a part of it."""
    if f"/{meter.meter_id}/" not in event.meters or not meter.lets_through(event.data):
        return False
    return not filters or is_in_part(meter, filters, meter.dimensions_of(event.data))


def value_nanos(meter: Meter, data: Mapping[str, str]) -> int:
    """What an event that counts states, in billionths; 1 where events are counted, 0 for a text."""
    if meter.aggregation is Aggregation.COUNT:
        return NANOS
    return nanos_of(data.get(meter.value_property, "")) or 0


def _priced(meter: Meter, values: Iterable[int]) -> Iterator[PricedTransaction]:
    """Values in the unit of the meter, equal ones in a row together.

    Only their sum is rounded as the meter says.
    """
    exact = replace(meter, rounding=AS_EXACT_AS_STORED)
    for nanos, equal in groupby(values):
        yield PricedTransaction(exact.converted(nanos), sum(1 for _ in equal))


def _corrected(found: Iterable[Any]) -> Iterator[CountedEvent]:
    """Events as they count, of rows in which the last correction comes last."""
    for (account, time_at, event_key), rows in groupby(found, key=lambda row: row[:3]):
        *_, last = rows
        if last.kind != _VOIDED:
            data = last.data if last.kind is None else last.amended
            yield CountedEvent(account, time_at, event_key, json.loads(data), last.meters)


@lru_cache(maxsize=256)
def _query(segment: Table) -> Select[Any]:
    """Events of a month with their corrections, the latest last."""
    same = and_(
        _CORRECTIONS.c.account == segment.c.account,
        _CORRECTIONS.c.event_key == segment.c.event_key,
    )
    return (
        select(
            segment.c.account,
            segment.c.time_at,
            segment.c.event_key,
            segment.c.data,
            segment.c.meters,
            _CORRECTIONS.c.kind,
            _CORRECTIONS.c.data.label("amended"),
        )
        .join_from(segment, _CORRECTIONS, same, isouter=True)
        .where(
            segment.c.account.in_(bindparam("accounts", expanding=True)),
            segment.c.time_at >= bindparam("start_at"),
            segment.c.time_at < bindparam("end_at"),
            segment.c.type == bindparam("type"),
        )
        .order_by(segment.c.account, segment.c.time_at, segment.c.event_key, _CORRECTIONS.c.ordinal)
    )
