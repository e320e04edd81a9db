"""The machine of usage that also closes months, and corrects what was charged already."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from hypothesis.stateful import invariant
from sqlalchemy import and_, select

from billing_service.domain.calendar import civil_day, first_instant, month_after
from billing_service.domain.price import Fixed, Price
from billing_service.domain.price_models import PerUnit
from billing_service.storage.tables import table
from tests.billing.usage.machine_reserving import ReservingMachine
from tests.billing.usage.machine_world import HOUR_US, METERS, PRICES
from tests.billing.usage.naive import half_up

GRACE_HOURS: Final = 48
DRAFT_DAYS: Final = 2
CHARGES: Final = table("charges")
OUTDATED: Final = table("outdated_charges")
SAME: Final = ("account", "subscription", "item", "period_start_on", "revision")
CHARGED: Final = select(CHARGES, OUTDATED.c.outdated_at).outerjoin(
    OUTDATED, and_(*(CHARGES.c[name] == OUTDATED.c[name] for name in SAME))
)
Due = tuple[date, str]
"""The first day of a service period, and the code of a price."""


@dataclass(frozen=True, slots=True)
class Charged:
    """What a price was charged for in a period, and how much that cost."""

    quantity: Fraction
    amount_minor: int


class ClosingMachine(ReservingMachine):
    """Months wait two days after they end and rest two more; what is known then is invoiced."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.charged: dict[Due, Charged] = {}

    def prepare(self) -> None:
        """Terms that leave time for late usage, and to look at it."""
        super().prepare()
        self.billing.set_terms(usage_grace_hours=GRACE_HOURS, draft_days=DRAFT_DAYS)

    def go_to(self, goal_at: int) -> None:
        """Let time pass; months that close on the way are charged as things stand."""
        super().go_to(goal_at)
        month = self.begins_on
        while self._closes_at(month) <= self.now:
            for price in PRICES:
                self.charged.setdefault((month, price.code), self._due(price, month))
            month = month_after(month, 1)

    def _closes_at(self, month: date) -> int:
        ready_at = first_instant(month_after(month, 1), self.zone) + GRACE_HOURS * HOUR_US
        issued_on = civil_day(ready_at, self.zone) + timedelta(days=DRAFT_DAYS)
        return first_instant(issued_on, self.zone)

    def _due(self, price: Price, month: date) -> Charged:
        """What a price comes to in a month, as far as is known."""
        meter = next(each for each in METERS if each.meter_id == price.code)
        quantity = self.reference.quantity(meter, month, month_after(month, 1))
        size = price.included.size if price.included else None
        included = Fraction(size.quantity) if isinstance(size, Fixed) else Fraction(0)
        assert isinstance(price.model, PerUnit)
        cost = max(Fraction(0), quantity - included) * Fraction(price.model.unit_price)
        return Charged(quantity, int(half_up(cost, 2) * 100))

    @invariant()
    def charges_are_those_of_the_reference(self) -> None:
        """Each price once for a closed month, as it stood then; outdated if it differs by now."""
        prices = {each.code: each for each in PRICES}
        expected = {
            (month, code): (charged, self._due(prices[code], month) != charged)
            for (month, code), charged in self.charged.items()
        }
        rows = self.billing.database.read(lambda tx: tx.all(CHARGED))
        found = {
            (row.period_start_on, row.item): (
                Charged(Fraction(row.quantity), row.amount_minor),
                row.outdated_at is not None,
            )
            for row in rows
        }
        assert (len(rows), found) == (len(expected), expected)
