"""What accounts used in periods, from the totals of days: rows do not grow with events.

A call takes as many statements as it asks for different periods, and no more for more accounts;
further ones for meters of levels and of unique values, and for each month of transactions.

Source:  docs/decisions/0019-usage-summaries.md
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.price_models import Usage
from billing_service.domain.usage.part import by_value, is_in_part, levels_in_part, part_of
from billing_service.domain.usage.period_total import DimensionedDay, events_of, quantity_of
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage.catalog_memory import remembered_meters
from billing_service.storage.usage_periods import (
    Asked,
    Stored,
    read_days,
    read_levels,
    read_sums,
    read_uniques,
    read_values,
)
from billing_service.storage.usage_transactions import transactions_of
from chassis.database import Transaction

_ADDED_UP: Final = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE_COUNT})


def usages(
    tx: Transaction,
    wanted: Sequence[UsageWanted],
    *,
    zones: Mapping[str, str],
    cut_at: Mapping[str, int] | None = None,
    meters: Mapping[str, Meter] | None = None,
) -> list[Usage]:
    """The usage that each of `wanted` asks for, in their order.

    `zones`: the zone of each account. `cut_at`: until when levels hold, for accounts whose period
    is not over. `meters`: all of them, where they are known.
    Errors:  EventsAgedOut if transactions are wanted that are no longer kept.
    """
    reading = UsageReading(wanted, remembered_meters(tx) if meters is None else meters)
    return reading.usages(tx, zones=zones, cut_at=cut_at)


class UsageReading:
    """Some usage that is wanted, and what has to be read for it: it can be read again and again."""

    __slots__ = ("_meters", "_periods", "wanted")

    def __init__(self, wanted: Sequence[UsageWanted], meters: Mapping[str, Meter]) -> None:
        """`meters`: all of them, by id."""
        self.wanted = wanted
        self._meters = meters
        by_period: dict[tuple[date, date], list[UsageWanted]] = defaultdict(list)
        for each in wanted:
            by_period[each.start_on, each.end_on].append(each)
        self._periods = {key: _Period(own, meters) for key, own in by_period.items()}

    def usages(
        self,
        tx: Transaction,
        *,
        zones: Mapping[str, str],
        cut_at: Mapping[str, int] | None = None,
    ) -> list[Usage]:
        """As `usages` gives it."""
        stored = {key: period.read(tx) for key, period in self._periods.items()}
        one_by_one = [each for each in self.wanted if each.transactions]
        transactions = transactions_of(tx, one_by_one, zones=zones) if one_by_one else {}
        found = []
        for each in self.wanted:
            zone = zones[each.account]
            usage = _Reckoned(
                each,
                self._meters[each.meter],
                stored[each.start_on, each.end_on],
                first_instant(each.start_on, zone),
                first_instant(each.end_on, zone),
                None if cut_at is None else cut_at.get(each.account),
            ).usage()
            if each.transactions:
                usage = usage._replace(transactions=transactions.get(each, ()))
            found.append(usage)
        return found


class _Period:
    """What has to be read of one period: which figures of which meters."""

    __slots__ = (
        "_asked",
        "_daily",
        "_summed",
        "_summed_parts",
        "_unique",
        "_unique_parts",
        "_weighed",
    )

    def __init__(self, wanted: Sequence[UsageWanted], meters: Mapping[str, Meter]) -> None:
        """`wanted` are all of the same days."""
        accounts = sorted({each.account for each in wanted})
        self._asked = Asked(accounts, wanted[0].start_on, wanted[0].end_on)
        by_aggregation: dict[Aggregation, set[str]] = defaultdict(set)
        for each in wanted:
            by_aggregation[meters[each.meter].aggregation].add(each.meter)
        in_parts = {each.meter for each in wanted if _is_in_parts(each)}
        unique = by_aggregation[Aggregation.UNIQUE_COUNT]
        summed = {meter for kind in _ADDED_UP for meter in by_aggregation.pop(kind, ())}
        self._unique, self._unique_parts = sorted(unique), sorted(unique & in_parts)
        self._summed, self._summed_parts = sorted(summed - in_parts), sorted(summed & in_parts)
        self._daily = sorted(set().union(*by_aggregation.values()))
        self._weighed = sorted(by_aggregation[Aggregation.WEIGHTED_SUM])

    def read(self, tx: Transaction) -> Stored:
        """All of it that is stored."""
        stored, asked = Stored(), self._asked
        if self._summed:
            read_sums(tx, stored, asked, self._summed, in_parts=False)
        if self._summed_parts:
            read_sums(tx, stored, asked, self._summed_parts, in_parts=True)
        if self._daily:
            read_days(tx, stored, asked, self._daily)
            read_levels(tx, stored, asked, self._weighed)
        if self._unique:
            read_uniques(tx, stored, asked, self._unique)
            read_values(tx, stored, asked, self._unique_parts)
        return stored


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """What is wanted, and what is stored of its period."""

    wanted: UsageWanted
    meter: Meter
    stored: Stored
    start_at: int
    end_at: int
    cut_at: int | None

    def usage(self) -> Usage:
        """The quantity and the number of events, and what each unit used if that is wanted."""
        key, filters = (self.wanted.account, self.wanted.meter), self.wanted.filters
        days = part_of(self.meter, filters, self.stored.days.get(key, ()))
        levels = levels_in_part(self.meter, filters, self.stored.levels.get(key, {}))
        quantity = self._quantity(days, levels, self._uniques())
        if not self.wanted.unit_dimension:
            return Usage(quantity, events_of(days))
        return Usage(quantity, events_of(days), by_unit=tuple(self._by_unit(days, levels)))

    def _by_unit(
        self, days: Sequence[DimensionedDay], levels: Mapping[str, int]
    ) -> Iterator[Decimal]:
        met = {each.dimensions for each in days} | levels.keys()
        units = by_value(self.meter, (self.wanted.unit_dimension,), met)
        for _, own in sorted(units.items()):
            yield self._quantity(
                [each for each in days if each.dimensions in own],
                {name: level for name, level in levels.items() if name in own},
                self._uniques_in(own),
            )

    def _quantity(
        self, days: Sequence[DimensionedDay], levels: Mapping[str, int], uniques: int
    ) -> Decimal:
        return quantity_of(
            self.meter,
            days,
            start_at=self.start_at,
            end_at=self.end_at,
            cut_at=self.cut_at,
            levels=levels,
            uniques=uniques,
        )

    def _uniques(self) -> int:
        key, filters = (self.wanted.account, self.wanted.meter), self.wanted.filters
        if not _is_in_parts(self.wanted):
            return self.stored.uniques.get(key, 0)
        stored = self.stored.values.get(key, {})
        return self._uniques_in({name for name in stored if is_in_part(self.meter, filters, name)})

    def _uniques_in(self, dimensions: Iterable[str]) -> int:
        stored = self.stored.values.get((self.wanted.account, self.wanted.meter), {})
        return len({value for name in dimensions for value in stored.get(name, ())})


def _is_in_parts(wanted: UsageWanted) -> bool:
    return bool(wanted.filters or wanted.unit_dimension)
