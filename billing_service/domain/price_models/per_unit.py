"""The same price for each unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billing_service.domain.price_models.figures import ZERO, amount_faults
from billing_service.domain.price_models.usage import Fault, Share, Usage


@dataclass(frozen=True, slots=True)
class PerUnit:
    """The same price for each unit."""

    unit_price: Decimal

    name: ClassVar[str] = "per_unit"
    by_quantity: ClassVar[bool] = True

    @property
    def single_price(self) -> Decimal:
        """The price of every unit."""
        return self.unit_price

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from amount_faults("unit_price", self.unit_price)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """Quantity times price."""
        return quantity * self.unit_price

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """All units, as the one part that there is."""
        return (
            Share("each", usage.quantity, self.unit_price, ZERO, usage.quantity * self.unit_price),
        )
