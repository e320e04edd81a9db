"""How a meter was used over time, as things are stored now; nothing is written."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from billing_service.domain.calendar import month_of, next_month
from billing_service.domain.catalog_errors import MeterNotFound
from billing_service.domain.meter import Meter
from billing_service.domain.price import DimensionFilter
from billing_service.domain.usage.buckets import (
    BUCKETS_MAX,
    Bucket,
    Buckets,
    Granularity,
    stretches_of,
)
from billing_service.domain.usage.reading_errors import (
    InvalidDimension,
    InvalidTimeRange,
    TooManyBuckets,
)
from billing_service.storage.catalog_memory import remembered_meters
from billing_service.storage.usage_history import (
    HistoryWanted,
    levels_before,
    measured_by_day,
    measured_by_event,
)
from chassis.database import Transaction

HOURS_DAYS_MAX: Final = 31


@dataclass(frozen=True, slots=True)
class QueryUsage:
    """What to tell; unset days are as the contract says."""

    account: str
    meter: str
    granularity: Granularity
    start_on: date | None = None
    end_on: date | None = None
    group_by: tuple[str, ...] = ()
    filters: tuple[DimensionFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageOverTime:
    """The buckets in which something was used, and the quantity of the whole stretch."""

    buckets: tuple[Bucket, ...]
    total: Decimal
    meter: Meter


def query_usage(tx: Transaction, query: QueryUsage, *, zone: str, now: int) -> UsageOverTime:
    """What an account used, in its zone.

    Errors:  MeterNotFound, InvalidTimeRange, InvalidDimension, TooManyBuckets, EventsAgedOut.
    """
    meter = remembered_meters(tx).get(query.meter)
    if meter is None:
        raise MeterNotFound(query.meter)
    _check_dimensions(query, meter)
    start_on, end_on = _days(query, month_of(now, zone))
    wanted = HistoryWanted(query.account, meter, query.filters, start_on, end_on, zone)
    stretches = stretches_of(query.granularity, start_on, end_on, zone)
    if not stretches:
        return UsageOverTime((), meter.converted(0), meter)
    by_event = query.granularity is Granularity.HOUR
    measured = (measured_by_event if by_event else measured_by_day)(tx, wanted, stretches)
    buckets = Buckets(
        meter,
        stretches,
        group_by=query.group_by,
        levels=levels_before(tx, wanted),
        cut_at=now,
    )
    return UsageOverTime(tuple(buckets.of(measured)), buckets.total(measured), meter)


def _days(query: QueryUsage, month: date) -> tuple[date, date]:
    """The days that are asked for.

    Errors:  InvalidTimeRange, TooManyBuckets.
    """
    start_on = query.start_on or month
    end_on = query.end_on or next_month(start_on.replace(day=1))
    if end_on <= start_on:
        raise InvalidTimeRange("end_date", "must lie after start_date")
    if query.granularity is Granularity.HOUR and end_on - start_on > timedelta(HOURS_DAYS_MAX):
        text = f"must lie at most {HOURS_DAYS_MAX} days after start_date to tell hours"
        raise InvalidTimeRange("end_date", text)
    # Before any of them is made: hundreds of years of days would hold up other calls.
    if query.granularity is Granularity.DAY and end_on - start_on > timedelta(BUCKETS_MAX):
        raise TooManyBuckets(BUCKETS_MAX)
    return start_on, end_on


def _check_dimensions(query: QueryUsage, meter: Meter) -> None:
    named = [(f"group_by[{place}]", name) for place, name in enumerate(query.group_by)]
    for place, each in enumerate(query.filters):
        named.append((f"filters[{place}].dimension", each.dimension))
    for field, name in named:
        if name not in meter.dimensions:
            raise InvalidDimension(field, name, meter.dimensions)
