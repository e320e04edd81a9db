"""Service periods: the stretches of days that a price is charged for, one after the other.

Shapes:  a period is `[start_on, end_on)`. Periods tile: each begins on the day on which the one
         before ends. Every bound is reckoned from the anchor, never from the bound before it, so
         that a period begun on the 31st is back on the 31st after a short month.
Source:  docs/decisions/0014-estimates-by-invoice-month.md
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from billing_service.domain.calendar import month_after
from billing_service.domain.price import (
    MONTHS_A_YEAR,
    Anchor,
    IntervalUnit,
    PartPeriod,
    Schedule,
    Timing,
)

# Calendar periods of several months or years are counted from the January of this year: quarters
# begin in January, April, July and October of every year, and two years in the even ones.
_COUNTED_FROM: Final = date(1970, 1, 1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ServicePeriod:
    """The days that one charge is for, the full period they lie in, and how much is charged.

    `days_charged` of the `days_full` of the full period cost something: those covered, all, or
    none, as the schedule says of a part of a period. `instalment` is its number, from 1, in the
    interval that the schedule charges in instalments; 1 where it does not.
    """

    start_on: date
    end_on: date
    full_start_on: date
    full_end_on: date
    days_charged: int
    instalment: int = 1

    @property
    def days_full(self) -> int:
        """How many days the full period has."""
        return (self.full_end_on - self.full_start_on).days

    @property
    def last_on(self) -> date:
        """Its last day."""
        return self.end_on - _DAY


def periods(
    schedule: Schedule, *, begins_on: date, ends_on: date | None, through_on: date
) -> Iterator[ServicePeriod]:
    """The periods of a subscription that begin by `through_on`, in order.

    Shapes:  the subscription covers `[begins_on, ends_on)`, without end if that is None. An
             instalment of a period is a period of its own here.
    """
    start_on = begins_on
    while start_on <= through_on and (ends_on is None or start_on < ends_on):
        period = period_from(schedule, start_on, anchor_on=begins_on, ends_on=ends_on)
        yield period
        start_on = period.end_on


@lru_cache(maxsize=16_384)
def period_from(
    schedule: Schedule, start_on: date, *, anchor_on: date, ends_on: date | None
) -> ServicePeriod:
    """The period from a day on: up to the next bound, or to the end of the subscription.

    Those of one day are asked for again and again, whoever's they are.

    Shapes:  `anchor_on` is the day on which the subscription began.
    """
    full = _full_period(schedule, start_on, anchor_on)
    end_on = full.end_on if ends_on is None else min(full.end_on, ends_on)
    covered = replace(full, start_on=start_on, end_on=end_on)
    return replace(covered, days_charged=_days_charged(schedule, covered))


def charged_on(period: ServicePeriod, timing: Timing) -> date:
    """The day that decides when a period is charged: its first one, or its last."""
    return period.start_on if timing is Timing.ADVANCE else period.last_on


def invoice_month(period: ServicePeriod, timing: Timing) -> date:
    """The month whose invoice a period is charged on, as its first day."""
    return charged_on(period, timing).replace(day=1)


def _full_period(schedule: Schedule, day: date, anchor_on: date) -> ServicePeriod:
    """The full period that holds a day."""
    if schedule.anchor is Anchor.ANNIVERSARY:
        anchor_day, origin = anchor_on.day, anchor_on.replace(day=1)
    else:
        anchor_day, origin = schedule.anchor_day, _calendar_origin(schedule)
    step = schedule.months_charged
    number = _months_since(origin, day, anchor_day) // step
    start_on = _day_of(month_after(origin, number * step), anchor_day)
    end_on = _day_of(month_after(origin, number * step + step), anchor_day)
    return ServicePeriod(
        start_on=start_on,
        end_on=end_on,
        full_start_on=start_on,
        full_end_on=end_on,
        days_charged=0,
        instalment=number % schedule.instalments + 1,
    )


def _calendar_origin(schedule: Schedule) -> date:
    years = schedule.interval_unit is IntervalUnit.YEAR
    return month_after(_COUNTED_FROM, schedule.anchor_month - 1 if years else 0)


def _months_since(origin: date, day: date, anchor_day: int) -> int:
    """How many months after `origin` the last anchor day lies that is not after `day`."""
    months = (day.year - origin.year) * MONTHS_A_YEAR + day.month - origin.month
    return months - 1 if day < _day_of(day.replace(day=1), anchor_day) else months


def _day_of(month: date, day: int) -> date:
    """That day of a month; its last one if it has no such day."""
    length = (month_after(month, 1) - month).days
    return month.replace(day=min(day, length))


def _days_charged(schedule: Schedule, covered: ServicePeriod) -> int:
    begins_late = covered.start_on > covered.full_start_on
    ends_early = covered.end_on < covered.full_end_on
    first, last = schedule.first_period, schedule.last_period
    if (begins_late and first is PartPeriod.FREE) or (ends_early and last is PartPeriod.FREE):
        return 0
    prorated = PartPeriod.PRORATED
    charged_from = covered.start_on if first is prorated else covered.full_start_on
    charged_to = covered.end_on if last is prorated else covered.full_end_on
    return (charged_to - charged_from).days
