"""How a change within a period is charged: since when, and by which part of the period.

Source:  docs/decisions/0022-live-timelines.md
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class ProrationMode(Enum):
    """What a change makes of the period in which it takes effect."""

    PRORATE_NOW = "prorate_now"
    PRORATE_NEXT_INVOICE = "prorate_next_invoice"
    FULL_NOW = "full_now"
    DIFFERENCE_NOW = "difference_now"
    NONE_UNTIL_RENEWAL = "none_until_renewal"

    @property
    def is_by_part(self) -> bool:
        """Whether each side of the change is charged for its part of the period."""
        return self in _BY_PART

    @property
    def is_due_now(self) -> bool:
        """Whether what the change costs is invoiced at once."""
        return self in _DUE_NOW


class Granularity(Enum):
    """How finely a period is divided: by the second, by its days, or by 30 days in each month."""

    SECOND = "second"
    DAY = "day"
    DAY_OF_30 = "day_of_30"


class ChangeDay(Enum):
    """Whose the day is on which a change takes effect, where days are not divided.

    A change at a day's first instant leaves nothing of it to what was before.
    """

    NEW = "new"
    OLD = "old"


class AllowanceSwitch(Enum):
    """What each side of a change has of an allowance: all of it, or its part of the period."""

    FULL = "full"
    PRORATED = "prorated"


_BY_PART: Final = frozenset({ProrationMode.PRORATE_NOW, ProrationMode.PRORATE_NEXT_INVOICE})
_DUE_NOW: Final = frozenset(
    {ProrationMode.PRORATE_NOW, ProrationMode.FULL_NOW, ProrationMode.DIFFERENCE_NOW}
)


@dataclass(frozen=True, slots=True)
class Proration:
    """How a change is charged. Nothing is left to a default but what is said here."""

    mode: ProrationMode = ProrationMode.PRORATE_NEXT_INVOICE
    granularity: Granularity = Granularity.DAY
    change_day: ChangeDay = ChangeDay.NEW
    allowances: AllowanceSwitch = AllowanceSwitch.FULL


# How a change is charged where nobody says so.
STANDARD_PRORATION: Final = Proration()
