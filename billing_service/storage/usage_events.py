"""Events as they are kept, with what was corrected: found by key, and listed by time."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Table, and_, exists, func, or_, select

from billing_service.domain.usage.correction import (
    Correction,
    CorrectionKind,
    RecordedEvent,
    Why,
)
from billing_service.domain.usage.event import data_text
from billing_service.domain.usage.months import month_at
from billing_service.domain.usage.reading_errors import EventsAgedOut
from billing_service.storage.rows import Values
from billing_service.storage.tables import table
from billing_service.storage.usage_segments import (
    kept_since,
    rows_of_segment,
    segment_table,
    segments_between,
)
from chassis.database import Transaction
from chassis.tuples import find_tuples

_KEYS: Final = table("usage_keys")
_CORRECTIONS: Final = table("usage_corrections")
_VOIDED: Final = CorrectionKind.VOIDED.value

Name = tuple[str, bytes]
"""An account, and what tells an event from others of it."""


class EventFilter(NamedTuple):
    """Which events of an account are meant: in `[start_at, end_at)`, of a type, of a source.

    An empty type or source stands for all.
    """

    account: str
    start_at: int
    end_at: int
    type: str = ""
    source: str = ""


def find_events(tx: Transaction, names: Iterable[Name]) -> dict[Name, RecordedEvent | None]:
    """The events that are known by these names; None for those that are no longer kept."""
    found: dict[Name, RecordedEvent | None] = {}
    places: dict[Any, list[tuple[str, int, bytes]]] = defaultdict(list)
    kept_at = kept_since(tx)
    wanted = sorted({(event_key, account) for account, event_key in names})
    for event_key, account, _, time_at in find_tuples(tx, _KEYS, wanted):
        found[account, event_key] = None
        if kept_at is None or time_at >= kept_at:
            places[month_at(time_at)].append((account, time_at, event_key))
    rows = [
        row
        for month, keys in sorted(places.items())
        for row in find_tuples(tx, segment_table(month), sorted(keys))
    ]
    for event in _with_corrections(tx, rows):
        found[event.account, event.event_key] = event
    return found


def list_events(
    tx: Transaction, wanted: EventFilter, *, after: tuple[int, bytes] | None = None, limit: int
) -> list[RecordedEvent]:
    """Events by time and key, those that follow `after`.

    Errors:  EventsAgedOut if some of the stretch are no longer kept.
    """
    _check_kept(tx, wanted)
    rows: list[Any] = []
    start_at = wanted.start_at if after is None else max(wanted.start_at, after[0])
    for segment in segments_between(tx, start_at, wanted.end_at):
        query = _filtered(segment, wanted).order_by(segment.c.time_at, segment.c.event_key)
        if after is not None:
            later = and_(segment.c.time_at == after[0], segment.c.event_key > after[1])
            query = query.where(or_(segment.c.time_at > after[0], later))
        rows += rows_of_segment(tx, segment, query.limit(limit - len(rows)))
        if len(rows) >= limit:
            break
    return _with_corrections(tx, rows)


def list_counting_events(
    tx: Transaction, wanted: EventFilter, *, limit: int
) -> list[RecordedEvent]:
    """Events that were not voided, by time and key.

    Errors:  EventsAgedOut if some of the stretch are no longer kept.
    """
    _check_kept(tx, wanted)
    rows: list[Any] = []
    for segment in segments_between(tx, wanted.start_at, wanted.end_at):
        query = _filtered(segment, wanted).where(~_is_voided(segment))
        in_order = query.order_by(segment.c.time_at, segment.c.event_key)
        rows += rows_of_segment(tx, segment, in_order.limit(limit - len(rows)))
        if len(rows) >= limit:
            break
    return _with_corrections(tx, rows)


def count_voided_events(tx: Transaction, wanted: EventFilter) -> int:
    """How many events were voided.

    Errors:  EventsAgedOut if some of the stretch are no longer kept.
    """
    _check_kept(tx, wanted)
    count = 0
    for segment in segments_between(tx, wanted.start_at, wanted.end_at):
        voided = _filtered(segment, wanted).where(_is_voided(segment))
        query = select(func.count()).select_from(voided.subquery())
        count += rows_of_segment(tx, segment, query)[0][0]
    return count


def save_corrections(tx: Transaction, corrections: Iterable[Correction]) -> None:
    """Write what was corrected."""
    tx.insert(_CORRECTIONS, [_correction_to_row(each) for each in corrections])


def _correction_to_row(correction: Correction) -> Values:
    """A correction as a row."""
    return {
        "account": correction.account,
        "event_key": correction.event_key,
        "ordinal": correction.ordinal,
        "kind": correction.kind.value,
        "data": data_text(correction.data),
        "reason": correction.why.reason,
        "author": correction.why.author,
        "recorded_at": correction.recorded_at,
    }


def _check_kept(tx: Transaction, wanted: EventFilter) -> None:
    kept_at = kept_since(tx)
    if kept_at is not None and wanted.start_at < kept_at:
        raise EventsAgedOut(kept_at)


def _filtered(segment: Table, wanted: EventFilter) -> Select[Any]:
    query = select(segment).where(
        segment.c.account == wanted.account,
        segment.c.time_at >= wanted.start_at,
        segment.c.time_at < wanted.end_at,
    )
    if wanted.type:
        query = query.where(segment.c.type == wanted.type)
    return query.where(segment.c.source == wanted.source) if wanted.source else query


def _is_voided(segment: Table) -> Any:
    return exists().where(
        _CORRECTIONS.c.account == segment.c.account,
        _CORRECTIONS.c.event_key == segment.c.event_key,
        _CORRECTIONS.c.kind == _VOIDED,
    )


def _with_corrections(tx: Transaction, rows: Sequence[Sequence[Any]]) -> list[RecordedEvent]:
    """The events of rows, in their order."""
    corrections: dict[Name, list[Correction]] = defaultdict(list)
    names = sorted({(row[0], bytes(row[2])) for row in rows})
    for row in find_tuples(tx, _CORRECTIONS, names, by=2):
        corrections[row[0], row[1]].append(_correction_of(row))
    return [
        RecordedEvent(
            account=row[0],
            time_at=row[1],
            event_key=row[2],
            source=row[3],
            event_id=row[4],
            type=row[5],
            data=json.loads(row[6]),
            meters=row[7],
            recorded_at=row[8],
            corrections=tuple(
                sorted(corrections.get((row[0], row[2]), ()), key=lambda each: each.ordinal)
            ),
        )
        for row in rows
    ]


def _correction_of(row: Sequence[Any]) -> Correction:
    account, event_key, ordinal, kind, data, reason, author, recorded_at = row
    return Correction(
        account,
        event_key,
        ordinal,
        CorrectionKind(kind),
        json.loads(data),
        Why(reason, author),
        recorded_at,
    )
