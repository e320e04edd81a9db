"""Where an account stands: its expiry is derived from what is not settled, never incremented."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from billing_service.domain.account import Standing
from billing_service.domain.calendar import next_month
from billing_service.domain.dunning import expiry_of_open_month
from billing_service.domain.subscription import Span
from billing_service.domain.terms import TermsVersion


@dataclass(frozen=True, slots=True)
class Owed:
    """An unsettled invoice as one account on it sees it."""

    invoice: str
    month: date
    last_service_on: date
    stop_at: int


def open_month(spans: Iterable[Span], closed_through: date | None) -> date | None:
    """The earliest month that is billed and not closed; None if nothing is going to be billed."""
    after = next_month(closed_through) if closed_through else date.min
    return min(
        (max(span.first_month, after) for span in spans if is_open(span, closed_through)),
        default=None,
    )


def is_open(span: Span, closed_through: date | None) -> bool:
    """Whether something of a span is still to be billed."""
    last = span.last_month
    return last >= span.first_month and (closed_through is None or last > closed_through)


def derive(
    standing: Standing, *, owed: Iterable[Owed], spans: Iterable[Span], terms: TermsVersion
) -> Standing:
    """The standing with its expiry: that of the earliest month that is not settled."""
    unsettled = min(owed, key=lambda each: each.month, default=None)
    if unsettled is not None:
        return replace(
            standing,
            expires_on=unsettled.last_service_on,
            earliest_unsettled_month=unsettled.month,
        )
    month = open_month(spans, standing.closed_through)
    return replace(
        standing,
        expires_on=expiry_of_open_month(month, terms) if month else None,
        earliest_unsettled_month=month,
    )


def must_stay_stopped(owed: Iterable[Owed], now: int) -> bool:
    """Whether an unsettled invoice is past its stop."""
    return any(each.stop_at <= now for each in owed)
