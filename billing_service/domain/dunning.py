"""What follows a month: when it is due, when service ends unpaid, when instances are deleted.

An invoice that is issued late has all its dates shifted by as many days, so that nobody loses time.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from billing_service.domain.calendar import (
    civil_day,
    first_instant,
    hour_instant,
    next_month,
)
from billing_service.domain.terms import TermsVersion


@dataclass(frozen=True, slots=True)
class DunningDates:
    """The days that follow a month, as its invoice states them."""

    issued_on: date
    due_on: date
    last_service_on: date
    deletion_on: date
    deletion_hour: int


@dataclass(frozen=True, slots=True)
class StopAndDeletion:
    """When one account is stopped, and when its instances are deleted, in its own zone."""

    stop_at: int
    deletion_at: int


@dataclass(frozen=True, slots=True)
class WarningsAhead:
    """When one account is warned of its stop, and of its deletion; None: never."""

    stop_warning_at: int | None
    deletion_warning_at: int | None


def dunning_dates(
    month: date, terms: TermsVersion, *, due_at: int, issued_at: int, zone: str
) -> DunningDates:
    """The days for a month whose invoice fell due to be issued at `due_at`, and is at `issued_at`.

    Shapes:  zone is the payer's.
    """
    issued_on = civil_day(issued_at, zone)
    late = max(issued_on - civil_day(due_at, zone), timedelta(0))
    following = next_month(month)
    return DunningDates(
        issued_on=issued_on,
        due_on=following.replace(day=terms.due_day) + late,
        last_service_on=following.replace(day=terms.last_service_day) + late,
        deletion_on=following.replace(day=terms.deletion_day) + late,
        deletion_hour=terms.deletion_hour,
    )


def overdue_at(dates: DunningDates, zone: str) -> int:
    """The first instant after the due date."""
    return first_instant(dates.due_on + timedelta(days=1), zone)


def stop_and_deletion(dates: DunningDates, zone: str) -> StopAndDeletion:
    """When an account of that zone is stopped and its instances are deleted."""
    return StopAndDeletion(
        stop_at=first_instant(dates.last_service_on + timedelta(days=1), zone),
        deletion_at=hour_instant(dates.deletion_on, dates.deletion_hour, zone),
    )


def reopened(
    dates: DunningDates, planned: StopAndDeletion, *, now: int, zone: str
) -> StopAndDeletion:
    """The stop and deletion of an invoice that is open again.

    Past its stop, it stops now; and as many days remain until the deletion as there were between
    the two, so that a returned payment leaves time to pay again.
    """
    if now < planned.stop_at:
        return planned
    pause = dates.deletion_on - (dates.last_service_on + timedelta(days=1))
    later_at = hour_instant(civil_day(now, zone) + pause, dates.deletion_hour, zone)
    return replace(planned, stop_at=now, deletion_at=max(planned.deletion_at, later_at))


def reminder_at(dates: DunningDates, terms: TermsVersion, zone: str) -> int | None:
    """When the payer of that zone is reminded of the due date; None: never."""
    days = terms.due_reminder_days
    return first_instant(dates.due_on - timedelta(days=days), zone) if days else None


def warnings_ahead(
    dates: DunningDates, planned: StopAndDeletion, terms: TermsVersion, zone: str
) -> WarningsAhead:
    """When an account of that zone is warned of its stop and of its deletion.

    So many civil days before, at the same hour.
    """
    stop_on = civil_day(planned.stop_at, zone) - timedelta(days=terms.stop_warning_days)
    deletion_on = civil_day(planned.deletion_at, zone) - timedelta(days=terms.deletion_warning_days)
    return WarningsAhead(
        stop_warning_at=first_instant(stop_on, zone) if terms.stop_warning_days else None,
        deletion_warning_at=(
            hour_instant(deletion_on, dates.deletion_hour, zone)
            if terms.deletion_warning_days
            else None
        ),
    )


def expiry_of_open_month(month: date, terms: TermsVersion) -> date:
    """The last day of service that a month not yet invoiced gives, as its draft days move it."""
    last_service_on = next_month(month).replace(day=terms.last_service_day)
    return last_service_on + timedelta(days=terms.draft_days)
