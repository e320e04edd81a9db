"""Charges on issued invoices whose usage came to be another than was rated."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class OutdatedCharge:
    """A charge that was found outdated. `outdated_at` None: its usage is again what was rated.

    `revision` 0: nothing was charged, as nothing was used.
    """

    account: str
    subscription: str
    item: str
    period_start_on: date
    revision: int
    outdated_at: int | None

    @property
    def key(self) -> tuple[str, str, str, date, int]:
        """Which charge it is."""
        key = (self.account, self.subscription, self.item)
        return (*key, self.period_start_on, self.revision)
