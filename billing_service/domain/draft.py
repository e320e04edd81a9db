"""Drafts: a month that has ended and rests before it is invoiced.

A draft has no lines of its own: until it is issued the month is open, and what its invoices would
be is worked out anew each time.
Source:  docs/decisions/0032-drafts.md
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from billing_service.domain.calendar import civil_day, first_instant

_ID: Final = re.compile(r"draft-(\d{4})-(0[1-9]|1[0-2])-([a-z]{3})")


@dataclass(frozen=True, slots=True)
class Draft:
    """How a payer's month rests. All its invoices, one for each currency, rest together.

    The invoices could have been issued at `ready_at`; they are drafts since `drafted_at`, and are
    issued by themselves at `issues_at` unless held. `author` '' : the profile holds them. Of months
    that were to close meanwhile, `behind_month` is the last. `issued_at` ends it.
    """

    payer: str
    month: date
    ready_at: int
    drafted_at: int
    issues_at: int
    held_at: int | None = None
    note: str = ""
    author: str = ""
    behind_month: date | None = None
    issued_at: int | None = None

    @property
    def key(self) -> tuple[str, date]:
        """What tells it from others."""
        return (self.payer, self.month)

    def is_due(self, now: int) -> bool:
        """Whether its days have passed, and nobody holds it."""
        return self.held_at is None and self.issues_at <= now

    def held(self, *, note: str, author: str, now: int) -> "Draft":
        """The draft, held until it is released; since the first time, for the last reason."""
        since = now if self.held_at is None else self.held_at
        return replace(self, held_at=since, note=note, author=author)

    def released(self, now: int) -> "Draft":
        """The draft, held no more; issued now if its days have passed."""
        issues_at = max(self.issues_at, now)
        return replace(self, held_at=None, note="", author="", issues_at=issues_at)

    def with_behind(self, month: date) -> "Draft":
        """The draft, with a month that was to close and waits for it."""
        if month <= self.month:
            return self
        return replace(self, behind_month=max(self.behind_month or month, month))

    def issued(self, now: int) -> "Draft":
        """The draft, over."""
        return replace(self, issued_at=now)


def first_draft(
    payer: str, month: date, *, ready_at: int, now: int, days: int, is_held: bool, zone: str
) -> Draft:
    """The draft of a month that could be invoiced now, and rests for so many civil days."""
    rests_until = first_instant(civil_day(now, zone) + timedelta(days=days), zone) if days else now
    return Draft(
        payer=payer,
        month=month,
        ready_at=ready_at,
        drafted_at=now,
        issues_at=max(rests_until, now),
        held_at=now if is_held else None,
    )


def draft_id(month: date, currency: str) -> str:
    """The id of an invoice while it is a draft."""
    return f"draft-{month:%Y-%m}-{currency.lower()}"


def month_of_draft(invoice_id: str) -> date | None:
    """The month that the id of a draft tells; None for other ids."""
    found = _ID.fullmatch(invoice_id)
    if found is None or found[1] == "0000":
        return None
    return date(int(found[1]), int(found[2]), 1)
