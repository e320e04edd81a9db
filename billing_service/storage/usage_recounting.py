"""Writes what corrected events change of the totals of their days."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, bindparam, delete

from billing_service.domain.usage.correction import RecordedEvent
from billing_service.domain.usage.recount import Counted, Recount, counted_of
from billing_service.storage.tables import table
from billing_service.storage.usage_gathering import find_totals, find_values, readers_by_type
from billing_service.storage.usage_rows import total_to_tuple
from billing_service.storage.usage_saving import sum_up_anew
from chassis.database import Transaction
from chassis.tuples import upsert_tuples

_TOTALS: Final = table("usage_totals")
_VALUES: Final = table("usage_values")


class Recounted(NamedTuple):
    """An event on a civil day of its account's zone, with corrections not yet in its totals.

    Those are the ones from the ordinal `since` on.
    """

    event: RecordedEvent
    since: int
    day: str

    @property
    def data_before(self) -> Mapping[str, str]:
        """Its data before them; what is void is not corrected."""
        earlier = self.event.corrections[: self.since - 1]
        return earlier[-1].data if earlier else self.event.data


def recount(tx: Transaction, events: Sequence[Recounted], zones: Mapping[str, str]) -> None:
    """Bring the totals to what the events of their days come to with these corrections.

    By the difference where that is exact, else the day is summed up anew: corrections are stored.
    """
    taken, put = _moved(tx, events)
    changed = [*taken, *put]
    keys = {each.key for each in changed}
    values = {each.value_key for each in changed if each.value}
    after = Recount(find_totals(tx, keys), find_values(tx, values))
    for each in taken:
        after.take_out(each)
    for each in put:
        after.put_in(each)
    _save(tx, after)
    sum_up_anew(tx, after.stale, zones)


def _moved(tx: Transaction, events: Sequence[Recounted]) -> tuple[list[Counted], list[Counted]]:
    """What is counted of the events no more, and what is counted instead."""
    readers = readers_by_type(tx)
    taken: list[Counted] = []
    put: list[Counted] = []
    for each in events:
        event, own = each.event, readers[each.event.type]
        before = list(counted_of(event, each.data_before, each.day, own))
        after = list(counted_of(event, event.data_now, each.day, own)) if event.counts else []
        taken += [one for one in before if one not in after]
        put += [one for one in after if one not in before]
    return taken, put


def _save(tx: Transaction, after: Recount) -> None:
    """Write what is not stale, and delete what came to nothing."""
    totals = {key: each for key, each in after.totals.items() if key[:3] not in after.stale}
    values = {key: count for key, count in after.values.items() if key[:3] not in after.stale}
    kept = [total_to_tuple(key, each) for key, each in totals.items() if each.events_count]
    upsert_tuples(tx, _TOTALS, kept)
    upsert_tuples(tx, _VALUES, [(*key, count) for key, count in values.items() if count])
    _delete(tx, _TOTALS, [key for key, each in totals.items() if not each.events_count])
    _delete(tx, _VALUES, [key for key, count in values.items() if not count])


def _delete(tx: Transaction, rows: Table, keys: Sequence[Sequence[str]]) -> None:
    """Delete rows by their keys."""
    if not keys:
        return
    columns = list(rows.primary_key)
    same = [each == bindparam(f"wanted_{each.name}") for each in columns]
    names = [f"wanted_{each.name}" for each in columns]
    wanted: list[dict[str, Any]] = [
        dict(zip(names, key, strict=True)) | {"wanted_day": date.fromisoformat(key[2])}
        for key in keys
    ]
    tx.execute(delete(rows).where(*same), wanted)
