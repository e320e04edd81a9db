"""The rules that a schedule keeps."""

from collections.abc import Iterator
from typing import Final

from billing_service.domain.price import Anchor, IntervalUnit, Schedule
from billing_service.domain.price_models import Fault

MONTHS_MAX: Final = 120
_STANDARD: Final = Schedule()


def schedule_faults(path: str, schedule: Schedule, general: Schedule | None) -> Iterator[Fault]:
    """What is wrong with a schedule; what it takes over from the `general` one is its own fault."""
    if schedule.months > MONTHS_MAX:
        yield Fault(f"{path}.interval_count", "a period must be at most 10 years")
    elif schedule.months % schedule.instalments:
        text = f"{schedule.instalments} does not divide the {schedule.months} months of a period"
        yield Fault(f"{path}.instalments", text)
    stated = general or _STANDARD
    is_anniversary = schedule.anchor is Anchor.ANNIVERSARY
    if is_anniversary and schedule.anchor_day not in {_STANDARD.anchor_day, stated.anchor_day}:
        yield Fault(f"{path}.anchor_day", "is for the anchor CALENDAR only")
    if schedule.anchor_month in {_STANDARD.anchor_month, stated.anchor_month}:
        return
    if is_anniversary or schedule.interval_unit is not IntervalUnit.YEAR:
        yield Fault(f"{path}.anchor_month", "is for the anchor CALENDAR and periods of years only")
