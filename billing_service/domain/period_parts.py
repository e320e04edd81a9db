"""Parts of a full period: where a cut lies in it, and what is covered between two of them.

What is charged is a difference of places, so that the parts of a period always add up to it.

Source:  docs/decisions/0022-live-timelines.md
"""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import lcm
from typing import Final, NamedTuple

from billing_service.domain.allowance import Coverage, PartUnit
from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.periods import ServicePeriod, period_from
from billing_service.domain.price import MONTHS_A_YEAR, IntervalUnit, PartPeriod, Schedule
from billing_service.domain.proration import STANDARD_PRORATION, ChangeDay, Granularity, Proration

_SECOND_US: Final = 1_000_000
_DAYS_A_MONTH: Final = 30
_DAY: Final = timedelta(days=1)


class Cut(NamedTuple):
    """An instant at which an item of a subscription becomes another, and how that divides a period.

    `is_first`: the subscription begins there. `restarts`: what ends there is charged to the end of
    its period all the same, and periods are counted anew.
    """

    at: int
    proration: Proration = STANDARD_PRORATION
    is_first: bool = False
    restarts: bool = False


class Place(NamedTuple):
    """How much of a full period lies before an instant."""

    part: int
    whole: int
    unit: PartUnit

    @property
    def share(self) -> Fraction:
        """The same as a number from 0 to 1."""
        return Fraction(self.part, self.whole)


class FullPeriod(NamedTuple):
    """A full period of an item, and the days on which its subscription begins and ends."""

    period: ServicePeriod
    schedule: Schedule
    anchor_on: date
    zone: str
    begins_on: date
    ends_on: date | None

    @property
    def start_at(self) -> int:
        """Its first instant."""
        return first_instant(self.period.full_start_on, self.zone)

    @property
    def end_at(self) -> int:
        """The first instant after it."""
        return first_instant(self.period.full_end_on, self.zone)

    def covered(self, start: Cut, end: Cut | None) -> Coverage:
        """How much of it is charged of what lies between two cuts."""
        is_cut_late = not start.is_first and start.at > self.start_at
        is_cut_early = end is not None and end.at < self.end_at
        if not is_cut_late and not is_cut_early:
            return Coverage(self.period.days_charged, self.period.days_full)
        first = self.place(start) if is_cut_late else self._of_days(self.period.full_start_on)
        last = self._of_days(self.period.full_end_on)
        if end is not None and is_cut_early and not end.restarts:
            last = self.place(end)
        return _between(self._charged(first), self._charged(last))

    def place(self, cut: Cut) -> Place:
        """Where a cut lies in it."""
        match cut.proration.granularity:
            case Granularity.SECOND:
                passed, whole = cut.at - self.start_at, self.end_at - self.start_at
                return Place(passed // _SECOND_US, whole // _SECOND_US, PartUnit.SECONDS)
            case Granularity.DAY:
                return self._of_days(civil_day(cut.at, self.zone))
            case Granularity.DAY_OF_30:
                return self._of_thirty_days(civil_day(cut.at, self.zone))

    def _of_days(self, day: date) -> Place:
        passed = (day - self.period.full_start_on).days
        return Place(passed, self.period.days_full, PartUnit.DAYS)

    def _of_thirty_days(self, day: date) -> Place:
        """Each month has 30 days: a 31st adds nothing, and the last of a short one the rest."""
        monthly = replace(
            self.schedule, interval_unit=IntervalUnit.MONTH, interval_count=1, instalments=1
        )
        month = period_from(monthly, day, anchor_on=self.anchor_on, ends_on=None).full_start_on
        first = self.period.full_start_on
        passed = (month.year - first.year) * MONTHS_A_YEAR + month.month - first.month
        days = min((day - month).days, _DAYS_A_MONTH)
        whole = self.schedule.months_charged * _DAYS_A_MONTH
        return Place(passed * _DAYS_A_MONTH + days, whole, PartUnit.DAYS)

    def _charged(self, place: Place) -> Place:
        """A place, as the schedule has the first and the last period of the subscription."""
        full, schedule = self.period, self.schedule
        if full.full_start_on < self.begins_on < full.full_end_on:
            place = max(
                place, self._bound(self.begins_on, schedule.first_period), key=lambda e: e.share
            )
        if self.ends_on is not None and full.full_start_on < self.ends_on < full.full_end_on:
            place = min(
                place, self._bound(self.ends_on, schedule.last_period), key=lambda e: e.share
            )
        return place

    def _bound(self, day: date, policy: PartPeriod) -> Place:
        """Where what is charged begins or ends, with a subscription that does so within a period.

        Of a first one that is free nothing is left, before a last one that is free there is
        nothing; of one that is full, all is.
        """
        full = self.period
        is_first = day == self.begins_on
        match policy:
            case PartPeriod.PRORATED:
                return self._of_days(day)
            case PartPeriod.FULL:
                return self._of_days(full.full_start_on if is_first else full.full_end_on)
            case PartPeriod.FREE:
                return self._of_days(full.full_end_on if is_first else full.full_start_on)


def cut_at(instant_at: int, proration: Proration, zone: str, *, by_days: bool) -> int:
    """When a change divides its period: at its instant, or where the day begins that is new."""
    if proration.granularity is Granularity.SECOND and not by_days:
        return instant_at
    day = civil_day(instant_at, zone)
    is_within = first_instant(day, zone) < instant_at
    if is_within and proration.change_day is ChangeDay.OLD:
        day += _DAY
    return first_instant(day, zone)


def _between(first: Place, last: Place) -> Coverage:
    """What lies between two places, in days or seconds if both are."""
    if first.whole == last.whole and first.unit is last.unit:
        return Coverage(max(0, last.part - first.part), last.whole, last.unit)
    for one, other in ((first, last), (last, first)):
        # A bound of the period is the same in any unit.
        if one.part in (0, one.whole):
            scaled = Place(other.whole if one.part else 0, other.whole, other.unit)
            first, last = (scaled, last) if one is first else (first, scaled)
            return Coverage(max(0, last.part - first.part), last.whole, last.unit)
    whole = lcm(first.whole, last.whole)
    parts = last.part * (whole // last.whole) - first.part * (whole // first.whole)
    return Coverage(max(0, parts), whole, PartUnit.PARTS)
