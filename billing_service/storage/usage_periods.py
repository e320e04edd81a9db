"""What is stored of usage in a period: rows of totals and values, as the domain knows them.

Each function takes one statement, whatever the number of accounts and meters.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Table, and_, bindparam, distinct, func, literal, select

from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.period_total import DimensionedDay
from billing_service.domain.usage.quantity import NANOS
from billing_service.storage.tables import table
from chassis.database import IN_LIST_MAX, Transaction
from chassis.prepared import Query

Key: TypeAlias = tuple[str, str]
"""An account and a meter."""

NO_DIMENSIONS: Final = "[]"
_TOTALS: Final = table("usage_totals")
_VALUES: Final = table("usage_values")


def _of(owner: Table) -> ColumnElement[bool]:
    """Of some accounts and meters."""
    return and_(
        owner.c.account.in_(bindparam("accounts", expanding=True)),
        owner.c.meter.in_(bindparam("meters", expanding=True)),
    )


def _within(owner: Table) -> ColumnElement[bool]:
    """The same, in the days of a period."""
    return and_(_of(owner), owner.c.day >= bindparam("start_on"), owner.c.day < bindparam("end_on"))


_ADDED_UP: Final = (
    func.sum(_TOTALS.c.events_count),
    # Whole units in two parts, so that no sum of days outgrows 64 bits.
    func.sum(_TOTALS.c.sum_units.op("/")(NANOS)),
    func.sum(_TOTALS.c.sum_units.op("%")(NANOS)),
    func.sum(_TOTALS.c.sum_nanos),
)
_SUMS: Final = Query(
    select(_TOTALS.c.account, _TOTALS.c.meter, literal(NO_DIMENSIONS), *_ADDED_UP)
    .where(_within(_TOTALS))
    .group_by(_TOTALS.c.account, _TOTALS.c.meter)
)
_DIMENSIONED_SUMS: Final = Query(
    select(_TOTALS.c.account, _TOTALS.c.meter, _TOTALS.c.dimensions, *_ADDED_UP)
    .where(_within(_TOTALS))
    .group_by(_TOTALS.c.account, _TOTALS.c.meter, _TOTALS.c.dimensions)
)
_DAYS: Final = Query(select(_TOTALS).where(_within(_TOTALS)))
_LAST: Final = (
    select(
        _TOTALS.c.account,
        _TOTALS.c.meter,
        func.max(_TOTALS.c.day).label("day"),
        _TOTALS.c.dimensions,
    )
    .where(_of(_TOTALS), _TOTALS.c.day < bindparam("start_on"))
    .group_by(_TOTALS.c.account, _TOTALS.c.meter, _TOTALS.c.dimensions)
    .subquery("last_days")
)
_LEVELS: Final = Query(
    select(
        _TOTALS.c.account,
        _TOTALS.c.meter,
        _TOTALS.c.dimensions,
        _TOTALS.c.latest_units,
        _TOTALS.c.latest_nanos,
    ).join(_LAST, and_(*(_LAST.c[each.name] == each for each in _TOTALS.primary_key.columns)))
)
_UNIQUES: Final = Query(
    select(_VALUES.c.account, _VALUES.c.meter, func.count(distinct(_VALUES.c.value)))
    .where(_within(_VALUES))
    .group_by(_VALUES.c.account, _VALUES.c.meter)
)
_DIMENSIONED: Final = Query(
    select(_VALUES.c.account, _VALUES.c.meter, _VALUES.c.dimensions, _VALUES.c.value)
    .distinct()
    .where(_within(_VALUES))
)
_DAILY: Final = Query(
    select(_VALUES.c.account, _VALUES.c.meter, _VALUES.c.day, _VALUES.c.dimensions, _VALUES.c.value)
    .distinct()
    .where(_within(_VALUES))
)


class Asked:
    """Some meters of some accounts in the days `[start_on, end_on)`."""

    __slots__ = ("accounts", "end_on", "start_on")

    def __init__(self, accounts: Sequence[str], start_on: date, end_on: date) -> None:
        self.accounts = accounts
        self.start_on = start_on
        self.end_on = end_on

    def rows(
        self,
        tx: Transaction,
        query: Query,
        meters: Sequence[str],
        *,
        by: Callable[[Query, Mapping[str, Any]], Sequence[Any]] | None = None,
    ) -> Iterator[Any]:
        """The rows of a query, in chunks of accounts that the store takes."""
        if not meters:
            return
        for start in range(0, len(self.accounts), IN_LIST_MAX):
            parameters: dict[str, Any] = {
                "accounts": list(self.accounts[start : start + IN_LIST_MAX]),
                "meters": list(meters),
                "start_on": _as_stored(tx, self.start_on),
            }
            if query is not _LEVELS:
                parameters["end_on"] = _as_stored(tx, self.end_on)
            yield from (by or tx.rows)(query, parameters)


@dataclass(slots=True)
class Stored:
    """What is stored of a period, by account and meter.

    `levels`: by dimensions, what held when it began. `uniques`: how many different values there
    are; `values`: which, by dimensions.
    """

    days: dict[Key, list[DimensionedDay]] = field(default_factory=lambda: defaultdict(list))
    levels: dict[Key, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    uniques: dict[Key, int] = field(default_factory=dict)
    values: dict[Key, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )


def read_sums(
    tx: Transaction, stored: Stored, asked: Asked, meters: Sequence[str], *, in_parts: bool
) -> None:
    """What COUNT, SUM and UNIQUE_COUNT come to, summed up as if all were on the first day.

    `in_parts`: by dimensions; else these are told as none.
    """
    query = _DIMENSIONED_SUMS if in_parts else _SUMS
    found = asked.rows(tx, query, meters, by=tx.fetched)
    for account, meter, dimensions, events, billions, units, nanos in found:
        sum_nanos = (int(billions) * NANOS + int(units)) * NANOS + int(nanos)
        total = DayTotal(int(events), sum_nanos)
        stored.days[account, meter].append(DimensionedDay(asked.start_on, dimensions, total))


def read_days(tx: Transaction, stored: Stored, asked: Asked, meters: Sequence[str]) -> None:
    """The totals of each day."""
    for row in asked.rows(tx, _DAYS, meters):
        total = DayTotal(
            events_count=row.events_count,
            sum_nanos=row.sum_units * NANOS + row.sum_nanos,
            max_nanos=row.max_units * NANOS + row.max_nanos,
            latest_nanos=row.latest_units * NANOS + row.latest_nanos,
            latest_at=row.latest_at,
            latest_key=row.latest_key,
            first_at=row.first_at,
            integral=int(row.integral),
        )
        day = DimensionedDay(row.day, row.dimensions, total)
        stored.days[row.account, row.meter].append(day)


def read_levels(tx: Transaction, stored: Stored, asked: Asked, meters: Sequence[str]) -> None:
    """What held when the period began: the latest value of the last day before it."""
    for account, meter, dimensions, units, nanos in asked.rows(tx, _LEVELS, meters):
        stored.levels[account, meter][dimensions] = units * NANOS + nanos


def read_uniques(tx: Transaction, stored: Stored, asked: Asked, meters: Sequence[str]) -> None:
    """How many different values there are."""
    for account, meter, count in asked.rows(tx, _UNIQUES, meters):
        stored.uniques[account, meter] = count


def read_values(tx: Transaction, stored: Stored, asked: Asked, meters: Sequence[str]) -> None:
    """Which different values there are, by dimensions."""
    for account, meter, dimensions, value in asked.rows(tx, _DIMENSIONED, meters):
        stored.values[account, meter][dimensions].add(value)


def read_daily_values(
    tx: Transaction, asked: Asked, meter: str
) -> dict[tuple[date, str], set[str]]:
    """Which different values of a meter there are, by day and dimensions."""
    found: dict[tuple[date, str], set[str]] = defaultdict(set)
    for row in asked.rows(tx, _DAILY, [meter]):
        found[row.day, row.dimensions].add(row.value)
    return found


def _as_stored(tx: Transaction, day: date) -> date | str:
    """A day as the driver takes it."""
    return day.isoformat() if tx.dialect == "sqlite" else day
