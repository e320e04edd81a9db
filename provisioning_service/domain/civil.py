"""Civil days and months in an account's time zone. Instants are UTC microseconds since 1970."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from chassis.errors import TimeZoneUnknown

DEFAULT_TIME_ZONE: Final = "America/Sao_Paulo"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name known to exist."""
    return ZoneInfo(name)


def known_zone(name: str, *, field: str) -> str:
    """The name itself, if there is such a zone; `field` is where it came from."""
    if name not in _zone_names():
        raise TimeZoneUnknown(field, name)
    return name


def day_of(instant_at: int, zone: ZoneInfo) -> date:
    """The civil day on which an instant falls."""
    return (_EPOCH + timedelta(microseconds=instant_at)).astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> int:
    """The first instant of a civil day.

    Where the clocks skip midnight, the day begins when they have skipped it; where midnight comes
    twice, at the first: both is what `fold=0` means.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight.astimezone(UTC) - _EPOCH) // _MICROSECOND


def end_of_day(day: date, zone: ZoneInfo) -> int:
    """The first instant after a civil day."""
    return start_of_day(day + _DAY, zone)


def month_of(day: date) -> date:
    """The month of a day, as its first day."""
    return day.replace(day=1)


def month_after(month: date) -> date:
    """The month after a month, both as first days."""
    return (month + timedelta(days=31)).replace(day=1)


def month_of_instant(instant_at: int, zone: ZoneInfo) -> date:
    """The month in which an instant falls, as its first day."""
    return month_of(day_of(instant_at, zone))
