"""Billing terms: when a month is due, and what follows when it is not paid."""

from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.calendar import find_zone
from billing_service.domain.errors import InvalidTerms
from billing_service.domain.money import minor_digits
from billing_service.domain.versions import check_ahead, in_force

DEFAULT_TERMS: Final = "integrator"
DUE_REMINDER_DAYS: Final = 3
STOP_WARNING_DAYS: Final = 2
DELETION_WARNING_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """What holds from an instant on. The days are of the month after the one billed.

    The warning days say how long before due date, stop and deletion a warning is told; 0: never.
    A month in which usage is billed waits `usage_grace_hours` after its end for usage that is late.
    Then its invoice rests as a draft for `draft_days`, by which the days above move.
    """

    version: int
    effective_at: int | None
    due_day: int
    last_service_day: int
    deletion_day: int
    deletion_hour: int
    time_zone: str
    currency: str
    due_reminder_days: int = DUE_REMINDER_DAYS
    stop_warning_days: int = STOP_WARNING_DAYS
    deletion_warning_days: int = DELETION_WARNING_DAYS
    usage_grace_hours: int = 0
    draft_days: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms, with the versions that were, are and will be in force."""

    terms_id: str
    versions: tuple[TermsVersion, ...]

    def at(self, instant_at: int) -> TermsVersion:
        """The version in force at an instant."""
        return in_force(self.versions, instant_at)

    def with_version(self, draft: TermsVersion, now: int) -> "Terms":
        """The terms with a further version, which lies ahead of `now`."""
        check_terms(draft)
        effective_at = check_ahead(self.versions, draft.effective_at, now)
        added = replace(draft, version=len(self.versions) + 1, effective_at=effective_at)
        return replace(self, versions=(*self.versions, added))


def first_terms(terms_id: str, draft: TermsVersion) -> Terms:
    """New terms, whose first version holds since ever."""
    check_terms(draft)
    return Terms(terms_id, (replace(draft, version=1, effective_at=None),))


def check_terms(draft: TermsVersion) -> None:
    """Refuse days that do not follow each other, an unknown zone, an unknown currency."""
    if not draft.due_day <= draft.last_service_day < draft.deletion_day:
        raise InvalidTerms(
            "version.last_service_day",
            "must not come before due_day, and must come before deletion_day",
        )
    find_zone(draft.time_zone, "version.time_zone")
    minor_digits(draft.currency, "version.currency")


def integrator_terms() -> Terms:
    """The terms of the integrator programme, as the programme's source states them."""
    return first_terms(
        DEFAULT_TERMS,
        TermsVersion(
            version=1,
            effective_at=None,
            due_day=5,
            last_service_day=10,
            deletion_day=15,
            deletion_hour=12,
            time_zone="America/Sao_Paulo",
            currency="BRL",
        ),
    )
