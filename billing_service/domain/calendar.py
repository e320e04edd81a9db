"""Civil days and months in IANA zones, as half-open stretches of instants that tile.

Units:   instants are UTC microseconds since 1970; a month is named by its first day.
Shapes:  a day is `[first_instant(day), first_instant(day + 1))`. Where a clock shows midnight
         twice, the day begins the first time; a day that a zone skipped is empty.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.errors import TimeZoneUnknown

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=1024)
def find_zone(name: str, field: str = "time_zone") -> ZoneInfo:
    """The IANA zone of that name; TimeZoneUnknown names the field that asked for it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as missing:
        raise TimeZoneUnknown(field, name) from missing


@lru_cache(maxsize=65536)
def hour_instant(day: date, hour: int, zone: str) -> int:
    """The instant at which a zone's clocks first show that hour of that day, or pass it."""
    local = datetime(day.year, day.month, day.day, hour, tzinfo=find_zone(zone))
    return (local - _EPOCH) // _MICROSECOND


def first_instant(day: date, zone: str) -> int:
    """The first instant of a civil day."""
    return hour_instant(day, 0, zone)


@lru_cache(maxsize=4096)
def civil_day(instant_at: int, zone: str) -> date:
    """The civil day that holds an instant. That of now is asked for again and again."""
    moment = _EPOCH + timedelta(microseconds=instant_at)
    day = moment.astimezone(find_zone(zone)).date()
    # A clock set back over midnight shows the day before once more: that hour is the new day's.
    while instant_at >= first_instant(day + _DAY, zone):
        day += _DAY
    return day


def instant_text(instant_at: int) -> str:
    """An instant as people and programs read it, such as `2027-01-01T03:00:00Z`."""
    moment = _EPOCH + timedelta(microseconds=instant_at)
    return moment.isoformat().replace("+00:00", "Z")


def month_of(instant_at: int, zone: str) -> date:
    """The month that holds an instant, as its first day."""
    return civil_day(instant_at, zone).replace(day=1)


def next_month(month: date) -> date:
    """The month after a month."""
    return month_after(month, 1)


def month_after(month: date, count: int) -> date:
    """The month `count` months after a month; before it if negative."""
    years, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, index + 1, 1)


def months_between(first: date, last: date) -> tuple[date, ...]:
    """The months from `first` to `last`, both included; none if `last` is earlier."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return tuple(month_after(first, index) for index in range(count))


def month_key(month: date) -> str:
    """A month as `YYYY-MM`."""
    return f"{month.year:04d}-{month.month:02d}"


def month_from_key(key: str) -> date:
    """The month written as `YYYY-MM`."""
    return date.fromisoformat(f"{key}-01")
