"""The machine of usage that also closes months, and corrects what was charged already."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

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
        self.closed_count = 0

    def prepare(self) -> None:
        """Terms that leave time for late usage, and to look at it."""
        super().prepare()
        self.billing.set_terms(usage_grace_hours=GRACE_HOURS, draft_days=DRAFT_DAYS)

    def go_to(self, goal_at: int) -> None:
        """Let time pass; a month that closes on the way is charged, and those before it corrected.

        Both are as things stand.
        """
        super().go_to(goal_at)
        closed = list(self._closed_months())
        if len(closed) > self.closed_count:
            self.closed_count = len(closed)
            for month in closed:
                for price in PRICES:
                    self._charge(price, month)

    def _charge(self, price: Price, month: date) -> None:
        """Charge what is due; what costs as much as before is left as it was charged."""
        known, due = self.charged.get((month, price.code)), self._due(price, month)
        if known is None or known.amount_minor != due.amount_minor:
            self.charged[month, price.code] = due

    def _closed_months(self) -> Iterator[date]:
        month = self.begins_on
        while self._closes_at(month) <= self.now:
            yield month
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
        """Each price for a closed month as the last close knew it.

        What was charged, reversed and charged anew comes to that.
        """
        assert {due: charged for due, (charged, _) in self._found().items()} == self.charged

    @invariant()
    def what_is_charged_wrongly_is_outdated(self) -> None:
        """And what is charged for the very quantity is not; where only that differs, it may be."""
        prices = {each.code: each for each in PRICES}
        for (month, code), (charged, is_outdated) in self._found().items():
            due = self._due(prices[code], month)
            assert is_outdated or due.amount_minor == charged.amount_minor, (month, code, due)
            assert not is_outdated or due != charged, (month, code, due)

    def _found(self) -> dict[Due, tuple[Charged, bool]]:
        """What each price was charged for in the end, what that comes to, and if it is outdated."""
        rows = self.billing.database.read(lambda tx: tx.all(CHARGED))
        revisions: dict[Due, list[Any]] = defaultdict(list)
        for row in sorted(rows, key=lambda each: each.revision):
            revisions[row.period_start_on, row.item].append(row)
        return {
            due: (
                Charged(Fraction(of[-1].quantity), sum(each.amount_minor for each in of)),
                of[-1].outdated_at is not None,
            )
            for due, of in revisions.items()
        }
