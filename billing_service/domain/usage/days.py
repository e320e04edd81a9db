"""Finds the civil day of an instant fast: events come by the thousand, and mostly of few days."""

from datetime import timedelta
from typing import Final, NamedTuple

from billing_service.domain.calendar import civil_day, first_instant

_ONE_DAY: Final = timedelta(days=1)
_HOUR_US: Final = 3_600_000_000
_HOURS_MAX: Final = 5_000


class CivilDay(NamedTuple):
    """A civil day of a zone: its ISO text, and the instants `[start_at, end_at)` that it holds."""

    text: str
    start_at: int
    end_at: int


class DayFinder:
    """The days of one zone, remembered by the hours, UTC, that were asked for."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._by_hour: dict[int, CivilDay] = {}

    def find(self, time_at: int) -> CivilDay:
        """The civil day that holds an instant."""
        hour = time_at // _HOUR_US
        day = self._by_hour.get(hour)
        # An hour may hold the end of a day: midnights do not all fall on hours of UTC.
        if day is not None and day[1] <= time_at < day[2]:
            return day
        return self._remember(hour, time_at)

    def _remember(self, hour: int, time_at: int) -> CivilDay:
        on = civil_day(time_at, self._zone)
        day = CivilDay(
            on.isoformat(), first_instant(on, self._zone), first_instant(on + _ONE_DAY, self._zone)
        )
        if len(self._by_hour) >= _HOURS_MAX:
            self._by_hour.clear()
        self._by_hour[hour] = day
        return day
